// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "trace_options.hpp"

#include <forebay/sim/trace.hpp>
#include <forebay/sim/workload.hpp>

namespace lab {

namespace sim = forebay::sim;

void trace_options::add_to(CLI::App& app) {
    add_values(
        app, "--trace", [this](const std::string& path) { paths_.push_back(path); }, "FILE",
        "Requests from a CSV file; may be repeated: several are merged on their common time");
}

any_workload trace_options::build(std::uint64_t, std::optional<nano_rate>) const {
    std::vector<sim::workload> parts;
    for (const std::string& path : paths_) parts.push_back(sim::read_trace(path));
    return any_workload{sim::merge(parts)};
}

}  // namespace lab
