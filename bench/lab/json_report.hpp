// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/report.hpp>

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace lab {

/// JSON whose members stand in the order they were put in.
using json = nlohmann::ordered_json;

/// What stands in `policies` for one run. Times in seconds; null where there is nothing to take a number from.
[[nodiscard]] json to_json(const forebay::sim::report& run);

/// The text of a whole file: two blanks a level, a line end at its end; bytes that are no UTF-8 (in names) are replaced.
[[nodiscard]] std::string to_text(const json& whole);

/// What it holds, as pairs of a path ("workload arrivals") and a text, for a page.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> flat(const json& config);

}  // namespace lab
