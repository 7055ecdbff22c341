// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/quota_watch.hpp>
#include <forebay/sim/random.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 1961;  // Little

fb::time_point at(fb::duration since) {
    return fb::time_point{since};
}

struct event {
    fb::time_point when;
    std::int64_t cost;  // below 0: given back
};

/// The same from the definition, over all windows.
sim::quota_use over_all_windows(const std::vector<event>& events, const fb::quota& of) {
    sim::quota_use worst;
    for (std::size_t last = 0; last < events.size(); ++last) {
        std::int64_t sum = 0;
        for (std::size_t first = last + 1; first-- > 0;) {
            sum += events[first].cost;
            const fb::duration length = events[last].when - events[first].when;
            if (length < 1min) worst.worst_minute = std::max(worst.worst_minute, sum);
            const std::int64_t unit = of.refill().nanoseconds();
            const std::int64_t beyond = (sum - of.burst()) * unit - of.refill().tokens() * length.count();
            if (beyond > 0) worst.beyond = std::max(worst.beyond, (beyond + unit - 1) / unit);
        }
    }
    return worst;
}

}  // namespace

TEST_CASE("what was let in beyond burst and rate in the worst window is told, and the worst minute") {
    // 10 a second, 100 at once.
    sim::quota_watch watch{fb::quota{fb::rate::per_second(10), 100}};
    watch.let_in(0, 100, at(0s), at(0s));
    watch.let_in(0, 50, at(5s), at(5s));
    CHECK(watch.of(0).beyond == 0);
    watch.let_in(0, 31, at(7s), at(7s));  // since 0 s: 181 of 170
    CHECK(watch.of(0).beyond == 11);
    watch.let_in(0, 90, at(60s), at(60s));  // less than a minute since 5 s, and none beyond
    CHECK(watch.of(0).beyond == 11);
    CHECK(watch.of(0).worst_minute == 181);
    watch.let_in(0, 30, at(60s), at(60s));
    CHECK(watch.of(0).worst_minute == 201);
    CHECK(watch.of(0).beyond == 20);  // 120 at once
    // Part of a token is one too many.
    watch.let_in(1, 102, at(1ns), at(1ns));
    CHECK(watch.of(1).beyond == 2);
    watch.let_in(1, 1, at(2ns), at(2ns));
    CHECK(watch.of(1).beyond == 3);
    CHECK(watch.of(2).beyond == 0);
    CHECK(watch.of(2).worst_minute == 0);
}

TEST_CASE("what never ran is given back, and what waits for its slot counts from then on") {
    sim::quota_watch watch{fb::quota{fb::rate::per_second(10), 100}};
    watch.let_in(0, 100, at(0s), at(0s));
    watch.give_back(0, 60, at(1s));
    watch.let_in(0, 60, at(1s), at(1s));
    CHECK(watch.of(0).beyond == 0);
    sim::quota_watch slots{fb::quota{fb::rate::per_second(10), 100}};
    slots.let_in(0, 100, at(0s), at(0s));
    slots.let_in(0, 20, at(0s), at(4s));
    slots.let_in(0, 20, at(0s), at(2s));  // another's slots may lie nearer
    slots.let_in(0, 0, at(1s), at(1s));
    CHECK(slots.of(0).beyond == 0);
    CHECK(slots.of(0).worst_minute == 140);
}

TEST_CASE("it is what all windows say, whatever comes") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    for (int round = 0; round < 40; ++round) {
        const fb::quota quota{
            fb::rate::per(1 + static_cast<std::int64_t>(draw.below(7)), std::chrono::milliseconds{1 + draw.below(900)}),
            1 + static_cast<std::int64_t>(draw.below(400))};
        sim::quota_watch watch{quota};
        std::vector<event> events;
        std::vector<std::int64_t> out;
        fb::time_point now{};
        for (int i = 0; i < 150; ++i) {
            if (!draw.chance(1, 3)) now += fb::duration{static_cast<std::int64_t>(draw.below(4'000'000'000))};
            if (!out.empty() && draw.chance(1, 5)) {
                watch.give_back(3, out.back(), now);
                events.push_back({now, -out.back()});
                out.pop_back();
            } else {
                out.push_back(static_cast<std::int64_t>(draw.below(200)));
                watch.let_in(3, out.back(), now, now);
                events.push_back({now, out.back()});
            }
        }
        const sim::quota_use expected = over_all_windows(events, quota);
        CHECK(watch.of(3).beyond == expected.beyond);
        CHECK(watch.of(3).worst_minute == expected.worst_minute);
    }
}

TEST_CASE("the largest costs and the longest times wrap nothing") {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    sim::quota_watch watch{fb::quota{fb::rate::per(1, fb::duration{most}), 1}};
    for (int i = 0; i < 4; ++i) watch.let_in(0, most, at(fb::duration{i}), at(fb::duration{i}));
    CHECK(watch.of(0).beyond > 0);
    watch.give_back(0, most, at(fb::duration{most}));
    CHECK(watch.of(0).beyond > 0);
    CHECK(watch.of(0).worst_minute == most);
}
