// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/rate.hpp>

#include <cstdint>
#include <limits>
#include <stdexcept>

namespace fb = forebay;
using namespace std::chrono_literals;

namespace {

constexpr auto highest = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST_CASE("a rate is an exact fraction in lowest terms") {
    STATIC_REQUIRE(fb::rate::per_second(30).tokens() == 3);
    STATIC_REQUIRE(fb::rate::per_second(30).nanoseconds() == 100'000'000);
    STATIC_REQUIRE(fb::rate::per_second(1'000'000'000).tokens() == 1);
    STATIC_REQUIRE(fb::rate::per_second(1'000'000'000).nanoseconds() == 1);
    STATIC_REQUIRE(fb::rate::per_second(7).tokens() == 7);
}

TEST_CASE("the same rate in other words is equal") {
    STATIC_REQUIRE(fb::rate::per_minute(600) == fb::rate::per_second(10));
    STATIC_REQUIRE(fb::rate::per_hour(3600) == fb::rate::per_second(1));
    STATIC_REQUIRE(fb::rate::per_day(24) == fb::rate::per_hour(1));
    STATIC_REQUIRE(fb::rate::one_every(20ms) == fb::rate::per_second(50));
    STATIC_REQUIRE(fb::rate::per(5, 2s) == fb::rate::per(10, 4s));
    STATIC_REQUIRE(fb::rate::per_second(1) != fb::rate::per_second(2));
}

TEST_CASE("nothing in any time is the rate zero") {
    STATIC_REQUIRE(fb::rate::zero().is_zero());
    STATIC_REQUIRE(fb::rate::per_day(0) == fb::rate::zero());
    STATIC_REQUIRE_FALSE(fb::rate::one_every(1h).is_zero());
}

TEST_CASE("rates from one in 292 years to a billion a second are taken") {
    CHECK_NOTHROW(fb::rate::one_every(fb::duration{highest}));
    CHECK_NOTHROW(fb::rate::per_second(1'000'000'000));
    CHECK_NOTHROW(fb::rate::per(highest, fb::duration{highest}));
}

TEST_CASE("a rate that cannot be is refused with what was expected") {
    CHECK_THROWS_AS(fb::rate::per_second(-1), std::invalid_argument);
    CHECK_THROWS_WITH(fb::rate::per_second(-1), "forebay: a rate must be >= 0 tokens");
    CHECK_THROWS_WITH(fb::rate::per(1, 0s), "forebay: a rate's period must be > 0");
    CHECK_THROWS_WITH(fb::rate::one_every(-1s), "forebay: a rate's period must be > 0");
    CHECK_THROWS_WITH(fb::rate::per_second(1'000'000'001), "forebay: a rate must be <= 1e9 tokens a second");
}

TEST_CASE("a quota holds its rate and its burst") {
    constexpr fb::quota q{fb::rate::per_minute(600), 60};
    STATIC_REQUIRE(q.refill() == fb::rate::per_second(10));
    STATIC_REQUIRE(q.burst() == 60);
    STATIC_REQUIRE(q == fb::quota{fb::rate::per_second(10), 60});
    STATIC_REQUIRE(q != fb::quota{fb::rate::per_second(10), 61});
}

TEST_CASE("a quota that would never admit anything is refused with what was expected") {
    CHECK_THROWS_AS((fb::quota{fb::rate::per_second(1), 0}), std::invalid_argument);
    CHECK_THROWS_WITH((fb::quota{fb::rate::per_second(1), 0}), "forebay: a quota's burst must be >= 1 token");
    CHECK_THROWS_WITH((fb::quota{fb::rate::per_second(1), -5}), "forebay: a quota's burst must be >= 1 token");
}

TEST_CASE("a quota refills within 292 years or is refused with what was expected") {
    // 2^63 - 1 ns are 9,223,372,036 whole seconds.
    CHECK_NOTHROW(fb::quota{fb::rate::per_second(1), 9'223'372'036});
    CHECK_THROWS_AS((fb::quota{fb::rate::per_second(1), 9'223'372'037}), std::invalid_argument);
    CHECK_THROWS_WITH((fb::quota{fb::rate::per_second(1), 9'223'372'037}), ContainsSubstring("within 292 years"));
    CHECK_NOTHROW(fb::quota{fb::rate::one_every(fb::duration{highest}), 1});
    CHECK_THROWS_WITH((fb::quota{fb::rate::one_every(fb::duration{highest}), 2}),
                      ContainsSubstring("within 292 years"));
    CHECK_NOTHROW(fb::quota{fb::rate::per_second(1'000'000'000), highest});
    CHECK_NOTHROW(fb::quota{fb::rate::zero(), highest});
}
