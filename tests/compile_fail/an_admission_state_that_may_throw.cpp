// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: copy the model in <forebay/admission/policy.hpp>
// errors: 1
#include <forebay/admission/policy.hpp>

#ifdef FOREBAY_CONTROL
#define QUICK noexcept
#else
#define QUICK
#endif

struct my_policy {
    struct state {
        forebay::verdict try_acquire(const forebay::request_info&, forebay::time_point now, forebay::permit&) QUICK {
            return forebay::admitted(now);
        }
        void settle(forebay::permit&, std::int64_t, forebay::time_point) noexcept {}
        void give_back(forebay::permit&, forebay::time_point) noexcept {}
    };
    template <class Sync>
    state build() const {
        return {};
    }
};

constexpr bool known = forebay::check_admission_policy<my_policy>();
