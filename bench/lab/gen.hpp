// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"

namespace lab {

/// `forebay-lab gen`: a workload as a trace that reads back as exactly the same requests.
[[nodiscard]] command add_gen(program& line);

}  // namespace lab
