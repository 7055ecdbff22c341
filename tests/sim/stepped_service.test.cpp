// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/random.hpp>
#include <forebay/sim/stepped_service.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

using model = sim::stepped_service<sim::constant_service>;
static_assert(sim::service_model<model>);

namespace {

fb::duration from(const model& of, fb::duration start) {
    return of({.requests = 1, .since_start = start});
}

}  // namespace

TEST_CASE("a batch takes its time at the speed there is") {
    // Half as fast from 1 s to 2 s, then three times.
    const model steps{{100ms}, {{1s, 1, 2}, {2s, 3, 1}}};
    CHECK(from(steps, 0s) == 100ms);
    CHECK(from(steps, 900ms) == 100ms);
    CHECK(from(steps, 1s) == 200ms);
    CHECK(from(steps, 1800ms) == 200ms);
    CHECK(from(steps, 3s) == 33'333'334ns);
}

TEST_CASE("a change of speed meets batches that are under way") {
    const model steps{{100ms}, {{1s, 1, 2}, {2s, 3, 1}}};
    CHECK(from(steps, 950ms) == 150ms);                  // 50 at full speed, 50 at half of it
    CHECK(from(steps, 1900ms) == 100ms + 16'666'667ns);  // 50 done in the first 100
    const model still{{100ms}, {{1s, 0}, {3s, 1}}};
    CHECK(from(still, 900ms) == 100ms);
    CHECK(from(still, 950ms) == 2100ms);
    CHECK(from(still, 1s) == 2100ms);
    CHECK(from(still, 2999ms) == 101ms);
    const model longer_than_a_step{{5s}, {{1s, 1, 2}, {2s, 2}, {3s, 1, 4}, {4s, 1}}};
    CHECK(from(longer_than_a_step, 0s) == 5250ms);  // 1 + 0.5 + 2 + 0.25, and 1.25 at full speed
    CHECK(from(model{{0ms}, {{1s, 0}, {3s, 1}}}, 1s) == 0ms);
}

TEST_CASE("who is handed over later is not back sooner, and no speed is lost between steps") {
    sim::random_stream draw{1};
    std::vector<model::step> steps;
    fb::duration at{0};
    for (int i = 0; i < 50; ++i) {
        at += fb::duration{1 + static_cast<std::int64_t>(draw.below(1'000'000))};
        steps.push_back({at, static_cast<std::int64_t>(draw.below(5)), 1 + static_cast<std::int64_t>(draw.below(4))});
    }
    steps.back().speed = 1;
    const model of{{300us}, steps};
    fb::duration before{0};
    for (fb::duration start{0}; start < at; start += 777ns) {
        const fb::duration back = start + from(of, start);
        REQUIRE(back >= before);
        before = back;
    }
    // A step to the speed there was changes nothing but the rounding.
    const model one{{100ms}, {{1s, 1, 3}}};
    const model two{{100ms}, {{1s, 1, 3}, {1'010'101'010ns, 1, 3}}};
    for (fb::duration start{1s}; start < 1200ms; start += 1'234'567ns) {
        CHECK(from(two, start) - from(one, start) <= 3ns);
        CHECK(from(two, start) >= from(one, start));
    }
}

TEST_CASE("times and speeds that cannot be are refused") {
    CHECK_THROWS_AS((model{{1ms}, {}}), std::invalid_argument);
    CHECK_THROWS_AS((model{{1ms}, {{2s, 1}, {2s, 2}}}), std::invalid_argument);
    CHECK_THROWS_AS((model{{1ms}, {{-1s, 1}}}), std::invalid_argument);
    CHECK_THROWS_AS((model{{1ms}, {{1s, -1}, {2s, 1}}}), std::invalid_argument);
    CHECK_THROWS_AS((model{{1ms}, {{1s, 1, 0}}}), std::invalid_argument);
    CHECK_THROWS_AS((model{{1ms}, {{1s, 0}}}), std::invalid_argument);
    CHECK_THROWS_AS(from(model{{-1ms}, {{1s, 1}}}, 0s), std::invalid_argument);
}
