// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "program.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

TEST_CASE("A sweep gives means over seeds with the interval of Student's t") {
    const test_folder folder;
    const std::string words = "--requests 2000 --service exponential:5ms --slo 40ms ";
    const nlohmann::json all =
        lab_json("sweep --arrivals poisson:1 --rates 100:150:50 --seeds 3 --seed 4 --no-capacity " + words + "--csv " +
                 folder.path("rows.csv"));
    CHECK(all["forebay_lab"] == 1);
    CHECK(all["config"]["seeds"] == nlohmann::json{4, 5, 6});
    const nlohmann::json& points = all["policies"][0]["points"];
    REQUIRE(points.size() == 2);
    CHECK(points[1]["rate_rps"] == 150);
    std::vector<double> means;
    for (const char* seed : {"4", "5", "6"}) {
        means.push_back(lab_json("run --arrivals poisson:150 --seed " + std::string{seed} + ' ' +
                                 words)["policies"][0]["latency_s"]["mean"]);
    }
    const double mean = (means[0] + means[1] + means[2]) / 3;
    double squares = 0;
    for (const double each : means) squares += (each - mean) * (each - mean);
    CHECK(points[1]["latency_s_mean"]["mean"].get<double>() == Approx(mean).epsilon(1e-9));
    CHECK(points[1]["latency_s_mean"]["ci95"].get<double>() ==
          Approx(4.303 * std::sqrt(squares / 2 / 3)).epsilon(1e-6));
    const std::string rows = folder.read("rows.csv");
    CHECK(std::count(rows.begin(), rows.end(), '\n') == 1 + 2 * 3);
}

TEST_CASE("capacity_at_slo is the highest rate with the attainment asked for, by bisection") {
    // A request alone, every 1/rate: all are good until they come faster than 5 ms, then the queue grows.
    const std::string words =
        "sweep --arrivals deterministic:1 --requests 2000 --seeds 1 --service constant:5ms --slo 50ms "
        "--rates 100,150 ";
    const double found = lab_json(words)["policies"][0]["capacity_at_slo"];
    CHECK(found >= 200 / 1.01);
    CHECK(found <= 202.5);
    CHECK(lab_json(words + "--executors 2")["policies"][0]["capacity_at_slo"].get<double>() ==
          Approx(2 * found).epsilon(0.02));
    CHECK(lab_json(words + "--attainment 0.5")["policies"][0]["capacity_at_slo"].get<double>() > found);
    CHECK(lab_json("sweep --arrivals poisson:1 --requests 100 --seeds 1 --service constant:5ms --rates "
                   "100")["policies"][0]["capacity_at_slo"]
              .is_null());
}

TEST_CASE("A sweep gives the same bytes, however many jobs there are") {
    const std::string words =
        "sweep --arrivals gamma:1:2 --requests 500 --rates 100,200 --seeds 2 --service affine:4ms:1ms --slo 40ms "
        "--policy a=order:fifo --policy b=batch:8 --json - ";
    const said first = lab(words);
    REQUIRE(first.status == 0);
    CHECK(lab(words + "--jobs 4").out == first.out);
}

TEST_CASE("tune finds the cheapest batching that meets a target") {
    const std::string words =
        "tune --arrivals poisson:150 --requests 3000 --service affine:8ms:1ms --batches 1,8,32 --delays 0,10ms,100ms ";
    const nlohmann::json all = lab_json(words + "--target p99:60ms --jobs 2");
    CHECK(all["candidates"].size() == 1 + 2 * 3);
    REQUIRE(all["best"].is_object());
    CHECK(all["best"]["meets_target"] == true);
    double best = all["best"]["cost_s_per_request"];
    for (const nlohmann::json& each : all["candidates"]) {
        const double cost = each["cost_s_per_request"];
        const double latency = each["report"]["latency_s"]["p99"];
        CHECK((each["meets_target"] == true) == (latency <= 0.06));
        if (each["meets_target"] == true) CHECK(cost >= best);
        bool beaten = false;
        for (const nlohmann::json& other : all["candidates"]) {
            beaten = beaten || (other["cost_s_per_request"].get<double>() < cost &&
                                other["report"]["latency_s"]["p99"].get<double>() < latency);
        }
        if (each["on_front"] == true) CHECK_FALSE(beaten);
    }
    CHECK(lab_json(words + "--target p50:1ms")["best"].is_null());
}

TEST_CASE("check ends with the status of what it found") {
    const said quick = lab("check --only 'M/M/1 load 0.5' --requests 20000");
    CHECK(quick.status == 0);
    CHECK(quick.out.find("M/M/1 load 0.5") != std::string::npos);
    CHECK(lab("check --only nothing-of-that-name").status == 2);
}

TEST_CASE("Pages of a run and of a sweep stand alone") {
    const test_folder folder;
    const std::string common = " --arrivals poisson:100 --requests 500 --service constant:5ms --slo 20ms --html -";
    for (const std::string command : {"run", "sweep --rates 50,100 --seeds 2 --no-capacity"}) {
        INFO(command);
        const said page = lab(command + common);
        CHECK(page.status == 0);
        CHECK(page.out.starts_with("<!DOCTYPE html>"));
        CHECK(page.out.find("poisson:100") != std::string::npos);
        CHECK(page.out.find("<script") == std::string::npos);
        CHECK(page.err.find("policy") != std::string::npos);
    }
}
