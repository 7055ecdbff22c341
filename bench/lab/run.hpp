// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"

namespace lab {

/// `forebay-lab run`: policies side by side on one workload.
[[nodiscard]] command add_run(CLI::App& program);

}  // namespace lab
