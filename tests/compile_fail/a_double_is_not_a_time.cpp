// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: from 'double' to '
// errors: 1
#include <forebay/verdict.hpp>

#ifdef FOREBAY_CONTROL
const forebay::verdict v = forebay::admitted(forebay::time_point{});
#else
const forebay::verdict v = forebay::admitted(12.5);
#endif
