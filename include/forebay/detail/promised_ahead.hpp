// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstdint>

namespace forebay::inline v0::detail {

/// A reservation as the bucket needs to see it again to cancel it.
struct promise {
    std::int64_t cost{0};
    std::int64_t slot{0};
    bool delayed{false};
    /// The newest turn when it was made: its own if it was delayed.
    std::uint64_t turn{0};
    /// By how many ticks it lowered the room of its span.
    std::int64_t narrowed{0};
};

/// What a bucket remembers of the slots it has promised and that still lie ahead, in fixed memory, so that a cancelled
/// reservation gives back what no other one needs.
///
/// What is exact: replay the bucket without the cancelled ones, all others at their slots. A surplus x that a cancel
/// leaves is carried to the next slot, which finds min(x, room there): above that the bucket is full, and time mints
/// nothing. *Room* at a slot is what is used just before it takes. So a cancel may give back at once what fits into the
/// least room at any later slot, which then has that much less. To know that least room for each reservation takes
/// memory for each. Here are two spans, the slots up to `older_until_` and those after, with one number each: a room
/// may be underestimated (then less is given back), never overestimated.
///
/// What is promised keeps its tokens: with `used` ticks now, the replay holds at each instant u up to the last slot at
/// least as much as `used` says for u, and all that is promised from u on besides. So who comes early, because it needs
/// less than was given back, takes nothing that a slot relies on.
///
/// - Nothing promised after it is left: all comes back, and its span gets back the room it took. Turns are numbered, as
///   several may share a nanosecond; of the last 24 it is known which were cancelled.
/// - Others follow: what there is room for. The rest is withheld.
/// - The last live one goes: what was withheld comes back, too. But not what a full bucket would have lost by then, had
///   it been given back at once: if others took since the last reservation or cancel, the bucket may have been full
///   until just now. That is seen by what would be used at the last slot, which only they can change.
/// - The last slot has passed: all is forgotten, also what was withheld.
class promised_ahead {
public:
    /// Notes that `cost` was taken, at once or for a slot after `tau`. [used: before that]
    [[nodiscard]] promise made(const bucket_terms& terms, std::int64_t used, std::int64_t tau, std::int64_t cost,
                               std::int64_t slot, bool delayed) noexcept {
        catch_up(terms, used, tau);
        promise one{cost, slot, delayed, newest_, 0};
        if (delayed) {
            begin_span(tau);
            next_turn();
            one.turn = newest_;
            const std::int64_t room = used_at(used, tau, slot, terms.per_ns);
            // One that comes before the end of the older span is looked for there on cancel: it could not give back.
            if (slot > older_until_ && newer_room_ > room) one.narrowed = newer_room_ - room;
            newer_room_ = std::min(newer_room_, room);
            last_ = live_ == 0 ? slot : std::max(last_, slot);
            live_ = saturating_sum(live_, cost);
        } else if (live_ != 0) {
            lose_overflow(terms, used);
        }
        at_last_ = at_last(terms, used + cost * terms.per_token, tau);
        return one;
    }

    /// What is used after `one` was cancelled.
    [[nodiscard]] std::int64_t cancel(const bucket_terms& terms, std::int64_t used, std::int64_t tau,
                                      const promise& one) noexcept {
        if (one.delayed && one.slot <= tau) return used;
        std::int64_t need = 0;
        // Only a new quota makes it so dear; then it stays among the live ones.
        if (__builtin_mul_overflow(one.cost, terms.per_token, &need)) return used;
        catch_up(terms, used, tau);
        if (live_ == 0) return one.delayed ? used : used - std::min(need, used);
        const bool last = nothing_after(one.turn);
        std::int64_t back = last ? need : give_early(one, need);
        if (one.delayed) {
            if (last) widen(one);
            mark_cancelled(one.turn);
            if (live_ != ticks_max) live_ -= one.cost;
        }
        if (live_ == 0) back = saturating_sum(back, withheld_);
        const std::int64_t next = used - std::min(back, used);
        at_last_ = at_last(terms, next, tau);
        return next;
    }

    /// A new quota, with what is used under it. Slots stay, so nobody knows the room before those promised so far. If
    /// the bucket starts `afresh`, they have no part in it any more, and give back nothing.
    void restate(const bucket_terms& to, std::int64_t used, std::int64_t tau, bool afresh) noexcept {
        if (live_ == 0 || tau >= last_) {
            live_ = 0;
            return;
        }
        if (afresh) {
            // A turn that nobody has: who came before it is never the last.
            next_turn();
            live_ = saturating_sum(live_, 1);
        }
        older_until_ = last_;
        older_room_ = unknown;
        newer_room_ = ticks_max;
        withheld_ = 0;
        at_last_ = at_last(to, used, tau);
    }

private:
    static constexpr std::uint64_t remembered = 24;
    static constexpr std::uint64_t recent = (std::uint64_t{1} << remembered) - 1;
    static constexpr std::int64_t unknown = -1;

