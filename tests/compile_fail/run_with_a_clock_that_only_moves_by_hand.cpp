// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect g++: no matching function for call to
// expect clang++: 'run'
// expect: waitable_clock
// errors: 1
#include <forebay/scheduler.hpp>

void serve() {
#ifdef FOREBAY_CONTROL
    const forebay::steady_clock clock;
#else
    const forebay::manual_clock clock;
#endif
    auto scheduler = forebay::make_scheduler<int, int>(forebay::policies{.clock = clock},
                                                       [](std::span<int> requests) { return requests; });
    scheduler.run();
}
