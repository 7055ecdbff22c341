// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/distribution.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;
using sim::distribution;

TEST_CASE("a constant is always the same and durations are nanoseconds") {
    sim::random_stream draw{1};
    CHECK(distribution::constant(7).draw(draw) == 7);
    CHECK(distribution::constant(2ms).draw(draw) == 2'000'000);
}
