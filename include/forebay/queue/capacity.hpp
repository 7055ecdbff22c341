// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace forebay::inline v0 {

/// How much a queue holds. Memory for `max_requests` is taken once, when the queue is built.
struct capacity {
    /// Requests that may wait at once. [requests]
    /// Lower it when a request at the end of a full queue would be answered too late to be of use.
    /// Must be 1 to 2^31; checked when a queue is built.
    std::size_t max_requests{10'000};
    /// Sum of the costs of the requests that wait. [host's unit]
    /// Lower it when requests differ so much in cost that counting them does not bound the wait.
    /// Must be >= 0; checked when a queue is built. A request that costs more is refused as never.
    std::int64_t max_cost{std::numeric_limits<std::int64_t>::max()};
};

namespace detail {

inline const capacity& checked(const capacity& bounds) {
    if (bounds.max_requests < 1 || bounds.max_requests > (std::size_t{1} << 31)) {
        throw std::invalid_argument("forebay: capacity.max_requests must be 1 to 2^31");
    }
    if (bounds.max_cost < 0) throw std::invalid_argument("forebay: capacity.max_cost must be >= 0");
    return bounds;
}

}  // namespace detail
}  // namespace forebay::inline v0
