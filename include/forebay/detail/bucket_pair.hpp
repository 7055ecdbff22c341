// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace forebay::inline v0::detail {

/// A bucket without its terms, in 16 bytes: how many ticks were used, and when. As made, it is full.
struct bucket_pair {
    std::int64_t used{0};
    std::int64_t last{std::numeric_limits<std::int64_t>::min()};

    /// What is used of it at `now`; a `now` before the last change counts as that change's.
    [[nodiscard]] std::int64_t at(const bucket_terms& terms, time_point now) const noexcept {
        return used_at(used, last, std::max(now.time_since_epoch().count(), last), terms.per_ns);
    }
    /// op(terms, used, tau) -> used afterwards; the same amount again means no change.
    template <class Op>
    void change(const bucket_terms& terms, time_point now, Op&& op) noexcept {
        const std::int64_t tau = std::max(now.time_since_epoch().count(), last);
        const std::int64_t before = used_at(used, last, tau, terms.per_ns);
        const std::int64_t next = op(terms, before, tau);
        if (next == before) return;
        used = next;
        last = tau;
    }
};

}  // namespace forebay::inline v0::detail
