// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/merge.hpp>
#include <forebay/sim/trace.hpp>
#include <forebay/sim/traffic.hpp>
#include <forebay/sim/workload.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

sim::workload at_milliseconds(const std::vector<int>& times, const std::string& kind) {
    sim::workload result;
    for (const int time : times) {
        sim::arrival one;
        one.at = fb::time_point{std::chrono::milliseconds{time}};
        result.label(one, {.kind = kind, .patience = 10ms});
        result.arrivals.push_back(one);
    }
    return result;
}

void check_same(const sim::workload& found, sim::workload expected) {
    for (std::size_t i = 0; i < expected.arrivals.size(); ++i) expected.arrivals[i].sequence = i;
    CHECK(found.arrivals == expected.arrivals);
    CHECK(found.tenants == expected.tenants);
    CHECK(found.kinds == expected.kinds);
}

}  // namespace

TEST_CASE("streams are merged as whole workloads are: by time, ties in order of the parts, names translated") {
    STATIC_REQUIRE(sim::workload_model<sim::merged<sim::workload>>);
    const std::array parts{at_milliseconds({0, 5, 5, 9}, "a"), at_milliseconds({1, 5}, "b"), at_milliseconds({5}, "a"),
                           at_milliseconds({}, "c")};
    sim::merged<sim::workload> model;
    for (const sim::workload& each : parts) model.parts.push_back({each});
    check_same(sim::collect(model), sim::merge(parts));
    check_same(sim::collect(model), sim::merge(parts));
    CHECK(sim::collect(sim::merged<sim::workload>{}).arrivals.empty());
}

TEST_CASE("a delayed part keeps its patience") {
    const sim::merged<sim::workload> model{{{at_milliseconds({1, 2}, "a")}, {at_milliseconds({0}, "b"), 5ms}}};
    const sim::workload all = sim::collect(model);
    REQUIRE(all.arrivals.size() == 3);
    CHECK(all.arrivals[2].at == fb::time_point{5ms});
    CHECK(all.arrivals[2].patience() == 10ms);
    const sim::merged<sim::workload> early{{{at_milliseconds({1, 2}, "a"), -1ns}}};
    CHECK_THROWS_AS(early.open(), std::invalid_argument);
}

TEST_CASE("superposed copies are the workload again, each shifted by its own draw") {
    const sim::traffic base{
        .demands = {{.arrivals = sim::arrival_process::poisson(fb::rate::per_second(100))}}, .until = 100s, .seed = 5};
    const auto one = sim::collect(base);
    const auto model = sim::superpose(base, 3, 1s, 9);
    const auto three = sim::collect(model);
    CHECK(three.arrivals.size() == 3 * one.arrivals.size());
    REQUIRE(model.parts.size() == 3);
    CHECK(model.parts[0].delay == 0s);
    CHECK(model.parts[1].delay != model.parts[2].delay);
    for (const auto& part : model.parts) CHECK(part.delay <= 1s);
    for (std::size_t i = 1; i < three.arrivals.size(); ++i) REQUIRE(three.arrivals[i - 1].at <= three.arrivals[i].at);
    CHECK(sim::collect(sim::superpose(base, 1, 0s, 9)).arrivals == one.arrivals);
    CHECK(sim::superpose(base, 3, 1s, 10).parts[1].delay != model.parts[1].delay);
    CHECK_THROWS_AS(sim::superpose(base, 0, 1s, 9), std::invalid_argument);
    CHECK_THROWS_AS(sim::superpose(base, 1, -1s, 9), std::invalid_argument);
}

TEST_CASE("the two Azure traces are merged on their clock while they stream") {
    const char* const folder = std::getenv("FOREBAY_TRACES");
    const std::string here = __FILE__;
    const std::string root =
        (folder != nullptr ? std::string{folder} : here.substr(0, here.rfind("tests/sim/")) + "../shared/traces") +
        "/azure-llm-2023/AzureLLMInferenceTrace_";
    if (!std::ifstream{root + "conv.csv"} || !std::ifstream{root + "code.csv"}) {
        WARN("SKIPPED: " << root << "conv.csv or code.csv is not there; set FOREBAY_TRACES to the folder of traces");
        return;
    }
    const sim::merged<sim::trace_file> model{{{{.path = root + "conv.csv"}}, {{.path = root + "code.csv"}}}};
    const sim::workload all = sim::collect(model);
    CHECK(all.arrivals.size() == 28'185);
    CHECK(all.per_second() == Approx(8.02).epsilon(0.005));
    check_same(all, sim::merge(std::array{sim::read_trace(root + "conv.csv"), sim::read_trace(root + "code.csv")}));
}
