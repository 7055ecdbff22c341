// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/random.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace forebay::inline v0::sim {

/// A number of 64 significant bits, computed in integers: what a compiler does to doubles (contraction, wider registers,
/// -ffast-math) cannot change its last bit. For the formulas behind random draws; slower than a double by a factor of 5
/// to 20.
///
/// range    0, and +- 2^-(10^9) .. 2^(10^9)
/// error    each operation cuts its result to 64 bits (a relative 2^-63)
class real {
public:
    constexpr real() noexcept = default;
    template <std::integral Whole>
    constexpr real(Whole whole) noexcept : negative_{whole < Whole{0}} {  // NOLINT: as a double takes an int
        const auto bits = static_cast<std::uint64_t>(whole);
        set(negative_ ? 0 - bits : bits, 0);
    }
    /// Exactly the number that the double holds.
    /// errors  std::invalid_argument if it is infinite or no number
    explicit constexpr real(double value) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        const auto exponent = static_cast<std::int32_t>((bits >> 52) & 0x7ff);
        if (exponent == 0x7ff) throw std::invalid_argument("forebay: expected a finite number");
        const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
        negative_ = (bits >> 63) != 0;
        set(exponent == 0 ? fraction : fraction | (std::uint64_t{1} << 52), exponent == 0 ? -1074 : exponent - 1075);
    }
    /// mantissa * 2^exponent.
    [[nodiscard]] static constexpr real scaled_by_two(wide mantissa, std::int32_t exponent) noexcept {
        real result;
        result.set(mantissa, exponent);
        return result;
    }

    [[nodiscard]] constexpr bool is_zero() const noexcept { return mantissa_ == 0; }
    [[nodiscard]] constexpr bool is_negative() const noexcept { return negative_ && mantissa_ != 0; }

    [[nodiscard]] constexpr real operator-() const noexcept {
        real result = *this;
        result.negative_ = !negative_;
        return result;
    }
    friend constexpr real operator+(real a, real b) noexcept {
        if (smaller(a, b)) return b + a;
        if (b.mantissa_ == 0) return a;
        const auto apart = static_cast<std::uint32_t>(a.exponent_ - b.exponent_);
        const wide left = static_cast<wide>(a.mantissa_) << 63;
        const wide right = apart > 126 ? 0 : (static_cast<wide>(b.mantissa_) << 63) >> apart;
        a.set(a.negative_ == b.negative_ ? left + right : left - right, a.exponent_ - 63);
        return a;
    }
    friend constexpr real operator-(real a, real b) noexcept { return a + -b; }
    friend constexpr real operator*(real a, real b) noexcept {
        a.negative_ = a.negative_ != b.negative_;
        a.set(static_cast<wide>(a.mantissa_) * b.mantissa_, a.exponent_ + b.exponent_);
        return a;
    }
    /// errors  std::invalid_argument if b is 0
    friend constexpr real operator/(real a, real b) {
        if (b.mantissa_ == 0) throw std::invalid_argument("forebay: a number is divided by 0");
        a.negative_ = a.negative_ != b.negative_;
        a.set((static_cast<wide>(a.mantissa_) << 64) / b.mantissa_, a.exponent_ - b.exponent_ - 64);
        return a;
    }

    friend constexpr bool operator==(real a, real b) noexcept { return (a <=> b) == 0; }
    friend constexpr std::strong_ordering operator<=>(real a, real b) noexcept {
        if (a.is_negative() != b.is_negative()) return b.is_negative() <=> a.is_negative();
        if (a.is_negative()) return smaller(a, b) <=> smaller(b, a);
        return smaller(b, a) <=> smaller(a, b);
    }

    /// |value| * 2^bits, cut to a whole number. [must fit 128 bits]
    [[nodiscard]] constexpr wide magnitude(std::int32_t bits) const noexcept {
        const std::int32_t shift = exponent_ + bits;
        if (shift >= 0) return static_cast<wide>(mantissa_) << shift;
        return shift <= -64 ? 0 : static_cast<wide>(mantissa_ >> -shift);
    }
    /// The nearest whole number, held at the ends of int64.
    [[nodiscard]] constexpr std::int64_t rounded() const noexcept {
        if (exponent_ >= 0 && mantissa_ != 0) {
            return negative_ ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
        }
        const wide whole = (magnitude(1) + 1) >> 1;
        constexpr auto most = static_cast<wide>(std::numeric_limits<std::int64_t>::max());
        const auto held = static_cast<std::int64_t>(whole > most ? most : whole);
        return negative_ ? -held : held;
    }
    /// For printing and for tests.
    [[nodiscard]] explicit constexpr operator double() const noexcept {
        double result = static_cast<double>(mantissa_);
        for (std::int32_t e = exponent_ < -2000 ? -2000 : exponent_; e < 0; ++e) result *= 0.5;
        for (std::int32_t e = exponent_ > 2000 ? 2000 : exponent_; e > 0; --e) result *= 2;
        return negative_ ? -result : result;
    }

    friend constexpr real ln(real x);
    friend constexpr real exp(real x) noexcept;

