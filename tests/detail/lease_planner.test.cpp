// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/lease_planner.hpp>

#include <cstdint>
#include <limits>
#include <stdexcept>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1s};
constexpr detail::lease_planner::terms usual{100ms, 10ms, 1s, 1, 1000};
using slots = detail::lease_slots;

/// Asks at `now` and has `granted` of it `latency` later.
std::int64_t exchange(detail::lease_planner& asks, slots& held, time_point now, duration latency,
                      std::int64_t granted) {
    const std::int64_t amount = asks.plan(held, 0, now);
    if (amount == 0) return 0;
    const std::int64_t counts = asks.answered(asks.number(), granted, now + latency);
    if (counts > 0) held.put(counts, now + 10s);
    return amount;
}

}  // namespace

TEST_CASE("An idle host asks for the least, once, and none where the least is nothing") {
    slots held;
    detail::lease_planner asks{usual};
    REQUIRE(exchange(asks, held, start, 1ms, 1) == 1);
    REQUIRE(asks.plan(held, 0, start + 1s) == 0);

    auto silent = usual;
    silent.least = 0;
    detail::lease_planner none{silent};
    REQUIRE(none.plan(slots{}, 0, start) == 0);
    none.wish(5);
    REQUIRE(none.plan(slots{}, 0, start) == 5);
}

TEST_CASE(
    "At most one ask is under way; without an answer in time it has failed, and the next waits twice as long each "
    "time") {
    slots held;
    detail::lease_planner asks{usual};
    REQUIRE(asks.plan(held, 0, start) == 1);
    REQUIRE(asks.plan(held, 0, start + 1s - 1ns) == 0);
    REQUIRE(asks.plan(held, 0, start + 1s) == 1);  // 20 ms after the ask that failed have passed
    time_point asked = start + 1s;
    for (const duration pause : {40ms, 80ms, 160ms, 320ms, 640ms, 1000ms, 1000ms}) {
        REQUIRE(asks.failed(asks.number()));
        REQUIRE_FALSE(asks.failed(asks.number()));
        REQUIRE(asks.plan(held, 0, asked + pause - 1ns) == 0);
        REQUIRE(asks.expected_answer(asked) == asked + pause + 10ms);
        REQUIRE(asks.plan(held, 0, asked + pause) == 1);
        asked += pause;
    }
    REQUIRE(asks.answered(asks.number(), 0, asked) == 0);  // the store is there: no more pauses
    REQUIRE(asks.plan(held, 0, asked + 10ms - 1ns) == 0);
    REQUIRE(asks.plan(held, 0, asked + 10ms) == 1);
}

TEST_CASE("Only the ask under way is answered, and only once") {
    slots held;
    detail::lease_planner asks{usual};
    REQUIRE(asks.answered(0, 5, start) == -1);
    REQUIRE(asks.plan(held, 0, start) == 1);
    const std::uint64_t first = asks.number();
    REQUIRE(asks.answered(first + 1, 1, start) == -1);
    REQUIRE(asks.failed(first));
    REQUIRE(asks.answered(first, 1, start) == -1);
    REQUIRE(asks.plan(held, 0, start + 1s) == 1);
    REQUIRE(asks.answered(first, 1, start + 1s) == -1);
    REQUIRE(asks.answered(asks.number(), std::numeric_limits<std::int64_t>::max(), start + 1s) == 1);
    REQUIRE(asks.answered(asks.number(), 1, start + 1s) == -1);
    REQUIRE(asks.plan(held, 0, start + 2s) == 1);
    REQUIRE(asks.answered(asks.number(), std::numeric_limits<std::int64_t>::min(), start + 2s) == 0);
}

TEST_CASE("What is asked for follows the use, and comes before what is held runs out") {
    slots held;
    detail::lease_planner asks{usual};
    constexpr duration latency = 40ms;
    std::int64_t had_none = 0;
    for (int i = 0; i < 2000; ++i) {  // one each millisecond
        const time_point now = start + 1ms * i;
        if (i > 1000 && held.left(now) == 0) ++had_none;
        if (held.take(1).first == 1) {
            asks.used(1, now);
        } else {
            asks.wish(1);
        }
        held.expire(now);
        const std::int64_t amount = asks.plan(held, 0, now - latency);  // so the answer is there at once
        if (amount > 0) held.put(asks.answered(asks.number(), amount, now), now + 10s);
        REQUIRE(amount <= 400);
    }
    REQUIRE(had_none == 0);
}

TEST_CASE("Who is refused though the store gives in full asks for twice as much, but not when the store is short") {
    slots held;
    detail::lease_planner asks{usual};
    std::int64_t expected = 1;
    time_point now = start;
    for (int i = 0; i < 12; ++i) {
        asks.wish(1);
        const std::int64_t amount = asks.plan(held, 0, now);
        REQUIRE(amount == expected);
        REQUIRE(asks.answered(asks.number(), amount, now) == amount);
        expected = std::min<std::int64_t>(2 * expected, 1000);
        now += 10ms;
    }
    asks.wish(3);
    REQUIRE(asks.plan(held, 0, now) == 1000);
    REQUIRE(asks.answered(asks.number(), 10, now) == 10);
    asks.wish(3);
    REQUIRE(asks.plan(held, 0, now + 10ms) == 3);
}

TEST_CASE("Debt is asked for as well, and tokens that end before an answer could be there count as gone") {
    slots held;
    detail::lease_planner asks{usual};
    REQUIRE(asks.plan(held, 70, start) == 70);
    REQUIRE(asks.answered(asks.number(), 0, start) == 0);
    held.put(5, start + 100ms);
    REQUIRE(asks.plan(held, 0, start + 10ms) == 0);
    REQUIRE(asks.plan(held, 0, start + 79ms) == 0);
    REQUIRE(asks.plan(held, 0, start + 95ms) == 1);
}

TEST_CASE("Terms out of range are refused") {
    const auto with = [](auto change) {
        auto terms = usual;
        change(terms);
        return terms;
    };
    using terms = detail::lease_planner::terms;
    REQUIRE_THROWS_AS(detail::lease_planner(with([](terms& t) { t.cover = 0ns; })), std::invalid_argument);
    REQUIRE_THROWS_AS(detail::lease_planner(with([](terms& t) { t.cover = 1h + 1ns; })), std::invalid_argument);
    REQUIRE_THROWS_AS(detail::lease_planner(with([](terms& t) { t.ask_every = 0ns; })), std::invalid_argument);
    REQUIRE_THROWS_AS(detail::lease_planner(with([](terms& t) { t.ask_every = 2s; })), std::invalid_argument);
    REQUIRE_THROWS_AS(detail::lease_planner(with([](terms& t) { t.answer_within = 2h; })), std::invalid_argument);
    REQUIRE_THROWS_AS(detail::lease_planner(with([](terms& t) { t.most = 0; })), std::invalid_argument);
    REQUIRE_THROWS_AS(detail::lease_planner(with([](terms& t) { t.most = (std::int64_t{1} << 60) + 1; })),
                      std::invalid_argument);
    REQUIRE_THROWS_AS(detail::lease_planner(with([](terms& t) { t.least = -1; })), std::invalid_argument);
    REQUIRE_THROWS_AS(detail::lease_planner(with([](terms& t) { t.least = 1001; })), std::invalid_argument);
}
