// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/queue/discipline.hpp>

#include <cstdint>

namespace forebay::inline v0 {

/// First come, first served.
/// cost  push, best, pop, erase O(1)
struct fifo {
    /// Order of acceptance alone, which lets the queue keep a list instead of a heap.
    static constexpr bool in_order_of_acceptance = true;

    [[nodiscard]] constexpr std::uint64_t rank(const queued&) const noexcept { return 0; }
};

}  // namespace forebay::inline v0
