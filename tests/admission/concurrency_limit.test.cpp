// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/policies.hpp>
#include <forebay/scheduler.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1s};

template <class State>
verdict ask(State& state, std::int64_t cost, permit& taken) {
    return state.try_acquire({.tenant = tenant_id{7}, .cost = cost}, start, taken);
}

}  // namespace

#define BOTH_FORMS "", multi_threaded, single_threaded

TEMPLATE_TEST_CASE("A concurrency limit admits exactly its most, and again as much as has ended", BOTH_FORMS) {
    auto limit = concurrency_limit{3}.build<TestType>();
    std::vector<permit> out(3);
    for (permit& each : out) REQUIRE(ask(limit, 100, each) == admitted(start));
    REQUIRE(limit.in_flight() == 3);

    permit none;
    REQUIRE(ask(limit, 1, none) == retry_at(start, forebay::limit::concurrency, 1, certainty::on_completion));
    REQUIRE_FALSE(none.live);
    REQUIRE(limit.in_flight() == 3);

    limit.settle(out[0], 5, start);
    REQUIRE(limit.in_flight() == 2);
    limit.give_back(out[1], start);
    REQUIRE(limit.in_flight() == 1);
    REQUIRE(ask(limit, 1, out[0]));
    REQUIRE(ask(limit, 1, out[1]));
    REQUIRE_FALSE(ask(limit, 1, none));
}

TEMPLATE_TEST_CASE("A concurrency limit of costs says what is missing, and never to what cannot fit", BOTH_FORMS) {
    auto limit = concurrency_limit{100, by_cost}.build<TestType>();
    permit first;
    REQUIRE(ask(limit, 70, first));
    permit second;
    REQUIRE(ask(limit, 45, second) == retry_at(start, forebay::limit::concurrency, 15, certainty::on_completion));
    REQUIRE(ask(limit, 101, second) == never(forebay::limit::concurrency, 1));
    REQUIRE(ask(limit, -1, second) == never(forebay::limit::bad_cost));
    REQUIRE(ask(limit, 30, second));
    REQUIRE(limit.in_flight() == 100);

    limit.settle(first, 1, start);  // what it cost changes nothing: it held 70, and they are free now
    REQUIRE(limit.in_flight() == 30);
    limit.settle(first, 1, start);
    REQUIRE(limit.in_flight() == 30);
}

TEMPLATE_TEST_CASE("A request that counts nothing passes a full concurrency limit", BOTH_FORMS) {
    auto limit = concurrency_limit{1, by_cost}.build<TestType>();
    permit one;
    permit nothing;
    REQUIRE(ask(limit, 1, one));
    REQUIRE(ask(limit, 0, nothing));
    limit.give_back(nothing, start);
    REQUIRE(limit.in_flight() == 1);
}

TEMPLATE_TEST_CASE("A concurrency limit of all of int64 does not wrap", BOTH_FORMS) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    auto limit = concurrency_limit{most, by_cost}.build<TestType>();
    permit all;
    permit one;
    REQUIRE(ask(limit, most, all));
    REQUIRE(ask(limit, 1, one) == retry_at(start, forebay::limit::concurrency, 1, certainty::on_completion));
    REQUIRE(ask(limit, most, one) == retry_at(start, forebay::limit::concurrency, most, certainty::on_completion));
    limit.give_back(all, start);
    REQUIRE(ask(limit, 1, one));
}

TEST_CASE("A concurrency limit below one is refused at building") {
    REQUIRE_THROWS_AS(concurrency_limit{0}.build<single_threaded>(), std::invalid_argument);
    REQUIRE_THROWS_AS(concurrency_limit{-5}.build<multi_threaded>(), std::invalid_argument);
}

TEST_CASE("A concurrency limit holds among threads: never more than its most at once, and all come through") {
    constexpr std::int64_t most = 3;
    constexpr int rounds = 20'000;
    auto limit = concurrency_limit{most}.build<multi_threaded>();
    std::atomic<std::int64_t> inside{0};
    std::atomic<std::int64_t> highest{0};
    std::atomic<int> admitted_in_all{0};
    const auto work = [&] {
        for (int i = 0; i < rounds;) {
            permit taken;
            if (!ask(limit, 1, taken)) {
                std::this_thread::yield();
                continue;
            }
            const std::int64_t now_inside = inside.fetch_add(1) + 1;
            std::int64_t before = highest.load();
            while (before < now_inside && !highest.compare_exchange_weak(before, now_inside)) {
            }
            inside.fetch_sub(1);
            limit.settle(taken, 1, start);
            admitted_in_all.fetch_add(1);
            ++i;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 5; ++i) threads.emplace_back(work);
    for (std::thread& each : threads) each.join();
    REQUIRE(highest.load() <= most);
    REQUIRE(admitted_in_all.load() == 5 * rounds);
    REQUIRE(limit.in_flight() == 0);
}

TEST_CASE("A scheduler's concurrency limit counts what waits and what runs, and frees a place at every kind of end") {
    manual_clock clock;
    int told = 0;
    auto scheduler =
        make_scheduler<int, int>(policies{.admission = concurrency_limit{2}, .clock = clock},
                                 [](std::span<const int> in) { return std::vector<int>(in.begin(), in.end()); });
    const auto submit = [&](time_point deadline = no_deadline) {
        return scheduler.submit(1, {.deadline = deadline}, [&](outcome<int>) { ++told; });
    };
    const auto first = submit();
    REQUIRE(first);
    REQUIRE(submit(clock.now() + 1ms));
    const auto refused = submit();
    REQUIRE_FALSE(refused);
    REQUIRE(refused.error().which == limit::concurrency);
    REQUIRE(refused.error().how_sure == certainty::estimate);  // of when something in flight ends: one has a deadline
    REQUIRE(refused.error().when == clock.now() + 1ms);

    REQUIRE(scheduler.cancel(*first));
    REQUIRE(submit());
    REQUIRE_FALSE(submit());
    clock.advance(2ms);
    static_cast<void>(scheduler.poll());  // one expires, one runs
    REQUIRE(told == 3);
    REQUIRE(submit());
    REQUIRE(submit());
    REQUIRE_FALSE(submit());
}
