// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/sync.hpp>

#include <cstdint>

namespace forebay::inline v0::detail {

/// A quota that is read by many and rarely changed; readers take no lock and write nothing.
///
/// The version is odd while a quota is being written. Each word is stored with release after the odd version: a reader that
/// meets one of them meets that version, too, when it looks again, and starts over.
template <class Sync>
class quota_cell {
public:
    explicit quota_cell(const quota& of) noexcept
        : tokens_{of.refill().tokens()}, nanoseconds_{of.refill().nanoseconds()}, burst_{of.burst()} {}

    [[nodiscard]] quota load() const noexcept {
        for (;;) {
            const std::uint32_t version = version_.load(std::memory_order_acquire);
            const std::int64_t tokens = tokens_.load(std::memory_order_acquire);
            const std::int64_t nanoseconds = nanoseconds_.load(std::memory_order_acquire);
            const std::int64_t burst = burst_.load(std::memory_order_acquire);
            if (version % 2 == 0 && version_.load(std::memory_order_relaxed) == version) {
                return {rate::per(tokens, duration{nanoseconds}), burst};
            }
            Sync::relax();
        }
    }
    void store(const quota& to) noexcept {
        const typename Sync::scoped_lock hold{writers_};
        const std::uint32_t version = version_.load(std::memory_order_relaxed);
        version_.store(version + 1, std::memory_order_relaxed);
        tokens_.store(to.refill().tokens(), std::memory_order_release);
        nanoseconds_.store(to.refill().nanoseconds(), std::memory_order_release);
        burst_.store(to.burst(), std::memory_order_release);
        version_.store(version + 2, std::memory_order_release);
    }

private:
    template <class T>
    using atomic = typename Sync::template atomic<T>;

    atomic<std::uint32_t> version_{0};
    atomic<std::int64_t> tokens_;
    atomic<std::int64_t> nanoseconds_;
    atomic<std::int64_t> burst_;
    typename Sync::mutex writers_;
};

}  // namespace forebay::inline v0::detail
