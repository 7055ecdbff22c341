// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: a result must be nothrow move constructible
#include <forebay/outcome.hpp>

struct result {
    result() = default;
#ifdef FOREBAY_CONTROL
    result(result&&) noexcept {}
#else
    result(result&&) {}
#endif
};
const forebay::outcome<result> o{result{}};
