// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "../../bench/lab/cluster.hpp"
#include "catch.hpp"
#include <forebay/admission/quota_lease.hpp>
#include <forebay/admission/shared.hpp>
#include <forebay/policies.hpp>
#include <forebay/scheduler.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1s};
constexpr auto all_of_int64 = std::numeric_limits<std::int64_t>::max();
constexpr quota safe_share{rate::per_second(10), 2};

template <class State>
verdict ask(State& state, std::int64_t cost, time_point now, permit& taken) {
    return state.try_acquire({.tenant = tenant_id{7}, .cost = cost}, now, taken);
}
template <class State>
verdict ask(State& state, std::int64_t cost, time_point now) {
    permit taken;
    const verdict answer = ask(state, cost, now, taken);
    REQUIRE(taken.live == static_cast<bool>(answer));
    return answer;
}
/// Has the state ask, and grants it `amount`.
template <class State>
void feed(State& state, std::int64_t amount, time_point now, time_point until) {
    const auto wanted = state.wanted(now);
    REQUIRE(wanted);
    REQUIRE(wanted->amount >= amount);
    REQUIRE(state.granted(wanted->number, {amount, until}, now));
}
/// The same for more than the state would ask for by itself.
template <class State>
void give(State& state, std::int64_t amount, time_point now, time_point until) {
    REQUIRE_FALSE(ask(state, state.available(now) + amount, now));
    feed(state, amount, now, until);
}

// Made here, as clang 19 goes wrong where an aggregate is deduced inside a template.
auto by_cost_without_safe() {
    return quota_lease{.ask_every = 1ns, .counts = by_cost};
}
auto with_safe(std::int64_t least = 1) {
    return quota_lease{.safe = safe_share, .least = least};
}
auto without_anything() {
    return quota_lease{};
}
auto with_little_safe() {
    return quota_lease{.safe = quota{rate::per_second(1), 1}, .ask_every = 1ns, .least = 2};
}
auto of_at_most_100() {
    return quota_lease{.ask_every = 1ns, .most = 100, .counts = by_cost};
}
auto that_keeps_all() {
    return quota_lease{.ask_every = 1ns, .refund_unrun = false, .counts = by_cost};
}

}  // namespace

#define BOTH_FORMS "", multi_threaded, single_threaded

TEMPLATE_TEST_CASE("A lease admits exactly what was granted", BOTH_FORMS) {
    auto limit = by_cost_without_safe().template build<TestType>();
    REQUIRE_FALSE(ask(limit, 1, start));
    give(limit, 10, start, start + 1s);
    REQUIRE(limit.available(start) == 10);
    REQUIRE(ask(limit, 7, start) == admitted(start));
    const verdict no = ask(limit, 4, start);
    REQUIRE(no.kind == answer::retry_at);
    REQUIRE(no.which == limit::rate);
    REQUIRE(no.missing == 1);
    REQUIRE(no.how_sure == certainty::estimate);
    REQUIRE(no.when > start);
    REQUIRE(ask(limit, 3, start));
    REQUIRE_FALSE(ask(limit, 1, start));
    REQUIRE(ask(limit, 0, start));
    REQUIRE(ask(limit, -1, start) == never(limit::bad_cost));
    REQUIRE(ask(limit, 1'000'001, start) == never(limit::rate, 1));
}

TEMPLATE_TEST_CASE("A lease ends at its instant, to the nanosecond, and the safe capacity begins there", BOTH_FORMS) {
    auto limit = with_safe(5).template build<TestType>();
    feed(limit, 5, start, start + 1s);
    REQUIRE(ask(limit, 1, start + 1s - 1ns));
    REQUIRE(limit.connected(start + 1s - 1ns));
    REQUIRE_FALSE(limit.connected(start + 1s));
    REQUIRE(limit.available(start + 1s) == 0);
    REQUIRE(ask(limit, 1, start + 1s));
    REQUIRE(ask(limit, 1, start + 1s));
    REQUIRE_FALSE(ask(limit, 1, start + 1s));
    REQUIRE_FALSE(ask(limit, 1, start + 1100ms - 1ns));
    REQUIRE(ask(limit, 1, start + 1100ms));
    REQUIRE(limit.unspent(start + 1100ms) == 4);
    REQUIRE(limit.unspent(start + 1100ms) == 0);
}

