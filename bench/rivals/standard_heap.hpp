// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace rival {

/// What a bare heap holds: a rank and a number to find the rest by. No ticket, no erase, no expiry, no key.
struct heap_entry {
    std::int64_t rank;
    std::uint64_t id;

    friend bool operator>(const heap_entry& a, const heap_entry& b) noexcept { return a.rank > b.rank; }
};
static_assert(sizeof(heap_entry) == 16);

/// Smallest rank first.
using standard_heap = std::priority_queue<heap_entry, std::vector<heap_entry>, std::greater<>>;

}  // namespace rival
