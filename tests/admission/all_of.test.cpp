// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/adaptive_limit.hpp>
#include <forebay/admission/all_of.hpp>
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/policies.hpp>
#include <forebay/scheduler.hpp>

#include <atomic>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1h};
constexpr tenant_id who{7};

/// Requests a minute, tokens a minute, in flight.
auto three_limits(std::int64_t requests, std::int64_t tokens, std::int64_t in_flight) {
    return all_of{per_tenant{.limit = quota{rate::per_minute(requests), requests}, .max_tenants = 64},
                  per_tenant{.limit = quota{rate::per_minute(tokens), tokens}, .counts = by_cost, .max_tenants = 64},
                  concurrency_limit{in_flight}};
}

template <class State>
verdict ask(State& state, std::int64_t cost, permit_of<State>& taken, time_point now = start) {
    return state.try_acquire({.tenant = who, .cost = cost}, now, taken);
}

}  // namespace

template <class... Limits>
constexpr bool settling = needs_settling<decltype(all_of{std::declval<Limits>()...}.template build<single_threaded>())>;
static_assert(settling<per_tenant<>, concurrency_limit<>> && settling<per_tenant<quota, by_cost_t>, per_tenant<>>);
static_assert(!settling<per_tenant<>, admit_all>);

#define BOTH_FORMS "", multi_threaded, single_threaded

TEMPLATE_TEST_CASE(
    "RL-21 a refusal by any limit leaves every other as it was, requests a minute too when concurrency refuses",
    BOTH_FORMS) {
    auto limits = three_limits(3, 1000, 2).template build<TestType>();
    permit_of<decltype(limits)> first;
    permit_of<decltype(limits)> second;
    permit_of<decltype(limits)> third;
    REQUIRE(ask(limits, 100, first));
    REQUIRE(ask(limits, 100, second));
    for (int i = 0; i < 50; ++i) {
        const verdict said = ask(limits, 100, third);
        REQUIRE(said.kind == answer::retry_at);
        REQUIRE(said.which == limit::concurrency);
        REQUIRE(said.member == 2);
        REQUIRE(said.missing == 1);
        REQUIRE_FALSE(third.live);
    }
    // A refusal by the last one has cost the first two nothing, and one by the second nothing to the first and third.
    REQUIRE(limits.template member<0>().available(who, start) == 1);
    REQUIRE(limits.template member<1>().available(who, start) == 800);
    limits.settle(first, as_charged, start);
    for (int i = 0; i < 50; ++i) {
        const verdict said = ask(limits, 900, third);
        REQUIRE(said.which == limit::rate);
        REQUIRE(said.member == 1);
        REQUIRE(said.missing == 100);
    }
    REQUIRE(limits.template member<0>().available(who, start) == 1);
    REQUIRE(limits.template member<1>().available(who, start) == 800);
    REQUIRE(limits.template member<2>().in_flight() == 1);
    REQUIRE(ask(limits, 800, third));
}

TEMPLATE_TEST_CASE(
    "A request that asks again is refused as before, whoever refused it, with quotas that give nothing back",
    BOTH_FORMS) {
    auto keeps = per_tenant{quota{rate::per_minute(60), 5}};
    keeps.refund_unrun = false;
    auto limits = all_of{keeps, concurrency_limit{1}}.template build<TestType>();
    permit_of<decltype(limits)> one;
    permit_of<decltype(limits)> other;
    REQUIRE(ask(limits, 1, one));
    for (int i = 0; i < 20; ++i) REQUIRE(ask(limits, 1, other).which == limit::concurrency);
    REQUIRE(limits.template member<0>().available(who, start) == 4);  // undone, though never given back
    limits.give_back(one, start);
    REQUIRE(limits.template member<0>().available(who, start) == 4);
    REQUIRE(limits.template member<1>().in_flight() == 0);
}

TEMPLATE_TEST_CASE("The limit that binds is the one that says yes last, and never outlasts all", BOTH_FORMS) {
    auto limits = all_of{per_tenant{quota{rate::one_every(10ms), 1}}, per_tenant{quota{rate::one_every(30ms), 1}},
                         per_tenant{quota{rate::one_every(20ms), 5}, by_cost}}
                      .template build<TestType>();
    permit_of<decltype(limits)> taken;
    REQUIRE(ask(limits, 5, taken));
    const verdict soon = ask(limits, 1, taken);
    REQUIRE(soon.when == start + 30ms);
    REQUIRE(soon.member == 1);
    REQUIRE(soon.how_sure == certainty::exact);
    const verdict later = ask(limits, 4, taken);
    REQUIRE(later.when == start + 80ms);
    REQUIRE(later.member == 2);
    REQUIRE_FALSE(ask(limits, 4, taken, start + 80ms - 1ns));
    const verdict not_ever = ask(limits, 6, taken);
    REQUIRE(not_ever.kind == answer::never);
    REQUIRE(not_ever.member == 2);
    REQUIRE(not_ever.missing == 1);
    REQUIRE(ask(limits, -1, taken).which == limit::bad_cost);
    REQUIRE(ask(limits, 4, taken, start + 80ms));
}

TEMPLATE_TEST_CASE("An answer is as sure as the least sure of those that refuse", BOTH_FORMS) {
    auto limits = all_of{concurrency_limit{1}, per_tenant{quota{rate::one_every(10ms), 1}}}.template build<TestType>();
    permit_of<decltype(limits)> one;
    permit_of<decltype(limits)> other;
    REQUIRE(ask(limits, 1, one));
    const verdict both = ask(limits, 1, other);
    REQUIRE(both.when == start + 10ms);
    REQUIRE(both.member == 1);
    REQUIRE(both.how_sure == certainty::on_completion);
    limits.settle(one, as_charged, start);
    REQUIRE(ask(limits, 1, other).how_sure == certainty::exact);
}

