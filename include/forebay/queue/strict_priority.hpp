// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/queue/discipline.hpp>
#include <forebay/queue/fifo.hpp>

#include <cstdint>

namespace forebay::inline v0 {

/// Serves `request_info::priority` 0 before 1 before 2 ..., each level by the discipline `Child`. A level waits for as long
/// as lower-numbered ones have work.
///
/// cost  the child's; choosing a level is one bit scan
template <class Child = fifo>
struct strict_priority {
    /// Discipline within a level.
    Child child{};
    /// Number of levels; a request of another priority is refused. [levels]
    /// Raise it when the service has more classes; a level costs 8 bytes for each key in use.
    /// Must be 1 to 64; checked when a queue is built.
    std::uint32_t levels{8};

    [[nodiscard]] constexpr std::uint32_t width() const noexcept { return levels; }
    [[nodiscard]] constexpr std::uint32_t child_of(const request_info& info) const noexcept {
        const auto level = static_cast<std::uint32_t>(info.priority);  // a negative one becomes too large
        return level < levels ? level : no_child;
    }
};

template <class Child>
strict_priority(Child) -> strict_priority<Child>;
template <class Child>
strict_priority(Child, std::uint32_t) -> strict_priority<Child>;
// Without this one, strict_priority{strict_priority{}} would be a copy instead of a tree of two.
template <class Child>
strict_priority(strict_priority<Child>) -> strict_priority<strict_priority<Child>>;

}  // namespace forebay::inline v0
