// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"

namespace lab {

/// `forebay-lab tune`: sizes and delays of batching, judged by a latency target and by what a request costs.
[[nodiscard]] command add_tune(program& line);

}  // namespace lab
