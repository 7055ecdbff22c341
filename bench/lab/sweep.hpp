// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"

namespace lab {

/// `forebay-lab sweep`: policies at several rates, over several seeds.
[[nodiscard]] command add_sweep(program& line);

}  // namespace lab
