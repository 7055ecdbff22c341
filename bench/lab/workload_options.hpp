// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "any_workload.hpp"
#include "arrivals_spec.hpp"
#include "command.hpp"
#include "json_report.hpp"
#include "trace_options.hpp"
#include <forebay/sim/sizes.hpp>
#include <forebay/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lab {

/// What the options of a command say of the requests: from traces, drawn, or of clients who wait for answers.
class workload_options {
public:
    void add_to(options& its);
    /// Once all options are read.
    /// errors  usage_error if they contradict each other or say too little
    void check() const;

    /// rate   mean arrivals a second in place of what the options say
    /// errors  usage_error; forebay::sim::trace_error for a trace that cannot be read
    [[nodiscard]] any_workload build(std::uint64_t seed, std::optional<nano_rate> rate = {}) const;
    /// Mean arrivals a second, as far as the options say it.
    [[nodiscard]] std::optional<nano_rate> rate() const;
    [[nodiscard]] const trace_options& traces() const noexcept { return traces_; }
    /// Whether requests state how long they take (`--recorded`, or a trace's column).
    [[nodiscard]] bool has_service() const;
    /// Whether they come on their own, so that they can be written as a trace.
    [[nodiscard]] bool is_open() const noexcept { return !clients_; }
    /// Whether any request states within what time an answer is good.
    [[nodiscard]] bool states_objective() const;
    /// As they were given.
    [[nodiscard]] json echo() const;

private:
    struct tenant_share {
        std::string name;
        nano_rate weight;
    };
    static std::vector<tenant_share> to_tenants(const std::string& text);

    /// What `--slo` and `--deadline` say, of every class or of one.
    struct time_of_class {
        std::optional<std::int32_t> priority;
        forebay::duration time;
    };
    static time_of_class to_time_of_class(const std::string& text);
    static std::optional<forebay::duration> time_of(const std::vector<time_of_class>& all, std::int32_t priority);

    void add_sizes(options& its);
    [[nodiscard]] any_workload build_traced(std::uint64_t seed, std::optional<nano_rate> rate) const;
    [[nodiscard]] any_workload build_drawn(std::uint64_t seed, std::optional<nano_rate> rate) const;
    [[nodiscard]] any_workload build_clients(std::uint64_t seed) const;
    void add_times(options& its);

    trace_options traces_;
    std::string arrivals_text_;
    std::optional<process_choice> arrivals_;
    std::vector<nano_rate> classes_;
    std::optional<std::uint64_t> requests_;
    std::optional<forebay::duration> until_;
    std::optional<std::uint32_t> clients_;
    std::optional<forebay::sim::distribution> think_;
    std::optional<forebay::sim::distribution> bulk_;
    forebay::sim::sizes sizes_;
    std::vector<std::string> drawn_sizes_;  // options that nothing of a trace follows
    bool cost_is_unknown_{false};
    bool cost_is_units_{false};  // of the actual cost
    std::vector<time_of_class> objectives_;
    std::vector<time_of_class> deadlines_;
    std::vector<tenant_share> tenants_;
    std::vector<forebay::sim::overlay_rule> overlays_;
    std::optional<options> options_;
};

}  // namespace lab
