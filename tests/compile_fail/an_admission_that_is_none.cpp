// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: an admission policy needs
// expect: copy the model in <forebay/admission/policy.hpp>
// errors: 1
#include <forebay/scheduler.hpp>

struct half_open {
    struct state {
#ifdef FOREBAY_CONTROL
        forebay::verdict try_acquire(const forebay::request_info&, forebay::time_point now, forebay::permit&) noexcept {
            return forebay::admitted(now);
        }
#else
        bool try_acquire(const forebay::request_info&) {
            return true;
        }
#endif
        void settle(forebay::permit&, std::int64_t, forebay::time_point) noexcept {}
        void give_back(forebay::permit&, forebay::time_point) noexcept {}
    };
    template <class Sync>
    state build() const {
        return {};
    }
};

void make() {
    auto scheduler = forebay::make_scheduler<int, int>(forebay::policies{.admission = half_open{}},
                                                       [](std::span<int> requests) { return requests; });
    static_cast<void>(scheduler.submit(1, {}, [](forebay::outcome<int>) {}));
    scheduler.poll();
}
