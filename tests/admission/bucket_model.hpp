// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

/// A token bucket as one would write it on paper: its level as a fraction with the rate's denominator, in 128 bits, which
/// nothing here can overflow. No cleverness; the real ones are held against it.
class bucket_model {
public:
    __extension__ using wide = __int128;

    bucket_model(forebay::quota of, std::int64_t debt)
        : per_token_{of.refill().nanoseconds()},
          per_ns_{of.refill().tokens()},
          burst_{of.burst()},
          debt_{debt},
          level_{per_token_ * burst_} {}

    /// In fractions of a token, per_token() to one.
    [[nodiscard]] wide level(forebay::time_point now) const {
        return std::min(burst_ * per_token_, level_ + per_ns_ * (tau(now) - last_));
    }
    [[nodiscard]] std::int64_t tokens(forebay::time_point now) const { return narrow(floor(level(now), per_token_)); }
    [[nodiscard]] wide per_token() const { return per_token_; }

    [[nodiscard]] bool would_admit(std::int64_t cost, forebay::time_point now) const {
        return cost >= 0 && cost <= burst_ && (cost == 0 || level(now) >= cost * per_token_);
    }
    bool try_acquire(std::int64_t cost, forebay::time_point now) {
        if (!would_admit(cost, now)) return false;
        add(-wide{cost}, now);
        return true;
    }
    std::int64_t acquire_up_to(std::int64_t cost, forebay::time_point now) {
        const wide take = std::clamp<wide>(floor(level(now), per_token_), 0, std::max<wide>(cost, 0));
        add(-take, now);
        return narrow(take);
    }
    void refund(std::int64_t cost, forebay::time_point now) { add(std::max<wide>(cost, 0), now); }
    std::int64_t charge(std::int64_t cost, forebay::time_point now) {
        const wide room = floor(level(now) + debt_ * per_token_, per_token_);
        const wide amount = std::clamp<wide>(cost, 0, std::max<wide>(room, 0));
        add(-amount, now);
        return narrow(amount);
    }
    /// When `cost` will have come in, and not before `promised`, if that is at most `max_wait` after `now`; then it is
    /// taken at once.
    std::optional<forebay::time_point> reserve(std::int64_t cost, forebay::time_point now, forebay::duration max_wait,
                                               forebay::time_point promised = forebay::time_point::min()) {
        if ((promised <= now || cost == 0) && try_acquire(cost, now)) return now;
        if (cost < 0 || cost > burst_ || per_ns_ == 0) return {};
        const wide need = cost * per_token_;
        const wide missing = need - level(now);
        const wide when = std::max<wide>(tau(now) + (std::max<wide>(missing, 0) + per_ns_ - 1) / per_ns_,
                                         promised.time_since_epoch().count());
        if (when >= largest || when - now.time_since_epoch().count() > max_wait.count()) return {};
        if (burst_ * per_token_ + missing > largest) return {};
        add(-wide{cost}, now);
        return forebay::time_point{forebay::duration{narrow(when)}};
    }
    /// Takes back the newest reservation: none if its slot lay in the future and has passed.
    void cancel(std::int64_t cost, forebay::time_point slot, bool delayed, forebay::time_point now) {
        if (!delayed || slot.time_since_epoch().count() > tau(now)) refund(cost, now);
    }
    /// From when on no token is owed or promised any more.
    [[nodiscard]] forebay::time_point empty_at(forebay::time_point now) const {
        const wide ahead = std::max<wide>(-level(now), 0);
        return forebay::time_point{forebay::duration{narrow(tau(now) + (ahead + per_ns_ - 1) / per_ns_)}};
    }
    /// Takes back a reservation but for what comes in between its slot and the last one promised, which may be for later ones.
    void cancel_before_later(std::int64_t cost, forebay::time_point slot, bool delayed, forebay::time_point now,
                             forebay::time_point promised) {
        const wide ahead = std::max<wide>(-level(now), 0);
        wide later = ahead;
        if (!delayed && promised > empty_at(now)) {
            later = (promised.time_since_epoch().count() - tau(now)) * per_ns_ + per_ns_ - 1;
        }
        if (delayed) {
            if (slot.time_since_epoch().count() <= tau(now)) return;
            const wide after = (std::max(empty_at(now), promised) - slot).count();
            later = after > 0 ? after * per_ns_ + per_ns_ - 1 : 0;
        }
        // At the last slot that stays promised the bucket is no fuller than full.
        const bool stays = !(delayed && slot == promised);
        const wide wait = stays ? std::max<wide>(promised.time_since_epoch().count() - tau(now), 0) : 0;
        const wide room = burst_ * per_token_ - wait * per_ns_ - level(now);
        add_fraction(std::clamp<wide>(cost * per_token_ - later, 0, std::max<wide>(room, 0)), now);
    }
    /// Keeps the level as far as the new burst holds it, or the share of the burst, rounded down to the new fraction; or
    /// starts full. More than 292 years' worth of debt is not kept.
    void reconfigure(forebay::quota to, forebay::time_point now, forebay::inherit what = forebay::inherit::level) {
        const wide before = level(now);
        const wide most_before = burst_ * per_token_;
        last_ = tau(now);
        per_token_ = to.refill().nanoseconds();
        per_ns_ = to.refill().tokens();
        const wide token_before = most_before / burst_;
        burst_ = to.burst();
        const wide most = burst_ * per_token_;
        level_ = std::min<wide>(floor(before * per_token_, token_before), most);
        if (what == forebay::inherit::share && before > 0) level_ = before * most / most_before;
        if (what == forebay::inherit::full) level_ = most;
        level_ = std::max(level_, most - largest);
    }

private:
    static constexpr wide largest = std::numeric_limits<std::int64_t>::max();
    [[nodiscard]] static wide floor(wide a, wide b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
    [[nodiscard]] static std::int64_t narrow(wide a) { return static_cast<std::int64_t>(a); }
    [[nodiscard]] wide tau(forebay::time_point now) const {
        return std::max<wide>(now.time_since_epoch().count(), last_);
    }
    void add(wide tokens, forebay::time_point now) { add_fraction(tokens * per_token_, now); }
    void add_fraction(wide more, forebay::time_point now) {
        const wide before = level(now);
        const wide after = std::min(burst_ * per_token_, before + more);
        if (after == before) return;
        level_ = after;
        last_ = tau(now);
    }

    wide per_token_;
    wide per_ns_;
    wide burst_;
    wide debt_;
    wide level_;
    wide last_{std::numeric_limits<std::int64_t>::min()};
};

/// No window [s, t] admits more than burst + rate * (t - s) + what was given back in it: checked for all windows at once in
/// O(1) an event, by the smallest value so far of what had been admitted less what time had allowed.
class window_bound {
public:
    __extension__ using wide = __int128;

    explicit window_bound(forebay::quota of)
        : per_token_{of.refill().nanoseconds()}, per_ns_{of.refill().tokens()}, most_{per_token_ * of.burst()} {}

    /// Admits (> 0) or gives back (< 0) `tokens` at `now`; false if that breaks the bound.
    [[nodiscard]] bool admit(std::int64_t tokens, forebay::time_point now) {
        tau_ = std::max<wide>(tau_, now.time_since_epoch().count());
        lowest_ = std::min(lowest_, admitted_ - per_ns_ * tau_);
        admitted_ += tokens * per_token_;
        return admitted_ - per_ns_ * tau_ - lowest_ <= most_;
    }

private:
    wide per_token_;
    wide per_ns_;
    wide most_;
    wide admitted_{0};
    wide tau_{std::numeric_limits<std::int64_t>::min()};
    wide lowest_{wide{1} << 100};
};
