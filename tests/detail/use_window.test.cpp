// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/use_window.hpp>

#include <cstdint>
#include <limits>

using namespace forebay;
using namespace std::chrono_literals;

namespace {
constexpr time_point start{1s};
}  // namespace

TEST_CASE("Steady use is measured as it is, whatever the stretch asked for") {
    detail::use_window use{100ms};
    for (int i = 0; i < 1000; ++i) use.add(3, start + 1ms * i);
    REQUIRE(use.during(1ms, start + 1000ms) == 3);
    REQUIRE(use.during(10ms, start + 1000ms) == 30);
    REQUIRE(use.during(1s, start + 1000ms) == 3000);
    REQUIRE(use.during(0ms, start + 1000ms) == 0);
}

TEST_CASE("Any use counts at least one until it lies a window back, and then nothing") {
    detail::use_window use{100ms};
    REQUIRE(use.during(1s, start) == 0);
    use.add(1, start);
    REQUIRE(use.during(1ms, start) == 1);
    REQUIRE(use.during(1ms, start + 199ms) == 1);
    REQUIRE(use.during(1ms, start + 200ms) == 0);
    use.add(0, start + 200ms);
    REQUIRE(use.during(1s, start + 200ms) == 0);
}

TEST_CASE("The stretch before counts by the part that the window still reaches") {
    detail::use_window use{100ms};
    use.add(100, start);
    use.add(0, start + 100ms);
    REQUIRE(use.during(100ms, start + 100ms) == 100);
    REQUIRE(use.during(100ms, start + 150ms) == 50);
    REQUIRE(use.during(100ms, start + 199ms) == 1);
}

TEST_CASE("Use of all of int64, at the ends of the line, does not wrap") {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    detail::use_window use{std::chrono::hours{4}};
    use.add(most, time_point::min());
    use.add(most, time_point::min() + 1h);
    REQUIRE(use.during(std::chrono::hours{4}, time_point::min() + 2h) == most);
    REQUIRE(use.during(1ns, time_point::max()) == 0);
    use.add(most, time_point::max());
    REQUIRE(use.during(std::chrono::hours{4}, time_point::max()) == most);
}
