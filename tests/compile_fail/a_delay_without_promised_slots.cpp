// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: on_refusal = delay{...} needs an admission that can promise a slot
// expect: see demand 9 in <forebay/admission/policy.hpp>
// errors: 1
#include <forebay/scheduler.hpp>

void make() {
    auto scheduler = forebay::make_scheduler<int, int>(
#ifdef FOREBAY_CONTROL
        forebay::policies{.on_refusal = forebay::reject{}},
#else
        forebay::policies{.on_refusal = forebay::delay{}},
#endif
        [](std::span<int> requests) { return requests; });
    static_cast<void>(scheduler.submit(1, {}, [](forebay::outcome<int>) {}));
    scheduler.poll();
}
