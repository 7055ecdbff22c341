// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/bucket_pair.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstdint>

namespace forebay::inline v0::detail {

/// One bucket for all who have none of their own. Its terms are the tightest of those who drew from it since it was last
/// full. So it gives nobody more than a bucket of theirs would: once it is full, so would theirs be.
template <class Sync>
class overflow_bucket {
public:
    /// Takes `cost`, or promises a slot, for one whose own terms are these. [cost possible under them]
    void take(const bucket_terms& own, std::int64_t cost, time_point now, duration max_wait, verdict& answer) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        const std::int64_t tau = std::max(now.time_since_epoch().count(), bucket_.last);
        const std::int64_t before = bucket_.at(terms_, now);
        const bucket_terms terms = before == 0 ? own : terms_.tightened(own);
        if (!terms.possible(cost)) {
            // Full, it takes on the terms of who comes first, and those admit this.
            const std::int64_t missing = cost - terms_.level(before);
            answer = terms_.per_ns == 0 ? never(limit::rate, missing)
                                        : retry_at(terms_.minted_by(tau, before), limit::rate, missing);
            return;
        }
        const std::int64_t used = before == 0 ? 0 : terms_.same_level(before, terms);
        const std::int64_t after = terms.reserve(used, tau, cost, now, max_wait, answer);
        if (!answer) return;
        drawn_.fetch_add(1, std::memory_order_relaxed);
        if (after == used) return;
        terms_ = terms;
        bucket_ = {after, tau};
    }
    /// op(terms, used, tau) -> used afterwards, on what was drawn.
    template <class Op>
    void change(time_point now, Op op) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        if (drawn() != 0) bucket_.change(terms_, now, op);
    }
    /// How often it was drawn from.
    [[nodiscard]] std::uint64_t drawn() const noexcept { return drawn_.load(std::memory_order_relaxed); }

private:
    typename Sync::mutex mutex_;
    bucket_terms terms_{};
    bucket_pair bucket_;
    typename Sync::template atomic<std::uint64_t> drawn_{0};
};

}  // namespace forebay::inline v0::detail
