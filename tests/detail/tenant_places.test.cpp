// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tenant_places.hpp>

using namespace forebay;
using namespace std::chrono_literals;

TEST_CASE("A tenant is found where a vacancy was offered for it, and a place of nobody comes before one that is free") {
    const detail::tenant_places<true> places{1, 3};  // one group
    const tenant_id tenant{7};
    const std::uint64_t hash = places.hash_of(tenant);
    CHECK(places.find(hash, tenant) == nullptr);
    detail::tenant_place* const its = places.vacancy(hash, [](const auto&) { return true; });
    REQUIRE(its != nullptr);
    *its = {7, 0};
    CHECK(places.find(hash, tenant) == its);
    CHECK(&places[places.number_of(*its)] == its);
    CHECK(places.vacancy(hash, [](const auto&) { return true; }) != its);
    for (std::uint64_t other = 8; other < 11; ++other) {
        *places.vacancy(hash, [](const auto&) { return true; }) = {other, 0};
    }
    CHECK(places.vacancy(hash, [&](const auto& p) { return &p == its; }) == its);
    CHECK(places.vacancy(hash, [](const auto&) { return false; }) == nullptr);
    CHECK_FALSE(places.way_out(hash, [](const auto&) { return false; }).has_value());
    places.empty(*its);
    CHECK(places.find(hash, tenant) == nullptr);
    CHECK(places.vacancy(hash, [](const auto&) { return false; }) == its);
}

TEST_CASE("Where both groups are taken, somebody can make room who has a vacancy elsewhere") {
    const detail::tenant_places<true> places{1000, 3};
    const auto never = [](const auto&) { return false; };
    int ways = 0;
    for (std::uint64_t tenant = 0; tenant < 1870; ++tenant) {
        const std::uint64_t hash = places.hash_of(tenant_id{tenant});
        detail::tenant_place* its = places.vacancy(hash, never);
        if (its == nullptr) {
            const auto way = places.way_out(hash, never);
            if (!way) continue;
            REQUIRE(way->from->taken());
            REQUIRE_FALSE(way->to->taken());
            *way->to = *way->from;
            const tenant_id moved{way->to->tenant};
            places.empty(*way->from);
            REQUIRE(places.find(places.hash_of(moved), moved) == way->to);
            its = way->from;
            ++ways;
        }
        *its = {tenant, 0};
        REQUIRE(places.find(hash, tenant_id{tenant}) == its);
    }
    CHECK(ways > 50);
}

TEST_CASE("Notes are of a place, and a number of permits too large to count stays so") {
    const detail::tenant_places<true> places{1000, 3};
    places.notes(places[5]).excess = 7;
    CHECK(places.notes(places[5]).excess == 7);
    CHECK(places.notes(places[6]).excess == 0);
    detail::tenant_notes notes{.live = detail::tenant_notes::too_many - 1};
    notes.count_live(1);
    notes.count_live(-1);
    CHECK(notes.live == detail::tenant_notes::too_many);
    notes.set_tier(256, true);
    CHECK(notes.tier == 256);
    CHECK(notes.tightened == 1);
}

TEST_CASE("Shards share out all places, each once") {
    const detail::tenant_places<true> places{100'000, 3};
    std::size_t sum = 0;
    for (std::size_t shard = 0; shard < places.shards(); ++shard) {
        REQUIRE(places.number_of(places.of_shard(shard).front()) == sum);
        sum += places.of_shard(shard).size();
    }
    CHECK(places.shards() == 64);
    CHECK(sum == places.size());
}

TEST_CASE("The candidate is the place of that name, wherever in the group it is") {
    detail::tenant_place group[4] = {{10}, {11}, {12}, {13}};
    for (std::uint64_t i = 0; i < 4; ++i) CHECK(detail::tenant_place::candidate(group, 10 + i) == group + i);
    CHECK(detail::tenant_place::candidate(group, 14)->tenant != 14);
}
