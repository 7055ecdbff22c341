// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: policies.clock needs
// expect: copy the model in <forebay/time.hpp>
// errors: 1
#include <forebay/scheduler.hpp>

struct wall {
#ifdef FOREBAY_CONTROL
    forebay::time_point now() const noexcept {
        return forebay::steady_clock{}.now();
    }
#else
    std::chrono::system_clock::time_point now() const noexcept {
        return std::chrono::system_clock::now();
    }
#endif
};

void make() {
    auto scheduler = forebay::make_scheduler<int, int>(forebay::policies{.clock = wall{}},
                                                       [](std::span<int> requests) { return requests; });
    static_cast<void>(scheduler.submit(1, {}, [](forebay::outcome<int>) {}));
    scheduler.poll();
}
