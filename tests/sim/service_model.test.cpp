// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/service_model.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

struct host_service {
    fb::duration operator()(const sim::batch_shape&) const { return 10ms; }
};
static_assert(sim::service_model<host_service>);
static_assert(sim::service_model<sim::constant_service>);
static_assert(sim::service_model<sim::affine_service>);
static_assert(sim::service_model<sim::table_service>);
static_assert(!sim::service_model<int>);

sim::batch_shape of(std::int64_t requests, std::int64_t input = 0, std::int64_t output = 0) {
    return {.requests = requests, .input_units = input, .output_units = output};
}

}  // namespace

TEST_CASE("a batch's shape adds up what its requests bring") {
    sim::batch_shape shape;
    sim::arrival one;
    one.input_units = 7;
    one.output_units = 3;
    one.items = 2;
    one.service = 4ms;
    one.sequence = 41;
    one.kind = 2;
    one.info = {.priority = 3, .key = 8, .cost = 11};
    shape.add(one);
    one.input_units = 5;
    one.output_units = 9;
    one.service = 3ms;
    one.sequence = 40;
    one.kind = 1;
    one.info.priority = 1;
    shape.add(one);
    CHECK(shape.requests == 2);
    CHECK(shape.input_units == 12);
    CHECK(shape.output_units == 12);
    CHECK(shape.items == 4);
    CHECK(shape.cost == 22);
    CHECK(shape.largest_input == 7);
    CHECK(shape.largest_output == 9);
    CHECK(shape.squared_input == 74);
    CHECK(shape.recorded_sum == 7ms);
    CHECK(shape.recorded_longest == 4ms);
}

TEST_CASE("a batch is named after the request that leads it") {
    sim::batch_shape shape;
    for (const std::uint64_t sequence : {41U, 40U, 50U}) {
        sim::arrival one;
        one.sequence = sequence;
        one.kind = static_cast<std::uint32_t>(sequence - 40);
        one.info = {.priority = static_cast<std::int32_t>(sequence), .key = 8};
        shape.add(one);
    }
    CHECK(shape.lead == 41);
    CHECK(shape.priority == 41);
    CHECK(shape.kind == 1);
    CHECK(shape.key == 8);
}

TEST_CASE("sums over a batch stop at the end of the line instead of wrapping") {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    sim::arrival one;
    one.input_units = one.output_units = one.items = one.info.cost = most;
    one.service = fb::duration::max();
    sim::batch_shape shape;
    shape.add(one);
    shape.add(one);
    CHECK(shape.input_units == most);
    CHECK(shape.output_units == most);
    CHECK(shape.items == most);
    CHECK(shape.cost == most);
    CHECK(shape.squared_input == most);
    CHECK(shape.recorded_sum == fb::duration::max());
}

TEST_CASE("constant service takes no notice of the batch") {
    CHECK(sim::constant_service{3ms}(of(1)) == 3ms);
    CHECK(sim::constant_service{3ms}(of(100, 1000, 10)) == 3ms);
}

TEST_CASE("affine service is a base and so much for each request and unit") {
    const sim::affine_service model{.base = 1ms, .per_request = 10us, .per_input_unit = 3ns, .per_output_unit = 2us};
    CHECK(model(of(0)) == 1ms);
    CHECK(model(of(4)) == 1040us);
    CHECK(model(of(4, 1000, 5)) == 1ms + 40us + 3us + 10us);
    CHECK(sim::affine_service{}(of(100)) == 0ns);
}

TEST_CASE("affine service stops at the end of the line instead of wrapping, and refuses what is negative") {
    CHECK(sim::affine_service{.base = 1ms, .per_request = fb::duration::max()}(of(2)) == fb::duration::max());
    CHECK_THROWS_AS(sim::affine_service{.base = -1ns}(of(1)), std::invalid_argument);
    CHECK_THROWS_AS(sim::affine_service{.per_request = -1ns}(of(1)), std::invalid_argument);
    CHECK_THROWS_AS(sim::affine_service{.per_input_unit = 1ns}(of(1, -1)), std::invalid_argument);
}

TEST_CASE("a table gives its points, straight lines between and the last line beyond") {
    const sim::table_service model{{{2, 10ms}, {4, 12ms}, {8, 20ms}}};
    CHECK(model(of(1)) == 10ms);
    CHECK(model(of(2)) == 10ms);
    CHECK(model(of(3)) == 11ms);
    CHECK(model(of(4)) == 12ms);
    CHECK(model(of(5)) == 14ms);
    CHECK(model(of(8)) == 20ms);
    CHECK(model(of(12)) == 28ms);
}

TEST_CASE("a table that falls is followed between its points and not below the last") {
    const sim::table_service model{{{1, 10ms}, {3, 6ms}}};
    CHECK(model(of(2)) == 8ms);
    CHECK(model(of(3)) == 6ms);
    CHECK(model(of(100)) == 6ms);
}

TEST_CASE("a table of one point goes on in proportion") {
    const sim::table_service model{{{4, 8ms}}};
    CHECK(model(of(1)) == 8ms);
    CHECK(model(of(4)) == 8ms);
    CHECK(model(of(6)) == 12ms);
}

TEST_CASE("a table can be along the units instead of the requests") {
    const sim::table_service model{{{100, 1ms}, {200, 2ms}}, &sim::batch_shape::input_units};
    CHECK(model(of(1, 150)) == 1500us);
    CHECK(model(of(50, 150)) == 1500us);
}

TEST_CASE("a table out of order, empty or negative is refused") {
    using points = std::vector<sim::table_service::point>;
    CHECK_THROWS_AS(sim::table_service{points{}}, std::invalid_argument);
    CHECK_THROWS_AS(sim::table_service(points{{2, 1ms}, {1, 2ms}}), std::invalid_argument);
    CHECK_THROWS_AS(sim::table_service(points{{2, 1ms}, {2, 2ms}}), std::invalid_argument);
    CHECK_THROWS_AS(sim::table_service(points{{0, 1ms}}), std::invalid_argument);
    CHECK_THROWS_AS(sim::table_service(points{{1, -1ms}}), std::invalid_argument);
}
