// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"
#include "json_report.hpp"

#include <string>
#include <vector>

namespace lab {

/// `forebay-lab cluster`: one quota for several hosts by leases, beside one bucket that sees every request.
[[nodiscard]] command add_cluster(program& line);

/// What `cluster` with these options writes as JSON; prints nothing.
/// words   the options, as on the command line
/// errors  as the command's
[[nodiscard]] json cluster_to_json(const std::vector<std::string>& words);

}  // namespace lab
