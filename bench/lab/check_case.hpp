// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.hpp"
#include <forebay/sim/report.hpp>
#include <forebay/time.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <span>
#include <string>
#include <vector>

namespace lab {

/// What theory says of one figure of a run, and what the run gave.
struct figure {
    std::string what;
    double theory;
    double simulated;
    /// Relative error allowed in a run of a million requests.
    double tolerance;
};

/// How many requests a case serves, and from which draws.
struct sample {
    std::uint64_t requests;
    std::uint64_t seed;
};

/// One system that theory has solved.
struct check_case {
    std::string name;
    std::function<std::vector<figure>(const sample&)> figures;
};

/// `check` of these cases.
[[nodiscard]] int check(const check_options& options, std::span<const check_case> cases, std::ostream& out);

// First come first served; bounds, deadlines and closed loops; priorities; batches; limits.
[[nodiscard]] std::vector<check_case> queue_cases();
[[nodiscard]] std::vector<check_case> bounded_cases();
[[nodiscard]] std::vector<check_case> class_cases();
[[nodiscard]] std::vector<check_case> batch_cases();
[[nodiscard]] std::vector<check_case> limit_cases();

// What a million requests can tell. The least certain are waits at load 0.8: the mean of M/M/1 has a standard error of
// 1.1 % (Daley, Journal of the Australian Mathematical Society 8(4), 1968, has its variance), its 99th percentile one of
// 2.5 % (measured over 60 seeds). The others' are below a quarter of their tolerance.
inline constexpr double mean_tolerance = 0.05;
inline constexpr double tail_tolerance = 0.1;
inline constexpr double share_tolerance = 0.02;

[[nodiscard]] inline double seconds(forebay::duration time) noexcept {
    return std::chrono::duration<double>(time).count();
}
/// Of all that arrived.
[[nodiscard]] inline double share(std::uint64_t part, const forebay::sim::tally& of) noexcept {
    return static_cast<double>(part) / static_cast<double>(of.arrived);
}

/// The end of a case's name.
[[nodiscard]] inline std::string shown_load(double load) {
    return " load " + std::to_string(load).substr(0, 3);
}

// The figures that most cases look at. Times in seconds.
[[nodiscard]] inline figure mean_wait(const forebay::sim::tally& of, double theory, const std::string& whose = {}) {
    return {whose + "mean wait ms", theory * 1e3, of.queue_delay.mean_seconds * 1e3, mean_tolerance};
}
[[nodiscard]] inline figure tail_wait(const forebay::sim::tally& of, double theory) {
    return {"p99 wait ms", theory * 1e3, seconds(of.queue_delay.p99) * 1e3, tail_tolerance};
}
[[nodiscard]] inline figure mean_latency(const forebay::sim::tally& of, double theory) {
    return {"mean latency ms", theory * 1e3, of.latency.mean_seconds * 1e3, mean_tolerance};
}
[[nodiscard]] inline figure tail_latency(const forebay::sim::tally& of, double theory) {
    return {"p99 latency ms", theory * 1e3, seconds(of.latency.p99) * 1e3, tail_tolerance};
}
[[nodiscard]] inline figure utilisation(const forebay::sim::report& of, double theory) {
    return {"utilisation", theory, of.utilisation(), share_tolerance};
}
[[nodiscard]] inline figure held_back(const forebay::sim::report& of, double theory) {
    return {"share held back", theory, seconds(of.held_back) / seconds(of.elapsed), mean_tolerance};
}

}  // namespace lab
