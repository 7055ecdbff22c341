// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"
#include "json_report.hpp"

#include <string>
#include <vector>

namespace lab {

/// `forebay-lab run`: policies side by side on one workload.
[[nodiscard]] command add_run(program& line);

/// What `run` with these options writes as JSON; prints nothing.
/// words   the options, as on the command line
/// errors  as the command's
[[nodiscard]] json run_to_json(const std::vector<std::string>& words);

}  // namespace lab
