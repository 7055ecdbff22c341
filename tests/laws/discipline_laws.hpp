// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catch.hpp"
#include <forebay/queue/priority_queue.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <utility>
#include <vector>

/// What <forebay/queue/discipline.hpp> asks of a discipline, and what a queue makes of it. To be run with every model.
namespace laws {

namespace fb = forebay;

/// Where a request stands by the discipline's own functions, or nothing if it has no place.
template <class Order>
std::optional<std::vector<std::uint64_t>> place_of(const Order& order, const fb::queued& request) {
    if constexpr (fb::leaf<Order>) {
        return std::vector{order.rank(request)};
    } else {
        const std::uint32_t child = order.child_of(request.info);
        if (child == fb::no_child) return std::nullopt;
        REQUIRE(child < order.width());
        auto below = place_of(order.child, request);
        if (below) below->insert(below->begin(), child);
        return below;
    }
}

template <class Order>
void widths_are_fixed(const Order& order) {
    if constexpr (fb::selector<Order>) {
        REQUIRE(order.width() >= 1);
        REQUIRE(order.width() <= 64);
        REQUIRE(order.width() == order.width());
        widths_are_fixed(order.child);
    }
}

/// requests  makes a request of any kind the order may meet, also ones it must refuse
template <class Order>
void discipline_laws(const Order& order, const std::function<fb::request_info(std::mt19937_64&)>& requests,
                     std::uint64_t seed) {
    INFO("seed " << seed);
    static_assert(fb::discipline<Order>);
    std::mt19937_64 random{seed};
    widths_are_fixed(order);

    // A copy ranks alike, and what it is asked for in between makes no difference.
    const Order copy{order};
    std::vector<fb::queued> all;
    for (std::uint64_t i = 0; i < 300; ++i) {
        all.push_back({requests(random), fb::time_point{fb::duration{static_cast<std::int64_t>(random() % 1000)}}, i});
    }
    for (const fb::queued& request : all) {
        const auto place = place_of(order, request);
        (void)place_of(copy, all[random() % all.size()]);
        REQUIRE(place == place_of(copy, request));
        REQUIRE(place == place_of(order, request));
    }

    // A queue refuses exactly those without a place, and serves the others by place, then in order of acceptance,
    // whatever was erased in between.
    fb::priority_queue<std::uint64_t, Order> waiting{order};
    const fb::time_point start = fb::time_point::min();
    std::vector<std::pair<std::vector<std::uint64_t>, std::uint64_t>> expected;
    std::vector<fb::ticket> ids;
    for (const fb::queued& request : all) {
        const auto place = place_of(order, request);
        const fb::verdict said = waiting.check(request.info, start);
        REQUIRE((said.which == fb::limit::bad_priority) == (!place && request.info.cost >= 0));
        REQUIRE((said.which != fb::limit::bad_priority || said.kind == fb::answer::never));
        if (!said) continue;
        ids.push_back(waiting.push(request.info, request.arrival, request.sequence));
        expected.emplace_back(*place, request.sequence);
    }
    for (std::size_t i = 0; i < ids.size(); i += 3) {
        REQUIRE(waiting.erase(ids[i]));
        expected[i].first.clear();
    }
    std::erase_if(expected, [](const auto& request) { return request.first.empty(); });
    std::sort(expected.begin(), expected.end());
    for (const auto& [place, sequence] : expected) {
        const auto served = waiting.pop(start);
        REQUIRE(served);
        REQUIRE(served->value == sequence);
    }
    REQUIRE(waiting.empty());
}

}  // namespace laws
