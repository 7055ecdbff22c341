// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "program.hpp"

#include <string>

namespace {

/// What describe says of such a workload.
nlohmann::json described(const std::string& words) {
    return lab_json("describe " + words)["workload"];
}

auto near(double value, double part) {
    return Approx(value).epsilon(part);
}

const std::string few = "arrival_us,input_units,cost\n0,10,1\n1000000,20,2\n3000000,30,3\n4000000,40,4\n";

}  // namespace

TEST_CASE("A generated trace gives the numbers of the workload it was generated from") {
    const test_folder folder;
    const std::string policies =
        " --service tokens:2ms:10us --policy a=order:strict,batch:4,delay:1ms --policy b=order:deadline,limit:200:50 "
        "--policy c=cost-limit:2000:99";
    for (const std::string words :
         {"--arrivals gamma:300:2 --requests 2000 --tenants acme:3,flood:8 --classes 100,200 --slo 50ms --slo 1:1s "
          "--deadline 1:400ms --input lognormal:100:1 --seed 5",
          "--arrivals onoff:400:20:200ms:1s --requests 2000 --cost uniform:1:500 --seed 6",
          "--arrivals poisson:100 --until 10s --bulk uniform:1:5 --recorded exponential:3ms --output pareto:5:2",
          "--arrivals poisson:300 --until 10s --cost constant:9 --actual zipf:40:1 --seed 7",
          "--arrivals poisson:300 --until 10s --cost unknown --actual units --input uniform:1:9 --output zipf:40:1"}) {
        INFO(words);
        const std::string trace = folder.path("trace.csv");
        REQUIRE(lab("gen " + words + " --out " + trace).status == 0);
        CHECK(lab("gen " + words).out == folder.read("trace.csv"));
        CHECK(lab_json("run --trace " + trace + policies)["policies"] ==
              lab_json("run " + words + policies)["policies"]);
    }
}

TEST_CASE("Processes have the rate and the spread of gaps that they were told") {
    const auto drawn = [](const std::string& process) {
        return described("--arrivals " + process + " --requests 40000 --seed 3");
    };
    CHECK(drawn("poisson:50")["rate_rps"] == near(50, 0.02));
    CHECK(drawn("poisson:50")["gap_cv"] == near(1, 0.02));
    CHECK(drawn("deterministic:50")["rate_rps"] == near(50, 1e-6));
    CHECK(drawn("deterministic:50")["gap_cv"] == Approx(0).margin(1e-4));
    CHECK(drawn("gamma:50:2")["rate_rps"] == near(50, 0.05));
    CHECK(drawn("gamma:50:2")["gap_cv"] == near(2, 0.05));
    CHECK(drawn("weibull:50:2")["gap_cv"] == near(2, 0.06));
    CHECK(drawn("onoff:90:10:1s:1s")["rate_rps"] == near(50, 0.05));
    CHECK(drawn("sinusoid:50:0.5:10s")["rate_rps"] == near(50, 0.02));
    CHECK(drawn("steps:80:1s:20:1s")["rate_rps"] == near(50, 0.02));
}

TEST_CASE("Classes and tenants share the rate as they were told") {
    const nlohmann::json all = described("--classes 30,60 --tenants a:1,b:2 --requests 30000");
    CHECK(all["rate_rps"] == near(90, 0.02));
    CHECK(all["classes"][1]["rate_rps"] == near(60, 0.03));
    CHECK(all["tenants"][0]["tenant"] == "a");
    CHECK(all["tenants"][1]["rate_rps"] == near(60, 0.03));
    CHECK(described("--arrivals poisson:90 --tenants 3 --requests 1000")["tenants"].size() == 3);
}

TEST_CASE("Sizes follow their distributions") {
    const nlohmann::json sizes = described(
        "--arrivals poisson:10 --requests 20000 --input uniform:10:20 --output exponential:200 --items "
        "constant:3 --cost zipf:5:1 --recorded lognormal:5ms:0.5")["sizes"];
    CHECK(sizes["input_units"]["min"] == 10);
    CHECK(sizes["input_units"]["max"] == 20);
    CHECK(sizes["output_units"]["mean"] == near(200, 0.03));
    CHECK(sizes["items"]["mean"] == 3);
    CHECK(sizes["cost"]["max"] == 5);
    CHECK(sizes["service_ns"]["mean"] == near(5e6, 0.03));
}

