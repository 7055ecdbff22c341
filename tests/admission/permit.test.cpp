// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/permit.hpp>

#include <type_traits>

using namespace forebay;

TEST_CASE("A permit is a small plain value that starts empty") {
    STATIC_REQUIRE(sizeof(permit) <= 48);
    STATIC_REQUIRE(std::is_trivially_copyable_v<permit>);
    constexpr permit taken;
    CHECK_FALSE(taken.live);
    CHECK(taken.charged == 0);
}
