// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/arrivals.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

using forebay::detail::arrivals;
using forebay::detail::slot_stamps;

TEST_CASE("the oldest is that of a list, whichever slots leave, also when the stamps start again") {
    const std::uint32_t seed = GENERATE(7U, 8U, 9U);
    const std::uint32_t slots = GENERATE(1U, 3U, 60U, 1000U);
    CAPTURE(seed, slots);
    std::mt19937 random{seed};
    slot_stamps stamps{slots, 3 * slots + 5};
    arrivals order;
    std::vector<std::uint32_t> model;  // in order of arrival
    for (int step = 0; step < 20'000; ++step) {
        const auto slot = static_cast<std::uint32_t>(random() % slots);
        const auto found = std::find(model.begin(), model.end(), slot);
        if (found == model.end()) {
            if (stamps.used_up()) {
                const auto in = stamps.in_order();
                REQUIRE(in == model);
                order.sweep(stamps);
                stamps.renumber(in);
                order.restamp(stamps);
            }
            order.make_room(model.size(), stamps);
            stamps.mark(slot);
            order.push(slot, stamps[slot]);
            model.push_back(slot);
        } else if (random() % 4 == 0) {
            stamps.clear(model.front());
            model.erase(model.begin());
        } else {
            stamps.clear(slot);
            model.erase(found);
        }
        if (!model.empty() && random() % 3 == 0) REQUIRE(order.oldest(stamps) == model.front());
    }
}