private:
    /// Smaller regardless of sign.
    static constexpr bool smaller(real a, real b) noexcept {
        if (a.mantissa_ == 0 || b.mantissa_ == 0) return a.mantissa_ < b.mantissa_;
        return a.exponent_ != b.exponent_ ? a.exponent_ < b.exponent_ : a.mantissa_ < b.mantissa_;
    }
    constexpr void set(wide mantissa, std::int32_t exponent) noexcept {
        const auto high = static_cast<std::uint64_t>(mantissa >> 64);
        const auto low = static_cast<std::uint64_t>(mantissa);
        if (high != 0) {
            const auto zeros = static_cast<std::int32_t>(std::countl_zero(high));
            mantissa_ = static_cast<std::uint64_t>(mantissa >> (64 - zeros));
            exponent_ = exponent + 64 - zeros;
        } else if (low != 0) {
            const auto zeros = static_cast<std::int32_t>(std::countl_zero(low));
            mantissa_ = low << zeros;
            exponent_ = exponent - zeros;
        } else {
            mantissa_ = 0;
            exponent_ = 0;
        }
    }

    std::uint64_t mantissa_{0};  // the highest bit is set, but for 0
    std::int32_t exponent_{0};   // +- mantissa_ * 2^exponent_
    bool negative_{false};
};

/// Natural logarithm, right to an absolute 2^-56.
/// errors  std::invalid_argument unless x > 0
[[nodiscard]] constexpr real ln(real x) {
    if (x.mantissa_ == 0 || x.negative_) throw std::invalid_argument("forebay: a logarithm needs a number > 0");
    // x = 2^twos * m with m in [1/2, 1); both parts in units of 2^-64.
    const std::int32_t twos = x.exponent_ + 64;
    const wide of_m = static_cast<wide>(minus_ln(x.mantissa_ - 1)) << 6;
    const wide of_twos = static_cast<wide>(twos < 0 ? -twos : twos) * ln_table[128];
    if (twos < 0) return -real::scaled_by_two(of_twos + of_m, -64);
    return of_twos < of_m ? -real::scaled_by_two(of_m - of_twos, -64) : real::scaled_by_two(of_twos - of_m, -64);
}

/// exp(index / 128) for 0 .. 88, in units of 2^-63.
inline constexpr std::array<std::uint64_t, 89> exp_table = [] {
    std::array<std::uint64_t, 89> table{};
    for (unsigned index = 0; index < table.size(); ++index) {
        wide term = wide{1} << 110;  // in units of 2^-110, so that the roundings of the terms vanish
        wide sum = term;
        for (unsigned n = 1; term != 0; ++n) sum += term = term * index / (128 * n);
        table[index] = static_cast<std::uint64_t>((sum + (wide{1} << 46)) >> 47);
    }
    return table;
}();

