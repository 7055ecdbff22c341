// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/slot_stamps.hpp>

#include <cstdint>
#include <vector>

using forebay::detail::slot_stamps;

TEST_CASE("a slot that comes in again has another stamp, larger than all before") {
    slot_stamps stamps{4};
    CHECK(stamps[2] == slot_stamps::absent);
    CHECK(stamps.next() == 1);
    stamps.mark(2);
    CHECK(stamps[2] == 1);
    stamps.mark(0);
    stamps.clear(2);
    CHECK(stamps[2] == slot_stamps::absent);
    CHECK(stamps.next() == 3);
    stamps.mark(2);
    CHECK(stamps[2] == 3);
    CHECK(stamps[0] == 2);
}

TEST_CASE("when the stamps are used up, those that are in are numbered anew in their order") {
    slot_stamps stamps{5, 7};
    for (const std::uint32_t slot : {3U, 1U, 4U, 0U, 2U}) stamps.mark(slot);
    stamps.clear(4);
    stamps.clear(3);
    CHECK_FALSE(stamps.used_up());
    stamps.mark(4);
    stamps.mark(3);
    CHECK(stamps.used_up());
    stamps.clear(0);
    const std::vector<std::uint32_t> order = stamps.in_order();
    CHECK(order == std::vector<std::uint32_t>{1, 2, 4, 3});
    stamps.renumber(order);
    CHECK(stamps.in_order() == order);
    CHECK(stamps[1] == 1);
    CHECK(stamps[3] == 4);
    CHECK(stamps[0] == slot_stamps::absent);
    CHECK(stamps.next() == 5);
    CHECK_FALSE(stamps.used_up());
}

TEST_CASE("levelled, all that are in have one stamp, and the next a larger one") {
    slot_stamps stamps{3, 3};
    for (const std::uint32_t slot : {0U, 1U, 2U}) stamps.mark(slot);
    stamps.clear(1);
    CHECK(stamps.used_up());
    stamps.level();
    CHECK(stamps[0] == stamps[2]);
    CHECK(stamps[1] == slot_stamps::absent);
    stamps.mark(1);
    CHECK(stamps[1] > stamps[0]);
}
