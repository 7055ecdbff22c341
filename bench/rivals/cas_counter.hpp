// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace rival {

/// The floor under everything threads share without a lock: one word, read, changed by one, compared and exchanged.
class alignas(64) cas_counter {
public:
    std::uint64_t increment() noexcept {
        std::uint64_t seen = value_.load(std::memory_order_relaxed);
        while (!value_.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed)) {
        }
        return seen;
    }

private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace rival
