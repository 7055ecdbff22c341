// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arrivals.hpp"
#include "inference.hpp"
#include "options.hpp"
#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace example {

/// Requests in a batch at most, for (b) and (c) alike. Eight have 13 rows in the mean, about where the arithmetic
/// begins to take longer than the weights take to arrive: more of them gain little, and wait longer.
inline constexpr std::size_t max_batch = 8;
/// Longest wait for company.
inline constexpr forebay::duration max_delay = std::chrono::milliseconds{2};

/// What is served: (a) the first of the requests, at the rate that one by one can take; (b) and (c) more of them,
/// faster.
struct plan {
    std::vector<std::string> origin;
    /// Requests a second, one by one and in batches, if they were run without a pause.
    double single_capacity;
    double batched_capacity;
    forebay::sim::workload slow;
    forebay::sim::workload fast;
};

/// source  the requests of the trace; without a trace (`chosen.trace` empty) it is not looked at
[[nodiscard]] plan make_plan(const options& chosen, arrivals source, const service_times& times);

}  // namespace example