TEST_CASE("Costs are stated, unknown, and turn out to be drawn or the units of the request") {
    const std::string drawn = "--arrivals poisson:10 --requests 2000 --input uniform:10:20 --output constant:5 ";
    const nlohmann::json apart = described(drawn + "--cost constant:100 --actual uniform:1:9")["sizes"];
    CHECK(apart["cost"]["max"] == 100);
    CHECK(apart["actual_cost"]["max"] == 9);
    CHECK(apart["actual_cost"]["stated"] == 2000);
    const nlohmann::json units = described(drawn + "--cost unknown --actual units")["sizes"];
    CHECK_FALSE(units.contains("cost"));
    CHECK(units["actual_cost"]["min"] == 15);
    CHECK(units["actual_cost"]["max"] == 25);
    CHECK_FALSE(described(drawn)["sizes"].contains("actual_cost"));
    // Another draw moves no arrival.
    CHECK(described(drawn)["gap_cv"] == described(drawn + "--actual uniform:1:9")["gap_cv"]);

    const test_folder folder;
    const std::string azure =
        "--trace " +
        folder.write("azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,4808,10\n");
    CHECK(described(azure + " --cost unknown --actual units")["sizes"]["actual_cost"]["max"] == 4818);
    const nlohmann::json mapped = described(azure + " --map actual=ContextTokens,actual=GeneratedTokens")["sizes"];
    CHECK(mapped["actual_cost"]["max"] == 4818);
    // Where only costs are stated, what it turns out to cost is the size.
    CHECK(lab_json("run --service tokens:1ms:1us " + azure +
                   " --map cost=ContextTokens,actual=GeneratedTokens")["policies"][0]["latency_s"]["max"]
              .get<double>() == near(0.00101, 1e-9));
}

TEST_CASE("Traces are scaled, cut, thinned, superposed, sorted, mapped and merged") {
    const test_folder folder;
    const std::string trace = "--trace " + folder.write("few.csv", few);
    CHECK(described(trace)["span_s"] == 4);
    CHECK(described(trace)["rate_rps"] == 0.75);
    CHECK(described(trace + " --time-scale 2")["span_s"] == 2);
    CHECK(described(trace + " --target-rate 3")["rate_rps"] == near(3, 1e-9));
    CHECK(described(trace + " --requests 2")["requests"] == 2);
    CHECK(described(trace + " --window 1s:3s")["requests"] == 1);
    CHECK(described(trace + " --superpose 3")["requests"] == 12);
    CHECK(described(trace + " --superpose 3:0s")["span_s"] == 4);
    CHECK(described(trace + ' ' + trace)["requests"] == 8);
    const std::string many = folder.path("many.csv");
    REQUIRE(lab("gen --arrivals poisson:10 --requests 10000 --out " + many).status == 0);
    CHECK(described("--trace " + many + " --thin 0.25")["requests"].get<double>() == near(2500, 0.06));
    const std::string mixed = "--trace " + folder.write("mixed.csv", "arrival_us\n5\n1\n");
    CHECK(lab("describe " + mixed).status == 2);
    CHECK(described(mixed + " --sort")["requests"] == 2);
    const std::string azure =
        "--trace " + folder.write("azure.csv",
                                  "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n"
                                  "2023-11-16 18:17:04.9799600,110,27");
    CHECK(described(azure)["sizes"]["output_units"]["max"] == 27);
    const std::string mapped = azure + " --map arrival=TIMESTAMP:datetime,cost=ContextTokens";
    CHECK(described(mapped)["sizes"]["cost"]["max"] == 4808);
    // The cost alone was named, so it is the size.
    CHECK(lab_json("run --service tokens:1ms:1us " + mapped)["policies"][0]["latency_s"]["max"].get<double>() ==
          near(0.005808, 1e-9));
    CHECK(lab_json("run --service tokens:1ms:1us " + azure)["policies"][0]["latency_s"]["max"].get<double>() ==
          near(0.005818, 1e-9));
}

