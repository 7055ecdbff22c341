// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace forebay::inline v0 {

/// How many tokens come in how much time, as an exact fraction: 30 a second is 3 in 100 ms, not 0.03 a millisecond.
///
/// From one token in 292 years to a billion a second, or none at all.
/// errors   std::invalid_argument, which says what is allowed
class rate {
public:
    /// `tokens` in every `period`. [tokens >= 0, period > 0, at most one token a nanosecond]
    [[nodiscard]] static constexpr rate per(std::int64_t tokens, duration period) {
        return rate{tokens, period.count()};
    }
    [[nodiscard]] static constexpr rate per_second(std::int64_t tokens) { return per(tokens, std::chrono::seconds{1}); }
    [[nodiscard]] static constexpr rate per_minute(std::int64_t tokens) { return per(tokens, std::chrono::minutes{1}); }
    [[nodiscard]] static constexpr rate per_hour(std::int64_t tokens) { return per(tokens, std::chrono::hours{1}); }
    [[nodiscard]] static constexpr rate per_day(std::int64_t tokens) { return per(tokens, std::chrono::hours{24}); }
    /// One token every `interval`. [interval > 0]
    [[nodiscard]] static constexpr rate one_every(duration interval) { return per(1, interval); }
    /// No refill: what a bucket starts with is all it ever gives.
    [[nodiscard]] static constexpr rate zero() { return per(0, duration{1}); }

    /// Numerator of tokens per nanosecond, in lowest terms. [0 .. nanoseconds()]
    [[nodiscard]] constexpr std::int64_t tokens() const noexcept { return tokens_; }
    /// Denominator of tokens per nanosecond, in lowest terms. [>= 1]
    [[nodiscard]] constexpr std::int64_t nanoseconds() const noexcept { return nanoseconds_; }
    [[nodiscard]] constexpr bool is_zero() const noexcept { return tokens_ == 0; }

    friend constexpr bool operator==(rate, rate) noexcept = default;

private:
    constexpr rate(std::int64_t tokens, std::int64_t nanoseconds) {
        if (tokens < 0) throw std::invalid_argument("forebay: a rate must be >= 0 tokens");
        if (nanoseconds <= 0) throw std::invalid_argument("forebay: a rate's period must be > 0");
        if (tokens > nanoseconds) throw std::invalid_argument("forebay: a rate must be <= 1e9 tokens a second");
        const std::int64_t common = std::gcd(tokens, nanoseconds);
        tokens_ = tokens / common;
        nanoseconds_ = nanoseconds / common;
    }

    std::int64_t tokens_{0};
    std::int64_t nanoseconds_{1};
};

/// A limit: on average `refill`, at once at most `burst`. A copyable value; the bucket is built from it.
///
/// errors   std::invalid_argument if burst < 0; if burst is 0 (nothing would ever be admitted); or if
///          burst * refill.nanoseconds() does not fit 63 bits: for a whole number of nanoseconds a token, a full refill
///          would take longer than 292 years
class quota {
public:
    constexpr quota(rate refill, std::int64_t burst) : refill_{refill}, burst_{burst} {
        if (burst < 1) throw std::invalid_argument("forebay: a quota's burst must be >= 1 token");
        if (burst > std::numeric_limits<std::int64_t>::max() / refill.nanoseconds()) {
            throw std::invalid_argument(
                "forebay: a quota's burst must refill within 292 years, counted in nanoseconds of the rate in lowest "
                "terms: lower the burst, or choose a rounder rate");
        }
    }

    [[nodiscard]] constexpr rate refill() const noexcept { return refill_; }
    /// Tokens a full bucket holds. [>= 1]
    [[nodiscard]] constexpr std::int64_t burst() const noexcept { return burst_; }

    friend constexpr bool operator==(quota, quota) noexcept = default;

private:
    rate refill_;
    std::int64_t burst_;
};

/// What a bucket keeps when its quota changes.
enum class inherit : std::uint8_t {
    level,  ///< the tokens it has, as far as the new burst holds them; debt stays. Never more than before
    share,  ///< the same fraction of the burst; debt stays
    full,   ///< nothing: starts full, debt forgiven
};

}  // namespace forebay::inline v0
