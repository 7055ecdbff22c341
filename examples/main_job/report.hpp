// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "serving.hpp"
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace example {

/// What the table shows of the requests of one modality.
struct modality_figures {
    std::size_t sent{0};
    std::size_t served{0};
    /// Over all that were served, nearest rank; 0 if none was.
    forebay::duration p50{};
    forebay::duration p95{};
    forebay::duration p99{};
};

/// What the tables show of one run, measured or predicted.
struct run_figures {
    std::string name{};
    std::array<modality_figures, modalities.size()> by_modality{};
    double served_per_second{0};
    double mean_batch{0};
    /// By forebay::limit.
    std::array<std::size_t, static_cast<std::size_t>(forebay::limit::closed) + 1> refused_by{};
};

/// Sorts the latencies and takes the percentiles from them.
void set_percentiles(modality_figures& figures, std::vector<forebay::duration>& latencies);

run_figures figures_of(const served_run& run);

void print_measured(std::span<const run_figures> runs);

/// Each run beside the lab's prediction for it, by modality.
void print_predicted(std::span<const run_figures> measured, std::span<const run_figures> predicted);

}  // namespace example
