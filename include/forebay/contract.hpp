// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>

namespace forebay::inline v0::detail {

[[noreturn]] inline void contract_broken(const char* condition, const char* advice, const char* file,
                                         int line) noexcept {
    std::fprintf(stderr, "%s:%d: forebay: expected %s: %s\n", file, line, condition, advice);
    std::abort();
}

}  // namespace forebay::inline v0::detail

/// Stops the program when the programmer broke a promise, with advice on what to write instead.
/// Always on, so that no build differs from another in meaning. Data from outside (a request, a configuration, a trace)
/// never ends here: it is answered with a verdict or an exception.
#define FOREBAY_EXPECTS(condition, advice) \
    ((condition) ? void() : ::forebay::detail::contract_broken(#condition, advice, __FILE__, __LINE__))
