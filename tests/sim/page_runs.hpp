// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/report.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// A report with everything in it that a page draws from: `latencies` of the requests that were answered, of which those
/// up to 100 ms are good, and `refused` more that a bucket turned away; for two tenants alike.
inline forebay::sim::report page_run(std::string policy, const std::vector<forebay::duration>& latencies,
                                     std::uint64_t refused) {
    using namespace std::chrono_literals;
    namespace sim = forebay::sim;
    sim::report run;
    run.policy = std::move(policy);
    sim::tally& all = run.all;
    all.arrived = latencies.size() + refused;
    all.ended[0] = latencies.size();
    all.refused_by[static_cast<std::size_t>(forebay::limit::rate)] = refused;
    for (const forebay::duration each : latencies) all.good += each <= 100ms;
    all.latency = sim::spread::of(latencies, true);
    all.queue_delay = sim::spread::of(latencies, true);
    all.service = 1s;
    for (const char* name : {"acme", "birch"}) {
        run.tenants.push_back(all);
        run.tenants.back().name = name;
        run.kinds.push_back(all);
        run.kinds.back().name = name + std::string{" kind"};
        run.classes.push_back(all);
        run.classes.back().priority = static_cast<std::int32_t>(run.classes.size());
        run.classes.back().name = std::to_string(run.classes.size());
    }
    run.batches = 10;
    run.batched_requests = latencies.size();
    run.busy = 2s;
    run.elapsed = 4s;
    run.jain = 0.75;
    run.jain_goodput = 0.5;
    run.max_service_gap = 16ms;
    run.timeline_width = 1s;
    for (std::uint64_t i = 0; i < 4; ++i) {
        run.timeline.push_back({.queue_mean = 1.5 * static_cast<double>(i),
                                .queue_max = 2 * i,
                                .batch_mean = i == 2 ? 0.0 : 4.0,
                                .arrived = 5 + i,
                                .refused = refused == 0 ? 0 : i,
                                .completed = 3,
                                .expired = 0,
                                .tenant_service = {500ms, 100ms}});
    }
    return run;
}
