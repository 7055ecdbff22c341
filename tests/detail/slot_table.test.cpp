// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/slot_table.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace fb = forebay;

namespace {

struct header {
    int number;
};
using table = fb::detail::slot_table<header, std::shared_ptr<int>>;

std::uint32_t take(table& from, std::uint32_t lane, std::shared_ptr<int> value = nullptr) {
    const std::uint32_t slot = from.next_free();
    from.take_free(from[slot], std::move(value));
    from[slot].lane = lane;
    return slot;
}
void release(table& to, std::uint32_t slot) {
    to.release(slot, to[slot]);
    to.recover();
}

}  // namespace

TEST_CASE("a table of slots gives out each slot once, and knows when it is full") {
    table slots{3};
    CHECK(slots.size() == 3);
    std::vector<bool> seen(3);
    for (int i = 0; i < 3; ++i) {
        REQUIRE(slots.vacant() == std::size_t(3 - i));
        REQUIRE_FALSE(seen[slots.next_free()]);
        const std::uint32_t slot = take(slots, 0, std::make_shared<int>(i));
        seen[slot] = true;
        REQUIRE(slots.holds(slots.ticket_of(slot)));
        REQUIRE(*slots[slot].value() == i);
    }
    CHECK(slots.vacant() == 0);
    slots.release(1, slots[1]);
    CHECK(slots.vacant() == 0);
    slots.recover();
    CHECK(slots.vacant() == 1);
    CHECK(slots.next_free() == 1);
}

TEST_CASE("Q-10 a ticket matches its own use of a slot only, and a default one nothing") {
    table slots{2};
    CHECK_FALSE(slots.holds({}));
    CHECK_FALSE(slots.holds({0, 1}));  // free
    CHECK_FALSE(slots.holds({2, 1}));  // none
    CHECK_FALSE(slots.holds({~std::uint32_t{0}, 1}));
    std::mt19937_64 random{10};
    std::vector<fb::ticket> past;
    std::vector<fb::ticket> present;
    for (int i = 0; i < 2000; ++i) {
        if (slots.vacant() > 0 && random() % 2 == 0) {
            const std::uint32_t slot = take(slots, static_cast<std::uint32_t>(random() % 2 == 0 ? 5 : table::is_held));
            present.push_back(slots.ticket_of(slot));
        } else if (!present.empty()) {
            release(slots, present.front().slot);
            past.push_back(present.front());
            present.erase(present.begin());
        }
        for (const fb::ticket one : present) REQUIRE(slots.holds(one));
        REQUIRE_FALSE(slots.holds({}));
        if (!past.empty()) REQUIRE_FALSE(slots.holds(past[random() % past.size()]));
    }
}

TEST_CASE("the generation after the last one is the first, not the one that names no request") {
    table slots{1};
    slots[0].generation = ~std::uint32_t{0};
    take(slots, 0);
    release(slots, 0);
    CHECK(slots[0].generation == 1);
    take(slots, 0);
    CHECK_FALSE(slots.holds({}));
    CHECK(slots.holds({0, 1}));
}

TEST_CASE("slots released together end their values, and are vacant from the next recovery on") {
    const auto shared = std::make_shared<int>(1);
    table slots{7};
    std::vector<fb::ticket> all;
    for (int i = 0; i < 7; ++i) all.push_back(slots.ticket_of(take(slots, table::is_held, shared)));
    slots.release(all[3].slot, slots[all[3].slot]);
    const std::vector<fb::ticket> some{all[6], all[0], all[5]};
    slots.release_all(some, [&](fb::ticket each) { return &slots[each.slot]; });
    CHECK(shared.use_count() == 4);
    CHECK(slots.vacant() == 0);
    for (std::size_t i = 0; i < all.size(); ++i) CHECK(slots.holds(all[i]) == (i == 1 || i == 2 || i == 4));
    slots.recover();
    CHECK(slots.vacant() == 4);
    std::vector<std::uint32_t> next;
    for (int i = 0; i < 4; ++i) next.push_back(take(slots, 0));
    CHECK(next == std::vector{all[5].slot, all[0].slot, all[6].slot, all[3].slot});  // the last one is the first
}

TEST_CASE("a header knows the value it stands beside") {
    table slots{3};
    for (int i = 0; i < 3; ++i) {
        const std::uint32_t slot = take(slots, 0, std::make_shared<int>(i));
        const header& of = slots[slot];
        CHECK(&table::value_beside(of) == &slots[slot].value());
        CHECK(*table::value_beside(of) == i);
    }
}

TEST_CASE("a table ends the values of the slots in use, and of no other") {
    const auto shared = std::make_shared<int>(1);
    {
        table slots{4};
        for (int i = 0; i < 3; ++i) take(slots, std::uint32_t(i), shared);
        CHECK(shared.use_count() == 4);
        release(slots, 1);
        CHECK(shared.use_count() == 3);
    }
    CHECK(shared.use_count() == 1);
}
