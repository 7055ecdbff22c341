// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/slot_trace.hpp>
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
///
/// Slots may be promised, each no earlier than the time at which the bucket has enough for it. Whatever is taken, now or for
/// a slot, is added at once to the time at which the bucket is full, as if it were full until the slot: so, in whatever
/// order slots are promised, no window holds more than it may. (GCRA, ITU-T I.371, with the slot for the time of arrival. A
/// window's first slot, in the order of the calls, leaves it full no earlier than `slot + need`, each further one adds its
/// own, and the last was let in as at most the capacity was used at its slot.) Others may take what is there beside.
///
/// A slot that is given back leaves the bucket no emptier than if it had never been: without it, the time at which it is
/// full were earlier by what it took, but later than the last slot by no more than what was taken since, as one of those
/// may have found it full. How much that is says `turn`, which each of them moves on.
struct refill_time {
    /// The first and the last nanosecond that count.
    static constexpr std::int64_t earliest = -refill_max;
    static constexpr std::int64_t latest = refill_max;

    /// The first nanosecond at which it is full.
    std::int64_t full_at{earliest};
    /// How many ticks it will have taken in by then beyond what it needs. [0 .. N - 1]
    std::int64_t excess{0};
    /// No slot promised is later. As made, nothing was promised.
    std::int64_t promised{earliest};
    /// How much was taken while something was promised, in shares of the burst, rounded up each time: modulo 2^32, and never
    /// begun anew. 2^23 bursts would have to be taken, and given back, while one slot is ahead to be taken for nothing.
    std::uint32_t turn{0};
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
        return full_at - whole(terms, terms.capacity() - cost * terms.per_token + excess);
    }
    /// What `reserve` would answer.
    [[nodiscard]] constexpr verdict ask(const bucket_terms& terms, std::int64_t cost, time_point now,
                                        duration max_wait) const noexcept {
        if (!terms.possible(cost)) return terms.impossible(cost);
        const std::int64_t ready = ready_at(terms, cost);
        if (ready <= clock(terms, now) || cost == 0) return admitted(now);
        return ask_later(terms, cost, now, max_wait, ready);
    }
    /// All of `cost` now, or the slot in which it will have come in if that is at most `max_wait` later, or nothing. A cost of
    /// 0 takes nothing and is admitted even in debt.
    [[nodiscard]] constexpr verdict reserve(const bucket_terms& terms, std::int64_t cost, time_point now,
                                            duration max_wait, slot_trace& trace) noexcept {
        trace = {};
        const verdict answer = ask(terms, cost, now, max_wait);
        if (!answer) return answer;
        const std::int64_t tau = clock(terms, now);
        if (answer.when == now) {
            use(terms, tau, cost);
            if (promised > tau) trace.turn = turn;
        } else {
            promise(terms, cost, tau, clock(terms, answer.when), trace);
        }
        return answer;
    }
    [[nodiscard]] constexpr verdict reserve(const bucket_terms& terms, std::int64_t cost, time_point now) noexcept {
        slot_trace none;
        return reserve(terms, cost, now, duration::zero(), none);
    }
    /// All of `cost` in a slot that another limit named, or nothing. A slot that is not ahead is now.
    [[nodiscard]] constexpr verdict reserve_at(const bucket_terms& terms, std::int64_t cost, time_point now,
                                               time_point slot, slot_trace& trace) noexcept {
        const std::int64_t tau = clock(terms, now);
        const std::int64_t at = clock(terms, slot);
        if (at <= tau || !terms.possible(cost) || (ready_at(terms, cost) > at && cost != 0)) {
            verdict answer = reserve(terms, cost, now, duration::zero(), trace);
            if (answer) answer.when = std::max(slot, now);
            return answer;
        }
        trace = {};
        if (cost != 0) promise(terms, cost, tau, at, trace);
        return admitted(slot);
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
        use(terms, tau, charged);
        return charged;
    }
    /// `cost` given back, up to a bucket that is full at `now`. While slots are promised it counts as given back until the last
    /// of them.
    constexpr void refund(const bucket_terms& terms, std::int64_t cost, time_point now,
                          slot_trace trace = {}) noexcept {
        std::int64_t ticks = 0;
        if (cost <= 0) return;
        if (__builtin_mul_overflow(cost, terms.per_token, &ticks)) ticks = ticks_max;
        const std::int64_t tau = clock(terms, now);
        if (trace.idle < 0 && trace.turn != 0 && trace.turn == turn && promised > tau) {
            turn -= burst_shares::of(terms, cost);  // nothing has happened since
        } else {
            note(1, tau);
        }
        restore(terms, ticks, 0, std::max(tau, promised));
    }
    /// What was reserved given back. Once its slot has come, that is a refund like any other. If nothing has happened since it
    /// was promised, the bucket is as it was.
    constexpr void cancel(const bucket_terms& terms, std::int64_t cost, time_point slot, slot_trace trace,
                          time_point now) noexcept {
        const std::int64_t tau = clock(terms, now);
        const std::int64_t its = clock(terms, slot);
        if (trace.idle < 0 || its <= tau) return refund(terms, cost, now, trace);
        if (promised < its) return;  // a later time has been here, and found it past
        if (waiting != 0 && waiting != too_many) --waiting;
        const std::uint32_t since = turn - trace.turn;
        std::int64_t need = 0;
        std::int64_t least = 0;
        if (__builtin_mul_overflow(cost, terms.per_token, &need) || need > ticks_max - terms.per_ns) {
            // Only a new quota makes it so dear.
        } else if (since == 0) {
            restore(terms, need, trace.idle, earliest);
            excess += trace.excess;
            turn -= burst_shares::of(terms, cost);
            // Each of the others took a token at least.
            promised =
                std::max(earliest, std::min(promised, full_at - ceil_div(terms.per_token + excess, pace(terms))));
        } else if (bounded(terms, since, least)) {
            restore(terms, need, trace.idle, least);
        }
        if (waiting == 0) promised = earliest;
    }
    /// The same bucket under other terms: what is used of it is as `what` says, what was promised stays so.
    [[nodiscard]] constexpr refill_time under(const bucket_terms& terms, const bucket_terms& next, time_point now,
                                              inherit what) const noexcept {
        const bool timed = terms.per_ns != 0 && next.per_ns != 0;
        const std::int64_t at = timed ? std::max(clock(terms, now), promised) : clock(terms, now);
        refill_time result{timed ? at : clock(next, now)};
        const std::int64_t ticks = terms.inherited(used(terms, at), next, what);
        result.add(next, result.full_at, std::min(ticks, next.per_ns <= 1 ? refill_max : ticks_max - next.per_ns));
        if (!timed) return result;
        result.promised = promised;
        result.waiting = waiting;
        result.turn = turn + burst_shares::beyond_debt;  // who was promised a slot before gives nothing back
        return result;
    }

