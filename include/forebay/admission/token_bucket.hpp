// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/rate.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace forebay::inline v0 {

/// What a bucket keeps when its quota changes.
enum class inherit : std::uint8_t {
    level,  ///< the tokens it has, as far as the new burst holds them; debt stays. Never more than before
    share,  ///< the same fraction of the burst; debt stays
    full,   ///< nothing: starts full, debt forgiven
};

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
/// Exact: integers only, remainders are carried. A full bucket admits its burst, no window more than burst + rate *
/// length + what was given back, and never does a bucket lag a rational one. Not a queue: `reserve` hands out slots in
/// order, but nobody is woken.
///
/// A `now` earlier than that of a change before it counts as that change's: it mints nothing and loses nothing.
///
/// Two forms, chosen at run time, exact both. *Word* (multi_threaded, one token in a whole number of nanoseconds,
/// capacity and debt under 73 years, times within 146 years of the origin): one 64-bit atomic holds the instant at
/// which the bucket is full again, changed by compare-exchange. A change raises `last_` first and publishes the word
/// after it, so whoever reads the word sees every clock reading that went into it. Taking only raises the word, so
/// meeting an equal word again (ABA) means an equal bucket; whatever lowers it does so under the lock. *Pair*
/// (everything else): ticks used, and when, in a struct; with multi_threaded under a word-sized lock. A bucket that
/// leaves the word form (reconfigure, a time out of range) leaves it for good: the word becomes a mark no
/// compare-exchange expects, and the quota changes only after that.
///
/// threads  safe with multi_threaded; with single_threaded the host serialises
/// source   GCRA, ITU-T I.371 (virtual scheduling form)
template <class Sync>
class alignas(Sync::concurrent ? 64 : alignof(std::int64_t)) token_bucket {
public:
    /// With a debt limit of one burst: after the largest debt, the bucket is in use again within one refill.
    explicit token_bucket(quota of) noexcept : token_bucket{with_debt(of, default_debt(of))} {}

    /// debt_limit  how far below zero `charge` may go [tokens, 0 .. 4,294,967,295]
    /// errors      std::invalid_argument if it is out of range, or burst + debt_limit takes more than 292 years to
    /// refill
    token_bucket(quota of, std::int64_t debt_limit) : token_bucket{with_debt(of, checked_debt(of, debt_limit))} {}

    token_bucket(const token_bucket&) = delete;
    token_bucket& operator=(const token_bucket&) = delete;

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
        change(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t tau) {
            return terms.take(used, tau, cost, now, answer);
        });
        return answer;
    }

    /// Takes what is there of `cost`, in whole tokens.
    /// returns  how many were taken [0 .. cost]; 0 if cost < 0
    [[nodiscard]] std::int64_t acquire_up_to(std::int64_t cost, time_point now) noexcept {
        std::int64_t taken = 0;
        change(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t) {
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
        change(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t tau) {
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
        lower(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t tau) {
            return terms.cancel(used, tau, made.cost, made.answer.when, made.delayed);
        });
        made.cost = 0;
    }

    /// Gives `cost` tokens back, up to a full bucket. <= 0 does nothing.
    void refund(std::int64_t cost, time_point now) noexcept {
        lower(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t) {
            return terms.refund(used, cost);
        });
    }

    /// Takes `cost` tokens whether they are there or not, down to the debt limit; requests are refused until the debt
    /// is paid. returns  how many were charged [0 .. cost]; 0 if cost < 0
    std::int64_t charge(std::int64_t cost, time_point now) noexcept {
        std::int64_t charged = 0;
        change(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t) {
            return terms.charge(used, cost, charged);
        });
        return charged;
    }

    /// Whole tokens in the bucket at `now`; negative in debt or while slots are promised.
    [[nodiscard]] std::int64_t available(time_point now) noexcept {
        std::int64_t level = 0;
        change(now, [&](const detail::bucket_terms& terms, std::int64_t used, std::int64_t) {
            level = terms.level(used);
            return used;
        });
        return level;
    }

    /// The quota in force.
    [[nodiscard]] quota current() noexcept {
        const held lock{lock_};
        return terms().as_quota();
    }

    /// Changes the quota under load; the debt limit stays. Reservations made keep their slots.
    /// errors  std::invalid_argument, and the old quota stays, if burst + debt limit takes more than 292 years to
    /// refill
    void reconfigure(quota to, time_point now, inherit what = inherit::level) {
        const detail::bucket_terms next{to, checked_debt(to, static_cast<std::int64_t>(debt_))};
        const held lock{lock_};
        leave_word();
        const detail::bucket_terms old = terms();
        const std::int64_t tau = std::max(count(now), last_pair_);
        const std::int64_t used = detail::used_at(used_, last_pair_, tau, old.per_ns);
        last_pair_ = tau;
        used_ = what == inherit::full    ? 0
                : what == inherit::share ? old.same_share(used, next)
                                         : old.same_level(used, next);
        per_token_.store(next.per_token, std::memory_order_release);
        per_ns_.store(next.per_ns, std::memory_order_release);
        burst_.store(next.burst, std::memory_order_release);
    }

    /// Whether taking goes without a lock, for ever unless reconfigured. Giving back always takes the lock.
    [[nodiscard]] bool is_lock_free() const noexcept {
        return Sync::concurrent && word_.load(std::memory_order_relaxed) != left;
    }

