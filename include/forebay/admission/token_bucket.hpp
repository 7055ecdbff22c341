// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_cell.hpp>
#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/promised_ahead.hpp>
#include <forebay/rate.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace forebay::inline v0 {

/// What `token_bucket::reserve` answers. Value; cancelled at the bucket that made it, from one thread.
struct reservation {
    /// admitted: `when` is the slot, now or later. Refused: nothing was taken.
    verdict answer;
    /// Tokens to give back on cancel; 0 when there is nothing left to cancel.
    std::int64_t cost{0};
    /// Whether the slot lay in the future.
    bool delayed{false};
    /// For the bucket alone: its place among the slots promised, and the room it took from those before it.
    std::uint64_t turn{0};
    std::int64_t narrowed{0};

    [[nodiscard]] constexpr explicit operator bool() const noexcept { return static_cast<bool>(answer); }
};

/// A rate limit: tokens come at the quota's rate up to its burst, requests take them. Starts full.
///
/// Exact: integers only, remainders are carried. A full bucket admits its burst; no window admits more than burst +
/// rate * length + what was given back; and no bucket lags a rational one. Not a queue: `reserve` hands out slots in
/// order, but wakes nobody.
///
/// A `now` earlier than that of a change before it counts as that change's: it mints nothing and loses nothing. Threads that
/// call at once with clocks that disagree may be answered by either clock.
///
/// threads  safe with multi_threaded; with single_threaded the host serialises
/// source   GCRA, ITU-T I.371 (virtual scheduling form)
template <class Sync>
class token_bucket {
public:
    /// With a debt limit of one burst (less where that would take more than 292 years to pay).
    explicit token_bucket(quota of) noexcept : state_{detail::bucket_terms{of, detail::usual_debt(of)}} {}

    /// debt_limit  how far below zero `charge` may go [tokens, 0 .. 4,294,967,295]
    /// errors      std::invalid_argument if it is out of range, or burst + debt_limit takes more than 292 years to refill
    token_bucket(quota of, std::int64_t debt_limit) : state_{detail::bucket_terms{of, checked_debt(of, debt_limit)}} {}

