// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/cost_estimator.hpp>
#include <forebay/sync.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace forebay;

namespace {

static_assert(cost_source<cost_estimator> && cost_source<cost_estimator, single_threaded>);

using state = cost_estimator_state<single_threaded>;

constexpr request_info of(std::uint64_t tenant, std::uint64_t key = 0) {
    return {.tenant = tenant_id{tenant}, .key = key, .cost = unknown_cost};
}
void see(state& costs, const request_info& info, std::int64_t cost, int times = 300) {
    for (int i = 0; i < times; ++i) costs.observe(info, cost);
}
bool about(std::int64_t found, std::int64_t cost) {
    return found >= cost * 99 / 100 && found <= cost * 12 / 10;
}

}  // namespace

TEST_CASE("A tenant and key are estimated by their own past, a stranger by its key's, an unknown key by all") {
    state costs{{.at_start = 500, .seed = 1}};
    CHECK(costs.estimate(of(1)) == 500);
    see(costs, of(1, 7), 100);
    see(costs, of(1, 8), 9000);
    see(costs, of(2, 7), 40);
    CHECK(about(costs.estimate(of(1, 7)), 100));
    CHECK(about(costs.estimate(of(1, 8)), 9000));
    CHECK(about(costs.estimate(of(2, 7)), 40));
    const std::int64_t of_7 =
        costs.estimate(of(3, 7));  // 95 of 100 of the key, whoever sent them: most of late cost 40
    CHECK((of_7 >= 40 && of_7 <= 120));
    CHECK(about(costs.estimate(of(3, 8)), 9000));
    const std::int64_t of_all = costs.estimate(of(3, 9));
    CHECK((of_all > 120 && of_all < 9000));

    // A stranger starts where it was estimated.
    const std::int64_t before = costs.estimate(of(3, 8));
    costs.observe(of(3, 8), before);
    CHECK(costs.estimate(of(3, 8)) <= before);
    CHECK(costs.estimate(of(3, 8)) > before / 2);
}

TEST_CASE("Asking changes no estimate, and the same past gives the same estimates") {
    state one{{.seed = 1}};
    state other{{.seed = 1}};
    std::mt19937_64 random{3};
    for (int i = 0; i < 5000; ++i) {
        const request_info info = of(random() % 40, random() % 3);
        const auto cost = static_cast<std::int64_t>(random() % 3000);
        const std::int64_t said = one.estimate(info);
        for (std::uint64_t stranger = 0; stranger < 3; ++stranger) {
            static_cast<void>(one.estimate(of(1000 + random() % 99, stranger)));
        }
        REQUIRE(one.estimate(info) == said);
        REQUIRE(other.estimate(info) == said);
        one.observe(info, cost);
        other.observe(info, cost);
    }
}

TEST_CASE("An estimate is from 1 to `most`, whatever was seen") {
    state costs{{.at_start = 10, .most = 8192, .seed = 1}};
    see(costs, of(1), std::numeric_limits<std::int64_t>::max(), 1000);
    CHECK(costs.estimate(of(1)) == 8192);
    CHECK(costs.estimate(of(2)) == 8192);
    see(costs, of(1), 0, 5000);
    CHECK(costs.estimate(of(1)) == 1);
    state vast{{.at_start = std::int64_t{1} << 60, .most = std::int64_t{1} << 60, .seed = 1}};
    see(vast, of(1), std::numeric_limits<std::int64_t>::max(), 1000);
    CHECK(vast.estimate(of(1)) == std::int64_t{1} << 60);
}

TEST_CASE("The share of a tenant's requests that cost more than estimated is the one wanted") {
    const std::int32_t wanted = GENERATE(50, 90, 95, 99);
    state costs{{.quantile = wanted, .seed = 1}};
    std::mt19937_64 random{5};
    int exceeded = 0;
    for (int i = 0; i < 42'000; ++i) {
        const std::int64_t cost =
            10 + static_cast<std::int64_t>(random() % 1000) * static_cast<std::int64_t>(random() % 1000);
        if (i >= 2000) exceeded += cost > costs.estimate(of(1)) ? 1 : 0;
        costs.observe(of(1), cost);
    }
    INFO("wanted " << wanted << " %, exceeded " << exceeded << " of 40,000");
    CHECK(exceeded >= 400 * (100 - wanted) - 30);
    CHECK(exceeded <= 400 * (100 - wanted) + 30);
}

