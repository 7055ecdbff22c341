// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/waiting_room.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <tuple>
#include <vector>

namespace fb = forebay;
using fb::detail::waiting_room;

namespace {

constexpr fb::time_point at(std::int64_t ns) {
    return fb::time_point{fb::duration{ns}};
}

}  // namespace

TEST_CASE("waiting_room: the earliest is first, and of one instant the one that came first") {
    waiting_room room{8};
    CHECK(room.empty());
    CHECK(room.next() == fb::no_deadline);
    room.add(5, at(20), 1);
    room.add(3, at(10), 2);
    room.add(4, at(10), 4);
    room.add(2, at(10), 8);
    CHECK(room.size() == 4);
    CHECK(room.cost() == 15);
    CHECK(room.next() == at(10));
    std::vector<std::uint32_t> left;
    for (const std::int64_t cost : {2, 4, 8, 1}) {
        left.push_back(room.first());
        room.erase(room.first(), cost);
    }
    CHECK(left == std::vector<std::uint32_t>{3, 4, 2, 5});
    CHECK(room.empty());
    CHECK(room.cost() == 0);
}

TEST_CASE("waiting_room: any may leave from either end or the middle, and the order of the others stays") {
    const std::uint32_t seed = GENERATE(1U, 2U, 3U);
    INFO("seed " << seed);
    std::mt19937 random{seed};
    constexpr std::size_t slots = 40;
    using standing = std::tuple<fb::time_point, std::uint64_t, std::uint32_t>;
    std::vector<standing> model;  // in order
    waiting_room room{slots};
    std::uint64_t sequence = 0;
    for (int i = 0; i < 4'000; ++i) {
        const auto slot = static_cast<std::uint32_t>(random() % slots);
        const auto cost = static_cast<std::int64_t>(slot) + 1;
        switch (random() % 4) {
            case 0:
            case 1:
                if (!room.contains(slot)) {
                    const fb::time_point until = at(static_cast<std::int64_t>(random() % 10));
                    room.add(slot, until, cost);
                    const standing added{until, sequence++, slot};
                    model.insert(std::upper_bound(model.begin(), model.end(), added), added);
                } else {
                    room.erase(slot, cost);
                    std::erase_if(model, [&](const standing& each) { return std::get<2>(each) == slot; });
                }
                break;
            case 2:
                if (!model.empty()) {
                    REQUIRE(room.first() == std::get<2>(model.front()));
                    room.erase(room.first(), std::int64_t{room.first()} + 1);
                    model.erase(model.begin());
                }
                break;
            default:
                if (!model.empty()) {
                    REQUIRE(room.last() == std::get<2>(model.back()));
                    if (random() % 2 == 0) {
                        room.erase(room.last(), std::int64_t{room.last()} + 1);
                        model.pop_back();
                    }
                }
        }
        REQUIRE(room.size() == model.size());
        REQUIRE(room.next() == (model.empty() ? fb::no_deadline : std::get<0>(model.front())));
        std::int64_t cost_in = 0;
        for (const standing& each : model) cost_in += std::int64_t{std::get<2>(each)} + 1;
        REQUIRE(room.cost() == cost_in);
    }
    CHECK(sequence > 500);
}
