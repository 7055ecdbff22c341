// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/prefetch.hpp>
#include <forebay/detail/promised_ahead.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace forebay::inline v0::detail {

/// What a token bucket is between two calls, and how threads change it. Two forms, chosen at run time, both exact:
///
/// *Pair*: the ticks used, and at which instant. With multi_threaded under a word-sized lock.
///
/// *Word* (multi_threaded only; a token takes a whole number of nanoseconds; capacity and debt under 73 years; times from 73
/// years before the origin to 146 after it): one atomic, `word_`, holds the instant at which the bucket is full again, changed by
/// compare-exchange. Why this is sound:
/// - A refusal writes nothing. It counts from when the word was read.
/// - Taking only raises the word, and leaves it no lower than the clock it counted by. So meeting an equal word again (ABA)
///   is meeting an equal bucket. Whatever lowers the word does so under the lock.
/// - `last_` is the latest clock reading of a change, so that an earlier one does not shrink the level. It is stored before
///   the word is published. Between threads whose clocks disagree a store may be lost; then a taker counts by an
///   earlier clock, which admits less. (Only a refund that itself comes with the earlier clock can by that give back
///   what was already minted again: at most rate * disagreement.)
/// - A bucket that needs more than a word (a new quota, a time or an amount out of range) leaves this form for good: under the
///   lock the word is exchanged for a mark that no compare-exchange expects, and the quota changes only after that. A
///   taker reads the quota before the word: had it read a later quota, the word would show the mark.
///
/// What is known of slots promised ahead is changed under the lock, together with the amount: whoever takes or gives
/// back without it changes nothing but the amount.
template <class Sync>
class alignas(Sync::concurrent ? 64 : alignof(std::int64_t)) bucket_cell {
public:
    explicit bucket_cell(const bucket_terms& of) noexcept
        : word_{fits_word(of) ? earliest : mark},
          last_{earliest},
          per_token_{of.per_token},
          per_ns_{of.per_ns},
          burst_{of.burst},
          debt_{static_cast<std::uint32_t>(of.debt)} {}

    /// Runs `op(terms, used, tau) -> used afterwards`, which may be repeated; the same amount again means no change. It
    /// must not lower the amount.
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

    /// The same for what may lower the amount.
    template <class Op>
    void lower(time_point now, Op op) noexcept {
        const held lock{lock_};
        change_held(now, op);
    }

    /// The same for `op(terms, used, tau, promised_ahead&)`, which starts from a fresh copy when it is repeated.
    template <class Op>
    void promise(time_point now, Op op) noexcept {
        const held lock{lock_};
        promised_ahead after;
        auto noting = [&](const bucket_terms& seen, std::int64_t used, std::int64_t tau) {
            after = ahead_;
            return op(seen, used, tau, after);
        };
        change_held(now, noting);
        ahead_ = after;
    }

    /// Puts `to` in force, with what `op(terms in force, used, tau, promised_ahead&)` says is used under it.
    template <class Op>
    void restate(const bucket_terms& to, time_point now, Op op) noexcept {
        const held lock{lock_};
        leave_word();
        const bucket_terms old = terms();
        const std::int64_t tau = std::max(count(now), last_pair_);
        used_ = op(old, used_at(used_, last_pair_, tau, old.per_ns), tau, ahead_);
        last_pair_ = tau;
        per_token_.store(to.per_token, std::memory_order_release);
        per_ns_.store(to.per_ns, std::memory_order_release);
        burst_.store(to.burst, std::memory_order_release);
    }

    [[nodiscard]] bucket_terms current() noexcept {
        const held lock{lock_};
        return terms();
    }
    [[nodiscard]] std::int64_t debt() const noexcept { return static_cast<std::int64_t>(debt_); }
    [[nodiscard]] bool is_word() const noexcept {
        return Sync::concurrent && word_.load(std::memory_order_relaxed) != mark;
    }

private:
    template <class T>
    using atomic = typename Sync::template atomic<T>;

    class held {
    public:
        explicit held(typename Sync::word_lock& lock) noexcept : lock_{lock} { lock_.lock(); }
        held(const held&) = delete;
        held& operator=(const held&) = delete;
        ~held() { lock_.unlock(); }

