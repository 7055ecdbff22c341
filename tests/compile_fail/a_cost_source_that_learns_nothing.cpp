// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: policies.costs needs `template <class Sync> auto build() const`
// expect: observe(info, actual); copy the model in <forebay/admission/cost_source.hpp>
// errors: 1
#include <forebay/scheduler.hpp>

#include <span>
#include <vector>

struct guess {
    struct state {
        std::int64_t estimate(const forebay::request_info&) noexcept { return 500; }
#ifdef FOREBAY_CONTROL
        void observe(const forebay::request_info&, std::int64_t) noexcept {}
#endif
    };
    template <class Sync>
    state build() const {
        return {};
    }
};

int main() {
    auto scheduler = forebay::make_scheduler<int, int>(
        forebay::policies{.costs = guess{}}, [](std::span<const int> in) { return std::vector(in.begin(), in.end()); });
    static_cast<void>(scheduler.submit(1, {.cost = forebay::unknown_cost}, [](forebay::outcome<int>) {}));
}