    /// Takes `cost` tokens if the bucket holds that many at `now`; otherwise takes nothing.
    ///
    /// cost     what the request costs; 0 = is admitted and changes nothing [>= 0]
    /// now      the caller's time
    /// returns  admitted
    ///          retry_at(t)  earliest time this same call is admitted if nobody else takes first
    ///          never        cost > burst, or not enough and the rate is zero: no waiting helps
    /// invalid  cost < 0 is `never` with limit::bad_cost: data never aborts
    /// cost     O(1), allocates nothing, throws nothing; a refusal writes nothing
    ///
    ///     if (auto v = bucket.try_acquire(1, now); !v) retry_later(v);
    [[nodiscard]] verdict try_acquire(std::int64_t cost, time_point now) noexcept {
        verdict answer;
        state_.change(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t tau) {
            return terms.take(used, tau, cost, now, answer);
        });
        return answer;
    }

    /// Takes what is there of `cost`, in whole tokens.
    /// returns  how many were taken [0 .. cost]; 0 if cost < 0
    [[nodiscard]] std::int64_t acquire_up_to(std::int64_t cost, time_point now) noexcept {
        std::int64_t taken = 0;
        state_.change(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t) {
            return terms.take_up_to(used, cost, taken);
        });
        return taken;
    }

    /// Takes `cost` now if it is there, else promises it for the slot in which it will have come, if that is at most
    /// `max_wait` after `now`. Slots are handed out in the order of the calls; until the last one has passed nothing
    /// else is admitted, unless a cancel or refund gave back more than that needs: such tokens no slot relies on.
    ///
    /// max_wait  longest acceptable wait; <= 0 = none
    /// returns   admitted at `answer.when`; or a refusal, as try_acquire, with the earliest time this same call
    ///           succeeds
    /// threads   takes the lock of a few instructions, also where try_acquire does not
    [[nodiscard]] reservation reserve(std::int64_t cost, time_point now, duration max_wait) noexcept {
        reservation made;
        state_.promise(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t tau,
                                detail::promised_ahead& ahead) {
            const std::int64_t next = terms.reserve(used, tau, cost, now, max_wait, made.answer);
            made.delayed = next != used && next > terms.capacity();
            if (next == used) return next;
            const detail::promise noted = ahead.made(terms, used, tau, cost, slot_of(made), made.delayed);
            made.turn = noted.turn;
            made.narrowed = noted.narrowed;
            return next;
        });
        if (made.answer) made.cost = cost;
        return made;
    }

    /// Gives back what a reservation took, as far as no later one relies on it, and empties it: never more than a bucket
    /// holds in which it had never been made and all others keep their slots.
    ///
    /// - No slot after it is left: all of it. So last first is exact; one granted at once comes back at any time, up to a
    ///   full bucket, as a refund does. (Of the last 24 slots promised it is known which were cancelled; once more than
    ///   those came after it, it counts as one that others follow, until no slot is left.)
    /// - Others follow: as much as the bucket has room for at each of the later slots beside what is promised there and
    ///   what was given back before. Exact while all cost the same, a token takes whole nanoseconds, the last slot stays
    ///   and nobody takes what was given back. Else the room may be underestimated, by what earlier slots left: by one
    ///   nanosecond's tokens if only the nanoseconds are not whole; until the slots ahead today have passed.
    /// - Its slot has passed: nothing.
    ///
    /// What is withheld comes back when no slot ahead is left, all having been cancelled before they passed: in whatever
    /// order, the bucket is then as if none had been made. Less may come back if others took or were charged since, as if
    /// the bucket had been full until then. When the last slot passes, or the quota changes, what is withheld is lost.
    ///
    /// One made under an earlier quota gives back all its tokens if it is the last, nothing at once if others follow; and
    /// nothing if its bucket was filled by inherit::full, or scaled by inherit::share when not empty.
    void cancel(reservation& made, time_point now) noexcept {
        if (made.cost == 0) return;
        const detail::promise one{made.cost, slot_of(made), made.delayed, made.turn, made.narrowed};
        state_.promise(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t tau,
                                detail::promised_ahead& ahead) { return ahead.cancel(terms, used, tau, one); });
        made.cost = 0;
    }

    /// Gives `cost` tokens back, up to a full bucket. <= 0 does nothing. While slots are promised it counts as given back
    /// until the last of them.
    void refund(std::int64_t cost, time_point now) noexcept {
        state_.lower(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t) {
            return terms.refund(used, cost);
        });
    }

    /// Takes `cost` tokens whether they are there or not, down to the debt limit; requests are refused until the debt
    /// is paid. returns  how many were charged [0 .. cost]; 0 if cost < 0
    std::int64_t charge(std::int64_t cost, time_point now) noexcept {
        std::int64_t charged = 0;
        state_.change(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t) {
            return terms.charge(used, cost, charged);
        });
        return charged;
    }

    /// Whole tokens in the bucket at `now`; negative in debt or while slots are promised.
    [[nodiscard]] std::int64_t available(time_point now) noexcept {
        std::int64_t level = 0;
        state_.change(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t) {
            level = terms.level(used);
            return used;
        });
        return level;
    }

    /// The quota in force.
    [[nodiscard]] quota current() noexcept { return state_.current().as_quota(); }

    /// Changes the quota under load; the debt limit stays. Reservations made keep their slots.
    /// errors  std::invalid_argument, and the old quota stays, if burst + debt limit takes more than 292 years to refill
    void reconfigure(quota to, time_point now, inherit what = inherit::level) {
        const detail::bucket_terms next{to, checked_debt(to, state_.debt())};
        state_.restate(
            next, now,
            [&](const detail::bucket_terms& old, std::int64_t used, std::int64_t tau, detail::promised_ahead& ahead) {
                const std::int64_t left = old.inherited(used, next, what);
                const bool same = what == inherit::level || (what == inherit::share && used >= old.capacity());
                ahead.restate(next, left, tau, !same);
                return left;
            });
    }

    /// Whether taking goes without a lock; so it stays until a reconfiguration or a time far from the origin (73 years before, 146 after).
    /// Giving back and reserving take a lock of a few instructions in any case.
    [[nodiscard]] bool is_lock_free() const noexcept { return state_.is_word(); }

private:
    [[nodiscard]] static std::int64_t slot_of(const reservation& made) noexcept {
        return made.answer.when.time_since_epoch().count();
    }
    [[nodiscard]] static std::int64_t checked_debt(const quota& of, std::int64_t debt_limit) {
        if (debt_limit < 0 || debt_limit > detail::debt_limit_max) {
            throw std::invalid_argument("forebay: a bucket's debt limit must be 0 .. 4294967295 tokens");
        }
        if (debt_limit > detail::room_for_debt(of)) {
            throw std::invalid_argument(
                "forebay: burst + debt limit must refill within 292 years: lower one or raise the rate");
        }
        return debt_limit;
    }

    detail::bucket_cell<Sync> state_;
};

// What requests touch, and what reservations touch besides: a cache line each.
static_assert(sizeof(token_bucket<multi_threaded>) <= 128 && sizeof(token_bucket<single_threaded>) <= 128);

}  // namespace forebay::inline v0
