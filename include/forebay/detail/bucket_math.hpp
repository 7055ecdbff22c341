// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

namespace forebay::inline v0::detail {

// The arithmetic of every token bucket, in whole ticks. With a rate of N tokens in P nanoseconds (lowest terms) a token
// is P ticks and a nanosecond mints N, so nothing is ever rounded away. A bucket is how many ticks are used (0 = full;
// more than its capacity = in debt, or reserved ahead) at one instant.

__extension__ using wide_ticks = __int128;

inline constexpr std::int64_t ticks_max = std::numeric_limits<std::int64_t>::max();
/// Debt limits are kept in 32 bits, so that a bucket fits a cache line.
inline constexpr std::int64_t debt_limit_max = std::numeric_limits<std::uint32_t>::max();

[[nodiscard]] constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) noexcept {
    return b == 1 ? a : a / b + (a % b > 0 ? 1 : 0);
}
[[nodiscard]] constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
    return b == 1 ? a : a / b - (a % b < 0 ? 1 : 0);
}

/// What is still used at `tau` of what was used at `last`. [tau >= last; any distance]
[[nodiscard]] constexpr std::int64_t used_at(std::int64_t used, std::int64_t last, std::int64_t tau,
                                             std::int64_t per_ns) noexcept {
    const std::uint64_t elapsed = static_cast<std::uint64_t>(tau) - static_cast<std::uint64_t>(last);
    std::uint64_t minted = 0;
    if (__builtin_mul_overflow(elapsed, static_cast<std::uint64_t>(per_ns), &minted)) return 0;
    return minted >= static_cast<std::uint64_t>(used) ? 0 : used - static_cast<std::int64_t>(minted);
}

/// How many tokens of debt can be counted beside a burst.
[[nodiscard]] constexpr std::int64_t room_for_debt(const quota& of) noexcept {
    return ticks_max / of.refill().nanoseconds() - of.burst();
}
/// One burst: the largest debt is paid within one full refill.
[[nodiscard]] constexpr std::int64_t usual_debt(const quota& of) noexcept {
    return std::min({of.burst(), room_for_debt(of), debt_limit_max});
}

/// A quota in ticks, with the operations on an amount used. Each returns the amount used afterwards; a refusal returns
/// what it was given.
struct bucket_terms {
    std::int64_t per_token{1};  ///< P; burst * P fits 63 bits, see quota
    std::int64_t per_ns{0};     ///< N
    std::int64_t burst{1};
    std::int64_t debt{0};  ///< tokens below zero that a charge may go; (burst + debt) * P fits 63 bits

    constexpr bucket_terms() noexcept = default;
    constexpr explicit bucket_terms(const quota& of, std::int64_t debt_limit = 0) noexcept
        : bucket_terms{of.refill().nanoseconds(), of.refill().tokens(), of.burst(), debt_limit} {}
    constexpr bucket_terms(std::int64_t p, std::int64_t n, std::int64_t most, std::int64_t below) noexcept
        : per_token{p}, per_ns{n}, burst{most}, debt{below} {}

    friend constexpr bool operator==(const bucket_terms&, const bucket_terms&) noexcept = default;

    [[nodiscard]] constexpr std::int64_t capacity() const noexcept { return burst * per_token; }
    [[nodiscard]] constexpr quota as_quota() const { return {rate::per(per_ns, duration{per_token}), burst}; }

    /// When an excess of `over` ticks has been minted. [over > 0, per_ns > 0]
    [[nodiscard]] constexpr time_point minted_by(std::int64_t tau, std::int64_t over) const noexcept {
        return saturating_add(time_point{duration{tau}}, duration{ceil_div(over, per_ns)});
    }

    /// The answer for an amount that no waiting makes possible: negative, or above what a full bucket holds.
    [[nodiscard]] constexpr verdict impossible(std::int64_t cost) const noexcept {
        return cost < 0 ? never(limit::bad_cost) : never(limit::rate, cost - burst);
    }
    [[nodiscard]] constexpr bool possible(std::int64_t cost) const noexcept {
        return static_cast<std::uint64_t>(cost) <= static_cast<std::uint64_t>(burst);
    }

    /// All of `cost`, or nothing. A cost of 0 takes nothing and is admitted even in debt.
    [[nodiscard]] constexpr std::int64_t take(std::int64_t used, std::int64_t tau, std::int64_t cost, time_point now,
                                              verdict& answer) const noexcept {
        if (!possible(cost)) [[unlikely]] {
            answer = impossible(cost);
            return used;
        }
        const std::int64_t need = cost * per_token;
        const std::int64_t room = capacity() - need;
        if (used <= room || cost == 0) [[likely]] {
            answer = admitted(now);
            return used + need;
        }
        const std::int64_t over = used - room;
        const std::int64_t missing = ceil_div(over, per_token);
        answer = per_ns == 0 ? never(limit::rate, missing) : retry_at(minted_by(tau, over), limit::rate, missing);
        return used;
    }

    /// As much of `cost` as is there in whole tokens.
    [[nodiscard]] constexpr std::int64_t take_up_to(std::int64_t used, std::int64_t cost,
                                                    std::int64_t& taken) const noexcept {
        taken = std::clamp(level(used), std::int64_t{0}, std::max(cost, std::int64_t{0}));
        return used + taken * per_token;
    }

