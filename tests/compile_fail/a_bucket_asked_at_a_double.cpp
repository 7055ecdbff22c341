// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect g++: cannot convert 'double' to
// expect clang++: no viable conversion from 'double'
// errors: 1
#include <forebay/admission/token_bucket.hpp>

bool ask(forebay::token_bucket<forebay::multi_threaded>& bucket, double seconds) {
#ifdef FOREBAY_CONTROL
    const auto since_start = std::chrono::duration_cast<forebay::duration>(std::chrono::duration<double>{seconds});
    return static_cast<bool>(bucket.try_acquire(1, forebay::time_point{since_start}));
#else
    return static_cast<bool>(bucket.try_acquire(1, seconds));
#endif
}
