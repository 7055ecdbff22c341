// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "any_workload.hpp"

#include <cstdint>
#include <string>

namespace lab {

/// "constant:D", "exponential:MEAN[,MEAN per class]", "affine:T0:A", "tokens:A:B" and so on, any of them followed by
/// "+noise:CV", "+step:FROM=SPEED,..." and the like: how long the model takes for a batch.
///
/// seed  of what is drawn; the same for every policy, so that none is luckier than another
/// errors  unexpected, std::invalid_argument
[[nodiscard]] any_service to_service(const std::string& text, std::uint64_t seed);

/// The forms there are, as lines for --help.
[[nodiscard]] std::string service_help();

}  // namespace lab
