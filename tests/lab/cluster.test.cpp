// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "program.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace {

using nlohmann::json;

json rows(const std::string& options) {
    return lab_json("cluster " + options)["policies"];
}
json row(const std::string& options) {
    const json all = rows(options);
    REQUIRE(all.size() == 1);
    return all[0];
}

}  // namespace

TEST_CASE("With the store there, hosts admit together what one bucket would, never more than it and what they hold") {
    for (const std::string hosts : {"1", "2", "8", "64"}) {
        for (const std::string load : {"even", "skewed", "skewed:0.8"}) {
            const json one = row("--hosts " + hosts + " --load " + load);
            INFO(one.dump());
            CHECK(one["error"].get<double>() < 0.005);
            CHECK(one["error"].get<double>() > -0.005);
            CHECK(one["arrived"] == row("--hosts 3")["arrived"]);
            CHECK(one["one_bucket"] == row("--hosts 3")["one_bucket"]);
        }
    }
}

TEST_CASE(
    "While the store is away for all, each host has its share and no more; for every second one, the others have all") {
    // For all of the run: nobody ever has a lease. Of 1000 a second 900 come to a host that may admit 500.
    const json away = row("--hosts 2 --load skewed:0.9 --arrivals deterministic:1000 --store away:0s-30s");
    CHECK(away["without_lease"] == away["admitted"]);
    CHECK(away["admitted"].get<int>() <= 50 + 500 * 30 + 100 * 30 + 300);
    CHECK(away["admitted"].get<int>() >= 500 * 30);
    CHECK(row("--hosts 2 --safe none --store away:0s-30s")["admitted"] == 0);
    CHECK(row("--hosts 2 --safe 10:1 --store away:0s-30s")["admitted"].get<int>() <= 2 * (1 + 10 * 30));

    const json half = row("--hosts 2 --store half:0s-30s");
    CHECK(half["error"].get<double>() > 0.2);  // the second host admits its 500 a second beside the other's 750
    CHECK(half["burst"].get<double>() > 1000);
    const json none = row("--hosts 2 --store half:0s-30s --safe none");
    CHECK(none["error"].get<double>() < 0);
    CHECK(none["without_lease"] == 0);
}

TEST_CASE("Loads are shared as they say") {
    const auto admitted_by_first = [](const std::string& load) {
        // The second host is cut off and may admit nothing: what is admitted came to the first.
        const json one = row("--hosts 2 --arrivals deterministic:100 --store half:0s-30s --safe none --load " + load);
        return one["admitted"].get<double>() / one["arrived"].get<double>();
    };
    CHECK(admitted_by_first("even") == Approx(0.5).margin(0.04));
    CHECK(admitted_by_first("skewed") == Approx(2.0 / 3).margin(0.04));
    CHECK(admitted_by_first("skewed:0.9") == Approx(0.9).margin(0.04));
}

TEST_CASE("A store that answers late is asked less often, and one slower than a lease grants nothing") {
    const json all = rows("--hosts 8 --length 10s --latency 1ms,10ms,100ms");
    REQUIRE(all.size() == 3);
    CHECK(all[0]["asks_per_s"] > all[1]["asks_per_s"]);
    CHECK(all[1]["asks_per_s"] > all[2]["asks_per_s"]);
    const json late = row("--latency 200ms --lease 100ms");
    CHECK(late["without_lease"] == late["admitted"]);
}

TEST_CASE("Every combination is a row, named after what varies, and the same seed gives the same bytes") {
    const std::string words = "cluster --length 1s --hosts 2,3 --store there,half:1ms-500ms --json - --seed ";
    const said first = lab(words + "7");
    CHECK(first.status == 0);
    CHECK(first.out == lab(words + "7").out);
    CHECK(first.out != lab(words + "8").out);
    std::vector<std::string> names;
    const json all = json::parse(first.out);
    for (const json& each : all["policies"]) names.push_back(each["name"]);
    CHECK(names == std::vector<std::string>{"2 hosts, there", "3 hosts, there", "2 hosts, half:1ms-500ms",
                                            "3 hosts, half:1ms-500ms"});
    CHECK(row("--length 1s")["name"] == "leases");

    const test_folder folder;
    const said table = lab("cluster --length 1s --hosts 2,3 --csv " + folder.path("rows.csv"));
    CHECK(std::count(table.out.begin(), table.out.end(), '\n') == 3);
    const std::string csv = folder.read("rows.csv");
    CHECK(csv.starts_with("name,hosts,load,latency_s,store,arrived,admitted,one_bucket,"));
    CHECK(csv.find("\n3 hosts,3,even,0.01,there,") != std::string::npos);
}

TEST_CASE("What no cluster can be is refused in one line") {
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"--hosts 0", "--hosts: expected a whole number of at least 1"},
        {"--hosts 2,,8", "--hosts: expected"},
        {"--quota 5", "--quota: expected RATE:BURST"},
        {"--quota 0.1234567:3", "--quota: expected a rate with at most six decimals"},
        {"--load evn", "--load: expected even, skewed, or skewed:SHARE"},
        {"--load skewed:1", "--load: expected even"},
        {"--store away:5s", "--store: expected there, away:FROM-TO"},
        {"--store half:5s-2s", "--store: expected there, away:FROM-TO"},
        {"--latency 5", "--latency: expected a duration with its unit"},
        {"--safe half", "--safe: expected share, none, or RATE:BURST"},
        {"--lease 0s", "--lease: expected a duration above 0"},
        {"--length 25h", "--length: expected a duration above 0"},
        {"--arrivals poisson", "--arrivals: expected a rate"},
        {"--host 3", "did you mean '--hosts'?"}};
    for (const auto& [words, part] : wrong) {
        const said all = lab("cluster " + words);
        INFO(words << ": " << all.err);
        CHECK(all.status == 2);
        CHECK(all.out.empty());
        CHECK(std::count(all.err.begin(), all.err.end(), '\n') == 1);
        CHECK(all.err.find(part) != std::string::npos);
    }
}
