// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: steady_clock
// expect: timeline
// errors: 1
#include <forebay/verdict.hpp>

#ifdef FOREBAY_CONTROL
const forebay::verdict v = forebay::admitted(forebay::steady_clock{}.now());
#else
const forebay::verdict v = forebay::admitted(std::chrono::steady_clock::now());
#endif
