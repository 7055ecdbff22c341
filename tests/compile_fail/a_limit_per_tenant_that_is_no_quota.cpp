// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: per_tenant takes a quota, or a noexcept callable from tenant_id to quota
#include <forebay/admission/per_tenant.hpp>

#ifdef FOREBAY_CONTROL
const forebay::per_tenant limit{forebay::quota{forebay::rate::per_second(50), 10}};
#else
const forebay::per_tenant limit{50};
#endif
