// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tenant_places.hpp>
#include <forebay/sync.hpp>

#include <cstdint>
#include <vector>

using namespace forebay;

namespace {

using places_type = detail::tenant_places<multi_threaded>;
using group_type = places_type::group;

}  // namespace

TEST_CASE("A tenant is found in either of its groups, and nobody else is taken for it") {
    const places_type places{1000, 3};
    for (std::uint64_t number = 1; number < 200; ++number) {
        const tenant_id tenant{number};
        const std::uint64_t hash = places.hash_of(tenant);
        REQUIRE_FALSE(places.find(hash, tenant));
        for (const std::uint32_t group : {places.first_group(hash), places.second_group(hash)}) {
            const unsigned its = places.vacancy(group);
            REQUIRE(its < group_type::size);
            {
                auto in = places.lock_of(group);
                REQUIRE_FALSE(places.taken(in, its));
                in.set_name(its, number);
                REQUIRE(places.taken(in, its));
                REQUIRE(places.place_of(in, its).number == places.place_of(group, its).number);
            }
            const detail::tenant_place found = places.find(hash, tenant);
            REQUIRE(found);
            REQUIRE(found.number == places.place_of(group, its).number);
            REQUIRE(places.index_of(found) == its);
            REQUIRE(places.tenant_at(group, its) == tenant);
            REQUIRE(places.vacancy(group) != its);
            auto in = places.lock_of(found);
            in.set_full_at(its, 5);
            places.empty(in, its);
            REQUIRE(in.full_at(its) == group_type::nobody);
        }
        REQUIRE_FALSE(places.find(hash, tenant));
    }
}

TEST_CASE("A full group has no vacancy, and who has the name of vacancies or of locks is never found") {
    const places_type places{1, 3};  // one group
    const std::uint64_t hash = places.hash_of(tenant_id{1});
    CHECK(places.first_group(hash) == places.second_group(hash));
    for (const std::uint64_t reserved :
         {detail::mix(0, {3, ~std::uint64_t{3}}), detail::mix(1, {3, ~std::uint64_t{3}})}) {
        CHECK_FALSE(places.can_have_place(tenant_id{reserved}));
        CHECK_FALSE(places.find(places.hash_of(tenant_id{reserved}), tenant_id{reserved}));
    }
    for (std::uint64_t name = 1; name <= 4; ++name) {
        const unsigned its = places.vacancy(0);
        auto in = places.lock_of(0U);
        in.set_name(its, name);
    }
    CHECK(places.vacancy(0) == group_type::size);
    CHECK(places.can_have_place(tenant_id{1}));
}

TEST_CASE("Notes are of a place, and a number of permits too large to count stays so") {
    const places_type places{1000, 3};
    places.notes(detail::tenant_place{5}).excess = 7;
    CHECK(places.notes(detail::tenant_place{5}).excess == 7);
    CHECK(places.notes(detail::tenant_place{6}).excess == 0);
    detail::tenant_notes notes{.live = detail::tenant_notes::too_many - 1};
    notes.count_live(1);
    notes.count_live(-1);
    CHECK(notes.live == detail::tenant_notes::too_many);
    notes.set_tier(256, true);
    CHECK(notes.tier == 256);
    CHECK(notes.tightened == 1);
}

TEST_CASE("Shards share out all groups, each once, and a tenant's groups are both in its shard") {
    const places_type places{100'000, 3};
    CHECK(places.shards() == 64);
    CHECK(places.begin_of(0) == 0);
    CHECK(places.begin_of(1) == places.groups_each());
    CHECK(std::size_t{places.begin_of(64)} * group_type::size == places.size());
    std::vector<int> met(64);
    for (std::uint64_t number = 0; number < 20'000; ++number) {
        const std::uint64_t hash = places.hash_of(tenant_id{number});
        const std::uint32_t shard = places.shard_of(hash);
        REQUIRE(shard < 64);
        ++met[shard];
        for (const std::uint32_t group : {places.first_group(hash), places.second_group(hash)}) {
            REQUIRE(group >= places.begin_of(shard));
            REQUIRE(group < places.begin_of(shard + 1));
        }
    }
    for (const int each : met) CHECK(each > 200);
    CHECK(detail::tenant_places<single_threaded>{100'000, 3}.shards() == 1);
}
