// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/rate.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstdint>

namespace forebay::inline v0::detail {

/// A bucket without its terms: when it is full again. Exact, as what is used of it falls by N ticks each nanosecond.
///
/// A clock that goes back is taken at its word: what came in after that time is not there yet, so that nothing comes in
/// twice; and it is there again when that time comes. Time stands still further than 146 years from the clock's origin.
/// Terms by which nothing ever comes in know no time: all happens at the origin.
struct refill_time {
    /// The first and the last nanosecond that count.
    static constexpr std::int64_t earliest = -refill_max;
    static constexpr std::int64_t latest = refill_max;

    /// The first nanosecond at which it is full.
    std::int64_t full_at{earliest};
    /// How many ticks it will have taken in by then beyond what it needs. [0 .. N - 1]
    std::int64_t excess{0};
    /// Nobody gets anything before this time: it is the last slot promised, or a nanosecond later, if something was given
    /// back since, so that the slot's own end does not lower it. As made, nothing was promised.
    std::int64_t promised{earliest};
    /// How many were promised slots up to that one, and have not given theirs back. As many as can be told stay so many.
    std::uint8_t waiting{0};
    static constexpr std::uint8_t too_many = 63;

    [[nodiscard]] static constexpr std::int64_t clock(const bucket_terms& terms, time_point now) noexcept {
        if (terms.per_ns == 0) return 0;
        return std::clamp(now.time_since_epoch().count(), earliest, latest);
    }

    [[nodiscard]] constexpr bool full(const bucket_terms& terms, time_point now) const noexcept {
        return std::max(full_at, promised) <= clock(terms, now);
    }
    /// Ticks used at `tau`; no more than fit 63 bits.
    [[nodiscard]] constexpr std::int64_t used(const bucket_terms& terms, std::int64_t tau) const noexcept {
        if (full_at <= tau) return 0;
        const std::uint64_t wait = static_cast<std::uint64_t>(full_at) - static_cast<std::uint64_t>(tau);
        std::uint64_t ticks = 0;
        if (__builtin_mul_overflow(wait, static_cast<std::uint64_t>(pace(terms)), &ticks)) return ticks_max;
        return static_cast<std::int64_t>(
            std::min(ticks - static_cast<std::uint64_t>(excess), std::uint64_t{ticks_max}));
    }
    /// Whole tokens left at `now`; negative in debt, or while slots are promised.
    [[nodiscard]] constexpr std::int64_t level(const bucket_terms& terms, time_point now) const noexcept {
        return terms.level(used(terms, clock(terms, now)));
    }

