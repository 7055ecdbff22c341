// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/table.hpp>
#include <forebay/sim/trace.hpp>
#include <forebay/sim/trace_writer.hpp>
#include <forebay/sim/traffic.hpp>
#include <forebay/sim/workload.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 2718;

template <class Model>
std::string written(const Model& model) {
    std::ostringstream out;
    (void)sim::write_trace(out, model);
    return out.str();
}

/// One request of a tenant that is named so.
sim::workload one_of(const std::string& name) {
    sim::workload all;
    all.arrivals.emplace_back();
    all.label(all.arrivals.back(), {.tenant = name});
    return all;
}

void check_same(const sim::workload& found, const sim::workload& expected) {
    REQUIRE(found.arrivals.size() == expected.arrivals.size());
    for (std::size_t i = 0; i < found.arrivals.size(); ++i) {
        sim::arrival one = found.arrivals[i];
        one.sequence = expected.arrivals[i].sequence;
        if (one != expected.arrivals[i]) FAIL("request " << i << " differs");
    }
    CHECK(found.tenants == expected.tenants);
    CHECK(found.kinds == expected.kinds);
}

}  // namespace

TEST_CASE("what is written is read back exactly, to the nanosecond, and written the same again") {
    INFO("seed " << seed);
    const sim::sizes varying{.input_units = sim::distribution::lognormal(300, 2),
                             .output_units = sim::distribution::zipf(5000, 1.1),
                             .items = sim::distribution::uniform(0, 9),
                             .cost = sim::distribution::pareto(1, 0.5),
                             .service = sim::distribution::exponential(3ms),
                             .actual_cost = sim::distribution::zipf(9000, 1.1)};
    const sim::traffic model{
        .demands = {{.sort = {.tenant = "acme, inc", .kind = "text", .key = ~std::uint64_t{0}, .slo = 1234567ns},
                     .arrivals = sim::arrival_process::gamma(fb::rate::per_second(1000), 3),
                     .varying = varying},
                    {.sort = {.tenant = " b ", .kind = "#v", .priority = 7, .key = 3, .patience = 1ns},
                     .arrivals = sim::arrival_process::poisson(fb::rate::per_second(300))
                                     .in_bulk(sim::distribution::constant(3)),
                     .varying = varying},
                    {.sort = {.tenant = "unsure", .cost = fb::unknown_cost},
                     .arrivals = sim::arrival_process::poisson(fb::rate::per_second(100))},
                    {.sort = {.tenant = "idle", .kind = "none"},
                     .arrivals = sim::arrival_process::deterministic(fb::rate::one_every(1000h))}},
        .requests = 5000,
        .seed = seed};
    const std::string text = written(model);
    const sim::workload again = sim::parse_trace(text);
    check_same(again, sim::collect(model));
    CHECK(written(again) == text);
}

