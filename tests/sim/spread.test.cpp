// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/random.hpp>
#include <forebay/sim/spread.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 99;

}  // namespace

TEST_CASE("a percentile is the value at the nearest rank, rounded up") {
    CHECK(sim::nearest_rank(100, 500) == 49);
    CHECK(sim::nearest_rank(100, 990) == 98);
    CHECK(sim::nearest_rank(100, 1000) == 99);
    CHECK(sim::nearest_rank(100, 1) == 0);
    CHECK(sim::nearest_rank(101, 500) == 50);
    CHECK(sim::nearest_rank(6, 500) == 2);
    CHECK(sim::nearest_rank(6, 990) == 5);
    CHECK(sim::nearest_rank(1, 10) == 0);
    CHECK(sim::nearest_rank(0, 500) == 0);
    CHECK(sim::nearest_rank(10'000, 4999, 5000) == 9997);
}

TEST_CASE("a spread is that of the sorted values, in whatever order they come") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    for (const std::size_t size : {1U, 2U, 3U, 10U, 99U, 100U, 101U, 4095U, 4096U, 5000U, 50'000U}) {
        std::vector<fb::duration> values;
        for (std::size_t i = 0; i < size; ++i)
            values.push_back(fb::duration{static_cast<std::int64_t>(draw.below(size))});
        std::vector<fb::duration> sorted = values;
        std::sort(sorted.begin(), sorted.end());
        const sim::spread spread = sim::spread::of(values);
        INFO("size " << size);
        CHECK(spread.count == size);
        CHECK(spread.p50 == sorted[sim::nearest_rank(size, 500)]);
        CHECK(spread.p90 == sorted[sim::nearest_rank(size, 900)]);
        CHECK(spread.p95 == sorted[sim::nearest_rank(size, 950)]);
        CHECK(spread.p99 == sorted[sim::nearest_rank(size, 990)]);
        CHECK(spread.max == sorted.back());
    }
    CHECK(sim::spread::of({30ns, 10ns, 20ns}).mean_seconds == Approx(20e-9));
    CHECK(sim::spread::of({fb::duration::max(), fb::duration::max()}).mean_seconds == Approx(9.223372e9));
    CHECK(sim::spread::of({}).count == 0);
    CHECK(sim::spread::of({}).mean_seconds == 0);
    CHECK(sim::spread::of({}).max == 0ns);
}

TEST_CASE("a curve holds the values at its shares, finer in the tail, and only if it is asked for") {
    static_assert(sim::spread::curve_share(0) == 0);
    static_assert(sim::spread::curve_share(250) == 0.5);
    static_assert(sim::spread::curve_share(499) == 0.998);
    static_assert(sim::spread::curve_share(500) == 0.9982);
    static_assert(sim::spread::curve_share(sim::spread::curve_points - 1) == 1);
    std::vector<fb::duration> values;
    for (int i = 5000; i > 0; --i) values.emplace_back(i);  // 1 to 5000 ns
    const sim::spread with = sim::spread::of(values, true);
    REQUIRE(with.quantiles.size() == sim::spread::curve_points);
    CHECK(with.quantiles[0] == 1ns);
    CHECK(with.quantiles[1] == 10ns);
    CHECK(with.quantiles[250] == 2500ns);
    CHECK(with.quantiles[500] == 4991ns);
    CHECK(with.quantiles.back() == 5000ns);
    CHECK(with.p50 == 2500ns);
    CHECK(with.p99 == 4950ns);
    CHECK(sim::spread::of(values).quantiles.empty());
    CHECK(sim::spread::of({}, true).quantiles.empty());
}

TEST_CASE("a spread is that of the sorted values, however they are spread themselves") {
    INFO("seed " << seed);
    constexpr std::size_t size = 20'000;
    sim::random_stream draw{seed};
    for (int shape = 0; shape < 6; ++shape) {
        std::vector<fb::duration> values;
        for (std::size_t i = 0; i < size; ++i) {
            const auto small = static_cast<std::int64_t>(draw.below(200));
            const fb::duration drawn[]{
                10ms,                                                       // all the same
                i % 100 < 93 ? 0ns : fb::duration{small},                   // mostly nothing
                draw.exponential(40ms),                                     //
                fb::duration{static_cast<std::int64_t>(draw.next() >> 1)},  // over the whole line
                i % 2 == 0 ? 3ms : fb::duration::max(),                     //
                fb::duration{1'000'000'000 + small},                        // one bucket
            };
            values.push_back(drawn[shape]);
        }
        std::vector<fb::duration> sorted = values;
        std::sort(sorted.begin(), sorted.end());
        INFO("shape " << shape);
        const sim::spread spread = sim::spread::of(values);
        CHECK(spread.p50 == sorted[sim::nearest_rank(size, 500)]);
        CHECK(spread.p90 == sorted[sim::nearest_rank(size, 900)]);
        CHECK(spread.p95 == sorted[sim::nearest_rank(size, 950)]);
        CHECK(spread.p99 == sorted[sim::nearest_rank(size, 990)]);
        CHECK(spread.max == sorted.back());
        const sim::spread curve = sim::spread::of(values, true);
        CHECK(curve.p99 == spread.p99);
        CHECK(curve.mean_seconds == spread.mean_seconds);
    }
}
