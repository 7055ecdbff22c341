// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/overlay.hpp>
#include <forebay/sim/traffic.hpp>
#include <forebay/sim/workload.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;
using measure = sim::overlay_rule::measure;

namespace {

constexpr std::uint64_t seed = 577;

sim::traffic base() {
    return {.demands = {{.sort = {.tenant = "t", .kind = "k", .cost = 5, .patience = 1s},
                         .arrivals = sim::arrival_process::poisson(fb::rate::per_second(100)),
                         .varying = {.input_units = sim::distribution::uniform(1, 1000)}}},
            .requests = 20'000,
            .seed = seed};
}

sim::workload labelled(std::vector<sim::overlay_rule> rules) {
    return sim::collect(sim::overlaid<sim::traffic>{base(), std::move(rules), seed});
}

}  // namespace

TEST_CASE("a rule by size labels those in its range and leaves what it does not name") {
    STATIC_REQUIRE(sim::workload_model<sim::overlaid<sim::traffic>>);
    const auto all = labelled({{.of = measure::input_units,
                                .at_least = 500,
                                .below = 900,
                                .labels = {{.tenant = "big", .priority = 2, .patience = 3s, .slo = 2s}}}});
    const auto before = sim::collect(base());
    CHECK(all.tenants == std::vector<std::string>{"t", "big"});
    for (std::size_t i = 0; i < all.arrivals.size(); ++i) {
        sim::arrival expected = before.arrivals[i];
        if (expected.input_units >= 500 && expected.input_units < 900) {
            expected.tenant = 1;
            expected.info.tenant = fb::tenant_of("big");
            expected.info.priority = 2;
            expected.info.deadline = expected.at + 3s;
            expected.slo = 2s;
        }
        if (all.arrivals[i] != expected) FAIL("request " << i);
    }
}

TEST_CASE("a draw gives each label its share, the same whatever other rules do") {
    INFO("seed " << seed);
    const sim::overlay_rule draw{.labels = {{.weight = 3, .kind = "text", .cost = 1},
                                            {.weight = 1, .kind = "video", .key = 9, .patience = sim::unlimited}}};
    const auto all = labelled({draw});
    std::map<std::string, int> counts;
    for (const sim::arrival& one : all.arrivals) {
        const std::string& kind = all.kinds[one.kind];
        ++counts[kind];
        CHECK(one.info.cost == (kind == "text" ? 1 : 5));
        CHECK(one.info.key == (kind == "text" ? 0U : 9U));
        CHECK((one.info.deadline == fb::no_deadline) == (kind == "video"));
    }
    CHECK(counts.size() == 2);
    CHECK(counts["text"] == Approx(15'000).epsilon(0.03));

    sim::overlay_rule halved = draw;
    halved.of = measure::input_units;
    halved.below = 500;
    const auto half = labelled({halved, {.of = measure::cost, .at_least = 5, .labels = {{.priority = 1}}}});
    for (std::size_t i = 0; i < all.arrivals.size(); ++i) {
        const std::string& kind = half.kinds[half.arrivals[i].kind];
        CHECK(kind == (all.arrivals[i].input_units < 500 ? all.kinds[all.arrivals[i].kind] : "k"));
        CHECK(half.arrivals[i].info.priority == (half.arrivals[i].info.cost >= 5 ? 1 : 0));
    }
}

TEST_CASE("a drawn overlay labels as the one of a whole workload does") {
    const std::array<sim::share, 2> shares{sim::share{3, {.tenant = "a", .priority = 1}},
                                           sim::share{1, {.tenant = "b"}}};
    sim::workload whole = sim::collect(base());
    sim::overlay(whole, shares, seed);
    const auto streamed = labelled({{.labels = {{.weight = 3, .tenant = "a"}, {.weight = 1, .tenant = "b"}}}});
    for (std::size_t i = 0; i < whole.arrivals.size(); ++i) {
        REQUIRE(whole.arrivals[i].info.tenant == streamed.arrivals[i].info.tenant);
    }
}

TEST_CASE("rules ask for tenants, kinds, classes and service, in order") {
    const auto all = labelled({{.of = measure::priority, .at_least = 0, .below = 1, .labels = {{.priority = 4}}},
                               {.of = measure::priority, .at_least = 4, .tenant = "t", .labels = {{.kind = "second"}}},
                               {.of = measure::service_ns, .at_least = 1, .labels = {{.priority = 9}}},
                               {.tenant = "nobody", .labels = {{.priority = 9}}},
                               {.kind = "k", .labels = {{.priority = 9}}},
                               {.kind = "second", .labels = {{.slo = 1s}}}});
    for (const sim::arrival& one : all.arrivals) {
        CHECK(one.info.priority == 4);
        CHECK(all.kinds[one.kind] == "second");
        CHECK(one.slo == 1s);
    }
}

TEST_CASE("a rule asks for the time since the first request") {
    const auto whole = sim::collect(base());
    const fb::duration half = whole.span() / 2;
    REQUIRE(whole.arrivals[0].at > fb::time_point{});
    const auto but_one = labelled({{.of = measure::since_ns, .at_least = 1, .labels = {{.kind = "late"}}}});
    CHECK(but_one.kinds[but_one.arrivals[0].kind] == "k");
    CHECK(but_one.kinds[but_one.arrivals[1].kind] == "late");
    const auto all = labelled({{.of = measure::since_ns, .at_least = half.count(), .labels = {{.kind = "late"}}}});
    for (std::size_t i = 0; i < all.arrivals.size(); ++i) {
        const bool late = whole.arrivals[i].at - whole.arrivals[0].at >= half;
        REQUIRE((all.kinds[all.arrivals[i].kind] == "late") == late);
    }
}

TEST_CASE("a rule without a label that can be drawn is refused") {
    CHECK_THROWS_AS((sim::overlaid<sim::traffic>{base(), {{}}, seed}.open()), std::invalid_argument);
    CHECK_THROWS_AS((sim::overlaid<sim::traffic>{base(), {{.labels = {{.weight = 0}}}}, seed}.open()),
                    std::invalid_argument);
}
