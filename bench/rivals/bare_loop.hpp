// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <queue>
#include <vector>

namespace rival {

/// The simulation one writes first: M/M/1, first come first served, an event heap and a queue of arrival times.
struct bare_loop {
    struct result {
        forebay::duration p50, p99;
    };

    static result run(forebay::rate arrivals, forebay::duration mean_service, std::size_t requests,
                      std::uint64_t seed) {
        struct event {
            std::int64_t at;
            std::uint64_t sequence;
            bool is_arrival;
            bool operator<(const event& other) const {
                return at != other.at ? at > other.at : sequence > other.sequence;
            }
        };
        forebay::sim::random_stream gaps{seed, forebay::tenant_id{1}};
        forebay::sim::random_stream services{seed, forebay::tenant_id{2}};
        std::priority_queue<event> events;
        std::deque<std::int64_t> queue;
        std::vector<std::int64_t> waits;
        std::uint64_t sequence = 0;
        std::size_t arrived = 0;
        bool busy = false;
        events.push({gaps.exponential(arrivals).count(), sequence++, true});
        while (!events.empty()) {
            const event now = events.top();
            events.pop();
            if (now.is_arrival) {
                queue.push_back(now.at);
                if (++arrived < requests) events.push({now.at + gaps.exponential(arrivals).count(), sequence++, true});
            } else {
                busy = false;
            }
            if (!busy && !queue.empty()) {
                busy = true;
                waits.push_back(now.at - queue.front());
                queue.pop_front();
                events.push({now.at + services.exponential(mean_service).count(), sequence++, false});
            }
        }
        const auto percentile = [&](std::size_t percent) {
            const auto place = waits.begin() + static_cast<std::ptrdiff_t>((waits.size() * percent + 99) / 100 - 1);
            std::nth_element(waits.begin(), place, waits.end());
            return forebay::duration{*place};
        };
        return {percentile(50), percentile(99)};
    }
};

}  // namespace rival