    /// The first time at which `cost` is there for one who comes now. [cost possible]
    [[nodiscard]] constexpr std::int64_t ready_at(const bucket_terms& terms, std::int64_t cost) const noexcept {
        return std::max(full_at - whole(terms, terms.capacity() - cost * terms.per_token + excess), promised);
    }
    /// All of `cost` now, or the slot in which it will have come in if that is at most `max_wait` later, or nothing. A cost of
    /// 0 takes nothing and is admitted even in debt.
    [[nodiscard]] constexpr verdict reserve(const bucket_terms& terms, std::int64_t cost, time_point now,
                                            duration max_wait) noexcept {
        if (!terms.possible(cost)) return terms.impossible(cost);
        const std::int64_t tau = clock(terms, now);
        const std::int64_t ready = ready_at(terms, cost);
        if (ready <= tau) {
            use(terms, tau, cost * terms.per_token);
            return admitted(now);
        }
        if (cost == 0) return admitted(now);
        return reserve_later(terms, cost, now, max_wait, ready);
    }
    /// `cost` from a bucket of which nothing is promised, as it comes from memory, in as few steps as can be. False decides
    /// nothing. [per_ns 1]
    [[nodiscard, gnu::always_inline]] constexpr bool take(const bucket_terms& terms, std::int64_t cost,
                                                          time_point now) noexcept {
        const std::int64_t tau = now.time_since_epoch().count();
        const std::uint64_t since_earliest = static_cast<std::uint64_t>(tau) - static_cast<std::uint64_t>(earliest);
        if (cost == 0 || !terms.possible(cost) || since_earliest > std::uint64_t{2 * refill_max}) [[unlikely]]
            return false;
        const std::int64_t need = cost * terms.per_token;
        if (full_at - (terms.capacity() - need) > tau) [[unlikely]]
            return false;
        // Without a branch: nobody can guess which is later before it has come.
        full_at = std::max(full_at, tau) + need;
        return true;
    }
    /// `cost` whether it is there or not, in whole tokens down to the debt limit. returns  how many
    constexpr std::int64_t charge(const bucket_terms& terms, std::int64_t cost, time_point now) noexcept {
        std::int64_t charged = 0;
        const std::int64_t tau = clock(terms, now);
        static_cast<void>(terms.charge(used(terms, tau), cost, charged));
        use(terms, tau, charged * terms.per_token);
        return charged;
    }
    /// `cost` given back, up to a bucket that is full at `now`.
    constexpr void refund(const bucket_terms& terms, std::int64_t cost, time_point now) noexcept {
        std::int64_t ticks = 0;
        if (cost <= 0) return;
        if (__builtin_mul_overflow(cost, terms.per_token, &ticks)) ticks = ticks_max;
        if (promised > clock(terms, now)) ++promised;
        restore(terms, ticks, clock(terms, now));
    }
    /// A slot of `cost` given back as far as none that was promised later relies on it: what comes in between it and the
    /// last one promised may be for those. (The rule of Go's x/time/rate, in integers.) A slot that has passed gives back
    /// nothing.
    /// delayed  whether the slot lay in the future when it was promised
    constexpr void cancel(const bucket_terms& terms, std::int64_t cost, time_point slot, bool delayed,
                          time_point now) noexcept {
        const std::int64_t tau = clock(terms, now);
        const std::int64_t its = delayed ? clock(terms, slot) : tau;
        if (delayed && its <= tau) return;
        const std::int64_t last = std::max(empty_at(terms), promised);
        std::int64_t later = 0;
        if (!delayed && promised <= empty_at(terms)) {
            later = std::max(used(terms, tau) - terms.capacity(), std::int64_t{0});
        } else if (last > its) {
            // Slots are rounded up to whole nanoseconds: up to N - 1 ticks more than the distance shows may rely on it.
            if (__builtin_mul_overflow(last - its, pace(terms), &later) || later > ticks_max - pace(terms)) return;
            later += pace(terms) - 1;
        }
        const std::int64_t need = cost * terms.per_token;
        if (delayed && waiting != 0 && waiting != too_many) --waiting;
        const bool newest = delayed && its == promised;
        if (newest || waiting == 0) promised = earliest;
        if (need > later) restore(terms, need - later, tau);
        if (newest && waiting != 0 && empty_at(terms) > tau)
            promised = std::min(its, empty_at(terms));  // where the one before it is
    }
    /// The same bucket under other terms: what is used of it is as `what` says, what was promised stays so.
    [[nodiscard]] constexpr refill_time under(const bucket_terms& terms, const bucket_terms& next, time_point now,
                                              inherit what) const noexcept {
        const bool timed = terms.per_ns != 0 && next.per_ns != 0;
        const std::int64_t at = timed ? std::max(clock(terms, now), promised) : clock(terms, now);
        const std::int64_t start = timed ? at : clock(next, now);
        refill_time result{start, 0, timed ? promised : earliest, timed ? waiting : std::uint8_t{0}};
        const std::int64_t ticks = terms.inherited(used(terms, at), next, what);
        result.use(next, start, std::min(ticks, next.per_ns <= 1 ? refill_max : ticks_max - next.per_ns));
        return result;
    }

private:
    [[nodiscard]] static constexpr std::int64_t pace(const bucket_terms& terms) noexcept {
        return std::max(terms.per_ns, std::int64_t{1});
    }
    /// In how many whole nanoseconds so many ticks have come in, or fewer.
    [[nodiscard]] static constexpr std::int64_t whole(const bucket_terms& terms, std::int64_t ticks) noexcept {
        return terms.per_ns <= 1 ? ticks : ticks / terms.per_ns;
    }
    /// The first nanosecond at which no token is owed or promised any more.
    [[nodiscard]] constexpr std::int64_t empty_at(const bucket_terms& terms) const noexcept {
        return full_at - whole(terms, terms.capacity() + excess);
    }
    constexpr void use(const bucket_terms& terms, std::int64_t tau, std::int64_t ticks) noexcept {
        if (ticks == 0) return;
        if (terms.per_ns <= 1) [[likely]] {
            full_at = std::max(full_at, tau) + ticks;
            return;
        }
        if (full_at <= tau) {
            full_at = tau;
            excess = 0;
        }
        const std::int64_t need = ticks - excess;
        const std::int64_t wait = ceil_div(need, terms.per_ns);
        full_at += wait;
        excess = wait * terms.per_ns - need;
    }
    constexpr void restore(const bucket_terms& terms, std::int64_t ticks, std::int64_t from) noexcept {
        const std::int64_t least = std::max(from, promised);
        if (full_at <= least) return;
        const std::int64_t most = used(terms, least);
        if (ticks >= most) {
            full_at = least;
            excess = 0;
            return;
        }
        const std::int64_t spare = ticks + excess;
        full_at -= whole(terms, spare);
        excess = terms.per_ns <= 1 ? 0 : spare % terms.per_ns;
    }
    [[nodiscard, gnu::noinline]] constexpr verdict reserve_later(const bucket_terms& terms, std::int64_t cost,
                                                                 time_point now, duration max_wait,
                                                                 std::int64_t ready) noexcept {
        const std::int64_t room = terms.capacity() - cost * terms.per_token;
        const std::int64_t over = used(terms, clock(terms, now)) - room;
        const std::int64_t missing = over > 0 ? ceil_div(over, terms.per_token) : 0;
        if (terms.per_ns == 0) return never(limit::rate, missing);
        const time_point when{duration{ready}};
        if (max_wait <= duration::zero()) return retry_at(when, limit::rate, missing);
        if (ready > latest || saturating_sub(when, now) > max_wait) {
            return retry_at(saturating_add(when, -max_wait), limit::rate, missing);
        }
        if (promised <= clock(terms, now)) waiting = 0;
        waiting = static_cast<std::uint8_t>(std::min(waiting + 1, int{too_many}));
        promised = ready;
        // What would have come in while it was full is lost; but not the part of a token by which a slot is rounded up.
        use(terms, full_at < ready ? ready : clock(terms, now), cost * terms.per_token);
        return admitted(when);
    }
};

}  // namespace forebay::inline v0::detail
