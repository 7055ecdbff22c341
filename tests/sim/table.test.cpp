// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/recorder.hpp>
#include <forebay/sim/table.hpp>
#include <forebay/sim/workload.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

sim::report run(const std::string& policy, bool refuses, const sim::run_options& options = {}) {
    sim::workload load;
    sim::arrival text;
    load.label(text, {.tenant = "acme", .kind = "text", .slo = 15ms});
    sim::arrival video;
    load.label(video, {.tenant = "acme", .kind = "video"});
    video.at = fb::time_point{5ms};
    sim::recorder record{policy, 1, options};
    const auto start = [&](const sim::arrival* one, fb::time_point now) { record.started({&one, 1}, now); };
    const auto end = [&](const sim::arrival* one, fb::time_point started, fb::time_point now) {
        sim::batch_run by = record.returned({&one, 1}, started, now);
        record.delivered(*one, by, now);
    };
    record.admitted(text);
    start(&text, text.at);
    if (refuses) {
        record.refused(video, fb::limit::rate);
    } else {
        record.admitted(video);
    }
    end(&text, text.at, text.at + 10ms);
    if (!refuses) {
        start(&video, text.at + 10ms);
        end(&video, text.at + 10ms, text.at + 1234567us);
    }
    return std::move(record).finish(load.tenants, load.kinds);
}

}  // namespace

TEST_CASE("policies stand side by side, columns aligned, with units and reasons") {
    const std::vector<sim::report> runs{run("fifo", false), run("token bucket", true)};
    const std::string expected = R"(
policy          batches  mean size  executors  busy %  elapsed s
  fifo                2       1.00          1   100.0      1.235
  token bucket        1       1.00          1   100.0      0.010

requests        arrived  delivered  lost  wait mean ms    p50 ms    p95 ms    p99 ms    max ms  in SLO %  served/s  lost to
all
  fifo                2          2     0         2.500    10.000  1229.567  1229.567  1229.567    100.00       1.6
  token bucket        2          1     1         0.000    10.000    10.000    10.000    10.000     50.00     100.0  rate 1
kind text
  fifo                1          1     0         0.000    10.000    10.000    10.000    10.000    100.00       0.8
  token bucket        1          1     0         0.000    10.000    10.000    10.000    10.000    100.00     100.0
kind video
  fifo                1          1     0         5.000  1229.567  1229.567  1229.567  1229.567    100.00       0.8
  token bucket        1          0     1             -         -         -         -         -      0.00       0.0  rate 1
)";
    CHECK('\n' + sim::table(runs) == expected);
}

TEST_CASE(
    "where a quota is watched, the worst minute and what went beyond are told of tenants and of the worst of them") {
    const std::vector<sim::report> runs{run("a", false, {.quota = fb::quota{fb::rate::per_second(1), 1}}),
                                        run("b", false)};
    const std::string table = sim::table(runs);
    CHECK(table.find("served/s  cost in worst minute  beyond quota  lost to\n") != std::string::npos);
    CHECK(table.find(" 1.6                     2             1\n") != std::string::npos);
    CHECK(table.find(" 1.6                     -             -\n") != std::string::npos);
}

TEST_CASE("a table of nothing is empty") {
    CHECK(sim::table({}).empty());
}

TEST_CASE("columns are as wide as their widest character count, lines end without blanks") {
    sim::text_table table;
    table.add({"na\xC3\xAFve", "1", "x"});
    table.add({"a", "100", ""});
    CHECK(table.str() == "na\xC3\xAFve    1  x\na      100\n");
}

TEST_CASE("decimals are rounded and have a point whatever the locale") {
    CHECK(sim::decimal(1.005, 1) == "1.0");
    CHECK(sim::decimal(0.25, 3) == "0.250");
    CHECK(sim::milliseconds(1234567us) == "1234.567");
    CHECK(sim::milliseconds(1ns) == "0.000");
    CHECK(sim::decimal(1e308, 0).size() == 309);
}