/// e^x; 0 for x below -2^29, held at e^(2^29) above. Right to a relative 2^-58 for |x| < 1, 2^-54 for |x| < 100.
[[nodiscard]] constexpr real exp(real x) noexcept {
    constexpr std::int32_t limit = 29;
    if (x.is_zero()) return 1;
    if (x.exponent_ + 64 > limit) {
        if (x.negative_) return 0;
        x = real::scaled_by_two(1, limit);
    }
    // x = twos * ln 2 + rest, with rest in [0, ln 2) = index / 128 + d, d < 2^-7; in units of 2^-64.
    const wide magnitude = x.magnitude(64);
    auto twos = static_cast<std::int32_t>(magnitude / ln_table[128]);
    auto rest = static_cast<std::uint64_t>(magnitude % ln_table[128]);
    if (x.negative_) {
        twos = -twos;
        if (rest != 0) {
            twos -= 1;
            rest = ln_table[128] - rest;
        }
    }
    const std::uint64_t index = rest >> 57;
    const std::uint64_t d = rest & ((std::uint64_t{1} << 57) - 1);
    // 1 + d + d^2 / 2! + ...; the ninth term is below 2^-81.
    constexpr std::uint64_t one = std::uint64_t{1} << 63;
    constexpr std::array<std::uint64_t, 8> reciprocals{one / 5040, one / 720, one / 120, one / 24,
                                                       one / 6,    one / 2,   one,       one};
    std::uint64_t series = one / 40320;
    for (const std::uint64_t reciprocal : reciprocals) {
        series = reciprocal + static_cast<std::uint64_t>((static_cast<wide>(d) * series) >> 64);
    }
    return real::scaled_by_two(static_cast<wide>(exp_table[index]) * series, twos - 126);
}

/// base^exponent. [base > 0, or 0 with exponent > 0]
[[nodiscard]] constexpr real pow(real base, real exponent) {
    if (base.is_zero() && exponent > 0) return 0;
    return exp(exponent * ln(base));
}
[[nodiscard]] constexpr real sqrt(real x) {
    return pow(x, real{1} / real{2});
}

/// ln(Gamma(x)). [x > 0]
/// source  Stirling's series (Abramowitz, Stegun: Handbook of Mathematical Functions, 6.1.41) from 16 on, below that by
///         Gamma(x) = Gamma(x + 1) / x
[[nodiscard]] constexpr real ln_gamma(real x) {
    real shift = 1;
    for (; x < 16; x = x + 1) shift = shift * x;
    const real half_ln_two_pi = real{918'938'533'204'672'742} / real{1'000'000'000'000'000'000};
    const real square = x * x;
    const real series =
        (real{1} / 12 -
         (real{1} / 360 - (real{1} / 1260 - (real{1} / 1680 - real{1} / 1188 / square) / square) / square) / square) /
        x;
    return (x - real{1} / 2) * ln(x) - x + half_ln_two_pi + series - ln(shift);
}

/// sin(2 pi turns / 2^64), in units of 2^-62. Within 2^-58.
[[nodiscard]] constexpr std::int64_t sine(std::uint64_t turns) noexcept {
    constexpr std::uint64_t half_pi = 0x6487ed5110b4611aULL;  // in units of 2^-62
    constexpr std::uint64_t one = std::uint64_t{1} << 62;
    const auto times = [](std::uint64_t a, std::uint64_t b) {
        return static_cast<std::uint64_t>((static_cast<wide>(a) * b) >> 62);
    };
    const std::uint64_t part = turns & (one - 1);
    const std::uint64_t x = times((turns >> 62) % 2 == 0 ? part : one - part, half_pi);
    const std::uint64_t square = times(x, x);
    // 1 - x^2 / (2 * 3) (1 - x^2 / (4 * 5) (...)); the next term is below 2^-58.
    constexpr std::array<std::uint64_t, 10> reciprocals = [] {
        std::array<std::uint64_t, 10> all{};
        for (unsigned i = 0; i < all.size(); ++i) all[i] = one / ((20 - 2 * i) * (21 - 2 * i));
        return all;
    }();
    std::uint64_t series = one;
    for (const std::uint64_t reciprocal : reciprocals) series = one - times(times(square, series), reciprocal);
    const auto size = static_cast<std::int64_t>(std::min(times(x, series), one));
    return turns >> 63 == 0 ? size : -size;
}

}  // namespace forebay::inline v0::sim
