// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/traffic.hpp>
#include <forebay/sim/workload.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 4711;

sim::demand of(const char* tenant, std::int64_t per_second) {
    return {.sort = {.tenant = tenant, .kind = "text", .cost = 3, .patience = 50ms, .input_units = 9},
            .arrivals = sim::arrival_process::poisson(fb::rate::per_second(per_second))};
}

std::vector<sim::arrival> of_tenant(const sim::workload& all, const char* tenant) {
    std::vector<sim::arrival> found;
    for (const sim::arrival& one : all.arrivals) {
        if (all.tenants.at(one.tenant) == tenant) found.push_back(one);
    }
    return found;
}

}  // namespace

TEST_CASE("traffic of Poisson demands gives the arrivals of a Poisson workload") {
    STATIC_REQUIRE(sim::workload_model<sim::traffic>);
    STATIC_REQUIRE(!sim::answered_source<sim::traffic_source>);
    const std::vector<sim::demand> demands{of("acme", 700), of("globex", 50), of("acme", 30)};
    std::vector<sim::flow> flows;
    for (const std::int64_t rate : {700, 50, 30}) {
        flows.push_back({demands[flows.size()].sort, fb::rate::per_second(rate)});
    }
    sim::workload expected = sim::poisson(flows, 5000, seed);
    for (std::size_t i = 0; i < 5000; ++i) expected.arrivals[i].sequence = i;
    const sim::traffic model{.demands = demands, .requests = 5000, .seed = seed};
    const sim::workload found = sim::collect(model);
    CHECK(found.arrivals == expected.arrivals);
    CHECK(found.tenants == expected.tenants);
    CHECK(found.kinds == expected.kinds);
    CHECK(sim::collect(model).arrivals == found.arrivals);
}

TEST_CASE("another demand, or another rate of it, moves nothing of a tenant's traffic, sizes included") {
    sim::demand varied = of("acme", 500);
    varied.varying.input_units = sim::distribution::lognormal(300, 1.5);
    const auto alone = of_tenant(sim::collect(sim::traffic{.demands = {varied}, .until = 1s, .seed = seed}), "acme");
    REQUIRE(alone.size() > 400);
    for (const std::int64_t rate : {10, 100, 2000}) {
        const auto mixed =
            sim::collect(sim::traffic{.demands = {of("globex", rate), varied}, .until = 1s, .seed = seed});
        const auto found = of_tenant(mixed, "acme");
        REQUIRE(found.size() == alone.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            CHECK(found[i].at == alone[i].at);
            CHECK(found[i].input_units == alone[i].input_units);
            CHECK(found[i].info.deadline == found[i].at + 50ms);
        }
    }
}

TEST_CASE("traffic ends after its number of requests or at its time, whichever is first") {
    const sim::demand every_10ms{.arrivals = sim::arrival_process::deterministic(fb::rate::per_second(100))};
    CHECK(sim::collect(sim::traffic{.demands = {every_10ms}, .requests = 7}).arrivals.size() == 7);
    CHECK(sim::collect(sim::traffic{.demands = {every_10ms}, .until = 50ms}).arrivals.size() == 4);
    CHECK(sim::collect(sim::traffic{.demands = {every_10ms}, .requests = 3, .until = 50ms}).arrivals.size() == 3);
    CHECK(sim::collect(sim::traffic{.demands = {every_10ms}, .requests = 0}).arrivals.empty());
}

TEST_CASE("traffic of many demands is in order of time, ties in order of the demands") {
    std::vector<sim::demand> demands;
    for (std::int64_t i = 0; i < 37; ++i) {
        demands.push_back(
            {.sort = {.cost = i}, .arrivals = sim::arrival_process::deterministic(fb::rate::per_second(1 + i % 5))});
    }
    const auto all = sim::collect(sim::traffic{.demands = demands, .until = 3s});
    CHECK(all.arrivals.size() > 200);
    for (std::size_t i = 1; i < all.arrivals.size(); ++i) {
        const sim::arrival& a = all.arrivals[i - 1];
        const sim::arrival& b = all.arrivals[i];
        CHECK((a.at < b.at || (a.at == b.at && a.info.cost < b.info.cost)));
    }
}

TEST_CASE("traffic of nothing or without an end is refused") {
    CHECK_THROWS_AS(sim::traffic{.requests = 1}.open(), std::invalid_argument);
    CHECK_THROWS_AS(sim::traffic{.demands = {of("acme", 1)}}.open(), std::invalid_argument);
}
