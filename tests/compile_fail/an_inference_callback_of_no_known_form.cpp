// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: the inference callback must take a span of requests and return a range of results
// errors: 1
#include <forebay/scheduler.hpp>

void make() {
    static_cast<void>(forebay::make_scheduler<int, int>(
        forebay::policies{},
#ifdef FOREBAY_CONTROL
        [](std::span<const int> requests) { return std::vector<int>(requests.size()); }
#else
        [](int request) { return request; }
#endif
        ));
}
