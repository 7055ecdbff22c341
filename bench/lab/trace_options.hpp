// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "any_workload.hpp"
#include "arrivals_spec.hpp"
#include "command.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lab {

/// What the options of a command say of requests that come from files.
class trace_options {
public:
    void add_to(CLI::App& app);

    [[nodiscard]] bool any() const noexcept { return !paths_.empty(); }
    [[nodiscard]] const std::vector<std::string>& paths() const noexcept { return paths_; }
    /// errors  forebay::sim::trace_error
    [[nodiscard]] any_workload build(std::uint64_t seed, std::optional<nano_rate> rate = {}) const;

private:
    std::vector<std::string> paths_;
};

}  // namespace lab
