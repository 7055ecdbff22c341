// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/real.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace fb = forebay;
namespace sim = forebay::sim;
using sim::real;

namespace {

constexpr std::uint64_t seed = 314159;

double of(real x) {
    return static_cast<double>(x);
}

/// Of every size: 2^-40 .. 2^40, both signs.
double any(sim::random_stream& draw) {
    const double magnitude = std::ldexp(1.0 + draw.uniform(), static_cast<int>(draw.below(80)) - 40);
    return draw.chance(1, 2) ? -magnitude : magnitude;
}

}  // namespace

TEST_CASE("numbers go in and come out as they are") {
    for (const double x : {0.0, 1.0, -1.0, 0.1, -3.7e200, 1e-300, 5e-324, 1.7976931348623157e308})
        CHECK(of(real{x}) == x);
    for (const std::int64_t x : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 62,
                                 std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
        CHECK(real{x}.rounded() == x);
    }
    CHECK(of(real{~std::uint64_t{0}}) == 0x1p64);
    CHECK_THROWS_AS(real{std::numeric_limits<double>::infinity()}, std::invalid_argument);
    CHECK_THROWS_AS(real{-std::numeric_limits<double>::infinity()}, std::invalid_argument);
    CHECK_THROWS_AS(real{std::numeric_limits<double>::quiet_NaN()}, std::invalid_argument);
}

TEST_CASE("the four operations and the order agree with doubles to their last place") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    for (int i = 0; i < 100'000; ++i) {
        const double a = any(draw);
        const double b = draw.chance(1, 8) ? a : any(draw);
        const auto close = [](double x, double y) { return x == y || std::abs(x - y) <= std::abs(y) * 4e-16; };
        if (!close(of(real{a} * real{b}), a * b)) FAIL(a << " * " << b);
        if (!close(of(real{a} / real{b}), a / b)) FAIL(a << " / " << b);
        if (std::abs(of(real{a} + real{b}) - (a + b)) > std::max(std::abs(a), std::abs(b)) * 3e-16)
            FAIL(a << " + " << b);
        if (std::abs(of(real{a} - real{b}) - (a - b)) > std::max(std::abs(a), std::abs(b)) * 3e-16)
            FAIL(a << " - " << b);
        if ((real{a} < real{b}) != (a < b) || (real{a} == real{b}) != (a == b)) FAIL(a << " <=> " << b);
    }
    CHECK(real{0} == -real{0});
    CHECK(real{0} > real{-1});
    CHECK(real{0} < real{1});
    CHECK(of(real{3} - real{3}) == 0);
    CHECK(of(real{0} * real{7}) == 0);
    CHECK_THROWS_AS(real{1} / real{0}, std::invalid_argument);
}

TEST_CASE("rounding goes to the nearest whole number and stops at the ends") {
    CHECK(real{2.49}.rounded() == 2);
    CHECK(real{2.5}.rounded() == 3);
    CHECK(real{-2.5}.rounded() == -3);
    CHECK(real{0.25}.rounded() == 0);
    CHECK(real{1e-300}.rounded() == 0);
    CHECK(real{9.3e18}.rounded() == std::numeric_limits<std::int64_t>::max());
    CHECK(real{1e300}.rounded() == std::numeric_limits<std::int64_t>::max());
    CHECK(real{-1e300}.rounded() == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("logarithm and exponential are right over their whole range and undo each other") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    for (int i = 0; i < 100'000; ++i) {
        const double x = std::abs(any(draw));
        if (std::abs(of(ln(real{x})) - std::log(x)) > 1e-14) FAIL("ln " << x << " = " << of(ln(real{x})));
        const double y = (draw.uniform() - 0.5) * 1400;
        if (std::abs(of(exp(real{y})) / std::exp(y) - 1) > 3e-16 + 1e-15 * std::abs(y) / 10) FAIL("exp " << y);
        if (std::abs(of(ln(exp(real{y}))) - y) > 2e-13) FAIL("ln exp " << y);
        const double small = (draw.uniform() - 0.5) * 1e-3;
        if (std::abs(of(exp(real{small})) - std::exp(small)) > 3e-16) FAIL("exp " << small);
    }
    CHECK(std::abs(of(ln(real{1}))) < 1e-16);
    CHECK(of(exp(real{0})) == 1);
    CHECK(exp(real{-1e12}).is_zero());
    CHECK(exp(real{1e12}) == exp(real{1e13}));
    CHECK(of(exp(real{1})) == Approx(2.718281828459045).epsilon(1e-15));
    CHECK_THROWS_AS(ln(real{0}), std::invalid_argument);
    CHECK_THROWS_AS(ln(real{-1}), std::invalid_argument);
}

TEST_CASE("powers, roots and the Gamma function are right") {
    CHECK(of(pow(real{2.5}, real{-3.25})) == Approx(std::pow(2.5, -3.25)).epsilon(1e-14));
    CHECK(of(sqrt(real{2})) == Approx(std::sqrt(2.0)).epsilon(1e-15));
    CHECK(pow(real{0}, real{2}).is_zero());
    for (const double x : {0.01, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0, 15.99, 16.0, 100.0, 12345.0}) {
        INFO(x);
        CHECK(of(ln_gamma(real{x})) == Approx(std::lgamma(x)).margin(1e-13).epsilon(1e-13));
    }
}

TEST_CASE("the sine is right all around the circle") {
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        const std::uint64_t turns = i * 0x9e3779b97f4a7c15ULL;
        const double angle = static_cast<double>(turns) * 0x1p-64 * 2 * 3.14159265358979323846;
        if (std::abs(static_cast<double>(sim::sine(turns)) * 0x1p-62 - std::sin(angle)) > 1e-15)
            FAIL("turns " << turns);
    }
    constexpr std::uint64_t quarter = std::uint64_t{1} << 62;
    CHECK(sim::sine(0) == 0);
    CHECK(sim::sine(2 * quarter) == 0);
    CHECK(static_cast<double>(sim::sine(quarter)) * 0x1p-62 == Approx(1).epsilon(1e-15));
    CHECK(sim::sine(3 * quarter) == -sim::sine(quarter));
    CHECK(sim::sine(quarter) <= std::int64_t{1} << 62);
}
