// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "any_workload.hpp"
#include "arrivals_spec.hpp"
#include "command.hpp"
#include <forebay/sim/overlay.hpp>
#include <forebay/sim/reshape.hpp>
#include <forebay/sim/trace_columns.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lab {

/// What the options of a command say of requests that come from files.
class trace_options {
public:
    void add_to(options& its);
    /// errors  usage_error
    void check() const;

    [[nodiscard]] bool any() const noexcept { return !paths_.empty(); }
    [[nodiscard]] const std::vector<std::string>& paths() const noexcept { return paths_; }
    /// Whether `--map` names costs, and no other size.
    [[nodiscard]] bool maps_cost_alone() const;
    /// Whether any of the files has recorded service times.
    [[nodiscard]] bool has_service() const;

    /// most  requests at most
    /// rate  mean arrivals a second, in place of what the options say
    /// errors  usage_error, forebay::sim::trace_error
    [[nodiscard]] any_workload build(std::uint64_t seed, std::uint64_t most, forebay::duration until,
                                     const std::vector<forebay::sim::overlay_rule>& rules,
                                     std::optional<nano_rate> rate) const;

private:
    std::vector<std::string> paths_;
    forebay::sim::trace_mapping mapping_;
    bool sort_{false};
    std::optional<fraction> time_scale_;
    std::optional<nano_rate> target_rate_;
    std::size_t copies_{1};
    forebay::duration spread_{std::chrono::seconds{1}};
    forebay::sim::reshaping shape_;
    std::vector<std::string> given_;  // options that need a trace
};

/// "[WHERE:]LABEL|LABEL...", see the help of --overlay.
/// errors  unexpected
[[nodiscard]] forebay::sim::overlay_rule to_overlay(const std::string& text);

}  // namespace lab
