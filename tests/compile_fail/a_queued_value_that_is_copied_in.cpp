// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: making a queued value must not throw: copy before, move in
// errors: 1
#include <forebay/queue/priority_queue.hpp>

#include <string>
#include <utility>

void queue(forebay::priority_queue<std::string>& waiting, std::string prompt) {
#ifdef FOREBAY_CONTROL
    waiting.push({}, forebay::time_point{}, std::move(prompt));
#else
    waiting.push({}, forebay::time_point{}, prompt);
#endif
}