TEMPLATE_TEST_CASE("Settling gives each limit what it counts", BOTH_FORMS) {
    auto limits = three_limits(60, 1000, 5).template build<TestType>();
    permit_of<decltype(limits)> taken;
    REQUIRE(ask(limits, 400, taken));
    limits.settle(taken, 150, start);  // under: 250 tokens back, the request stays counted
    REQUIRE_FALSE(taken.live);
    REQUIRE(limits.template member<0>().available(who, start) == 59);
    REQUIRE(limits.template member<1>().available(who, start) == 850);
    REQUIRE(limits.template member<2>().in_flight() == 0);
    limits.settle(taken, 0, start);
    limits.give_back(taken, start);
    REQUIRE(limits.template member<1>().available(who, start) == 850);

    REQUIRE(ask(limits, 100, taken));
    limits.settle(taken, 900, start);  // over: charged
    REQUIRE(limits.template member<1>().available(who, start) == -50);
    REQUIRE_FALSE(ask(limits, 1, taken));
    limits.give_back(taken, start);
    REQUIRE(limits.template member<0>().available(who, start) == 58);
}

TEMPLATE_TEST_CASE("A limit among several may be a limit of several", BOTH_FORMS) {
    auto limits = all_of{three_limits(10, 1000, 3), concurrency_limit{2}}.template build<TestType>();
    permit_of<decltype(limits)> one;
    permit_of<decltype(limits)> two;
    permit_of<decltype(limits)> none;
    REQUIRE(ask(limits, 10, one));
    REQUIRE(ask(limits, 10, two));
    REQUIRE(ask(limits, 10, none).member == 1);
    REQUIRE(limits.template member<0>().template member<0>().available(who, start) == 8);
    REQUIRE(limits.template member<0>().template member<2>().in_flight() == 2);
    limits.settle(one, as_charged, start);
    REQUIRE(limits.template member<0>().template member<2>().in_flight() == 1);
}

TEST_CASE("What one of several limits refuses at building, all refuse") {
    REQUIRE_THROWS_AS((all_of{concurrency_limit{1}, concurrency_limit{0}}.build<single_threaded>()),
                      std::invalid_argument);
}

TEST_CASE("No thread sees one of several limits taken and another not") {
    // As many in flight as tokens: a request that takes a token without its place, or the reverse, would upset the sum.
    constexpr std::int64_t tokens = 100'000;
    auto limits = all_of{per_tenant{quota{rate::zero(), tokens}}, concurrency_limit{3}}.build<multi_threaded>();
    std::atomic<std::int64_t> admitted_in_all{0};
    const auto work = [&] {
        for (int i = 0; i < 20'000; ++i) {
            permit_of<decltype(limits)> taken;
            if (!ask(limits, 1, taken)) continue;
            admitted_in_all.fetch_add(1);
            if (i % 2 == 0) {
                limits.settle(taken, as_charged, start);
            } else {
                limits.give_back(taken, start);
                admitted_in_all.fetch_sub(1);
            }
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
    for (std::thread& each : threads) each.join();
    REQUIRE(limits.member<1>().in_flight() == 0);
    REQUIRE(limits.member<0>().available(who, start) == tokens - admitted_in_all.load());
}

TEST_CASE("A scheduler holds a tenant to requests, tokens and places at once, and settles each") {
    manual_clock clock;
    const auto limits = share(three_limits(60, 1000, 2));
    std::int64_t actual = 0;
    auto scheduler = make_scheduler<int, int>(policies{.admission = limits, .clock = clock}, [&](batch<int, int>& all) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (actual >= 0) all[i].settle(actual);
            all[i].succeed(1);
        }
    });
    const auto submit = [&](std::int64_t cost) {
        return scheduler.submit(1, {.tenant = who, .cost = cost}, [](outcome<int>) {});
    };
    REQUIRE(submit(300));
    REQUIRE(submit(300));
    const auto refused = submit(300);
    REQUIRE_FALSE(refused);
    REQUIRE(refused.error().member == 2);
    actual = 50;
    static_cast<void>(scheduler.poll());
    static_cast<void>(scheduler.poll());
    REQUIRE(limits.target().member<1>().available(who, clock.now()) == 900);
    REQUIRE(limits.target().member<2>().in_flight() == 0);
    actual = -1;  // nobody says: as charged
    REQUIRE(submit(300));
    static_cast<void>(scheduler.poll());
    REQUIRE(limits.target().member<1>().available(who, clock.now()) == 600);
    REQUIRE(limits.target().member<0>().available(who, clock.now()) == 57);
    REQUIRE(scheduler.stats().balanced());
}

TEST_CASE("An adaptive limit among several is told of batches") {
    manual_clock clock;
    const auto limits =
        share(all_of{concurrency_limit{100},
                     adaptive_limit{.rule = aimd{.too_long = 5ms}, .initial = 8, .window = 1ms, .least_batches = 1}});
    auto scheduler =
        make_scheduler<int, int>(policies{.admission = limits, .clock = clock}, [&](std::span<const int> in) {
            clock.advance(20ms);
            return std::vector<int>(in.begin(), in.end());
        });
    for (int i = 0; i < 40; ++i) {
        while (scheduler.submit(1, {}, [](outcome<int>) {})) {
        }
        static_cast<void>(scheduler.poll());
    }
    REQUIRE(limits.target().member<1>().most() < 8);
}