TEST_CASE("Overlays label requests by size and by draw") {
    const test_folder folder;
    const std::string trace = "--trace " + folder.write("few.csv", few);
    const nlohmann::json by_size =
        described(trace + " --overlay 'input>=25:class=2,slo=1s' --overlay 'cost<2:tenant=x'");
    CHECK(by_size["classes"].size() == 2);
    CHECK(by_size["classes"][1]["requests"] == 2);
    CHECK(by_size["with_slo"] == 2);
    const nlohmann::json by_time = described(trace + " --overlay 'at>=1s:kind=late'")["kinds"];
    CHECK(by_time.back()["requests"] == 3);
    CHECK(by_size["tenants"].back()["requests"] == 1);
    const nlohmann::json drawn =
        described("--arrivals poisson:10 --requests 8000 --overlay 'kind=a,weight=3|kind=b,weight=1'");
    CHECK(drawn["kinds"].back()["requests"].get<double>() == near(2000, 0.1));
    const nlohmann::json tenants = described(trace + " --superpose 1000 --tenants a:3,b:1")["tenants"];
    CHECK(tenants.back()["requests"].get<double>() == near(1000, 0.1));
}

TEST_CASE("Clients wait for the answer before they ask again") {
    const nlohmann::json run = lab_json("run --clients 2 --requests 1000 --service constant:5ms")["policies"][0];
    CHECK(run["throughput_rps"].get<double>() == near(200, 1e-6));
    CHECK(run["latency_s"]["max"] == 0.01);
    const nlohmann::json thinking =
        lab_json("run --clients 1 --think constant:15ms --requests 1000 --service constant:5ms")["policies"][0];
    CHECK(thinking["utilisation"].get<double>() == near(0.25, 0.01));
    CHECK(lab("gen --clients 2 --requests 10").status == 2);
}

TEST_CASE("Service models take what they say") {
    const test_folder folder;
    const std::string rows = "arrival_us,class,input_units,output_units,service_us\n0,0,10,5,7000\n0,1,20,1,9000\n";
    const std::string trace = " --trace " + folder.write("two.csv", rows);
    const auto busy = [&](const std::string& service) {
        return lab_json("run --policy p=batch:2 --service " + service + trace)["policies"][0]["busy_s"].get<double>();
    };
    CHECK(busy("constant:5ms") == near(0.005, 1e-9));
    CHECK(busy("affine:5ms:1ms") == near(0.007, 1e-9));
    CHECK(busy("tokens:5ms:100us") == near(0.0086, 1e-9));
    CHECK(busy("tokens:0ns:0.5ns") == near(18e-9, 1e-9));
    CHECK(busy("prompt:1ms:100us:1us:10us") == near(0.00456, 1e-9));
    CHECK(busy("padded:1ms:100us") == near(0.005, 1e-9));
    CHECK(busy("table:1=4ms,4=10ms") == near(0.006, 1e-9));
    CHECK(busy("recorded") == near(0.016, 1e-9));
    CHECK(busy("recorded:longest") == near(0.009, 1e-9));
    CHECK(busy("constant:5ms+stragglers:1:3") == near(0.015, 1e-9));
    CHECK(busy("constant:5ms+noise:0") == near(0.005, 1e-6));
    CHECK(busy("constant:5ms+step:1ms=0.5") == near(0.009, 1e-9));
    CHECK(busy("constant:5ms+shared:1") == near(0.005, 1e-9));
    CHECK(lab_json("run --executors 2 --service constant:5ms+shared:1+step:1h=1" +
                   trace)["policies"][0]["latency_s"]["max"] == 0.01);
    // With recorded times nothing else need be said.
    CHECK(lab("run" + trace).status == 0);
    const nlohmann::json classes = lab_json(
        "run --classes 10,10 --requests 20000 --service exponential:1ms,4ms --executors 8")["policies"][0]["classes"];
    CHECK(classes[0]["latency_s"]["mean"].get<double>() == near(0.001, 0.03));
    CHECK(classes[1]["latency_s"]["mean"].get<double>() == near(0.004, 0.03));
}
