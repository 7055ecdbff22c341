// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/random.hpp>
#include <forebay/sim/real.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace forebay::inline v0::sim {

// Draws in their plain form, scaled by whoever needs another mean. All of them take their bits from a random_stream and
// compute in integers: the same everywhere.

/// A multiple of 2^-64 in (0, 1].
[[nodiscard]] constexpr real uniform_draw(random_stream& from) noexcept {
    return real::scaled_by_two(static_cast<wide>(from.next()) + 1, -64);
}

/// Exponential of mean 1.
[[nodiscard]] constexpr real exponential_draw(random_stream& from) noexcept {
    return real::scaled_by_two(minus_ln(from.next()), -58);
}

/// Normal of mean 0 and deviation 1, as a ratio of uniforms: of the points (u, v) with 0 < u < 1, |v| < sqrt(2 / e), those
/// are kept for which x = v / u has x^2 <= -4 ln u. 1.37 points a draw.
/// source  Kinderman, Monahan: Computer generation of random variables using the ratio of uniform deviates, ACM TOMS
///         3(3), 1977. That 5 - 4 e^(1/4) u lies below -4 ln u spares most of the logarithms (their tangent at e^(-1/4)).
[[nodiscard]] constexpr real normal_draw(random_stream& from) noexcept {
    constexpr std::uint64_t width = 0xdb9669f9989cc206;  // sqrt(2 / e) in units of 2^-64
    constexpr std::uint64_t tangent = 0x522d78f0fa061a;  // 4 e^(1/4) in units of 2^-52
    const auto high = [](std::uint64_t a, std::uint64_t b) {
        return static_cast<std::uint64_t>((static_cast<wide>(a) * b) >> 64);
    };
    for (;;) {
        const std::uint64_t u = from.next();
        const std::uint64_t bits = from.next();
        const std::uint64_t v = high(bits, width);  // |v|; its sign is the lowest bit, which the size hardly feels
        if (v >> 4 >= u) continue;                  // x >= 16, where x^2 > -4 ln 2^-64
        const auto x = static_cast<std::uint64_t>((static_cast<wide>(v) << 58) / u);
        const std::uint64_t square = high(x, x);  // in units of 2^-52
        if (square + high(u, tangent) <= std::uint64_t{5} << 52 || square <= minus_ln(u - 1) >> 4) {
            const real size = real::scaled_by_two(x, -58);
            return (bits & 1) != 0 ? -size : size;
        }
    }
}

/// Gamma of a shape and scale 1: mean `shape`, coefficient of variation 1 / sqrt(shape).
/// source  Marsaglia, Tsang: A simple method for generating gamma variables, ACM TOMS 26(3), 2000; for shapes below 1 by
///         their note: a draw of shape + 1 times U^(1 / shape)
class gamma_variate {
public:
    /// errors  std::invalid_argument unless shape > 0
    explicit constexpr gamma_variate(real shape) {
        if (shape <= 0) throw std::invalid_argument("forebay: a gamma draw needs a shape > 0");
        const bool small = shape < 1;
        if (small) rest_ = real{1} / shape;
        d_ = (small ? shape + 1 : shape) - real{1} / 3;
        c_ = real{1} / sqrt(9 * d_);
    }

    [[nodiscard]] constexpr real operator()(random_stream& from) const {
        constexpr real squeeze = real{331} / 10'000;
        const real shift = rest_.is_zero() ? real{} : exponential_draw(from) * rest_;
        for (;;) {
            const real x = normal_draw(from);
            const real root = real{1} + c_ * x;
            if (root <= 0) continue;
            const real v = root * root * root;
            const real u = uniform_draw(from);
            const real square = x * x;
            if (u < real{1} - squeeze * square * square || ln(u) < square / 2 + d_ * (real{1} - v + ln(v))) {
                return rest_.is_zero() ? d_ * v : d_ * v * exp(-shift);
            }
        }
    }

private:
    real rest_{};  // 1 / shape where that is > 1, else 0
    real d_{};
    real c_{};
};

/// A rank in 1 .. count, rank k with probability proportional to k^-exponent.
/// source  Hormann, Derflinger: Rejection-inversion to generate variates from monotone discrete distributions, ACM
///         TOMACS 6(3), 1996
class zipf_variate {
public:
    /// errors  std::invalid_argument unless count >= 1 and 0 <= exponent <= 64
    constexpr zipf_variate(std::int64_t count, real exponent) : count_{count}, slope_{real{1} - exponent} {
        if (count < 1) throw std::invalid_argument("forebay: a Zipf draw needs at least one rank");
        if (exponent < 0 || exponent > 64) {
            throw std::invalid_argument("forebay: a Zipf draw needs an exponent from 0 to 64");
        }
        const real half = real{1} / 2;
        from_ = area(real{3} / 2) - 1;
        to_ = area(real{count} + half);
        sure_ = real{2} - abscissa(area(real{5} / 2) - height(2));
    }

    [[nodiscard]] constexpr std::int64_t operator()(random_stream& from) const {
        for (;;) {
            const real u = to_ + uniform_draw(from) * (from_ - to_);
            const real x = abscissa(u);
            const std::int64_t rank = std::clamp<std::int64_t>(x.rounded(), 1, count_);
            if (real{rank} - x <= sure_ || u >= area(real{rank} + real{1} / 2) - height(rank)) return rank;
        }
    }

private:
    /// k^-exponent.
    [[nodiscard]] constexpr real height(real k) const { return exp((slope_ - 1) * ln(k)); }
    /// The integral of height from 1 to x, (x^slope - 1) / slope, and the x that belongs to it.
    [[nodiscard]] constexpr real area(real x) const {
        const real log = ln(x);
        return log * relative_growth(log * slope_);
    }
    [[nodiscard]] constexpr real abscissa(real area) const {
        return exp(area * relative_ln(std::max(area * slope_, real{-1} + real::scaled_by_two(1, -60))));
    }
    /// (e^t - 1) / t and ln(1 + t) / t; by their series near 0, where the differences would lose digits.
    [[nodiscard]] static constexpr real relative_growth(real t) {
        if (!near_zero(t)) return (exp(t) - 1) / t;
        return real{1} + t / 2 * (real{1} + t / 3 * (real{1} + t / 4 * (real{1} + t / 5)));
    }
    [[nodiscard]] static constexpr real relative_ln(real t) {
        if (!near_zero(t)) return ln(real{1} + t) / t;
        return real{1} - t * (real{1} / 2 - t * (real{1} / 3 - t * (real{1} / 4 - t / 5)));
    }
    [[nodiscard]] static constexpr bool near_zero(real t) {
        constexpr real close = real::scaled_by_two(1, -11);
        return t < close && t > -close;
    }

    std::int64_t count_;
    real slope_;
    real from_{};
    real to_{};
    real sure_{};
};

}  // namespace forebay::inline v0::sim
