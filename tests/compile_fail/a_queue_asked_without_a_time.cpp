// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect g++: no matching function for call to
// expect g++: ::pop()
// expect clang++: too few arguments to function call
// errors: 1
#include <forebay/queue/priority_queue.hpp>

void serve(forebay::priority_queue<int>& waiting, [[maybe_unused]] forebay::time_point now) {
#ifdef FOREBAY_CONTROL
    waiting.pop(now);
#else
    waiting.pop();
#endif
}
