// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/sizes.hpp>

#include <chrono>
#include <cstdint>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

TEST_CASE("sizes that vary are drawn each from a stream of its own, the others stay") {
    const sim::sizes all{.input_units = sim::distribution::uniform(1, 1'000'000),
                         .items = sim::distribution::constant(3),
                         .cost = sim::distribution::uniform(1, 1'000'000),
                         .service = sim::distribution::constant(5ms)};
    sim::sizes fewer = all;
    fewer.input_units.reset();
    sim::size_draws draws{all, 1, fb::tenant_of("acme"), 0};
    sim::size_draws same{fewer, 1, fb::tenant_of("acme"), 0};
    for (int i = 0; i < 100; ++i) {
        sim::arrival request{.output_units = 8};
        sim::arrival other{.input_units = 9, .output_units = 8};
        draws.draw(request);
        same.draw(other);
        CHECK(request.items == 3);
        CHECK(request.service == 5ms);
        CHECK(request.output_units == 8);
        CHECK(other.input_units == 9);
        CHECK(other.info.cost == request.info.cost);
        CHECK(request.info.cost != request.input_units);
    }
}

TEST_CASE("what a request turns out to cost is drawn apart from what was stated") {
    const sim::sizes stated{.cost = sim::distribution::uniform(1, 1'000'000)};
    sim::sizes both = stated;
    both.actual_cost = stated.cost;
    sim::size_draws draws{both, 1, fb::tenant_of("acme"), 0};
    sim::size_draws without{stated, 1, fb::tenant_of("acme"), 0};
    for (int i = 0; i < 100; ++i) {
        sim::arrival request;
        sim::arrival other;
        draws.draw(request);
        without.draw(other);
        CHECK(request.actual_cost >= 1);
        CHECK(request.actual_cost != request.info.cost);
        CHECK(other.info.cost == request.info.cost);
        CHECK(other.actual_cost == fb::as_charged);
    }
}

TEST_CASE("a request of a sort has its label and its sizes") {
    sim::name_lists names;
    const sim::arrival one = sim::request_of(
        {.tenant = "acme", .kind = "text", .cost = 4, .patience = 2s, .input_units = 5, .output_units = 6, .items = 7},
        names);
    CHECK(one.info.tenant == fb::tenant_of("acme"));
    CHECK(one.info.cost == 4);
    CHECK(one.info.deadline == fb::time_point{2s});
    CHECK(one.input_units == 5);
    CHECK(one.output_units == 6);
    CHECK(one.items == 7);
}
