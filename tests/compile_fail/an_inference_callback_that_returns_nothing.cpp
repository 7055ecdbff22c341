// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: the inference callback must take a span of requests and return a range of results
// errors: 1
#include <forebay/scheduler.hpp>

void make() {
    std::vector<int> results;
    static_cast<void>(forebay::make_scheduler<int, int>(forebay::policies{}, [&](std::span<const int> requests) {
        results.assign(requests.size(), 0);
#ifdef FOREBAY_CONTROL
        return results;
#endif
    }));
}
