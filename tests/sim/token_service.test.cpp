// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/token_service.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

static_assert(sim::service_model<sim::token_service>);
static_assert(sim::service_model<sim::padded_service>);
static_assert(sim::service_model<sim::recorded_service>);

sim::batch_shape of_inputs(const std::vector<std::int64_t>& inputs) {
    sim::batch_shape shape;
    for (const std::int64_t input : inputs) {
        sim::arrival one;
        one.input_units = input;
        one.output_units = 2 * input;
        one.service = fb::duration{input};
        shape.add(one);
    }
    return shape;
}

}  // namespace

TEST_CASE("time for units may be fractions of a nanosecond each, rounded once") {
    CHECK(sim::time_per{7122ns, 1000}.of(1000) == 7122ns);
    CHECK(sim::time_per{7122ns, 1000}.of(1) == 7ns);
    CHECK(sim::time_per{1ns, 2}.of(3) == 2ns);  // to the nearest, halves up
    CHECK(sim::time_per{}.of(std::numeric_limits<std::int64_t>::max()) == 0ns);
    CHECK(sim::time_per{2ns, 1}.of(std::numeric_limits<std::int64_t>::max()) == fb::duration::max());
    CHECK_THROWS_AS((sim::time_per{1ns, 0}.of(1)), std::invalid_argument);
    CHECK_THROWS_AS((sim::time_per{-1ns, 1}.of(1)), std::invalid_argument);
}

TEST_CASE("token service grows with the tokens and with the square of each request's own") {
    const sim::token_service model{18100us, {101910ns}, {7122ns, 1000}, {1us}};
    CHECK(model(of_inputs({100})) == 18100us + 10191us + 71220ns + 200us);
    // Two of 50 read as many tokens, and attend to half as many pairs.
    CHECK(model(of_inputs({50, 50})) == 18100us + 10191us + 35610ns + 200us);
    CHECK(sim::token_service{.base = 5ms}(of_inputs({1, 2, 3})) == 5ms);
    CHECK_THROWS_AS(sim::token_service{.base = -1ns}(of_inputs({1})), std::invalid_argument);
    CHECK(sim::token_service{.base = fb::duration::max(), .per_input = {1ns}}(of_inputs({1})) == fb::duration::max());
}

TEST_CASE("padded service pays for the longest as often as there are requests") {
    const sim::padded_service model{1ms, {10ns}};
    CHECK(model(of_inputs({100})) == 1ms + 1us);
    CHECK(model(of_inputs({100, 1, 1, 1})) == 1ms + 4us);
    CHECK_THROWS_AS((sim::padded_service{1ms, {-10ns}}(of_inputs({1}))), std::invalid_argument);
}

TEST_CASE("recorded service adds up, or takes the longest, and refuses what has no record") {
    const sim::batch_shape shape = of_inputs({5, 9, 2});
    CHECK(sim::recorded_service{}(shape) == 16ns);
    CHECK(sim::recorded_service{sim::recorded_service::together::longest}(shape) == 9ns);
    CHECK_THROWS_WITH(sim::recorded_service{}(of_inputs({0})), ContainsSubstring("service_us"));
}