    /// All of `cost` now, or the slot in which it will have been minted if that is within `max_wait` of `now`.
    [[nodiscard]] constexpr std::int64_t reserve(std::int64_t used, std::int64_t tau, std::int64_t cost, time_point now,
                                                 duration max_wait, verdict& answer) const noexcept {
        const std::int64_t next = take(used, tau, cost, now, answer);
        if (answer.kind != answer::retry_at || max_wait <= duration::zero()) return next;
        const std::int64_t need = cost * per_token;
        if (answer.when == time_point::max()) return used;
        const std::int64_t most = ticks_max - need;
        if (used <= most && saturating_sub(answer.when, now) <= max_wait) {
            answer = admitted(answer.when);
            return used + need;
        }
        answer.when = saturating_add(answer.when, -max_wait);
        if (used > most) answer.when = std::max(answer.when, minted_by(tau, used - most));
        return used;
    }

    /// `cost` whether it is there or not, in whole tokens down to the debt limit.
    [[nodiscard]] constexpr std::int64_t charge(std::int64_t used, std::int64_t cost,
                                                std::int64_t& charged) const noexcept {
        charged = 0;
        if (cost <= 0) return used;
        const std::int64_t room = (burst + debt) * per_token - used;
        if (cost <= burst + debt && cost * per_token <= room) [[likely]] {
            charged = cost;
        } else if (room > 0) {
            charged = std::min(cost, room / per_token);
        }
        return used + charged * per_token;
    }

    /// `cost` given back, as far as the bucket is not full.
    [[nodiscard]] constexpr std::int64_t refund(std::int64_t used, std::int64_t cost) const noexcept {
        std::int64_t ticks = 0;
        if (cost <= 0) return used;
        return __builtin_mul_overflow(cost, per_token, &ticks) || ticks >= used ? 0 : used - ticks;
    }

    /// Whole tokens left; negative in debt.
    [[nodiscard]] constexpr std::int64_t level(std::int64_t used) const noexcept {
        return floor_div(capacity() - used, per_token);
    }

    /// The amount used that leaves the same level under `to`, at most full; rounded up by less than a tick.
    [[nodiscard]] constexpr std::int64_t same_level(std::int64_t used, const bucket_terms& to) const noexcept {
        return to.used_for(scaled(capacity() - used, to.per_token, per_token));
    }
    /// The amount used that leaves the same share of the burst under `to`. Debt stays what it is.
    [[nodiscard]] constexpr std::int64_t same_share(std::int64_t used, const bucket_terms& to) const noexcept {
        if (used >= capacity()) return same_level(used, to);
        return to.used_for(scaled(capacity() - used, to.capacity(), capacity()));
    }
    [[nodiscard]] constexpr bool faster_than(const bucket_terms& other) const noexcept {
        return static_cast<wide_ticks>(per_ns) * other.per_token > static_cast<wide_ticks>(other.per_ns) * per_token;
    }
    /// Whether these give no more than the other ones at any time.
    [[nodiscard]] constexpr bool within(const bucket_terms& other) const noexcept {
        return !faster_than(other) && burst <= other.burst && debt <= other.debt;
    }
    /// The most that is within these and the other ones.
    [[nodiscard]] constexpr bucket_terms tightened(const bucket_terms& by) const noexcept {
        const bucket_terms& slower = faster_than(by) ? by : *this;
        // No more of them than the slower rate's own burst: so their ticks fit, too.
        return {slower.per_token, slower.per_ns, std::min(burst, by.burst), std::min(debt, by.debt)};
    }

    /// The amount used under `to` of a bucket that keeps what `what` says.
    [[nodiscard]] constexpr std::int64_t inherited(std::int64_t used, const bucket_terms& to,
                                                   inherit what) const noexcept {
        switch (what) {
            case inherit::share: return same_share(used, to);
            case inherit::full: return 0;
            case inherit::level: break;
        }
        return same_level(used, to);
    }

private:
    [[nodiscard]] static constexpr wide_ticks scaled(std::int64_t ticks, std::int64_t by, std::int64_t over) noexcept {
        const wide_ticks product = static_cast<wide_ticks>(ticks) * by;
        return product / over - (product % over < 0 ? 1 : 0);
    }
    [[nodiscard]] constexpr std::int64_t used_for(wide_ticks left) const noexcept {
        return static_cast<std::int64_t>(std::clamp<wide_ticks>(capacity() - left, 0, ticks_max));
    }
};

/// Longest refill of a bucket that is kept as a time, debt included. [nanoseconds] 146 years
inline constexpr std::int64_t refill_max = (std::int64_t{1} << 62) - 1;

/// A quota in ticks, with the usual debt; cut to what refills within `refill_max`, and at least a token. N has 31 bits:
/// a rate that takes more is rounded down by less than a part in 2^30.
[[nodiscard]] constexpr bucket_terms usual_terms(const quota& of) noexcept {
    bucket_terms terms{of, usual_debt(of)};
    if (const int more = 33 - std::countl_zero(static_cast<std::uint64_t>(terms.per_ns)); more > 0) {
        terms.per_ns >>= more;
        terms.per_token = (terms.per_token >> more) + 1;
    }
    const std::int64_t most = terms.per_ns <= 1 ? refill_max : ticks_max - terms.per_ns;
    terms.per_token = std::min(terms.per_token, most);
    const std::int64_t tokens = most / terms.per_token;
    terms.burst = std::min(terms.burst, tokens);
    terms.debt = std::min(terms.debt, tokens - terms.burst);
    return terms;
}

}  // namespace forebay::inline v0::detail
