// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/workload.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace example {

/// Requests as they come, not yet brought to a load; and where they are from, in words for the report.
struct arrivals {
    forebay::sim::workload requests;
    std::vector<std::string> origin;
};

/// Three tenants, each a Poisson process of text, image and video; one of them sends more than the others together.
arrivals built_in_arrivals(std::size_t count, std::uint64_t seed);

/// The requests of a trace. What it does not say (tenants, modalities) is drawn, and the origin says so.
/// errors   forebay::sim::trace_error, with file, line and column
arrivals trace_arrivals(const std::string& file, std::uint64_t seed);

/// The first so many, with every gap multiplied so that they come at `per_second` on average, from time 0.
forebay::sim::workload at_rate(const forebay::sim::workload& requests, std::size_t count, double per_second);

/// Mean rows of the model's input that a request takes.
double mean_rows(const forebay::sim::workload& requests);

/// What each tenant sends, in rows, by its index.
std::vector<std::int64_t> rows_by_tenant(const forebay::sim::workload& requests);

/// Who sends the most, by its index.
std::size_t busiest_tenant(const forebay::sim::workload& requests);

}  // namespace example
