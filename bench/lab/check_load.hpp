// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check_case.hpp"
#include <forebay/rate.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/arrival_process.hpp>
#include <forebay/sim/distribution.hpp>
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/sim/traffic.hpp>
#include <forebay/time.hpp>

#include <cmath>
#include <functional>
#include <span>
#include <utility>

namespace lab {

[[nodiscard]] inline forebay::duration nanoseconds(double in_seconds) {
    return forebay::duration{std::llround(in_seconds * 1e9)};
}
[[nodiscard]] inline forebay::sim::distribution constant(double value) {
    return forebay::sim::distribution::constant(nanoseconds(value));
}
[[nodiscard]] inline forebay::sim::distribution exponential(double mean) {
    return forebay::sim::distribution::exponential(nanoseconds(mean));
}

/// Poisson arrivals, so many a second.
[[nodiscard]] inline forebay::sim::arrival_process poisson(double arrivals) {
    return forebay::sim::arrival_process::poisson(forebay::rate::one_every(nanoseconds(1 / arrivals)));
}

/// Requests of one sort: when they come and how long the model takes for each.
struct stream {
    forebay::sim::profile sort{};
    forebay::sim::arrival_process arrivals;
    forebay::sim::distribution service{constant(0)};
};

[[nodiscard]] inline forebay::sim::traffic load(std::span<const stream> streams, const sample& of) {
    forebay::sim::traffic result;
    result.requests = of.requests;
    result.seed = of.seed;
    for (const stream& each : streams) {
        result.demands.push_back({.sort = each.sort, .arrivals = each.arrivals, .varying = {.service = each.service}});
    }
    return result;
}

/// Any service model.
using service = std::function<forebay::duration(const forebay::sim::batch_shape&)>;

/// The time that was drawn for each, which may be 0.
[[nodiscard]] inline forebay::duration as_drawn(const forebay::sim::batch_shape& shape) {
    return shape.recorded_sum;
}

/// What the scheduler makes of it.
template <class Workload, class Policies>
[[nodiscard]] forebay::sim::report serve(Workload requests, const Policies& policies, const service& model = as_drawn) {
    return forebay::sim::experiment{std::move(requests), model}.run("check", policies, {.service_gap = false});
}
template <class Policies>
[[nodiscard]] forebay::sim::report serve(const stream& only, const sample& of, const Policies& policies,
                                         const service& model = as_drawn) {
    return serve(load({&only, 1}, of), policies, model);
}

}  // namespace lab
