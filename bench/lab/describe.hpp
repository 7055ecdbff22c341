// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"

namespace lab {

/// `forebay-lab describe`: what a workload is, before anything serves it.
[[nodiscard]] command add_describe(program& line);

}  // namespace lab
