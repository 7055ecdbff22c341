// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"

namespace lab {

/// `forebay-lab check`: the lab beside what queueing theory says.
[[nodiscard]] command add_check(program& line);

}  // namespace lab