private:
    template <class T>
    using atomic = typename Sync::template atomic<T>;

    struct with_debt : detail::bucket_terms {
        with_debt(const quota& of, std::int64_t debt_limit) noexcept : detail::bucket_terms{of, debt_limit} {}
    };
    class held {
    public:
        explicit held(typename Sync::word_lock& lock) noexcept : lock_{lock} { lock_.lock(); }
        held(const held&) = delete;
        held& operator=(const held&) = delete;
        ~held() { lock_.unlock(); }

    private:
        typename Sync::word_lock& lock_;
    };

    static constexpr std::int64_t left = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t horizon = std::int64_t{1} << 62;
    static constexpr std::int64_t debt_max = std::numeric_limits<std::uint32_t>::max();

    explicit token_bucket(const with_debt& of) noexcept
        : word_{fits_word(of) ? -horizon : left},
          last_{-horizon},
          per_token_{of.per_token},
          per_ns_{of.per_ns},
          burst_{of.burst},
          debt_{static_cast<std::uint32_t>(of.debt)} {}

    [[nodiscard]] static bool fits_word(const detail::bucket_terms& of) noexcept {
        return Sync::concurrent && of.per_ns == 1 && (of.burst + of.debt) * of.per_token < horizon / 2;
    }
    [[nodiscard]] static std::int64_t room_for_debt(const quota& of) noexcept {
        return std::min(detail::ticks_max / of.refill().nanoseconds() - of.burst(), debt_max);
    }
    [[nodiscard]] static std::int64_t default_debt(const quota& of) noexcept {
        return std::min(of.burst(), room_for_debt(of));
    }
    [[nodiscard]] static std::int64_t checked_debt(const quota& of, std::int64_t debt_limit) {
        if (debt_limit < 0 || debt_limit > debt_max) {
            throw std::invalid_argument("forebay: a bucket's debt limit must be 0 .. 4294967295 tokens");
        }
        if (debt_limit > room_for_debt(of)) {
            throw std::invalid_argument(
                "forebay: burst + debt limit must refill within 292 years: lower one or raise the rate");
        }
        return debt_limit;
    }
    [[nodiscard]] static std::int64_t count(time_point t) noexcept { return t.time_since_epoch().count(); }

    [[nodiscard]] detail::bucket_terms terms() const noexcept {
        return {per_token_.load(std::memory_order_relaxed), per_ns_.load(std::memory_order_relaxed),
                burst_.load(std::memory_order_relaxed), static_cast<std::int64_t>(debt_)};
    }

    /// Runs `op(terms, used, tau) -> used afterwards`, which may be repeated; the same amount again means no change.
    template <class Op>
    void change(time_point now, Op op) noexcept {
        if constexpr (Sync::concurrent) {
            if (change_word(count(now), op)) [[likely]]
                return;
            const held lock{lock_};
            leave_word();
            change_pair(count(now), op);
        } else {
            change_pair(count(now), op);
        }
    }
    /// The same for what may lower the word.
    template <class Op>
    void lower(time_point now, Op op) noexcept {
        const held lock{lock_};
        if constexpr (Sync::concurrent) {
            if (change_word(count(now), op)) return;
            leave_word();
        }
        change_pair(count(now), op);
    }

    /// False: the bucket has left the word form, or has to.
    template <class Op>
    [[nodiscard]] bool change_word(std::int64_t now, Op& op) noexcept {
        // The quota before the word: had it changed by then, the word would show the mark, which was put there first.
        const detail::bucket_terms seen{per_token_.load(std::memory_order_acquire), 1,
                                        burst_.load(std::memory_order_acquire), static_cast<std::int64_t>(debt_)};
        std::int64_t word = word_.load(std::memory_order_acquire);
        for (;;) {
            if (word == left || now <= -horizon || now >= horizon) [[unlikely]]
                return false;
            std::int64_t last = last_.load(std::memory_order_relaxed);
            const std::int64_t tau = std::max(now, last);
            const std::int64_t used = word > tau ? word - tau : 0;
            const std::int64_t next = op(seen, used, tau);
            if (next == used) return true;
            if (next >= horizon) [[unlikely]]
                return false;
            while (last < tau &&
                   !last_.compare_exchange_weak(last, tau, std::memory_order_relaxed, std::memory_order_relaxed)) {
            }
            if (word_.compare_exchange_weak(word, tau + next, std::memory_order_acq_rel, std::memory_order_acquire))
                [[likely]] {
                return true;
            }
        }
    }

    /// With the lock held.
    void leave_word() noexcept {
        if (!Sync::concurrent || word_.load(std::memory_order_relaxed) == left) return;
        const std::int64_t word = word_.exchange(left, std::memory_order_acq_rel);
        if (word == -horizon) return;  // never used: as good as new
        last_pair_ = last_.load(std::memory_order_relaxed);
        used_ = std::max(word - last_pair_, std::int64_t{0});
    }

    /// With the lock held.
    template <class Op>
    void change_pair(std::int64_t now, Op& op) noexcept {
        const detail::bucket_terms seen = terms();
        const std::int64_t tau = std::max(now, last_pair_);
        const std::int64_t used = detail::used_at(used_, last_pair_, tau, seen.per_ns);
        const std::int64_t next = op(seen, used, tau);
        if (next == used) return;
        used_ = next;
        last_pair_ = tau;
    }

    // The word form touches the first 16 bytes and the quota; the pair form the next 16, the lock and the quota.
    atomic<std::int64_t> word_;
    atomic<std::int64_t> last_;
    std::int64_t used_{0};
    std::int64_t last_pair_{std::numeric_limits<std::int64_t>::min()};
    atomic<std::int64_t> per_token_;
    atomic<std::int64_t> per_ns_;
    atomic<std::int64_t> burst_;
    typename Sync::word_lock lock_;
    std::uint32_t debt_;
};

static_assert(sizeof(token_bucket<multi_threaded>) <= 64 && sizeof(token_bucket<single_threaded>) <= 64);

}  // namespace forebay::inline v0
