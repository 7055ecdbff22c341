// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/shared_service.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>

namespace sim = forebay::sim;
using namespace std::chrono_literals;

static_assert(sim::service_model<sim::shared_service<sim::constant_service>>);

TEST_CASE("batches beyond those that run at full speed take as much longer as there are more of them") {
    const sim::shared_service model{sim::constant_service{10ms}, 4};
    const auto beside = [&](std::int64_t at_once) { return model({.requests = 1, .at_once = at_once}); };
    CHECK(beside(1) == 10ms);
    CHECK(beside(4) == 10ms);
    CHECK(beside(5) == 12500us);
    CHECK(beside(40) == 100ms);
    CHECK(beside(3'000'000'000) == 7'500'000s);
}

TEST_CASE("a device that runs nothing at full speed is refused") {
    CHECK_THROWS_AS((sim::shared_service{sim::constant_service{10ms}, 0}), std::invalid_argument);
}
