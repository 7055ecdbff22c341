// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catch.hpp"
#include <forebay/batch/batch_collector.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

/// What <forebay/batch/policy.hpp> asks of a policy, and what a collector makes of it. To be run with every model.
namespace laws {

namespace fb = forebay;

inline bool same_plan(const fb::batch_plan& a, const fb::batch_plan& b) {
    return a.due == b.due && a.size == b.size && a.cause == b.cause;
}

/// policy  one that keeps to its sizes (demand 3)
template <class Policy>
void batch_policy_laws(const Policy& policy, std::uint64_t seed) {
    INFO("seed " << seed);
    static_assert(fb::batch_policy<Policy>);
    std::mt19937_64 random{seed};
    const std::size_t most = policy.max_batch_size;
    REQUIRE(most >= 1);

    const auto any_group = [&]() -> fb::waiting_group {
        return {random() % 4, 1 + random() % (2 * most + 1), static_cast<std::int64_t>(random() % 50),
                fb::time_point{fb::duration{static_cast<std::int64_t>(random() % 1000) - 500}}};
    };
    const Policy copy{policy};
    for (int i = 0; i < 2000; ++i) {
        const fb::waiting_group group = any_group();
        const fb::batch_plan plan = policy.plan(group);
        REQUIRE(plan.size >= 1);
        REQUIRE(plan.size <= std::min(group.count, most));
        (void)copy.plan(any_group());
        REQUIRE(same_plan(plan, copy.plan(group)));
        REQUIRE(same_plan(plan, policy.plan(group)));
    }

    // Through a collector: a batch leaves at the instant that is told, with the cause and the size of the plan.
    for (int round = 0; round < 200; ++round) {
        fb::batch_collector<int, fb::fifo, Policy> collector{{}, {.max_requests = 4 * most}, policy, 4 * most};
        auto& queue = collector.queue();
        const std::size_t count = 1 + random() % (2 * most);
        fb::time_point now{};
        for (std::size_t i = 0; i < count; ++i) {
            now += fb::duration{static_cast<std::int64_t>(random() % 3)};
            queue.push({.cost = static_cast<std::int64_t>(random() % 9)}, now, 0);
        }
        std::size_t served = 0;
        while (!queue.empty()) {
            const fb::waiting_group group = queue.group(*queue.any_group());
            const fb::batch_plan plan = policy.plan(group);
            const fb::time_point due = collector.next_due();
            if (due == fb::no_deadline) break;
            REQUIRE(due == plan.due);
            const auto count_only = [&](fb::ticket id) {
                ++served;
                queue.value(id) = 1;
            };
            if (due > fb::time_point::min()) REQUIRE_FALSE(collector.collect(due - fb::duration{1}, false, count_only));
            const auto batch = collector.collect(due, false, count_only);
            REQUIRE(batch);
            REQUIRE(batch->size == plan.size);
            REQUIRE(batch->cause == plan.cause);
        }
        // A drain hands out what no plan would.
        while (const auto batch = collector.collect(now, true, [&](fb::ticket) { ++served; })) {
            REQUIRE((batch->size >= 1 && batch->size <= most));
        }
        REQUIRE(served == count);
        REQUIRE(collector.next_due() == fb::no_deadline);
    }
}

}  // namespace laws
