// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "program.hpp"

#include <string>

namespace {

/// One executor, 10 ms a request, first come first served, objective 25 ms; completions at 10, 20, ... 60 ms.
const std::string six_requests =
    "# forebay-trace 1\n"
    "arrival_us,tenant,class\n"
    "0,A,0\n2000,A,0\n4000,B,1\n30000,B,1\n31000,A,0\n32000,B,1\n";

auto near(double value) {
    return Approx(value).epsilon(1e-12);
}

}  // namespace

TEST_CASE("The report of a worked example has the numbers worked out by hand, field by field") {
    const test_folder folder;
    const std::string trace = folder.write("six.csv", six_requests);
    const nlohmann::json all = lab_json("run --trace " + trace + " --service constant:10ms --slo 25ms");

    CHECK(all["forebay_lab"] == 1);
    CHECK(all["config"]["seed"] == 1);
    CHECK(all["config"]["service"] == "constant:10ms");
    REQUIRE(all["policies"].size() == 1);
    const nlohmann::json& run = all["policies"][0];
    CHECK(run["name"] == "fifo");
    CHECK(run["arrived"] == 6);
    CHECK(run["completed"] == 6);
    for (const char* none : {"refused", "expired", "evicted", "failed"}) CHECK(run[none] == 0);
    CHECK(run["throughput_rps"] == near(100));
    CHECK(run["goodput_rps"] == near(400.0 / 6));
    CHECK(run["slo_attainment"] == near(4.0 / 6));
    CHECK(run["utilisation"] == near(1));
    CHECK(run["batch_size"]["mean"] == near(1));
    // Waits 0 8 16 0 9 18, latencies 10 18 26 10 19 28.
    CHECK(run["queue_delay_s"]["mean"] == near(0.051 / 6));
    CHECK(run["queue_delay_s"]["p50"] == near(0.008));
    CHECK(run["queue_delay_s"]["max"] == near(0.018));
    CHECK(run["latency_s"]["mean"] == near(0.111 / 6));
    CHECK(run["latency_s"]["p50"] == near(0.018));
    CHECK(run["latency_s"]["p90"] == near(0.028));
    CHECK(run["latency_s"]["p95"] == near(0.028));
    CHECK(run["latency_s"]["p99"] == near(0.028));
    CHECK(run["latency_s"]["max"] == near(0.028));
}
