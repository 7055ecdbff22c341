// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// Writes the pages that a browser is to look at into a folder: pages FOLDER
#include "sim/page_runs.hpp"
#include <forebay/admission/on_refusal.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/html_report.hpp>
#include <forebay/sim/workload.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

const std::vector<std::pair<std::string, std::string>> config{
    {"seed", "1"}, {"service", "affine, 8 ms and 2 ms a request"}, {"command", std::string(200, 'x')}};

std::vector<sim::report> measured() {
    std::vector<sim::flow> flows;
    for (int i = 0; i < 4; ++i) {
        flows.push_back({{.tenant = "tenant " + std::to_string(i), .kind = i % 2 == 0 ? "text" : "image", .slo = 100ms},
                         fb::rate::per_second(60 * (i + 1))});
    }
    const sim::experiment lab{sim::poisson(flows, 6'000, 1), sim::affine_service{.base = 8ms, .per_request = 2ms}};
    const sim::run_options keep{.timeline = 120, .curves = true};
    std::vector<sim::report> runs;
    for (const std::size_t size : {1U, 4U, 32U}) {
        runs.push_back(
            lab.run("batches of " + std::to_string(size),
                    fb::policies{.admission = fb::per_tenant{fb::quota{fb::rate::per_second(200), 50}},
                                 .batching = fb::size_or_delay{.max_batch_size = size, .max_queue_delay = 5ms},
                                 .capacity = {.max_requests = 400}},
                    keep));
    }
    runs.push_back(lab.run("waits for its slot",
                           fb::policies{.admission = fb::per_tenant{fb::quota{fb::rate::per_second(200), 50}},
                                        .on_refusal = fb::delay{.max_wait = 200ms},
                                        .batching = fb::size_or_delay{.max_batch_size = 32},
                                        .capacity = {.max_requests = 400}},
                           keep));
    return runs;
}

std::vector<sim::report> hostile() {
    const std::vector<std::string> names{"<script>alert(1)</script>", "a-name-without-blanks-" + std::string(120, 'x'),
                                         "", "\xE2\x80\xAE\xFF\x01 \"&' </style>", "<img src=\"http://localhost/x\">"};
    std::vector<sim::report> runs;
    for (const std::string& name : names) {
        runs.push_back(page_run(name, {1us, 20ms, 40ms, 1000s}, 1'000'000'000));
        runs.back().tenants[0].name = runs.back().kinds[0].name = name;
        // A run over two weeks with a very long queue, for labels as wide as they come.
        runs.back().timeline_width = 100h;
        for (sim::timeline_bucket& each : runs.back().timeline) {
            each.queue_mean *= 1e8;
            each.arrived = each.refused = 1'000'000'000'000;
        }
    }
    return runs;
}

std::vector<sim::sweep_point> sweep() {
    std::vector<sim::sweep_point> points;
    for (int policy = 0; policy < 5; ++policy) {
        for (int step = 1; step <= 12; ++step) {
            points.push_back({.policy = "policy " + std::to_string(policy),
                              .load = 125'000.0 * step,
                              .attainment = 1.0 / (1 + 0.02 * step * policy),
                              .p99 = step * (policy + 1) * 1300us,
                              .attainment_margin = 0.01,
                              .p99_margin = 200us});
        }
    }
    return points;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: pages FOLDER\n");
        return 2;
    }
    const auto save = [&](const std::string& name, const sim::page& page) {
        std::ofstream{std::string{arguments[1]} + '/' + name + ".html", std::ios::binary} << sim::html_page(page);
    };
    const std::vector<sim::report> runs = measured();
    const std::vector<sim::report> bad = hostile();
    std::vector<sim::report> many;
    for (int i = 0; i < 16; ++i) {
        many.push_back(runs[static_cast<std::size_t>(i) % runs.size()]);
        many.back().policy += ", again " + std::to_string(i);
    }
    const std::vector<sim::report> refused{page_run("refuses", {}, 3)};
    save("runs", {.title = "Three policies", .runs = runs, .config = config, .sweep = sweep()});
    save("one", {.title = "One policy", .runs = std::span{runs}.first(1), .config = config});
    save("many", {.title = "Sixteen policies", .runs = many});
    save("hostile", {.title = bad[0].policy + bad[1].policy, .runs = bad, .config = {{bad[1].policy, bad[4].policy}}});
    save("sweep", {.title = "A sweep", .config = config, .sweep = sweep()});
    save("nothing", {.title = "Nothing answered", .runs = refused});
    save("empty", {});
}
