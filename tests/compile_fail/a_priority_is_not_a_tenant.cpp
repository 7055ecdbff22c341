// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect g++: cannot convert 'const int' to 'forebay::v0::tenant_id'
// expect clang++: of type 'tenant_id' with an lvalue of type 'const int'
// errors: 1
#include <forebay/request.hpp>

constexpr int priority = 2;
#ifdef FOREBAY_CONTROL
const forebay::request_info info{.tenant = forebay::tenant_id{7}, .priority = priority};
#else
const forebay::request_info info{.tenant = priority, .priority = priority};
#endif
