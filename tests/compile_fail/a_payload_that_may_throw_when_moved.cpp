// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: a request must be nothrow move constructible
// errors: 1
#include <forebay/scheduler.hpp>

struct payload {
    payload() = default;
#ifdef FOREBAY_CONTROL
    payload(payload&&) noexcept {}
#else
    payload(payload&&) {}
#endif
};

void make() {
    auto scheduler = forebay::make_scheduler<payload, int>(
        forebay::policies{}, [](std::span<payload> requests) { return std::vector<int>(requests.size()); });
    static_cast<void>(scheduler.submit(payload{}, {}, [](forebay::outcome<int>) {}));
    scheduler.poll();
}