    [[nodiscard]] static std::int64_t saturating_sum(std::int64_t a, std::int64_t b) noexcept {
        return a > ticks_max - b ? ticks_max : a + b;
    }
    /// What is used at the last slot, if nothing happens until then; below zero where the bucket were full before.
    [[nodiscard]] std::int64_t at_last(const bucket_terms& terms, std::int64_t used, std::int64_t tau) const noexcept {
        const wide_ticks minted = (static_cast<wide_ticks>(last_) - tau) * terms.per_ns;
        return static_cast<std::int64_t>(std::max<wide_ticks>(used - minted, -wide_ticks{ticks_max}));
    }
    void next_turn() noexcept {
        ++newest_;
        cancelled_ = (std::uint64_t{cancelled_} << 1U) & recent;
    }
    void mark_cancelled(std::uint64_t turn) noexcept {
        const std::uint64_t after = newest_ - turn;
        if (after < remembered) cancelled_ = (cancelled_ | std::uint64_t{1} << after) & recent;
    }
    [[nodiscard]] bool nothing_after(std::uint64_t turn) const noexcept {
        const std::uint64_t after = newest_ - turn;
        const std::uint64_t theirs = (std::uint64_t{1} << std::min(after, remembered)) - 1;
        return after <= remembered && (cancelled_ & theirs) == theirs;
    }

    /// Forgets what has passed; and what a full bucket has lost, if others took since.
    void catch_up(const bucket_terms& terms, std::int64_t used, std::int64_t tau) noexcept {
        if (tau >= last_) live_ = 0;
        if (live_ == 0 || withheld_ == 0) return;
        const wide_ticks taken = static_cast<wide_ticks>(at_last(terms, used, tau)) - at_last_;
        if (taken != 0) lose_overflow(terms, used - taken);
    }
    /// What is withheld is no more than a bucket without the live ones would have room for.
    void lose_overflow(const bucket_terms& terms, wide_ticks used) noexcept {
        const wide_ticks without = used - static_cast<wide_ticks>(live_) * terms.per_token;
        withheld_ = static_cast<std::int64_t>(std::clamp<wide_ticks>(without, 0, withheld_));
    }

    /// Before a slot is promised: starts anew if none is left, and moves on once the older span has passed.
    void begin_span(std::int64_t tau) noexcept {
        if (live_ == 0) {
            older_until_ = tau;
            older_room_ = newer_room_ = ticks_max;
            withheld_ = 0;
        } else if (tau >= older_until_) {
            older_until_ = last_;
            older_room_ = newer_room_;
            newer_room_ = ticks_max;
        }
    }
    /// A surplus that comes before later slots: as much as all of them leave room for.
    [[nodiscard]] std::int64_t give_early(const promise& one, std::int64_t need) noexcept {
        const bool passes_older = !one.delayed || one.slot <= older_until_;
        const std::int64_t room = passes_older ? std::min(older_room_, newer_room_) : newer_room_;
        const std::int64_t back = std::clamp<std::int64_t>(room, 0, need);
        if (passes_older) older_room_ -= back;
        newer_room_ -= back;
        withheld_ = saturating_sum(withheld_, need - back);
        return back;
    }
    void widen(const promise& one) noexcept {
        std::int64_t& room = one.slot <= older_until_ ? older_room_ : newer_room_;
        if (room != unknown) room += one.narrowed;
    }

    std::int64_t last_{0};         ///< no live slot is later [ns]
    std::int64_t older_until_{0};  ///< end of the older span [ns]
    std::int64_t older_room_{0};   ///< [ticks]
    std::int64_t newer_room_{0};   ///< [ticks]
    std::int64_t live_{0};         ///< tokens promised for slots and not cancelled, also passed ones; 0 = nothing ahead
    std::int64_t withheld_{0};     ///< [ticks]
    std::int64_t at_last_{0};  ///< what was used, seen from the last slot, after the last change through here [ticks]
    std::uint64_t newest_ : 40 {0};     ///< the newest turn: more than fit before one slot
    std::uint64_t cancelled_ : 24 {0};  ///< which of the last turns were cancelled, the newest first
};

static_assert(sizeof(promised_ahead) == 64);

}  // namespace forebay::inline v0::detail
