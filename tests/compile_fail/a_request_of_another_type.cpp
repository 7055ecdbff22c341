// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: this cannot be made into a Request
// errors: 1
#include <forebay/scheduler.hpp>

#include <string>

void submit() {
    auto scheduler = forebay::make_scheduler<std::string, int>(
        forebay::policies{}, [](std::span<std::string> requests) { return std::vector<int>(requests.size()); });
#ifdef FOREBAY_CONTROL
    static_cast<void>(scheduler.submit("text", {}, [](forebay::outcome<int>) {}));
#else
    static_cast<void>(scheduler.submit(std::chrono::seconds{1}, {}, [](forebay::outcome<int>) {}));
#endif
}
