// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: this callable is larger than its inline storage
// expect: forebay::on_heap(f)
// errors: 1
#include <forebay/scheduler.hpp>

#include <array>

void submit() {
    auto scheduler =
        forebay::make_scheduler<int, int>(forebay::policies{}, [](std::span<int> requests) { return requests; });
    const std::array<char, 65> large{};
    auto sink = [large](const forebay::outcome<int>&) { static_cast<void>(large); };
#ifdef FOREBAY_CONTROL
    static_cast<void>(scheduler.submit(1, {}, forebay::on_heap(sink)));
#else
    static_cast<void>(scheduler.submit(1, {}, sink));
#endif
}