TEMPLATE_TEST_CASE("An answer that grants nothing keeps the safe capacity shut while it is valid", BOTH_FORMS) {
    auto limit = with_safe().template build<TestType>();
    REQUIRE(ask(limit, 1, start));  // no lease yet
    const auto wanted = limit.wanted(start);
    REQUIRE(wanted);
    REQUIRE(limit.granted(wanted->number, {0, start + 1s}, start + 1ms));
    REQUIRE_FALSE(ask(limit, 1, start + 1ms));
    const verdict no = ask(limit, 1, start + 1s - 1ns);
    REQUIRE(no.when == start + 1s);
    REQUIRE(ask(limit, 1, no.when));
}

TEMPLATE_TEST_CASE("Without a store and without a safe capacity nothing is admitted, and nobody is sent away for good",
                   BOTH_FORMS) {
    auto limit = without_anything().template build<TestType>();
    for (int i = 0; i < 100; ++i) {
        const verdict no = ask(limit, 1, start + 1s * i);
        REQUIRE(no.kind == answer::retry_at);
        REQUIRE(no.when > start + 1s * i);
    }
}

TEMPLATE_TEST_CASE("While the store is away the safe capacity alone admits, as its own bucket would", BOTH_FORMS) {
    auto limit = with_safe().template build<TestType>();
    token_bucket<single_threaded> model{safe_share};
    for (int i = 0; i < 1000; ++i) {
        const time_point now = start + 37ms * i;
        if (const auto wanted = limit.wanted(now)) REQUIRE(limit.failed(wanted->number));
        REQUIRE(static_cast<bool>(ask(limit, 1, now)) == static_cast<bool>(model.try_acquire(1, now)));
    }
}

TEMPLATE_TEST_CASE("Answers that are lost, late or come twice admit nothing", BOTH_FORMS) {
    auto limit = by_cost_without_safe().template build<TestType>();
    REQUIRE_FALSE(ask(limit, 5, start));
    const auto lost = limit.wanted(start);
    REQUIRE(lost);
    REQUIRE(lost->amount == 5);
    REQUIRE_FALSE(limit.wanted(start + 1s - 1ns));
    const auto second = limit.wanted(start + 1s);
    REQUIRE(second);
    REQUIRE(second->number != lost->number);
    REQUIRE_FALSE(limit.granted(lost->number, {5, start + 9s}, start + 1s));
    REQUIRE_FALSE(limit.failed(lost->number));
    REQUIRE(limit.available(start + 1s) == 0);
    REQUIRE(limit.granted(second->number, {5, start + 9s}, start + 1s));
    REQUIRE_FALSE(limit.granted(second->number, {5, start + 9s}, start + 1s));
    REQUIRE_FALSE(limit.granted(0, {5, start + 9s}, start + 1s));
    REQUIRE_FALSE(limit.granted(99, {5, start + 9s}, start + 1s));
    REQUIRE(limit.available(start + 1s) == 5);
}

TEMPLATE_TEST_CASE(
    "A store that answers with more than was asked, with less than nothing, or with a lease that has ended",
    BOTH_FORMS) {
    auto limit = by_cost_without_safe().template build<TestType>();
    REQUIRE_FALSE(ask(limit, 5, start));
    auto wanted = limit.wanted(start);
    REQUIRE(limit.granted(wanted->number, {all_of_int64, start + 1s}, start));
    REQUIRE(limit.available(start) == 5);
    REQUIRE_FALSE(ask(limit, 6, start));
    wanted = limit.wanted(start + 1ns);
    REQUIRE(limit.granted(wanted->number, {-all_of_int64, start + 1s}, start + 1ns));
    REQUIRE(limit.available(start) == 5);
    REQUIRE_FALSE(ask(limit, 6, start));
    wanted = limit.wanted(start + 2ns);
    REQUIRE(limit.granted(wanted->number, {1, start + 2ns}, start + 2ns));
    REQUIRE(limit.available(start) == 5);
    REQUIRE(limit.unspent(start + 2ns) == 1);
}

