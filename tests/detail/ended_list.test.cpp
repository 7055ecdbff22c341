// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/ended_list.hpp>

#include <cstdint>

namespace fb = forebay;

TEST_CASE("a list of the ended keeps 32 tickets in order, and how they ended") {
    fb::detail::ended_list over;
    CHECK(over.how == fb::ending::expired);
    CHECK(fb::detail::ended_list{fb::ending::closed}.how == fb::ending::closed);
    for (std::uint32_t i = 0; i < fb::detail::ended_list::most; ++i) {
        REQUIRE_FALSE(over.full());
        over.add({i, i + 7});
    }
    CHECK(over.full());
    for (std::uint32_t i = 0; i < over.count; ++i) CHECK(over[i] == fb::ticket{i, i + 7});
}
