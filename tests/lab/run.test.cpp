// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "program.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <vector>

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

    CHECK(run["jain"] == near(1));
    CHECK(run["max_service_gap"] == near(0.016));

    REQUIRE(run["classes"].size() == 2);
    REQUIRE(run["tenants"].size() == 2);
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
        // Class 0 is tenant A: latencies 10 18 19; class 1 is tenant B: 26 10 28.
        for (const nlohmann::json& group : {run["classes"][i], run["tenants"][i]}) {
            CHECK(group["arrived"] == 3);
            CHECK(group["completed"] == 3);
            for (const char* none : {"refused", "expired", "evicted", "failed"}) CHECK(group[none] == 0);
            CHECK(group["throughput_rps"] == near(50));
            CHECK(group["goodput_rps"] == near(i == 0 ? 50 : 50.0 / 3));
            CHECK(group["slo_attainment"] == near(i == 0 ? 1 : 1.0 / 3));
            CHECK(group["utilisation"] == near(0.5));
            CHECK(group["batch_size"]["mean"] == near(1));
            CHECK(group["latency_s"]["mean"] == near(i == 0 ? 0.047 / 3 : 0.064 / 3));
            CHECK(group["latency_s"]["p50"] == near(i == 0 ? 0.018 : 0.026));
            CHECK(group["latency_s"]["max"] == near(i == 0 ? 0.019 : 0.028));
            CHECK(group["queue_delay_s"]["mean"] == near(i == 0 ? 0.017 / 3 : 0.034 / 3));
        }
    }
    CHECK(run["classes"][0]["class"] == 0);
    CHECK(run["classes"][1]["class"] == 1);
    CHECK(run["tenants"][0]["tenant"] == "A");
    CHECK(run["tenants"][1]["tenant"] == "B");
}

TEST_CASE("The same seed gives the same bytes, however many jobs there are") {
    const std::string words =
        "run --arrivals gamma:300:2 --requests 3000 --tenants acme:3,flood:8 --service affine:4ms:1ms --slo 50ms "
        "--policy 'a=order:fifo' --policy 'b=order:strict,batch:8,delay:2ms' --policy 'c=limit:100:20,capacity:50' "
        "--json - ";
    const said first = lab(words + "--seed 7");
    REQUIRE(first.status == 0);
    CHECK(lab(words + "--seed 7").out == first.out);
    CHECK(lab(words + "--seed 7 --jobs 3").out == first.out);
    CHECK(lab(words + "--seed 8").out != first.out);
}

TEST_CASE("Percentiles from a histogram are at most 1/32 too high and never too low, and means stay") {
    const std::string words = "run --arrivals poisson:180 --requests 20000 --service constant:5ms";
    const nlohmann::json exact = lab_json(words)["policies"][0]["latency_s"];
    const nlohmann::json rough = lab_json(words + " --percentiles histogram")["policies"][0]["latency_s"];
    CHECK(rough["mean"] == exact["mean"]);
    for (const char* which : {"p50", "p90", "p95", "p99"}) {
        INFO(which);
        CHECK(rough[which].get<double>() >= exact[which].get<double>());
        CHECK(rough[which].get<double>() <= exact[which].get<double>() * 33 / 32);
    }
    CHECK(rough["p50"] != exact["p50"]);
}

TEST_CASE("Real time is told only where it is asked for") {
    const std::string words = "run --arrivals poisson:100 --requests 100 --service constant:1ms";
    CHECK_FALSE(lab_json(words)["policies"][0].contains("timing"));
    CHECK(lab_json(words + " --timing")["policies"][0]["timing"]["ns_per_request"].get<double>() > 0);
}

TEST_CASE("The rows of the requests add up to the report") {
    const test_folder folder;
    const nlohmann::json run = lab_json(
        "run --classes 300,200 --requests 2000 --service constant:5ms --policy "
        "'p=order:strict,limit:250:50,deadline:100ms,capacity:20' --requests-csv " +
        folder.path("rows.csv"))["policies"][0];
    std::istringstream rows{folder.read("rows.csv")};
    std::string row;
    REQUIRE(std::getline(rows, row));
    CHECK(row.starts_with("policy,request,arrival_s,"));
    std::map<std::string, std::uint64_t> outcomes;
    std::map<std::string, std::uint64_t> of_class;
    double latency = 0;
    while (std::getline(rows, row)) {
        std::vector<std::string> cells(1);
        for (const char c : row) c == ',' ? cells.emplace_back() : cells.back() += c;
        REQUIRE(cells.size() == 16);
        ++outcomes[cells[9]];
        ++of_class[cells[4]];
        if (cells[9] == "completed") latency += std::stod(cells[14]);
    }
    for (const char* how : {"completed", "refused", "expired"}) {
        INFO(how);
        CHECK(outcomes[how] > 0);
        CHECK(outcomes[how] == run[how]);
    }
    CHECK(of_class["0"] == run["classes"][0]["arrived"]);
    CHECK(of_class["1"] == run["classes"][1]["arrived"]);
    CHECK(latency / static_cast<double>(outcomes["completed"]) ==
          Approx(run["latency_s"]["mean"].get<double>()).epsilon(1e-9));
}

TEST_CASE("The CSV has a row for each policy with the numbers of the JSON") {
    const test_folder folder;
    const nlohmann::json all = lab_json(
        "run --arrivals poisson:180 --requests 500 --service constant:5ms --policy 'a,b=order:fifo' --policy c=batch:4 "
        "--csv " +
        folder.path("runs.csv"));
    const std::string text = folder.read("runs.csv");
    CHECK(std::count(text.begin(), text.end(), '\n') == 3);
    CHECK(text.starts_with("policy,arrived,completed,"));
    CHECK(text.find("\n\"a,b\",500,500,0,0,0,0,") != std::string::npos);
    CHECK(text.find("\nc,500,500,0,0,0,0," + all["policies"][1]["throughput_rps"].dump() + ',') != std::string::npos);
}

TEST_CASE("The CSV and the page say how many waited for their slots, and how long") {
    const test_folder folder;
    // A token every 10 ms: slots at 0, 10 and 20 ms.
    const std::string trace = folder.write("three.csv", "arrival_us\n0\n0\n0\n");
    const said all =
        lab("run --service constant:1ms --trace " + trace + " --policy 'p=limit:100:1,on-refusal:delay:50ms' --csv " +
            folder.path("runs.csv") + " --html " + folder.path("page.html"));
    REQUIRE(all.status == 0);
    const std::string text = folder.read("runs.csv");
    CHECK(text.substr(0, text.find('\n')).find(",elapsed_s,delayed,delayed_s,") != std::string::npos);
    CHECK(text.find(",0.021000000,2,0.030000000,") != std::string::npos);
    CHECK(folder.read("page.html").find("Wait for slot") != std::string::npos);
}

TEST_CASE("Where standard output is taken, the table goes to standard error") {
    const std::string words = "run --arrivals poisson:100 --requests 10 --service constant:1ms";
    const said plain = lab(words);
    CHECK(plain.err.empty());
    CHECK(plain.out.starts_with("policy"));
    const said taken = lab(words + " --csv -");
    CHECK(taken.err == plain.out);
    CHECK(taken.out.starts_with("policy,arrived,"));
}