TEST_CASE("Memory is fixed at building, and nearly as many pairs and keys as were named find a place") {
    state costs{{.max_entries = 4096, .seed = 1}};
    CHECK(costs.memory() <= 4096 * 32 + 256);
    for (std::uint64_t tenant = 1; tenant <= 4095; ++tenant) costs.observe(of(tenant), 100);
    CHECK(costs.entries() >= 4096 * 98 / 100);
    for (std::uint64_t tenant = 0; tenant < 100'000; ++tenant) costs.observe(of(tenant), 100);
    CHECK(costs.entries() <= 8192);
    CHECK(costs.memory() <= 4096 * 32 + 256);
}

TEST_CASE("A flood of strangers does not drive out a tenant that comes often, and one that left is forgotten") {
    state costs{{.at_start = 100, .max_entries = 16, .seed = 1}};
    std::uint64_t stranger = 1000;
    for (int i = 0; i < 400; ++i) {
        costs.observe(of(1, 7), 50);
        costs.observe(of(2, 7), 3000);
    }
    for (int i = 0; i < 20'000; ++i) {
        costs.observe(of(stranger++, 7), 100);
        // One in eleven of all, and so one in four or so of those of its set, which is one of four.
        if (i % 10 == 0) costs.observe(of(1, 7), 50);
        REQUIRE(about(costs.estimate(of(1, 7)), 50));
    }
    CHECK(about(costs.estimate(of(2, 7)), 100));  // as its key, by now
    CHECK(costs.entries() <= 32);
    see(costs, of(3, 8), 5000, 12);  // strangers do not hold a place for long
    see(costs, of(4, 7), 1, 400);
    CHECK(costs.estimate(of(3, 8)) > 2000);
}

TEST_CASE("Which tenants share a set depends on the seed") {
    const auto crowd = [](std::uint64_t seed) {
        state costs{{.max_entries = 8, .seed = seed}};
        std::vector<std::int64_t> estimates;
        for (std::uint64_t who = 1; who <= 20; ++who) see(costs, of(who), 10 * static_cast<std::int64_t>(who), 40);
        for (std::uint64_t who = 1; who <= 20; ++who) estimates.push_back(costs.estimate(of(who)));
        return estimates;
    };
    CHECK(crowd(1) == crowd(1));
    std::set<std::vector<std::int64_t>> different;  // were it the key's place alone that moves, there would be two
    for (std::uint64_t seed = 1; seed <= 10; ++seed) different.insert(crowd(seed));
    CHECK(different.size() > 5);
}

TEST_CASE("An estimator that cannot be is refused in words") {
    const auto refused = [](const cost_estimator& chosen, const std::string& words) {
        try {
            static_cast<void>(state{chosen});
            return false;
        } catch (const std::invalid_argument& error) {
            return std::string{error.what()}.find(words) != std::string::npos;
        }
    };
    CHECK(refused({.quantile = 0}, "quantile must be 1 to 99"));
    CHECK(refused({.quantile = 100}, "quantile must be 1 to 99"));
    CHECK(refused({.at_start = 0}, "at_start must be 1 to `most`"));
    CHECK(refused({.at_start = 11, .most = 10}, "at_start must be 1 to `most`"));
    CHECK(refused({.most = 0}, "most must be 1 to 2^60"));
    CHECK(refused({.most = (std::int64_t{1} << 60) + 1}, "most must be 1 to 2^60"));
    CHECK(refused({.max_entries = 0}, "max_entries must be 1 to 2^31"));
    CHECK(refused({.max_entries = (std::size_t{1} << 31) + 1}, "max_entries must be 1 to 2^31"));
    CHECK_FALSE(refused({}, ""));
}

TEST_CASE("Threads may estimate and observe at once") {
    cost_estimator_state<multi_threaded> costs{{.max_entries = 8, .seed = 1}};
    std::atomic<bool> outside{false};
    std::vector<std::thread> threads;
    for (std::uint64_t mine = 0; mine < 3; ++mine) {
        threads.emplace_back([&, mine] {
            for (std::uint64_t i = 0; i < 4000; ++i) {
                costs.observe(of(mine), 100 + static_cast<std::int64_t>(i % 100));
                costs.observe(of(i), 100);
                const std::int64_t said = costs.estimate(of(i % 5));
                if (said < 50 || said > 2000) outside = true;
            }
        });
    }
    for (std::thread& each : threads) each.join();
    CHECK_FALSE(outside);
}
