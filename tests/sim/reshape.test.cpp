// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/reshape.hpp>
#include <forebay/sim/traffic.hpp>
#include <forebay/sim/workload.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 161803;

sim::workload at_milliseconds(const std::vector<int>& times) {
    sim::workload result;
    for (const int time : times) {
        sim::arrival one;
        one.at = fb::time_point{std::chrono::milliseconds{time}};
        result.label(one, {.patience = 10ms});
        result.arrivals.push_back(one);
    }
    return result;
}

std::vector<int> milliseconds_of(const sim::workload& all) {
    std::vector<int> times;
    for (const sim::arrival& one : all.arrivals) {
        CHECK(one.patience() == 10ms);
        times.push_back(static_cast<int>(one.at.time_since_epoch() / 1ms));
    }
    return times;
}

std::vector<int> shaped(const std::vector<int>& times, const sim::reshaping& how) {
    return milliseconds_of(sim::collect(sim::reshaped<sim::workload>{at_milliseconds(times), how}));
}

using list = std::vector<int>;

}  // namespace

TEST_CASE("a window counts from the first request and keeps its first instant, not its last") {
    STATIC_REQUIRE(sim::workload_model<sim::reshaped<sim::workload>>);
    const list times{100, 110, 120, 130};
    CHECK(shaped(times, {}) == times);
    CHECK(shaped(times, {.from = 10ms, .until = 30ms}) == list{110, 120});
    CHECK(shaped(times, {.from = 10ms, .until = 30ms, .from_zero = true}) == list{0, 10});
    CHECK(shaped(times, {.from = 5ms, .from_zero = true}) == list{5, 15, 25});
    CHECK(shaped(times, {.from = 1s}).empty());
    CHECK(shaped({}, {.from = 1s}).empty());
}

TEST_CASE("scaling multiplies gaps from zero and leaves patience") {
    CHECK(shaped({100, 110, 110, 140}, {.gap_numerator = 3, .gap_denominator = 2}) == list{0, 15, 15, 60});
    CHECK(shaped({100, 110, 140}, {.from = 10ms, .gap_numerator = 1, .gap_denominator = 2}) == list{0, 15});
    CHECK(shaped({100, 110, 140}, {.gap_numerator = 0}) == list{0, 0, 0});
    sim::workload whole = at_milliseconds({100, 110, 110, 140});
    sim::stretch(whole, 3, 7);
    CHECK(milliseconds_of(whole) == shaped({100, 110, 110, 140}, {.gap_numerator = 3, .gap_denominator = 7}));
}

TEST_CASE("thinning keeps its share, by draws that the window does not move") {
    INFO("seed " << seed);
    const sim::traffic base{.demands = {{.sort = {.patience = 10ms},
                                         .arrivals = sim::arrival_process::poisson(fb::rate::per_second(1000))}},
                            .requests = 100'000,
                            .seed = seed};
    const sim::reshaped<sim::traffic> model{base, {.keep = 3, .of = 10, .seed = seed}};
    const auto thin = sim::collect(model);
    CHECK(thin.arrivals.size() == Approx(30'000).epsilon(0.02));
    CHECK(sim::collect(model).arrivals == thin.arrivals);
    const auto late = sim::collect(sim::reshaped<sim::traffic>{base, {.from = 50s, .keep = 3, .of = 10, .seed = seed}});
    REQUIRE(late.arrivals.size() > 10'000);
    CHECK(late.arrivals.back().at == thin.arrivals.back().at);
    const std::size_t before = thin.arrivals.size() - late.arrivals.size();
    for (std::size_t i = 0; i < late.arrivals.size(); ++i) {
        REQUIRE(late.arrivals[i].at == thin.arrivals[before + i].at);
    }
    CHECK(sim::collect(sim::reshaped<sim::traffic>{base, {.keep = 0, .of = 1}}).arrivals.empty());
}

TEST_CASE("a shape that cannot be is refused when it is opened") {
    for (const sim::reshaping& wrong :
         {sim::reshaping{.from = -1ns}, sim::reshaping{.from = 2s, .until = 1s}, sim::reshaping{.keep = 2, .of = 1},
          sim::reshaping{.of = 0}, sim::reshaping{.gap_numerator = -1}, sim::reshaping{.gap_denominator = 0}}) {
        CHECK_THROWS_AS((sim::reshaped<sim::workload>{at_milliseconds({1}), wrong}.open()), std::invalid_argument);
    }
}
