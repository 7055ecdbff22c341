// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "any_policies.hpp"
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/queue/strict_priority.hpp>

namespace lab {

/// An order by the name it has in `order:NAME`.
struct named_order {
    const char* name;
    const char* help;
    any_order (*make)();
};

/// Priorities that strict orders of the lab know; a request of another is refused.
inline constexpr std::uint32_t lab_levels = 64;

/// All there are. A line makes another known to every command and to --help.
inline constexpr named_order orders[]{
    {"fifo", "first come, first served", [] { return any_order{forebay::fifo{}}; }},
    {"strict", "class 0 before 1 before 2 ..., each by arrival",
     [] {
         return any_order{forebay::strict_priority{forebay::fifo{}, lab_levels}};
     }},
    {"deadline", "earliest deadline first", [] { return any_order{forebay::earliest_deadline{}}; }},
    {"strict-deadline", "class 0 before 1 before 2 ..., each by deadline",
     [] {
         return any_order{forebay::strict_priority{forebay::earliest_deadline{}, lab_levels}};
     }},
};

}  // namespace lab