TEMPLATE_TEST_CASE("A clock that goes back spends no lease again and brings none back", BOTH_FORMS) {
    auto limit = with_little_safe().template build<TestType>();
    feed(limit, 2, start, start + 1s);
    REQUIRE(ask(limit, 1, start));
    REQUIRE(ask(limit, 1, start - 1h));
    REQUIRE_FALSE(ask(limit, 1, start - 1h));
    REQUIRE_FALSE(ask(limit, 1, time_point::min()));
    feed(limit, 2, start + 1ns, start + 1s);
    REQUIRE(ask(limit, 1, start + 1s));   // safe
    REQUIRE_FALSE(ask(limit, 1, start));  // the lease stays ended
    REQUIRE_FALSE(limit.connected(start));
    REQUIRE(limit.available(start) == 0);
    REQUIRE(limit.unspent(start) == 2);
}

TEMPLATE_TEST_CASE("What cost less goes back to its lease while that is valid, else to the store", BOTH_FORMS) {
    auto limit = by_cost_without_safe().template build<TestType>();
    give(limit, 10, start, start + 1s);
    permit taken;
    REQUIRE(ask(limit, 10, start, taken));
    limit.settle(taken, 4, start);
    REQUIRE_FALSE(taken.live);
    limit.settle(taken, 0, start);
    REQUIRE(limit.available(start) == 6);
    REQUIRE(ask(limit, 6, start, taken));
    give(limit, 5, start + 1ns, start + 3s);
    limit.settle(taken, 0, start + 1s);
    REQUIRE(limit.available(start + 1s) == 5);
    REQUIRE(limit.unspent(start + 1s) == 6);
    REQUIRE(ask(limit, 5, start + 1s, taken));
    limit.settle(taken, -1, start + 1s);  // as charged
    REQUIRE(limit.available(start + 1s) == 0);
    REQUIRE(limit.unspent(start + 9s, true) == 0);
}

TEMPLATE_TEST_CASE("What cost more is taken from the lease, then owed and paid by the next ones", BOTH_FORMS) {
    auto limit = of_at_most_100().template build<TestType>();
    give(limit, 10, start, start + 1s);
    permit taken;
    REQUIRE(ask(limit, 4, start, taken));
    limit.settle(taken, 30, start);
    REQUIRE(limit.available(start) == 0);
    REQUIRE(limit.debt() == 20);
    REQUIRE_FALSE(ask(limit, 1, start));
    auto wanted = limit.wanted(start + 1ns);
    REQUIRE(wanted);
    REQUIRE(wanted->amount >= 21);
    REQUIRE(limit.granted(wanted->number, {15, start + 1s}, start + 1ns));
    REQUIRE(limit.debt() == 5);
    REQUIRE(limit.available(start + 1ns) == 0);
    REQUIRE_FALSE(ask(limit, 1, start + 1ns));
    wanted = limit.wanted(start + 2ns);
    REQUIRE(limit.granted(wanted->number, {8, start + 1s}, start + 2ns));
    REQUIRE(limit.debt() == 0);
    REQUIRE(limit.available(start + 2ns) == 3);

    REQUIRE(ask(limit, 3, start + 2ns, taken));
    limit.settle(taken, all_of_int64, start + 2ns);
    REQUIRE(limit.debt() == 100);
    REQUIRE(limit.uncharged() == all_of_int64 - 3 - 100);
}

TEMPLATE_TEST_CASE("A request that never ran gets back what it took, unless the policy says no", BOTH_FORMS) {
    auto limit = that_keeps_all().template build<TestType>();
    give(limit, 10, start, start + 1s);
    permit taken;
    REQUIRE(ask(limit, 4, start, taken));
    limit.give_back(taken, start);
    REQUIRE(limit.available(start) == 6);
    REQUIRE(ask(limit, 4, start, taken));
    limit.undo(taken, start);
    REQUIRE(limit.available(start) == 6);
    limit.undo(taken, start);
    REQUIRE(limit.available(start) == 6);
}

TEMPLATE_TEST_CASE("A host that leaves takes out all it holds, and admits nothing more", BOTH_FORMS) {
    auto limit = by_cost_without_safe().template build<TestType>();
    give(limit, 10, start, start + 1s);
    REQUIRE(ask(limit, 3, start));
    REQUIRE(limit.unspent(start, true) == 7);
    REQUIRE_FALSE(ask(limit, 1, start));
}

