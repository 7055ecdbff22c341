// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: an admission policy needs `template <class Sync> auto build() const`
// errors: 1
#include <forebay/admission/policy.hpp>

struct my_policy {
#ifdef FOREBAY_CONTROL
    template <class Sync>
    forebay::admit_all::state build() const {
        return {};
    }
#endif
};

constexpr bool known = forebay::check_admission_policy<my_policy>();
