// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: a queued value must be nothrow movable
#include <forebay/queue/priority_queue.hpp>

struct prompt {
    prompt() = default;
#ifdef FOREBAY_CONTROL
    prompt(prompt&&) noexcept {}
#else
    prompt(prompt&&) {}
#endif
};
const forebay::priority_queue<prompt> waiting;
