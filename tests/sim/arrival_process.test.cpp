// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/arrival_process.hpp>

#include <chrono>
#include <cstdint>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;
using sim::arrival_process;

TEST_CASE("deterministic arrivals do not drift") {
    sim::arrival_times times{arrival_process::deterministic(fb::rate::per_second(3)), 1, {}, 0};
    fb::time_point at{};
    for (int i = 0; i < 3'000'000; ++i) at = times.next();
    CHECK(at == fb::time_point{1'000'000s});
}
