// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: policies.order must be a discipline
// expect: copy a model in <forebay/queue/discipline.hpp>
// errors: 1
#include <forebay/scheduler.hpp>

struct cheapest_first {
#ifdef FOREBAY_CONTROL
    std::uint64_t rank(const forebay::queued& request) const noexcept {
        return static_cast<std::uint64_t>(request.info.cost);
    }
#else
    bool operator()(const forebay::queued& a, const forebay::queued& b) const {
        return a.info.cost < b.info.cost;
    }
#endif
};

void make() {
    auto scheduler = forebay::make_scheduler<int, int>(forebay::policies{.order = cheapest_first{}},
                                                       [](std::span<int> requests) { return requests; });
    static_cast<void>(scheduler.submit(1, {}, [](forebay::outcome<int>) {}));
    scheduler.poll();
}
