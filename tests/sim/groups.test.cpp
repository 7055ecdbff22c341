// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/groups.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 17;

}  // namespace

TEST_CASE("a batch gives out its time in parts that differ by a nanosecond at most") {
    for (const int time : {0, 1, 20, 21, 1'000'003}) {
        sim::batch_run by{fb::time_point{5ns}, fb::duration{time}, 7};
        fb::duration sum{0};
        fb::duration before = fb::duration::max();
        for (int i = 0; i < 7; ++i) {
            const fb::duration part = by.take_part();
            CHECK(part <= before);
            CHECK((part == fb::duration{time / 7} || part == fb::duration{time / 7 + 1}));
            before = part;
            sum += part;
        }
        CHECK(sum == fb::duration{time});
    }
}

TEST_CASE("groups add up what belongs to them, by tenant, kind and class") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    const std::vector<std::string> kinds{"text", "image", "video"};
    std::vector<std::string> tenants;
    for (int i = 0; i < 50; ++i) tenants.push_back("tenant " + std::to_string(i));
    sim::request_groups groups{sim::percentiles::exact};
    struct expected {
        std::uint64_t arrived{0};
        std::vector<fb::duration> latencies;
    };
    std::map<std::uint32_t, expected> by_tenant;
    std::map<std::uint32_t, expected> by_kind;
    std::map<std::int32_t, expected> by_class;
    for (int i = 0; i < 5000; ++i) {
        sim::arrival one;
        one.tenant = 2 * static_cast<std::uint32_t>(draw.below(25));
        one.kind = static_cast<std::uint32_t>(draw.below(3));
        one.info.priority = static_cast<std::int32_t>(draw.below(4)) - 1;
        one.actual_cost = one.info.priority + 2;
        const fb::duration latency{static_cast<std::int64_t>(draw.below(1000))};
        ++groups.of(one).arrived;
        const bool answered = draw.below(3) != 0;
        if (answered) {
            sim::batch_run by{one.at, 10ns, 1};
            groups.delivered(one, by, latency);
        }
        for (expected* each : {&by_tenant[one.tenant], &by_kind[one.kind], &by_class[one.info.priority]}) {
            ++each->arrived;
            if (answered) each->latencies.push_back(latency);
        }
    }
    CHECK(groups.first_tenants(3) == std::vector<std::uint32_t>{0, 2, 4});
    sim::report report;
    groups.summarise(report, tenants, kinds, false);
    CHECK(report.all.arrived == 5000);
    CHECK(report.all.service == 10ns * static_cast<std::int64_t>(report.all.delivered()));
    const auto check = [](const std::vector<sim::tally>& groups_of, const auto& expected_of, const auto& name_of) {
        REQUIRE(groups_of.size() == expected_of.size());
        std::size_t i = 0;
        for (const auto& [index, wanted] : expected_of) {
            const sim::tally& found = groups_of[i++];
            CHECK(found.name == name_of(index));
            CHECK(found.arrived == wanted.arrived);
            const sim::spread spread = sim::spread::of(wanted.latencies);
            CHECK(found.latency.count == spread.count);
            CHECK(found.latency.p50 == spread.p50);
            CHECK(found.latency.p99 == spread.p99);
            CHECK(found.latency.mean_seconds == spread.mean_seconds);
        }
    };
    check(report.tenants, by_tenant, [&](std::uint32_t index) { return tenants[index]; });
    check(report.kinds, by_kind, [&](std::uint32_t index) { return kinds[index]; });
    check(report.classes, by_class, [&](std::int32_t index) { return std::to_string(index); });
    CHECK(report.classes.front().priority == -1);
    std::int64_t cost = 0;
    for (const sim::tally& each : report.classes) {
        CHECK(each.cost == (each.priority + 2) * static_cast<std::int64_t>(each.delivered()));
        cost += each.cost;
    }
    CHECK(report.all.cost == cost);
}

TEST_CASE("groups of the same requests have the same figures under their own names") {
    sim::request_groups groups{sim::percentiles::exact};
    sim::arrival one;
    one.info.priority = 3;
    sim::batch_run by{one.at, 10ns, 1};
    ++groups.of(one).arrived;
    groups.delivered(one, by, 5ns);
    sim::report report;
    groups.summarise(report, {"acme"}, {"text"}, false);
    CHECK(report.tenants.at(0).name == "acme");
    CHECK(report.kinds.at(0).name == "text");
    CHECK(report.classes.at(0).name == "3");
    CHECK(report.classes.at(0).priority == 3);
    CHECK(report.kinds.at(0).priority == 0);
    CHECK(report.classes.at(0).latency.max == 5ns);
    CHECK(report.tenants.at(0).latency.max == 5ns);
}

TEST_CASE("a group of which nothing was delivered has spreads of nothing, also of histograms") {
    for (const auto precision : {sim::percentiles::exact, sim::percentiles::histogram}) {
        sim::request_groups groups{precision};
        ++groups.of({}).arrived;
        sim::report report;
        groups.summarise(report, {"acme"}, {"text"}, true);
        CHECK(report.all.latency.count == 0);
        CHECK(report.all.latency.max == 0ns);
        CHECK(report.all.latency.quantiles.empty());
    }
}
