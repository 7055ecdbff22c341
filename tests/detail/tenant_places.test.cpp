// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tenant_places.hpp>

using namespace forebay;
using namespace std::chrono_literals;

TEST_CASE("A tenant is found where a vacancy was offered for it, and a place of nobody comes before one that is free") {
    const detail::tenant_places<true> places{1, 3};
    const tenant_id tenant{7};
    const std::uint64_t hash = places.hash_of(tenant);
    CHECK(places.find(hash, tenant) == nullptr);
    detail::tenant_place* const its = places.vacancy(hash, [](const auto&) { return true; });
    REQUIRE(its != nullptr);
    *its = {7, {}, 0, 1};
    CHECK(places.find(hash, tenant) == its);
    CHECK(&places[places.number_of(*its)] == its);
    CHECK(places.vacancy(hash, [](const auto&) { return true; }) != its);
    CHECK(places.vacancy(hash, [&](const auto& p) { return &p == its; }) == its);
    CHECK(places.vacancy(hash, [](const auto&) { return false; }) == nullptr);
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
    detail::tenant_place group[4] = {{.tenant = 10}, {.tenant = 11}, {.tenant = 12}, {.tenant = 13}};
    for (std::uint64_t i = 0; i < 4; ++i) CHECK(detail::tenant_place::candidate(group, 10 + i) == group + i);
    CHECK(detail::tenant_place::candidate(group, 14)->tenant != 14);
}
