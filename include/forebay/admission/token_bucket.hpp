// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_cell.hpp>
#include <forebay/detail/bucket_math.hpp>
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
    /// else is admitted.
    ///
    /// max_wait  longest acceptable wait; <= 0 = none
    /// returns   admitted at `answer.when`; or a refusal, as try_acquire, with the earliest time this same call
    /// succeeds
    [[nodiscard]] reservation reserve(std::int64_t cost, time_point now, duration max_wait) noexcept {
        reservation made;
        state_.change(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t tau) {
            const std::int64_t next = terms.reserve(used, tau, cost, now, max_wait, made.answer);
            made.delayed = next != used && next > terms.capacity();
            return next;
        });
        if (made.answer) made.cost = cost;
        return made;
    }

    /// Gives back what a reservation took, as far as no later reservation relies on it, and empties it. One whose slot
    /// lay in the future and has passed gives back nothing; one granted at once is given back at any time, up to a full
    /// bucket.
    void cancel(reservation& made, time_point now) noexcept {
        if (made.cost == 0) return;
        state_.lower(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t tau) {
            return terms.cancel(used, tau, made.cost, made.answer.when, made.delayed);
        });
        made.cost = 0;
    }

    /// Gives `cost` tokens back, up to a full bucket. <= 0 does nothing.
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
        state_.restate(next, now, [&](const detail::bucket_terms& old, std::int64_t used) {
            return old.inherited(used, next, what);
        });
    }

    /// Whether taking goes without a lock; so it stays until a reconfiguration or a time far from the origin (73 years before, 146 after).
    /// Giving back takes a lock of a few instructions in any case.
    [[nodiscard]] bool is_lock_free() const noexcept { return state_.is_word(); }

private:
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

static_assert(sizeof(token_bucket<multi_threaded>) <= 64 && sizeof(token_bucket<single_threaded>) <= 64);

}  // namespace forebay::inline v0
