// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "any_workload.hpp"
#include "command.hpp"
#include "json_report.hpp"
#include "policy_spec.hpp"
#include "workload_options.hpp"
#include <forebay/rate.hpp>
#include <forebay/sim/run_options.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lab {

/// What run, sweep and tune have in common: requests, the model that serves them, policies, and how it is measured.
class scenario {
public:
    /// many_policies  whether --policy may be given
    void add_to(options& its, bool many_policies = true);
    /// Once all options are read.
    /// errors  usage_error
    void check();

    [[nodiscard]] const workload_options& workload() const noexcept { return workload_; }
    [[nodiscard]] const std::vector<policy_choice>& policies() const noexcept { return policies_; }
    [[nodiscard]] std::size_t executors() const noexcept { return executors_; }
    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
    [[nodiscard]] std::size_t jobs() const noexcept { return jobs_; }
    [[nodiscard]] bool timing() const noexcept { return timing_; }
    [[nodiscard]] bool progress() const noexcept;

    [[nodiscard]] any_service service(std::uint64_t seed) const;
    [[nodiscard]] forebay::sim::run_options run_options() const;
    /// The `config` of a report: what was asked for, seeds included, and nothing of the machine.
    [[nodiscard]] json echo(const char* command) const;

private:
    workload_options workload_;
    std::vector<policy_choice> policies_;
    std::string service_;
    std::size_t executors_{1};
    std::uint64_t seed_{1};
    std::size_t jobs_{1};
    forebay::sim::percentiles precision_{forebay::sim::percentiles::exact};
    std::optional<forebay::quota> quota_;
    std::string quota_text_;
    bool timing_{false};
    bool progress_{false};
};

}  // namespace lab