TEST_CASE("a run of what was written tells of the same requests as a run of what it was written from") {
    INFO("seed " << seed);
    const sim::traffic model{.demands = {{.sort = {.tenant = "acme", .kind = "text", .patience = 20ms, .slo = 9ms},
                                          .arrivals = sim::arrival_process::gamma(fb::rate::per_second(300), 3),
                                          .varying = {.input_units = sim::distribution::lognormal(300, 2)}},
                                         {.sort = {.tenant = "globex", .kind = "video", .priority = 1, .key = 3},
                                          .arrivals = sim::arrival_process::poisson(fb::rate::per_second(100))}},
                             .requests = 5000,
                             .seed = seed};
    const auto path =
        std::filesystem::temp_directory_path() / ("forebay_replay_" + std::to_string(std::random_device{}()) + ".csv");
    std::ofstream{path} << written(model);
    const auto told = [](const auto& of) {
        std::ostringstream text;
        sim::run_options options;
        options.each = [&](const sim::request_record& one) {
            text << one.request.sequence << ' ' << one.admitted << ' ' << static_cast<int>(one.how) << ' '
                 << one.dispatched.time_since_epoch().count() << ' ' << one.ended.time_since_epoch().count() << ' '
                 << one.batch << '\n';
        };
        const sim::experiment lab{of, sim::affine_service{.base = 5ms, .per_input_unit = 2us}};
        const std::vector<sim::report> runs{
            lab.run("strict", fb::policies{.order = fb::strict_priority{}, .batching = fb::size_or_delay{4}}, options)};
        return sim::table(runs) + text.str();
    };
    const std::string first = told(model);
    CHECK(first.size() > 100'000);
    CHECK(first == told(sim::trace_file{.path = path.string()}));
    std::filesystem::remove(path);
}

TEST_CASE("the longest times and the largest numbers survive") {
    sim::workload all = one_of("a");
    sim::arrival& one = all.arrivals.back();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    one.at = fb::time_point{fb::duration{most - 1}};
    one.info.deadline = fb::time_point{fb::duration{most - 1}};
    one.info.priority = std::numeric_limits<std::int32_t>::max();
    one.info.cost = most;
    one.actual_cost = most;
    one.input_units = most;
    one.output_units = most;
    one.items = most;
    one.service = fb::duration{most};
    one.slo = 0ns;
    check_same(sim::parse_trace(written(all)), all);
    one.at = fb::time_point{1ns};
    one.info.deadline = fb::time_point{2ns};
    check_same(sim::parse_trace(written(all)), all);
}

TEST_CASE("a trace's head says its version, its comments and its names") {
    std::ostringstream out;
    const std::vector<std::string> comments{"seed=7"};
    CHECK(sim::write_trace(out, one_of("acme"), comments) == 1);
    CHECK(out.str() ==
          "# forebay-trace 1\n# seed=7\n# tenants=acme\n# kinds=default\n"
          "arrival_us,tenant,class,modality,key,cost,actual_cost,input_units,output_units,items,service_us,slo_us,"
          "deadline_us\n"
          "0,acme,0,default,0,1,,1,0,1,,,\n");
    std::vector<std::string> many;
    for (int i = 0; i < 1000; ++i) many.push_back("tenant" + std::to_string(i));
    sim::workload all = one_of("tenant0");
    all.tenants = many;
    CHECK(sim::parse_trace(written(all)).tenants == many);
}

TEST_CASE("a trace without requests is written and, when read, refused for having none") {
    const std::string text = written(sim::workload{});
    CHECK_THROWS_AS(sim::parse_trace(text), sim::trace_error);
}

TEST_CASE("what the format has no words for is refused") {
    for (const std::string name : {"", "a\"b", "a\nb", "a\r"})
        CHECK_THROWS_AS(written(one_of(name)), std::invalid_argument);
    const auto refused = [](auto change) {
        sim::workload all = one_of("a");
        change(all.arrivals.back());
        CHECK_THROWS_AS(written(all), std::invalid_argument);
    };
    refused([](sim::arrival& a) { a.at = fb::time_point{-1ns}; });
    refused([](sim::arrival& a) { a.info.priority = -1; });
    refused([](sim::arrival& a) { a.info.cost = -1; });
    refused([](sim::arrival& a) { a.actual_cost = -1; });
    refused([](sim::arrival& a) { a.items = -1; });
    refused([](sim::arrival& a) { a.service = -1ns; });
    refused([](sim::arrival& a) { a.slo = -1ns; });
    refused([](sim::arrival& a) { a.info.deadline = fb::time_point{-1ns}; });
    std::ostringstream out;
    for (const std::string comment : {"a\nb", "tenants=x", "kinds=x", "forebay-trace 2"}) {
        CHECK_THROWS_AS(sim::write_trace(out, one_of("a"), std::vector{comment}), std::invalid_argument);
    }
    out.setstate(std::ios::badbit);
    CHECK_THROWS_AS(sim::write_trace(out, one_of("a")), std::runtime_error);
}

TEST_CASE("a row that is refused leaves nothing behind") {
    std::ostringstream out;
    const std::vector<std::string> names{"a"};
    sim::trace_writer writer{out, names, names};
    sim::arrival row;
    writer.write(row, names, names);
    row.info.cost = -1;
    CHECK_THROWS_AS(writer.write(row, names, names), std::invalid_argument);
    row.info.cost = 2;
    writer.write(row, names, names);
    writer.flush();
    CHECK(sim::parse_trace(out.str()).arrivals.size() == 2);
}
