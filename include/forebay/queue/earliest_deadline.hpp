// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/queue/discipline.hpp>
#include <forebay/time.hpp>

#include <cstdint>
#include <stdexcept>

namespace forebay::inline v0 {

/// Earliest deadline first. Best below capacity; above it, requests that are nearly late push out those that could still
/// be on time, so combine it with deadlines that expire.
///
/// cost    push, pop O(log n) expected, amortised; best, erase O(1)
/// source  Liu, Layland: Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment, JACM 1973
struct earliest_deadline {
    /// What a request without a deadline is ranked by: its arrival plus this. [time]
    /// Lower it when such requests wait too long behind those with deadlines.
    /// Must be >= 0; checked when a queue is built.
    duration default_patience{std::chrono::seconds{10}};

    void validate() const {
        if (default_patience < duration::zero()) {
            throw std::invalid_argument("forebay: earliest_deadline.default_patience must be >= 0");
        }
    }
    [[nodiscard]] constexpr std::uint64_t rank(const queued& request) const noexcept {
        const time_point due = request.info.deadline == no_deadline ? saturating_add(request.arrival, default_patience)
                                                                    : request.info.deadline;
        // Flipping the sign bit keeps the order of signed instants in unsigned ranks.
        return static_cast<std::uint64_t>(due.time_since_epoch().count()) ^ (std::uint64_t{1} << 63);
    }
};

}  // namespace forebay::inline v0
