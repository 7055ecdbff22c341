// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: keyed_by takes a noexcept callable from request_info to tenant_id
#include <forebay/admission/keyed_by.hpp>
#include <forebay/admission/per_tenant.hpp>

#ifdef FOREBAY_CONTROL
const auto tier = [](const forebay::request_info& info) noexcept { return info.tenant; };
#else
const auto tier = [](const forebay::request_info& info) { return info.tenant; };
#endif
const forebay::keyed_by limit{tier, forebay::per_tenant{forebay::quota{forebay::rate::per_second(50), 10}}};
