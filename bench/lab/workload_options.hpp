// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "any_workload.hpp"
#include "command.hpp"
#include "json_report.hpp"
#include "quantity.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lab {

/// What the options of a command say of the requests: from traces, or drawn.
class workload_options {
public:
    void add_to(CLI::App& app);
    /// Once all options are read.
    /// errors  usage_error if they contradict each other or say too little
    void check() const;

    /// rate   mean arrivals a second in place of what the options say
    /// errors  usage_error; forebay::sim::trace_error for a trace that cannot be read
    [[nodiscard]] any_workload build(std::uint64_t seed, std::optional<fraction> rate = {}) const;
    /// As they were given.
    [[nodiscard]] json echo() const;

private:
    /// What `--slo` and `--deadline` say, of every class or of one.
    struct time_of_class {
        std::optional<std::int32_t> priority;
        forebay::duration time;
    };
    [[nodiscard]] any_workload build_unlabelled(std::uint64_t seed) const;
    static time_of_class to_time_of_class(const std::string& text);

    std::vector<std::string> traces_;
    std::vector<time_of_class> objectives_;
    std::string arrivals_;
    std::vector<fraction> classes_;
    std::optional<std::size_t> requests_;
};

}  // namespace lab
