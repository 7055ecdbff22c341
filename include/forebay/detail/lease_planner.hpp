// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/lease_slots.hpp>
#include <forebay/detail/use_window.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace forebay::inline v0::detail {

/// When to ask for leases, and for how much: enough for what will be used until the answer is there (twice, as use is uneven)
/// and for `cover` beyond it. Times must not go back.
class lease_planner {
public:
    struct terms {
        duration cover;
        duration ask_every;
        duration answer_within;
        std::int64_t least;
        std::int64_t most;
    };

    /// errors  std::invalid_argument if a term is out of the range that `quota_lease` names
    explicit lease_planner(const terms& of) : terms_{checked(of)}, latency_{of.ask_every}, use_{4 * of.cover} {}

    void used(std::int64_t amount, time_point now) noexcept { use_.add(amount, now); }
    /// Somebody was refused, for want of so many.
    void wish(std::int64_t missing) noexcept {
        wished_ = true;
        short_of_ = std::max(short_of_, missing);
    }

    /// How many to ask for at `now`, under `number()`; 0 = it is not time.
    [[nodiscard]] std::int64_t plan(const lease_slots& held, std::int64_t debt, time_point now) noexcept {
        if (under_way_) {
            if (saturating_sub(now, asked_at_) < terms_.answer_within) return 0;
            fail();
        }
        if (now < next_ask_) return 0;
        const duration lead = latency_ + terms_.ask_every;
        const std::int64_t low = use_.during(2 * lead, now);
        const std::int64_t ready = held.left(saturating_add(now, lead));
        if (!wished_ && (ready > low || (low == 0 && terms_.least == 0))) return 0;
        std::int64_t amount = std::max(capped_sum(low, use_.during(terms_.cover, now)) - ready, short_of_);
        // Refused though the store gave all it was asked for: use alone would never show how much is wanted.
        if (wished_ && in_full_) amount = std::max(amount, 2 * asked_for_);
        asked_for_ = std::clamp(capped_sum(amount, debt), std::max(terms_.least, std::int64_t{1}), terms_.most);
        asked_at_ = now;
        next_ask_ = saturating_add(now, terms_.ask_every);
        under_way_ = true;
        ++number_;
        return asked_for_;
    }
    /// Of the ask under way, or of the last one.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

    /// The answer to ask `number`. Returns how much of it counts: no more than was asked for; below 0 if that ask is not
    /// under way.
    [[nodiscard]] std::int64_t answered(std::uint64_t number, std::int64_t granted, time_point now) noexcept {
        if (!is_under_way(number)) return -1;
        under_way_ = false;
        failures_ = 0;
        const duration took = std::min(saturating_sub(now, asked_at_), terms_.answer_within);
        // Up at once, down slowly: an answer that comes too late is dearer than one that was asked for too early.
        latency_ = took >= latency_ ? took : latency_ - (latency_ - took) / 8;
        const std::int64_t counts = std::clamp(granted, std::int64_t{0}, asked_for_);
        in_full_ = counts == asked_for_;
        wished_ = false;
        short_of_ = 0;
        return counts;
    }
    /// Ask `number` brought no answer. False: it is not under way.
    bool failed(std::uint64_t number) noexcept {
        if (!is_under_way(number)) return false;
        fail();
        return true;
    }

    /// When the store is likely to have answered, as things stand. [> now, but for the end of the line]
    [[nodiscard]] time_point expected_answer(time_point now) const noexcept {
        const time_point answer = saturating_add(under_way_ ? asked_at_ : std::max(next_ask_, now), latency_);
        return answer > now ? answer : saturating_add(now, latency_);
    }

private:
    [[nodiscard]] static const terms& checked(const terms& of) {
        constexpr duration hour = std::chrono::hours{1};
        const auto demand = [](bool holds, const char* what) {
            if (!holds) throw std::invalid_argument(what);
        };
        demand(of.cover > duration{0} && of.cover <= hour,
               "forebay: quota_lease's cover must be > 0 and at most an hour");
        demand(of.ask_every > duration{0} && of.ask_every <= of.answer_within && of.answer_within <= hour,
               "forebay: quota_lease's ask_every must be > 0 and at most answer_within, and that at most an hour");
        demand(of.most >= 1 && of.most <= std::int64_t{1} << 60, "forebay: quota_lease's most must be 1 .. 2^60");
        demand(of.least >= 0 && of.least <= of.most, "forebay: quota_lease's least must be 0 .. most");
        return of;
    }
    [[nodiscard]] bool is_under_way(std::uint64_t number) const noexcept { return under_way_ && number == number_; }
    void fail() noexcept {
        under_way_ = false;
        if (failures_ < 20) ++failures_;
        next_ask_ = saturating_add(asked_at_, std::min(terms_.ask_every * (1 << failures_), terms_.answer_within));
    }

    terms terms_;
    duration latency_;  // > 0: it falls by eighths, rounded down
    use_window use_;
    time_point asked_at_{time_point::min()};
    time_point next_ask_{time_point::min()};
    std::uint64_t number_{0};
    std::int64_t asked_for_{0};
    std::int64_t short_of_{0};
    int failures_{0};
    bool under_way_{false};
    bool in_full_{false};
    bool wished_{false};
};

}  // namespace forebay::inline v0::detail