    private:
        typename Sync::word_lock& lock_;
    };

    static constexpr std::int64_t mark = std::numeric_limits<std::int64_t>::min();
    // Chosen so that no difference of word and clock overflows: word < latest + reach, clock > earliest.
    static constexpr std::int64_t earliest = -(std::int64_t{1} << 61);
    static constexpr std::int64_t latest = std::int64_t{1} << 62;
    static constexpr std::int64_t reach = std::int64_t{1} << 61;

    [[nodiscard]] static bool fits_word(const bucket_terms& of) noexcept {
        return Sync::concurrent && of.per_ns == 1 && (of.burst + of.debt) * of.per_token < reach;
    }
    [[nodiscard]] static std::int64_t count(time_point t) noexcept { return t.time_since_epoch().count(); }

    [[nodiscard]] bucket_terms terms() const noexcept {
        return {per_token_.load(std::memory_order_relaxed), per_ns_.load(std::memory_order_relaxed),
                burst_.load(std::memory_order_relaxed), static_cast<std::int64_t>(debt_)};
    }

    /// False: the bucket has left the word form, or has to.
    template <class Op>
    [[nodiscard]] bool change_word(std::int64_t now, Op& op) noexcept {
        prefetch_line(&word_);  // for writing: one way to the other CPU's cache in place of two
        const bucket_terms seen{per_token_.load(std::memory_order_acquire), 1, burst_.load(std::memory_order_acquire),
                                static_cast<std::int64_t>(debt_)};
        std::int64_t word = word_.load(std::memory_order_acquire);
        for (;;) {
            if (word == mark || now <= earliest || now >= latest) [[unlikely]]
                return false;
            const std::int64_t last = last_.load(std::memory_order_relaxed);
            const std::int64_t tau = std::max(now, last);
            const std::int64_t used = word > tau ? word - tau : 0;
            const std::int64_t next = op(seen, used, tau);
            if (next == used) return true;
            if (next >= reach) [[unlikely]]
                return false;
            if (last < tau) last_.store(tau, std::memory_order_relaxed);
            if (word_.compare_exchange_weak(word, tau + next, std::memory_order_acq_rel, std::memory_order_acquire))
                [[likely]] {
                return true;
            }
            // Whoever won is likely to come again: leaving it the cache line for half a microsecond makes both faster.
            for (int i = 0; i < 16; ++i) Sync::relax();
            word = word_.load(std::memory_order_acquire);
        }
    }

    /// With the lock held.
    template <class Op>
    void change_held(time_point now, Op& op) noexcept {
        if constexpr (Sync::concurrent) {
            if (change_word(count(now), op)) return;
            leave_word();
        }
        change_pair(count(now), op);
    }

    /// With the lock held.
    void leave_word() noexcept {
        if (!Sync::concurrent || word_.load(std::memory_order_relaxed) == mark) return;
        const std::int64_t word = word_.exchange(mark, std::memory_order_acq_rel);
        if (word == earliest) return;  // never used: as good as new
        last_pair_ = last_.load(std::memory_order_relaxed);
        used_ = std::max(word - last_pair_, std::int64_t{0});
    }

    /// With the lock held.
    template <class Op>
    void change_pair(std::int64_t now, Op& op) noexcept {
        const bucket_terms seen = terms();
        const std::int64_t tau = std::max(now, last_pair_);
        const std::int64_t used = used_at(used_, last_pair_, tau, seen.per_ns);
        const std::int64_t next = op(seen, used, tau);
        if (next == used) return;
        used_ = next;
        last_pair_ = tau;
    }

    // The first cache line is all that requests touch: the word form its first 16 bytes and the quota; the pair form the
    // next 16, the lock and the quota.
    atomic<std::int64_t> word_;
    atomic<std::int64_t> last_;
    std::int64_t used_{0};
    std::int64_t last_pair_{std::numeric_limits<std::int64_t>::min()};
    atomic<std::int64_t> per_token_;
    atomic<std::int64_t> per_ns_;
    atomic<std::int64_t> burst_;
    typename Sync::word_lock lock_;
    std::uint32_t debt_;

    // The second line: only reserving, cancelling and a new quota touch it, under the lock.
    promised_ahead ahead_;
};

}  // namespace forebay::inline v0::detail
