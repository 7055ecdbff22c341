// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/variates.hpp>

#include <cmath>
#include <cstdint>
#include <stdexcept>

namespace fb = forebay;
namespace sim = forebay::sim;
using sim::real;

namespace {

constexpr std::uint64_t seed = 20231116;

}  // namespace

TEST_CASE("normal draws have the moments and the quantiles of the bell, in both tails") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    constexpr int count = 1'000'000;
    double sum = 0;
    double squares = 0;
    double fourth = 0;
    int below[5]{};
    constexpr double at[5]{-2.326347874, -1.0, 0.0, 1.281551566, 3.090232306};
    constexpr double share[5]{0.01, 0.158655254, 0.5, 0.9, 0.999};
    for (int i = 0; i < count; ++i) {
        const auto x = static_cast<double>(sim::normal_draw(draw));
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
        for (int j = 0; j < 5; ++j) below[j] += x < at[j];
    }
    // Four standard errors each: 1 / sqrt n, sqrt(2 / n), sqrt(96 / n), sqrt(p (1 - p) / n).
    CHECK(std::abs(sum / count) < 4e-3);
    CHECK(std::abs(squares / count - 1) < 4 * 1.42e-3);
    CHECK(std::abs(fourth / count - 3) < 4 * 9.8e-3);
    for (int j = 0; j < 5; ++j) {
        INFO("below " << at[j]);
        CHECK(std::abs(below[j] / static_cast<double>(count) - share[j]) < 4e-3 * std::sqrt(share[j] * (1 - share[j])));
    }
}

TEST_CASE("plain draws lie where they should") {
    sim::random_stream draw{seed};
    for (int i = 0; i < 10'000; ++i) {
        const real u = sim::uniform_draw(draw);
        if (u <= 0 || u > 1) FAIL("a uniform draw outside of (0, 1]");
        if (sim::exponential_draw(draw) < 0) FAIL("a negative exponential draw");
    }
    CHECK_THROWS_AS(sim::gamma_variate{0}, std::invalid_argument);
    CHECK_THROWS_AS(sim::gamma_variate{-1}, std::invalid_argument);
    CHECK_THROWS_AS((sim::zipf_variate{0, 1}), std::invalid_argument);
    CHECK_THROWS_AS((sim::zipf_variate{1, -1}), std::invalid_argument);
    CHECK_THROWS_AS((sim::zipf_variate{1, 65}), std::invalid_argument);
    const sim::zipf_variate only{1, 2};
    for (int i = 0; i < 100; ++i) CHECK(only(draw) == 1);
}
