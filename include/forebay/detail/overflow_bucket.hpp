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
/// full, and a bucket of each of them would be, too: so it gives nobody more than a bucket of theirs.
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
        owes_until(own, cost, answer.when);
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
        if (drawn() == 0) return;
        op(bucket_, terms_);
        owes_until(terms_, 0, time_point::min());
    }
    /// When a bucket under these terms, by now no more than empty, is full again if its tenant drew all that was drawn here. Of
    /// any thread.
    [[nodiscard]] std::int64_t owed(const bucket_terms& own, time_point now) const noexcept {
        if (own.per_ns == 0) return for_ever_.load(std::memory_order_acquire) ? own.capacity() : refill_time::earliest;
        const std::int64_t until = until_.load(std::memory_order_acquire);
        if (until <= at(now)) return refill_time::earliest;
        return std::min(until, at(now) + ceil_div(own.capacity(), own.per_ns));
    }
    /// How often it was drawn from.
    [[nodiscard]] std::uint64_t drawn() const noexcept { return drawn_.load(std::memory_order_relaxed); }

private:
    [[nodiscard]] static constexpr std::int64_t at(time_point when) noexcept {
        return std::clamp(when.time_since_epoch().count(), refill_time::earliest, refill_time::latest);
    }
    [[nodiscard]] bool all_full(time_point now) const noexcept {
        return bucket_.full(terms_, now) && until_.load(std::memory_order_relaxed) <= at(now);
    }
    [[nodiscard]] bucket_terms terms_for(const bucket_terms& own, time_point now) const noexcept {
        return all_full(now) ? own : terms_.tightened(own);
    }
    [[nodiscard]] refill_time seen_by(const bucket_terms& terms, time_point now) const noexcept {
        if (terms == terms_) return bucket_;
        return bucket_.under(terms_, terms, now, bucket_.full(terms_, now) ? inherit::full : inherit::level);
    }
    /// Notes that `cost` was drawn by one whose own terms are these. Their bucket, had all been drawn from that, is full no
    /// later than what this adds up to.
    void owes_until(const bucket_terms& own, std::int64_t cost, time_point when) noexcept {
        if (own.per_ns == 0) return for_ever_.store(true, std::memory_order_release);
        std::int64_t until = until_.load(std::memory_order_relaxed);
        until = std::max(until, at(when)) + ceil_div(cost * own.per_token, own.per_ns);
        if (terms_.per_ns != 0) until = std::max({until, bucket_.full_at, bucket_.promised});
        until_.store(std::min(until, refill_time::latest), std::memory_order_release);
    }
    /// Full, it takes on the terms of who comes first, and those admit what these cannot.
    [[nodiscard]] verdict once_full(std::int64_t cost, time_point now) const noexcept {
        std::int64_t missing = 0;
        if (__builtin_sub_overflow(cost, bucket_.level(terms_, now), &missing)) missing = ticks_max;
        if (terms_.per_ns == 0) return never(limit::rate, missing);
        const std::int64_t full = std::max({bucket_.full_at, bucket_.promised, until_.load(std::memory_order_relaxed)});
        return retry_at(time_point{duration{full}}, limit::rate, missing);
    }

    typename Sync::mutex mutex_;
    bucket_terms terms_{};
    refill_time bucket_;
    /// When all are full again who drew, each of a bucket of its own. [nanoseconds] But for those who never get anything again:
    /// whether any of these drew.
    typename Sync::template atomic<std::int64_t> until_{refill_time::earliest};
    typename Sync::template atomic<bool> for_ever_{false};
    typename Sync::template atomic<std::uint64_t> drawn_{0};
};

}  // namespace forebay::inline v0::detail
