// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/time.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>

namespace forebay::inline v0::sim {

// Same seed, same bytes, on every compiler and at every optimisation level: nothing here comes from <random> or libm,
// and every draw is made in integers, which no flag may contract, reassociate or keep in wider registers.

/// 128 bits: products of two 64-bit numbers.
__extension__ typedef unsigned __int128 wide;

/// value * numerator / denominator, rounded to nearest, held at the largest int64 instead of wrapping.
/// [value, numerator >= 0, denominator > 0]
[[nodiscard]] constexpr std::int64_t scaled(std::int64_t value, std::int64_t numerator, std::int64_t denominator) {
    if (value < 0 || numerator < 0 || denominator <= 0) {
        throw std::invalid_argument("forebay: scaling needs a value >= 0 and a ratio >= 0");
    }
    const wide half = static_cast<wide>(denominator) / 2;
    const wide exact =
        (static_cast<wide>(value) * static_cast<wide>(numerator) + half) / static_cast<wide>(denominator);
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    return exact > static_cast<wide>(most) ? most : static_cast<std::int64_t>(exact);
}

/// -ln((k + 1) / 2^64), in units of 2^-58: the exponential draw of mean 1 that belongs to 64 random bits.
///
/// returns  0 for the largest k, 44.36 (times 2^58) for 0; monotone; within 2^-56 of the exact value
/// cost     O(1): one division by a small number and eight multiplications
/// source   (k + 1) = c (1 + d) 2^e with c one of 128 tabulated values; ln(1 + d) by its series, d < 2^-7, the ninth
///          term being below 2^-66; the table by ln(c) = 2 atanh((c - 1) / (c + 1))
[[nodiscard]] constexpr std::uint64_t minus_ln(std::uint64_t k) noexcept;

/// Random numbers for one purpose: xoshiro256**, started by splitmix64 from (seed, tenant, variable).
///
/// One stream for each tenant and each thing that varies: drawing more of one moves none of the others, so a change of
/// policy, or one more tenant, moves no arrival.
///
/// Not for secrets.
/// threads  one thread at a time; copies go separate ways from the same point
/// source   Blackman, Vigna: Scrambled linear pseudorandom number generators, ACM TOMS 47(4), 2021
class random_stream {
public:
    explicit constexpr random_stream(std::uint64_t seed, tenant_id tenant = {}, std::uint64_t variable = 0) noexcept {
        std::uint64_t chain = splitmix(seed);
        chain = splitmix(chain ^ static_cast<std::uint64_t>(tenant));
        chain = splitmix(chain ^ variable);
        for (std::uint64_t& word : state_) word = splitmix(chain);
    }

    /// 64 random bits.
    constexpr std::uint64_t next() noexcept {
        const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    /// A multiple of 2^-53 in [0, 1).
    constexpr double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

    /// A whole number in [0, bound), each equally likely. [bound > 0]
    /// source  Lemire: Fast random integer generation in an interval, ACM TOMACS 29(1), 2019
    constexpr std::uint64_t below(std::uint64_t bound) {
        if (bound == 0) throw std::invalid_argument("forebay: below(bound) needs a bound > 0");
        wide product = static_cast<wide>(next()) * bound;
        if (static_cast<std::uint64_t>(product) < bound) {
            const std::uint64_t uneven = (0 - bound) % bound;
            while (static_cast<std::uint64_t>(product) < uneven) product = static_cast<wide>(next()) * bound;
        }
        return static_cast<std::uint64_t>(product >> 64);
    }

    /// True `numerator` times in `denominator`. [denominator > 0]
    constexpr bool chance(std::uint64_t numerator, std::uint64_t denominator) { return below(denominator) < numerator; }

    /// An index into `weights`, each as likely as its weight says. [the sum > 0 and within 64 bits]
    constexpr std::size_t pick(std::span<const std::uint64_t> weights) {
        std::uint64_t total = 0;
        for (const std::uint64_t weight : weights) {
            total += weight;
            if (total < weight) throw std::invalid_argument("forebay: the weights' sum must fit 64 bits");
        }
        if (total == 0) throw std::invalid_argument("forebay: a choice needs a weight > 0");
        std::uint64_t left = below(total);
        std::size_t index = 0;
        while (left >= weights[index]) left -= weights[index++];
        return index;
    }

    /// Exponential with that mean, rounded to the nanosecond. [mean >= 0]
    constexpr duration exponential(duration mean) { return exponential(mean.count(), 1); }
    /// Time until the next arrival of a Poisson process of that rate. [rate > 0]
    constexpr duration exponential(rate arrivals) { return exponential(arrivals.nanoseconds(), arrivals.tokens()); }

private:
    constexpr duration exponential(std::int64_t numerator, std::int64_t denominator) {
        if (numerator < 0 || denominator <= 0) {
            throw std::invalid_argument("forebay: an exponential draw needs a mean >= 0 or a rate > 0");
        }
        wide mean_one = static_cast<wide>(minus_ln(next())) * static_cast<wide>(numerator);
        if (denominator != 1) mean_one /= static_cast<wide>(denominator);
        const wide nanoseconds = (mean_one + (wide{1} << 57)) >> 58;
        constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
        return duration{nanoseconds > static_cast<wide>(most) ? most : static_cast<std::int64_t>(nanoseconds)};
    }

    /// Moves `chain` on and returns its scrambled value.
    /// source  Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014
    static constexpr std::uint64_t splitmix(std::uint64_t& chain) noexcept {
        chain += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = chain;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    static constexpr std::uint64_t splitmix(std::uint64_t&& chain) noexcept { return splitmix(chain); }

    std::array<std::uint64_t, 4> state_{};
};

/// ln(1 + index / 128) for 0 .. 128, in units of 2^-64.
inline constexpr std::array<std::uint64_t, 129> ln_table = [] {
    std::array<std::uint64_t, 129> table{};
    for (unsigned index = 0; index <= 128; ++index) {
        const wide below = 256 + index;
        wide power = (static_cast<wide>(index) << 100) / below;  // in units of 2^-100, so that its roundings vanish
        wide sum = 0;
        for (unsigned odd = 1; power != 0; odd += 2) {
            sum += power / odd;
            power = power * index * index / (below * below);
        }
        table[index] = static_cast<std::uint64_t>((sum + (wide{1} << 34)) >> 35);
    }
    return table;
}();

constexpr std::uint64_t minus_ln(std::uint64_t k) noexcept {
    const std::uint64_t x = k + 1;
    if (x == 0) return 0;
    const auto high = [](std::uint64_t a, std::uint64_t b) {
        return static_cast<std::uint64_t>((static_cast<wide>(a) * b) >> 64);
    };
    const auto zeros = static_cast<unsigned>(std::countl_zero(x));
    const std::uint64_t mantissa = x << zeros;  // in [1, 2), units of 2^-63
    const std::uint64_t index = (mantissa >> 56) & 127;
    const std::uint64_t d = ((mantissa & ((std::uint64_t{1} << 56) - 1)) << 8) / (128 + index);  // units of 2^-64
    constexpr auto one = ~std::uint64_t{0};
    constexpr std::array<std::uint64_t, 6> reciprocals{one / 7, one / 6, one / 5, one / 4, one / 3, one / 2};
    std::uint64_t series = one / 8;
    for (const std::uint64_t reciprocal : reciprocals) series = reciprocal - high(d, series);
    const std::uint64_t ln_mantissa = ln_table[index] + (d - high(d, high(d, series)));
    return static_cast<std::uint64_t>((static_cast<wide>(zeros + 1) * ln_table[128] - ln_mantissa) >> 6);
}

}  // namespace forebay::inline v0::sim
