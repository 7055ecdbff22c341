// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/per_key_service.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace sim = forebay::sim;
using namespace std::chrono_literals;

static_assert(sim::service_model<sim::per_key_service<sim::constant_service>>);

TEST_CASE("each key has its own model, and those that are not named share one") {
    constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    const sim::per_key_service model{sim::constant_service{9ms}, {{7, {7ms}}, {largest, {1ms}}, {3, {3ms}}}};
    const auto of_key = [&](std::uint64_t key) { return model({.requests = 1, .key = key}); };
    CHECK(of_key(3) == 3ms);
    CHECK(of_key(7) == 7ms);
    CHECK(of_key(largest) == 1ms);
    CHECK(of_key(0) == 9ms);
    CHECK(of_key(5) == 9ms);
    CHECK(of_key(8) == 9ms);
}

TEST_CASE("a key named twice is refused") {
    using model = sim::per_key_service<sim::constant_service>;
    CHECK_THROWS_AS(model({9ms}, {{7, {7ms}}, {7, {8ms}}}), std::invalid_argument);
    CHECK_NOTHROW(model({9ms}, {}));
}
