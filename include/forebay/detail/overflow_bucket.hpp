// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/refill_time.hpp>
#include <forebay/rate.hpp>
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
    /// Takes `cost` by `op(bucket, terms) -> verdict` for one whose own terms are these. [cost possible under them]
    template <class Op>
    [[nodiscard]] verdict take(const bucket_terms& own, std::int64_t cost, time_point now, Op op) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        const bucket_terms terms = terms_for(own, now);
        if (!terms.possible(cost)) return once_full(cost, now);
        refill_time next = seen_by(terms, now);
        const verdict answer = op(next, terms);
        if (!answer) return answer;
        drawn_.fetch_add(1, std::memory_order_relaxed);
        if (cost == 0) return answer;
        terms_ = terms;
        bucket_ = next;
        return answer;
    }
    /// What that would answer, by `look(bucket, terms)`. Changes nothing.
    template <class Look>
    [[nodiscard]] verdict ask(const bucket_terms& own, std::int64_t cost, time_point now, Look look) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        const bucket_terms terms = terms_for(own, now);
        return terms.possible(cost) ? look(seen_by(terms, now), terms) : once_full(cost, now);
    }
    /// op(bucket, terms), on what was drawn.
    template <class Op>
    void change(Op op) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        if (drawn() != 0) op(bucket_, terms_);
    }
    /// How often it was drawn from.
    [[nodiscard]] std::uint64_t drawn() const noexcept { return drawn_.load(std::memory_order_relaxed); }

private:
    [[nodiscard]] bucket_terms terms_for(const bucket_terms& own, time_point now) const noexcept {
        return bucket_.full(terms_, now) ? own : terms_.tightened(own);
    }
    [[nodiscard]] refill_time seen_by(const bucket_terms& terms, time_point now) const noexcept {
        if (terms == terms_) return bucket_;
        return bucket_.under(terms_, terms, now, bucket_.full(terms_, now) ? inherit::full : inherit::level);
    }
    /// Full, it takes on the terms of who comes first, and those admit what these cannot.
    [[nodiscard]] verdict once_full(std::int64_t cost, time_point now) const noexcept {
        const std::int64_t missing = cost - bucket_.level(terms_, now);
        if (terms_.per_ns == 0) return never(limit::rate, missing);
        return retry_at(time_point{duration{std::max(bucket_.full_at, bucket_.promised)}}, limit::rate, missing);
    }

    typename Sync::mutex mutex_;
    bucket_terms terms_{};
    refill_time bucket_;
    typename Sync::template atomic<std::uint64_t> drawn_{0};
};

}  // namespace forebay::inline v0::detail
