// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: policies.batching needs a member max_batch_size and plan(waiting_group)
// expect: copy the model in <forebay/batch/policy.hpp>
// errors: 1
#include <forebay/scheduler.hpp>

struct pairs {
#ifdef FOREBAY_CONTROL
    std::size_t max_batch_size{2};
#endif
    forebay::batch_plan plan(const forebay::waiting_group& group) const noexcept {
        return {group.count < 2 ? forebay::no_deadline : forebay::time_point::min(), 2, forebay::dispatch_cause::full};
    }
};

void make() {
    auto scheduler = forebay::make_scheduler<int, int>(forebay::policies{.batching = pairs{}},
                                                       [](std::span<int> requests) { return requests; });
    static_cast<void>(scheduler.submit(1, {}, [](forebay::outcome<int>) {}));
    scheduler.poll();
}