private:
    /// What was promised and has passed is forgotten: so an earlier time does not find it ahead.
    constexpr void note(std::uint32_t more, std::int64_t tau) noexcept {
        if (promised > tau) {
            turn += more;
        } else {
            promised = earliest;
        }
    }
    /// Until when, seen from the last slot, what so many shares are may keep the bucket from being full. False where that is
    /// too far to tell.
    [[nodiscard]] constexpr bool bounded(const bucket_terms& terms, std::uint32_t since,
                                         std::int64_t& until) const noexcept {
        std::int64_t ticks = 0;
        return burst_shares::ticks(terms, since, ticks) &&
               !__builtin_add_overflow(promised, ceil_div(ticks, pace(terms)), &until);
    }

    [[nodiscard]] static constexpr std::int64_t pace(const bucket_terms& terms) noexcept {
        return std::max(terms.per_ns, std::int64_t{1});
    }
    /// In how many whole nanoseconds so many ticks have come in, or fewer.
    [[nodiscard]] static constexpr std::int64_t whole(const bucket_terms& terms, std::int64_t ticks) noexcept {
        return terms.per_ns <= 1 ? ticks : ticks / terms.per_ns;
    }
    /// Takes for a slot. [tau < at; ready by then]
    constexpr void promise(const bucket_terms& terms, std::int64_t cost, std::int64_t tau, std::int64_t at,
                           slot_trace& trace) noexcept {
        if (promised <= tau) {
            waiting = 0;
            turn += burst_shares::beyond_debt;  // of what was before, nothing is known: meanwhile it was not counted
        }
        waiting = static_cast<std::uint8_t>(std::min(waiting + 1, int{too_many}));
        promised = std::max(promised, at);
        turn += burst_shares::of(terms, cost);
        trace = {std::max(at - full_at, std::int64_t{0}), turn,
                 full_at <= at ? static_cast<std::uint32_t>(excess) : std::uint32_t{0}};
        add(terms, full_at <= at ? at : tau, cost * terms.per_token);
    }
    constexpr void use(const bucket_terms& terms, std::int64_t tau, std::int64_t cost) noexcept {
        note(burst_shares::of(terms, cost), tau);
        add(terms, tau, cost * terms.per_token);
    }
    constexpr void add(const bucket_terms& terms, std::int64_t tau, std::int64_t ticks) noexcept {
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
    /// Takes out so many ticks and then so many nanoseconds, but leaves it full no earlier than `least`.
    constexpr void restore(const bucket_terms& terms, std::int64_t ticks, std::int64_t idle,
                           std::int64_t least) noexcept {
        if (full_at <= least) return;
        if (ticks >= used(terms, least)) {
            full_at = least;
            excess = 0;
            return;
        }
        const std::int64_t spare = ticks + excess;
        full_at -= whole(terms, spare);
        excess = terms.per_ns <= 1 ? 0 : spare % terms.per_ns;
        if (idle <= 0) return;
        if (static_cast<std::uint64_t>(full_at) - static_cast<std::uint64_t>(least) >
            static_cast<std::uint64_t>(idle)) {
            full_at -= idle;
        } else {
            full_at = least;
            excess = 0;
        }
    }
    [[nodiscard, gnu::noinline]] constexpr verdict ask_later(const bucket_terms& terms, std::int64_t cost,
                                                             time_point now, duration max_wait,
                                                             std::int64_t ready) const noexcept {
        const std::int64_t room = terms.capacity() - cost * terms.per_token;
        const std::int64_t over = used(terms, clock(terms, now)) - room;
        const std::int64_t missing = over > 0 ? ceil_div(over, terms.per_token) : 0;
        if (terms.per_ns == 0) return never(limit::rate, missing);
        const time_point when{duration{ready}};
        if (max_wait <= duration::zero()) return retry_at(when, limit::rate, missing);
        if (ready > latest || saturating_sub(when, now) > max_wait) {
            return retry_at(saturating_add(when, -max_wait), limit::rate, missing);
        }
        return admitted(when);
    }
};

}  // namespace forebay::inline v0::detail
