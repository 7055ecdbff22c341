// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: a sink must be callable with outcome<Result>
// errors: 1
#include <forebay/scheduler.hpp>

void submit() {
    auto scheduler =
        forebay::make_scheduler<int, int>(forebay::policies{}, [](std::span<int> requests) { return requests; });
#ifdef FOREBAY_CONTROL
    static_cast<void>(scheduler.submit(1, {}, [](const forebay::outcome<int>&) {}));
#else
    static_cast<void>(scheduler.submit(1, {}, [](int) {}));
#endif
}