TEST_CASE("Whatever happens, no more is admitted than was granted and the safe capacity allows, in every window") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        INFO("seed " << seed);
        std::mt19937_64 random{seed};
        const auto below = [&](std::uint64_t bound) { return static_cast<std::int64_t>(random() % bound); };
        const quota safe{rate::per_second(50), 5};
        auto limit =
            quota_lease{
                .safe = safe, .ask_every = 1ms, .answer_within = 50ms, .least = below(5), .most = 60, .counts = by_cost}
                .build<single_threaded>();
        token_bucket<single_threaded> safe_alone{safe, 5};
        struct pending {
            lease_ask ask;
            lease answer;
        };
        std::vector<pending> answers;
        std::vector<permit> permits;
        std::int64_t granted = 0;
        std::int64_t admitted_by_lease = 0;
        time_point now = start;
        time_point latest = time_point::min();
        time_point valid_until = time_point::min();
        for (int i = 0; i < 3000; ++i) {
            now += duration{below(4'000'000)} - 500us;
            if (below(50) == 0) now -= duration{below(100'000'000)};
            const auto changed = [&] { latest = std::max(latest, now); };
            switch (below(6)) {
                case 0:
                case 1:
                case 2: {
                    const std::int64_t cost = below(12);
                    permit taken;
                    const bool leased = std::max(now, latest) < valid_until;
                    const verdict answer = ask(limit, cost, now, taken);
                    if (leased) {
                        if (answer) admitted_by_lease += cost;
                    } else {
                        REQUIRE(static_cast<bool>(answer) ==
                                static_cast<bool>(safe_alone.try_acquire(cost, std::max(now, latest))));
                    }
                    if (answer) {
                        changed();
                        if (leased && cost > 0) permits.push_back(taken);
                    }
                    break;
                }
                case 3:
                    if (permits.empty()) break;
                    // What it cost may be less, or more: debt is admitted too, and must be paid.
                    if (const std::int64_t actual = below(14); true) {
                        admitted_by_lease += actual - permits.back().charged;
                        limit.settle(permits.back(), actual, now);
                    }
                    permits.pop_back();
                    changed();
                    break;
                case 4:
                    if (const auto wanted = limit.wanted(now)) {
                        changed();
                        answers.push_back({*wanted,
                                           {below(static_cast<std::uint64_t>(wanted->amount) + 3),
                                            now + duration{below(300'000'000)}}});
                    }
                    break;
                default: {
                    if (answers.empty()) break;
                    const std::size_t which = random() % answers.size();
                    const pending it = answers[which];
                    if (below(4) == 0) {
                        limit.failed(it.ask.number);
                    } else if (limit.granted(it.ask.number, it.answer, now)) {
                        changed();
                        granted += std::min(it.answer.granted, it.ask.amount);
                        valid_until = std::max(valid_until, it.answer.valid_until);
                    }
                    // Some answers stay, to come again.
                    if (below(2) == 0) answers.erase(answers.begin() + static_cast<std::ptrdiff_t>(which));
                }
            }
            REQUIRE(admitted_by_lease <= granted + limit.debt() + limit.uncharged());
        }
        REQUIRE(granted > 100);
        REQUIRE(admitted_by_lease > granted / 10);
    }
}

TEST_CASE("An ask comes before it is needed: steady requests never find the lease empty, however slow the store") {
    for (const duration latency : {1ms, 10ms, 100ms}) {
        INFO("latency " << latency.count());
        auto limit = quota_lease{}.build<single_threaded>();
        std::optional<lease_ask> under_way;
        time_point answered_at{};
        int refused = 0;
        for (int i = 0; i < 20'000; ++i) {
            const time_point now = start + 1ms * i;
            if (under_way && now >= answered_at) {
                REQUIRE(limit.granted(under_way->number, {under_way->amount, now + 1s}, now));
                under_way.reset();
            }
            if (!ask(limit, 1, now) && i > 3000) ++refused;
            if (const auto wanted = limit.wanted(now)) {
                REQUIRE_FALSE(under_way);
                REQUIRE(wanted->amount <= 2000);
                under_way = wanted;
                answered_at = now + latency;
            }
        }
        REQUIRE(refused == 0);
    }
}

