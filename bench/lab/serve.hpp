// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "any_workload.hpp"
#include "policy_spec.hpp"
#include <forebay/sim/report.hpp>
#include <forebay/sim/run_options.hpp>

#include <cstddef>

namespace lab {

/// Serves the workload under the policy, in virtual time: the one place where the experiment is compiled.
/// errors  as experiment::run
[[nodiscard]] forebay::sim::report serve(const any_workload& requests, const any_service& service,
                                         std::size_t executors, const policy_choice& policy,
                                         forebay::sim::run_options options = {});

}  // namespace lab
