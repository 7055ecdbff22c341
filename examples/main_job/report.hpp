// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "serving.hpp"
#include <forebay/sim/report.hpp>

#include <span>

namespace example {

/// What was measured, in the form in which the policy lab reports what it predicts. A request's latency counts from the
/// instant it was due to arrive, so that a sender that falls behind hides nothing.
/// errors  std::logic_error if a request has no outcome or several
[[nodiscard]] forebay::sim::report report_of(const served_run& run);

void print_measured(std::span<const forebay::sim::report> runs);

/// Each run beside the lab's prediction for it: the same policies, arrivals and names.
void print_predicted(std::span<const forebay::sim::report> measured, std::span<const forebay::sim::report> predicted);

/// By how much the model took longer in this run than at the start, for the same batches, in percent: what a busy
/// machine adds, and no lab can know.
[[nodiscard]] double slowdown(const served_run& run, const service_times& times);

}  // namespace example
