// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "study.hpp"

#include <string>
#include <vector>

namespace lab {

/// The study as an SVG picture: its panels side by side, each one column. Where something is varied, a line for each policy
/// over the cases; otherwise a bar for each policy. Light and dark; told apart by dashes and markers as well as by colour.
[[nodiscard]] std::string draw(const study& of, const std::vector<study_row>& rows);

}  // namespace lab