namespace {

/// A store with all that can go wrong, chosen by the test.
struct scripted_store {
    struct script {
        token_bucket<multi_threaded> bucket{quota{rate::per_second(1000), 50}};
        std::atomic<int> asked{0};
        std::int64_t given_back{0};
        bool silent{false};
        bool throws{false};
    };
    std::shared_ptr<script> of = std::make_shared<script>();

    std::optional<lease> ask(std::uint64_t key, std::int64_t amount, time_point now) {
        of->asked.fetch_add(1);
        if (of->throws) throw std::runtime_error{"away"};
        if (of->silent || key != 7) return std::nullopt;
        return lease{of->bucket.acquire_up_to(amount, now), now + 1s};
    }
    void give_back(std::uint64_t, std::int64_t amount, time_point now) {
        of->given_back += amount;
        of->bucket.refund(amount, now);
    }
};

}  // namespace

TEST_CASE("refresh asks the store when it is time, hands back what is unspent, and takes an exception for no answer") {
    scripted_store store;
    manual_clock clock{start};
    auto limit = quota_lease{.safe = safe_share, .key = 7, .least = 5, .store = store}.build<multi_threaded>();
    REQUIRE(limit.refresh(clock));
    REQUIRE_FALSE(limit.refresh(clock));
    REQUIRE(store.of->asked == 1);
    REQUIRE(limit.available(start) == 5);
    REQUIRE(ask(limit, 1, start));

    clock.advance(1s);
    store.of->throws = true;
    REQUIRE_FALSE(limit.refresh(clock));
    REQUIRE(store.of->given_back == 4);
    REQUIRE_FALSE(limit.connected(clock.now()));
    store.of->throws = false;
    store.of->silent = true;
    clock.advance(1s);
    REQUIRE_FALSE(limit.refresh(clock));
    REQUIRE(store.of->asked == 3);
    store.of->silent = false;
    clock.advance(1s);
    REQUIRE(limit.refresh(clock));
    REQUIRE(limit.connected(clock.now()));
}

TEST_CASE("A scheduler with a shared lease never asks the store by itself, and serves what was leased") {
    scripted_store store;
    manual_clock clock{start};
    const auto limit = share(quota_lease{.key = 7, .least = 3, .store = store});
    int told = 0;
    auto scheduler =
        make_scheduler<int, int>(policies{.admission = limit, .clock = clock},
                                 [](std::span<const int> in) { return std::vector<int>(in.begin(), in.end()); });
    const auto submit = [&] { return scheduler.submit(1, {}, [&](outcome<int>) { ++told; }); };
    REQUIRE_FALSE(submit());
    REQUIRE(store.of->asked == 0);
    REQUIRE(limit.target().refresh(clock));
    for (int i = 0; i < 3; ++i) REQUIRE(submit());
    const auto refused = submit();
    REQUIRE_FALSE(refused);
    REQUIRE(refused.error().which == limit::rate);
    static_cast<void>(scheduler.poll());
    REQUIRE(told == 3);
    REQUIRE(store.of->asked == 1);
    clock.advance(10ms);
    REQUIRE(limit.target().refresh(clock));
    REQUIRE(submit());
}

TEST_CASE("Threads that spend one lease while another asks admit together what was granted") {
    scripted_store store;
    auto limit =
        quota_lease{.key = 7, .cover = 1ms, .ask_every = 1us, .least = 10, .store = store}.build<multi_threaded>();
    std::atomic<std::int64_t> total{0};
    std::atomic<int> spending{3};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            std::int64_t mine = 0;
            for (int k = 0; k < 20'000; ++k) {
                permit taken;
                if (!limit.try_acquire({}, start + 1us * k, taken)) continue;
                if (k % 5 == 0) {
                    limit.give_back(taken, start + 1us * k);
                } else {
                    ++mine;
                    limit.settle(taken, -1, start + 1us * k);
                }
            }
            total.fetch_add(mine);
            spending.fetch_sub(1);
        });
    }
    manual_clock clock{start};
    while (spending.load() > 0) {
        limit.refresh(clock);
        clock.advance(1us);
    }
    for (std::thread& each : threads) each.join();
    const std::int64_t kept = limit.unspent(clock.now(), true);
    store.of->bucket.refund(kept, clock.now());
    // All that left the bucket was admitted: 50 at the start, and what the time minted since.
    const std::int64_t minted = saturating_sub(clock.now(), start) / 1ms;
    REQUIRE(total.load() <= 50 + minted + 1);
}

