// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arrivals_spec.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace lab {

/// The highest rate at which holds(rate) is true, by doubling or halving from `start` and then by bisection, to within
/// one part in `parts`; nothing if it holds at no rate tried, from start / 2^20 on, or still at 2^20 * start.
/// holds  true below some rate and false above it; where it is not, one of the rates at which it changes is found
/// cost   about log2(parts) + |log2(result / start)| + 2 calls
template <class Holds>
[[nodiscard]] std::optional<nano_rate> highest_rate(nano_rate start, std::int64_t parts, const Holds& holds) {
    constexpr nano_rate most = 1'000'000'000'000'000'000;  // 1e9 a second
    constexpr int doublings = 20;
    nano_rate good = 0;
    nano_rate bad = 0;
    nano_rate rate = start;
    for (int i = 0; i <= doublings && (good == 0 || bad == 0); ++i) {
        if (holds(rate)) {
            good = rate;
            if (bad == 0) rate = std::min(most / 2, rate) * 2;
        } else {
            bad = rate;
            if (good == 0) rate = std::max<nano_rate>(rate / 2, 1);
        }
    }
    if (good == 0 || bad == 0) return std::nullopt;
    while (bad - good > std::max<nano_rate>(good / parts, 1)) {
        const nano_rate middle = good + (bad - good) / 2;
        (holds(middle) ? good : bad) = middle;
    }
    return good;
}

}  // namespace lab
