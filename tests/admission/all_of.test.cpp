// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/adaptive_limit.hpp>
#include <forebay/admission/all_of.hpp>
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/admission/keyed_by.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/admission/shared.hpp>
#include <forebay/policies.hpp>
#include <forebay/scheduler.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
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

/// A request every 10 ms, 5 at once; a token a millisecond, 40 at once. Made here, as clang 19 goes wrong where an aggregate
/// is deduced inside a template.
auto requests_and_tokens() {
    return all_of{per_tenant{.limit = quota{rate::one_every(10ms), 5}, .max_tenants = 8},
                  per_tenant{.limit = quota{rate::one_every(1ms), 40}, .counts = by_cost, .max_tenants = 8}};
}

constexpr verdict said_by(std::uint8_t member, verdict said) {
    said.member = member;
    return said;
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

TEMPLATE_TEST_CASE("RL-25 several limits promise the slot of the one that has it latest, and all of them keep it",
                   BOTH_FORMS) {
    auto limits = requests_and_tokens().template build<TestType>();
    using permit_type = permit_of<decltype(limits)>;
    const auto reserve = [&](std::int64_t cost, duration after, permit_type& taken, duration most = 1s) {
        return limits.reserve({.tenant = who, .cost = cost}, start + after, most, taken);
    };
    permit_type first, second, third;
    REQUIRE(reserve(40, 0ms, first) == admitted(start));
    REQUIRE(reserve(30, 0ms, second) == admitted(start + 30ms));
    CHECK(second.live);
    auto& requests = limits.template member<0>();
    auto& tokens = limits.template member<1>();
    SECTION("until then the bucket that has enough is as used as if it were full just then") {
        CHECK(requests.available(who, start) == 1);
        CHECK(requests.available(who, start + 30ms) == 4);
        CHECK(tokens.available(who, start + 30ms) == 0);
    }
    SECTION("the next one comes after, and one that cannot wait so long is told when it could have asked") {
        CHECK(reserve(10, 0ms, third, 39ms) == said_by(1, retry_at(start + 1ms, limit::rate, 40)));
        CHECK_FALSE(third.live);
        CHECK(reserve(10, 1ms - 1ns, third, 39ms).kind == answer::retry_at);
        CHECK(reserve(10, 1ms, third, 39ms) == admitted(start + 40ms));
    }
    SECTION("given back before its slot, all is as it was") {
        limits.give_back(second, start + 5ms);
        CHECK_FALSE(second.live);
        CHECK(requests.available(who, start + 5ms) == 4);
        CHECK(tokens.available(who, start + 40ms) == 40);
        CHECK(reserve(30, 5ms, third) == admitted(start + 30ms));
    }
    SECTION("one that no waiting helps takes nothing of any") {
        CHECK(reserve(41, 0ms, third).kind == answer::never);
        CHECK(requests.available(who, start) == 1);
    }
    SECTION("settled at what it really cost") {
        limits.settle(second, 10, start + 31ms);
        CHECK(tokens.available(who, start + 31ms) == 21);
        CHECK(requests.available(who, start + 31ms) == 4);
    }
}

TEST_CASE("RL-25 who waits for one limit's slot does not make others wait at a limit that they share") {
    auto limits = all_of{keyed_by{everybody, per_tenant{.limit = quota{rate::one_every(1ms), 100}, .max_tenants = 1}},
                         per_tenant{.limit = quota{rate::one_every(20ms), 1}, .max_tenants = 8}, concurrency_limit{4}}
                      .build<single_threaded>();
    permit_of<decltype(limits)> taken[5];
    const auto reserve = [&](std::uint64_t tenant, int which) {
        return limits.reserve({.tenant = tenant_id{tenant}}, start, 50ms, taken[which]);
    };
    REQUIRE(reserve(1, 0) == admitted(start));
    REQUIRE(reserve(1, 1) == admitted(start + 20ms));
    REQUIRE(reserve(2, 2) == admitted(start));
    REQUIRE(reserve(2, 3) == admitted(start + 20ms));
    CHECK(limits.member<0>().within().available(tenant_id{}, start) == 77);
    SECTION("places in flight are taken from now on") {
        const verdict full = reserve(3, 4);
        CHECK(full == said_by(2, retry_at(start, limit::concurrency, 1, certainty::on_completion)));
        limits.give_back(taken[1], start);
        CHECK(reserve(3, 4) == admitted(start));
    }
    SECTION("refused by one, it leaves no trace in the others") {
        limits.give_back(taken[0], start);
        CHECK(limits.reserve({.tenant = tenant_id{1}}, start, 10ms, taken[0]).which == limit::rate);
        CHECK(limits.member<2>().in_flight() == 3);
        CHECK(limits.member<0>().within().available(tenant_id{}, start) == 78);
    }
}

TEST_CASE("Several limits in which one cannot keep a slot do not promise any") {
    using rates =
        decltype(all_of{per_tenant{quota{rate::per_second(1), 1}}, concurrency_limit{1}}.build<single_threaded>());
    STATIC_REQUIRE(reserves_slots<rates>);
    using one_cannot =
        decltype(all_of{per_tenant{quota{rate::per_second(1), 1}}, admit_all{}}.build<single_threaded>());
    STATIC_REQUIRE_FALSE(reserves_slots<one_cannot>);
    using none_waits = decltype(all_of{concurrency_limit{1}}.build<single_threaded>());
    STATIC_REQUIRE_FALSE(reserves_slots<none_waits>);
}

TEST_CASE("A scheduler lets a request wait for requests and tokens at once, and a cancelled one gives both back") {
    manual_clock clock{start};
    std::vector<int> ran;
    auto scheduler = make_scheduler<int, int>(
        policies{.admission =
                     all_of{per_tenant{.limit = quota{rate::one_every(10ms), 2}, .max_tenants = 8},
                            per_tenant{.limit = quota{rate::one_every(1ms), 10}, .counts = by_cost, .max_tenants = 8}},
                 .on_refusal = delay{.max_wait = 50ms},
                 .clock = clock,
                 .sync = single_threaded{}},
        [&](std::span<const int> requests) {
            ran.insert(ran.end(), requests.begin(), requests.end());
            return std::vector<int>(requests.begin(), requests.end());
        });
    const auto submit = [&](int which, std::int64_t cost) {
        return scheduler.submit(which, {.tenant = who, .cost = cost}, [](outcome<int>) {});
    };
    CHECK(submit(0, 10).error() == admitted(start));
    const auto large = submit(1, 10);
    CHECK(large.error() == admitted(start + 10ms));
    CHECK(submit(2, 1).error() == admitted(start + 11ms));
    CHECK(submit(3, 1).error() == admitted(start + 20ms));  // the requests' turn
    CHECK(submit(4, 10).error() == admitted(start + 30ms));
    CHECK(submit(5, 10).error() == admitted(start + 40ms));
    const auto late = submit(6, 10);
    CHECK(late.error() == admitted(start + 50ms));
    CHECK(submit(7, 1).error().kind == answer::retry_at);
    CHECK(scheduler.cancel(*late));
    CHECK(submit(8, 10).error() == admitted(start + 50ms));
    for (const duration each : {10ms, 11ms, 20ms, 30ms, 40ms, 50ms}) {
        const std::size_t before = ran.size();
        scheduler.poll_at(start + each - 1ns);
        CHECK(ran.size() == std::max<std::size_t>(before, 1));
        scheduler.poll_at(start + each);
    }
    CHECK(ran == std::vector{0, 1, 2, 3, 4, 5, 8});
    CHECK(scheduler.stats().balanced());
}

namespace {

/// What one limit let in: when, and how much.
class let_in {
public:
    explicit let_in(const quota& of) : of_{of} {}

    void add(time_point when, std::int64_t cost) { all_.emplace(when, cost); }
    void remove(time_point when, std::int64_t cost) {
        const auto same = all_.equal_range(when);
        all_.erase(std::find_if(same.first, same.second, [&](const auto& each) { return each.second == cost; }));
    }
    /// Whether every window held at most burst + rate * time.
    [[nodiscard]] bool within_quota() const {
        __extension__ using wide = __int128;
        const wide per_token = of_.refill().nanoseconds();
        wide used = 0;
        std::int64_t last = std::numeric_limits<std::int64_t>::min() / 2;
        for (const auto& [when, cost] : all_) {
            const std::int64_t now = when.time_since_epoch().count();
            used = std::max<wide>(used - (wide{now} - last) * of_.refill().tokens(), 0) + wide{cost} * per_token;
            last = now;
            if (used > of_.burst() * per_token) return false;
        }
        return true;
    }

private:
    quota of_;
    std::multimap<time_point, std::int64_t> all_;
};

}  // namespace

TEST_CASE(
    "RL-25 however requests wait for several limits, some of them shared, no window of any limit holds too much") {
    const std::uint64_t seed = 2525;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&](std::int64_t limit) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
    };
    const auto some = [&](std::int64_t burst) {
        return below(2) == 0 ? quota{rate::one_every(duration{1 + below(40)}), 1 + below(burst)}
                             : quota{rate::per(1 + below(9), duration{9 + below(40)}), 1 + below(burst)};
    };
    int waited = 0;
    int cancelled = 0;
    int passed_by = 0;
    for (int round = 0; round < 1'500; ++round) {
        INFO("round " << round);
        const quota requests = some(6);
        const quota costs = some(40);
        const quota all_costs = some(120);
        auto limits =
            all_of{per_tenant{.limit = requests, .max_tenants = 8, .seed = 1},
                   keyed_by{everybody, per_tenant{.limit = all_costs, .counts = by_cost, .max_tenants = 1}},
                   concurrency_limit{40}, per_tenant{.limit = costs, .counts = by_cost, .max_tenants = 8, .seed = 1}}
                .build<single_threaded>();
        struct held {
            permit_of<decltype(limits)> taken;
            request_info info;
            time_point slot;
        };
        std::vector<held> out;
        std::vector<let_in> of_tenant(3, let_in{requests});
        std::vector<let_in> of_tenant_costs(3, let_in{costs});
        let_in of_all{all_costs};
        time_point now{};
        time_point latest{};
        for (int i = 0; i < 80; ++i) {
            now += duration{below(5) == 0 ? below(300) : below(12)};
            const std::int64_t tenant = below(3);
            const auto number = static_cast<std::size_t>(tenant);
            held next{{}, {.tenant = tenant_id{static_cast<std::uint64_t>(tenant)}, .cost = 1 + below(9)}, {}};
            const duration most{below(200)};
            const verdict asked = limits.ask(next.info, now, most);
            const verdict said = limits.reserve(next.info, now, most, next.taken);
            REQUIRE(said == asked);
            if (said) {
                REQUIRE(said.when >= now);
                REQUIRE(said.when <= now + most);
                next.slot = said.when;
                waited += next.slot > now ? 1 : 0;
                passed_by += next.slot < latest ? 1 : 0;
                latest = std::max(latest, next.slot);
                of_tenant[number].add(next.slot, 1);
                of_tenant_costs[number].add(next.slot, next.info.cost);
                of_all.add(next.slot, next.info.cost);
                out.push_back(next);
            } else if (said.kind == answer::retry_at && said.how_sure == certainty::exact) {
                REQUIRE(said.when > now);
                permit_of<decltype(limits)> none;
                REQUIRE_FALSE(limits.reserve(next.info, said.when - 1ns, most, none));
                REQUIRE(limits.ask(next.info, said.when, most));
            }
            while (!out.empty() && (out.size() > 12 || below(3) == 0)) {
                std::swap(out[random() % out.size()], out.back());
                held& last = out.back();
                if (last.slot > now) {
                    const auto whose = static_cast<std::size_t>(last.info.tenant);
                    of_tenant[whose].remove(last.slot, 1);
                    of_tenant_costs[whose].remove(last.slot, last.info.cost);
                    of_all.remove(last.slot, last.info.cost);
                    limits.give_back(last.taken, now);
                    ++cancelled;
                } else {
                    limits.settle(last.taken, as_charged, now);
                }
                out.pop_back();
            }
        }
        for (const std::size_t tenant : {0U, 1U, 2U}) {
            REQUIRE(of_tenant[tenant].within_quota());
            REQUIRE(of_tenant_costs[tenant].within_quota());
        }
        REQUIRE(of_all.within_quota());
        for (held& each : out) limits.settle(each.taken, as_charged, now);
        REQUIRE(limits.member<2>().in_flight() == 0);
    }
    CHECK(waited > 10'000);
    CHECK(cancelled > 4'000);
    CHECK(passed_by > 2'000);
}

TEST_CASE("RL-25 two limits that count in one bucket find the slot that has room for both") {
    const auto one = share(per_tenant{.limit = quota{rate::one_every(10ms), 3}, .max_tenants = 8});
    auto limits = all_of{one, one}.build<single_threaded>();
    permit_of<decltype(limits)> taken[3];
    const auto reserve = [&](int which, duration most) {
        return limits.reserve({.tenant = who}, start, most, taken[which]);
    };
    CHECK(reserve(0, 1s) == admitted(start));
    CHECK(reserve(1, 9ms) == said_by(1, retry_at(start + 1ms, limit::rate, 1)));
    CHECK(one.target().available(who, start) == 1);
    CHECK(reserve(1, 10ms) == admitted(start + 10ms));
    limits.undo(taken[1], start);
    CHECK(one.target().available(who, start) == 1);
    CHECK(reserve(2, 10ms) == admitted(start + 10ms));
}

TEST_CASE("RL-25 what two limits that count in one bucket can never hold is refused, and not sought for ever") {
    const auto one = share(per_tenant{.limit = quota{rate::one_every(1ns), 3}, .counts = by_cost, .max_tenants = 8});
    auto limits = all_of{one, one}.build<single_threaded>();
    permit_of<decltype(limits)> taken;
    const verdict said = limits.reserve({.tenant = who, .cost = 2}, start, 10s, taken);
    CHECK(said.kind == answer::retry_at);
    CHECK(said.how_sure == certainty::estimate);
    CHECK(said.when >= start);
    CHECK_FALSE(taken.live);
    CHECK(one.target().available(who, start) == 3);
}

TEST_CASE("A wait below nothing is none") {
    auto limits = all_of{per_tenant{.limit = quota{rate::one_every(1s), 1}, .max_tenants = 8}}.build<single_threaded>();
    permit_of<decltype(limits)> taken, none;
    REQUIRE(limits.reserve({.tenant = who}, start, 0s, taken));
    for (const duration most : {0s, -5s}) {
        CHECK(limits.reserve({.tenant = who}, start, most, none) == retry_at(start + 1s, limit::rate, 1));
        CHECK(limits.ask({.tenant = who}, start, most) == retry_at(start + 1s, limit::rate, 1));
    }
    CHECK(limits.reserve({.tenant = who}, start, duration::min(), none) == retry_at(start + 1s, limit::rate, 1));
}

TEST_CASE("RL-25 what is undone is undone from the last to the first: who waited before is the last one again") {
    const auto one = share(per_tenant{.limit = quota{rate::one_every(10ms), 2}, .max_tenants = 8});
    auto limits = all_of{one, one}.build<single_threaded>();
    permit_of<decltype(limits)> both, none;
    permit before;
    REQUIRE(limits.try_acquire({.tenant = who}, start, both));
    REQUIRE(one.target().reserve({.tenant = who}, start, 1s, before) == admitted(start + 10ms));
    REQUIRE(limits.reserve({.tenant = who}, start, 1s, none) == admitted(start + 30ms));
    limits.undo(none, start);
    one.target().undo(before, start);
    CHECK(one.target().available(who, start) == 0);
}

TEST_CASE(
    "RL-25 what clients lose who come too often and find the queue full is nothing: the quota is served to the full") {
    const auto served = [](auto limits) {
        manual_clock clock;
        std::size_t ran = 0;
        auto scheduler = make_scheduler<int, int>(policies{.admission = limits,
                                                           .on_refusal = delay{.max_wait = 10s},
                                                           .capacity = {.max_requests = 36},
                                                           .clock = clock,
                                                           .sync = single_threaded{}},
                                                  [&](std::span<const int> in) {
                                                      ran += in.size();
                                                      return std::vector<int>(in.begin(), in.end());
                                                  });
        std::uint64_t full = 0;
        for (int ms = 0; ms < 20'000; ++ms) {
            clock.advance(1ms);
            scheduler.poll();
            const auto ticket = scheduler.submit(1, {.tenant = who}, [](outcome<int>) {});
            full += !ticket && ticket.error().which == limit::queued_requests ? 1 : 0;
            // Now and then a client goes away, and the next one comes for its slot.
            if (ticket && ms % 7 == 0) CHECK(scheduler.cancel(*ticket));
        }
        CHECK(full > 10'000);
        return ran;
    };
    const per_tenant requests{.limit = quota{rate::one_every(10ms), 5}, .max_tenants = 8};
    const per_tenant costs{.limit = quota{rate::one_every(1ms), 1000}, .counts = by_cost, .max_tenants = 8};
    CHECK(served(requests) >= 2'000);
    CHECK(served(all_of{requests}) >= 2'000);
    CHECK(served(all_of{requests, costs, concurrency_limit{100}}) >= 2'000);
}
