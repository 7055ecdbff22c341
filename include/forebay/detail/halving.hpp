// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/wide_heap.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace forebay::inline v0::detail {

/// One of `size` different numbers that is about their median: never the least of them. Chosen at chance, so that no
/// pattern makes all halvings lopsided; `chance` goes on from call to call. [size >= 9]
inline wide_rank about_median(const wide_rank* values, std::size_t size, std::uint64_t& chance) noexcept {
    std::array<wide_rank, 9> some;
    const std::size_t stride = size / some.size();
    for (std::size_t i = 0; i < some.size(); ++i) {
        chance = chance * 6364136223846793005U + 1442695040888963407U;  // Knuth's MMIX
        some[i] = values[i * stride + static_cast<std::size_t>(((chance >> 32) * stride) >> 32)];
    }
    std::nth_element(some.begin(), some.begin() + 4, some.end());
    return some[4];
}

/// Puts what is less than the pivot in front. returns  how much that is
/// cost  O(size), and no jump depends on a comparison
inline std::size_t halve(wide_rank* values, std::size_t size, wide_rank pivot) noexcept {
    // Moved as one piece: what was just written as two words cannot be read back at once as one.
    using piece [[gnu::vector_size(16), gnu::may_alias]] = unsigned long long;
    const auto at = [values](std::size_t place) -> piece& { return *reinterpret_cast<piece*>(values + place); };
    std::size_t less = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const piece each = at(i);
        at(i) = at(less);
        at(less) = each;
        less += static_cast<std::size_t>(values[less] < pivot);
    }
    return less;
}

}  // namespace forebay::inline v0::detail