TEST_CASE("Knobs out of range are refused at building") {
    REQUIRE_THROWS_AS(quota_lease{.cover = 0ns}.build<single_threaded>(), std::invalid_argument);
    REQUIRE_THROWS_AS(quota_lease{.ask_every = 0ns}.build<single_threaded>(), std::invalid_argument);
    REQUIRE_THROWS_AS(quota_lease{.answer_within = 1ns}.build<single_threaded>(), std::invalid_argument);
    REQUIRE_THROWS_AS(quota_lease{.least = -1}.build<multi_threaded>(), std::invalid_argument);
    REQUIRE_THROWS_AS(quota_lease{.most = 0}.build<multi_threaded>(), std::invalid_argument);
}

TEST_CASE("A cluster by leases admits nearly what one bucket does, and never more than was granted") {
    const std::uint64_t seed = 1;
    const auto arrivals = forebay::sim::arrival_process::poisson(forebay::rate::per_second(1500));
    for (const int hosts : {2, 64}) {
        for (const bool skewed : {false, true}) {
            for (const forebay::duration latency : {1ms, 100ms}) {
                for (const int failure : {0, 1, 2}) {
                    lab::cluster_setting chosen;
                    chosen.hosts = hosts;
                    for (int i = 1; i <= hosts; ++i)
                        chosen.weights.push_back(skewed ? 1'000'000 / static_cast<std::uint64_t>(i) : 1);
                    chosen.latency = latency;
                    chosen.length = 6s;
                    if (failure > 0) chosen.away = {2s, 4s, failure == 2};
                    INFO(hosts << " hosts, skewed " << skewed << ", latency " << latency.count() << ", failure "
                               << failure << ", seed " << seed);
                    const lab::cluster_report strict = lab::cluster{chosen, arrivals, seed}.run();
                    REQUIRE(strict.safely == 0);
                    REQUIRE(static_cast<std::int64_t>(strict.admitted) <= strict.granted);
                    REQUIRE(strict.admitted <= 100 + 6000);

                    chosen.safe = forebay::quota{forebay::rate::per(1000, hosts * 1s), std::max(100 / hosts, 1)};
                    const lab::cluster_report seen = lab::cluster{chosen, arrivals, seed}.run();
                    REQUIRE(static_cast<std::int64_t>(seen.admitted - seen.safely) <= seen.granted);
                    // Half the hosts on their safe share for a third of the time, while the others have all of the quota.
                    REQUIRE(seen.error() < (failure == 2 ? 1.0 / 6 + 0.01 : 0.01));
                    if (failure == 0) REQUIRE(seen.error() > -0.08);
                    // The quota's burst; a second's leases; a safe burst of each host.
                    REQUIRE(seen.worst_burst <= 100 + 1000 + hosts * 50);
                }
            }
        }
    }
}

TEST_CASE("The burst of a cluster is how far ahead of the rate the hosts ever were") {
    lab::cluster_setting setting;
    setting.hosts = 1;
    setting.weights = {1};
    setting.length = std::chrono::seconds{1};
    setting.away = {forebay::duration{0}, std::chrono::seconds{1}, false};
    setting.safe = setting.total;
    // All of its burst of 100 at once, as 10,000 come a second; then as the rate brings them.
    const auto arrivals = forebay::sim::arrival_process::deterministic(forebay::rate::per_second(10'000));
    const lab::cluster_report seen = lab::cluster{setting, arrivals, 1}.run();
    CHECK(seen.worst_burst == Approx(100).margin(1));
    CHECK(seen.admitted == seen.one_bucket);
    CHECK(seen.safely == seen.admitted);
    CHECK(seen.error() == 0);
}
