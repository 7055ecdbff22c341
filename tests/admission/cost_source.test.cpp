// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/cost_source.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/scheduler.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

// The model in the header's comment.
struct always_500 {
    struct state {
        std::int64_t estimate(const request_info&) noexcept { return 500; }
        void observe(const request_info&, std::int64_t) noexcept {}
    };
    template <class Sync>
    state build() const {
        return {};
    }
};
struct may_throw {
    struct state {
        std::int64_t estimate(const request_info&) { return 500; }
        void observe(const request_info&, std::int64_t) noexcept {}
    };
    template <class Sync>
    state build() const {
        return {};
    }
};
static_assert(cost_source<always_500> && cost_source<always_500, single_threaded> && cost_source<no_estimates>);
static_assert(!cost_source<int> && !cost_source<may_throw>);
static_assert(estimates_costs<always_500> && !estimates_costs<no_estimates> && !estimates_costs<const no_estimates>);
static_assert(std::is_empty_v<no_estimates::state>);

/// A source that says what the test tells it to, and remembers what it was told.
struct told {
    struct log {
        std::int64_t next{60};
        std::vector<std::pair<std::int64_t, std::int64_t>> observed;  // what was charged, what it cost
    };
    struct state {
        std::shared_ptr<log> seen;
        std::int64_t estimate(const request_info&) noexcept { return seen->next; }
        void observe(const request_info& info, std::int64_t actual) noexcept {
            seen->observed.emplace_back(info.cost, actual);
        }
    };
    std::shared_ptr<log> seen = std::make_shared<log>();
    template <class Sync>
    state build() const {
        return {seen};
    }
};

constexpr tenant_id acme{7};
constexpr request_info unknown{.tenant = acme, .cost = unknown_cost};

/// A tenant may spend 100 a minute, at once too; its requests run when `poll`ed, and stay out until the test ends them.
struct world {
    manual_clock clock;
    std::vector<ending> endings;
    std::vector<batch<int, int>> out;
    bool throws{false};
};
auto hundred_a_minute(bool refund_unrun) {
    return share(per_tenant{.limit = quota{rate::per_minute(100), 100},
                            .counts = by_cost,
                            .max_tenants = 1,
                            .seed = 1,
                            .refund_unrun = refund_unrun});
}
template <class Admission, class Costs>
auto scheduler_in(world& host, const Admission& admission, const Costs& costs) {
    return make_scheduler<int, int>(policies{.admission = admission,
                                             .costs = costs,
                                             .capacity = {.max_requests = 100, .max_cost = 1000},
                                             .executors = 100,
                                             .clock = host.clock,
                                             .sync = single_threaded{}},
                                    [&host](batch<int, int> one) {
                                        if (host.throws) throw std::runtime_error{"no"};
                                        host.out.push_back(std::move(one));
                                    });
}
struct bench : world {
    explicit bench(bool refund_unrun = true)
        : limit{hundred_a_minute(refund_unrun)}, scheduler{scheduler_in(*this, limit, costs)} {}

    auto submit(const request_info& info) {
        return scheduler.submit(0, info, [this](outcome<int> how) { endings.push_back(how.how()); });
    }
    /// Takes in and runs one.
    ticket run(const request_info& info) {
        const auto id = submit(info);
        REQUIRE(id);
        scheduler.poll();
        return *id;
    }
    [[nodiscard]] std::int64_t left(tenant_id who = acme) const { return limit.target().available(who, clock.now()); }

    told costs;
    decltype(hundred_a_minute(true)) limit;
    decltype(scheduler_in(std::declval<world&>(), limit, costs)) scheduler;
};

}  // namespace

TEST_CASE("An unknown cost is estimated before admission, the queue and the order see the request") {
    bench host;
    REQUIRE(host.submit(unknown));
    CHECK(host.left() == 40);
    const auto refused = host.submit(unknown);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().which == limit::rate);
    CHECK(refused.error().missing == 20);
    CHECK(refused.error().when == host.clock.now() + 12s);
    CHECK(refused.error().how_sure == certainty::estimate);  // as sure as the cost
    const auto stated = host.submit({.tenant = acme, .cost = 60});
    REQUIRE_FALSE(stated);
    CHECK(stated.error().how_sure == certainty::exact);
    host.scheduler.poll();
    REQUIRE(host.out.size() == 1);
    CHECK(host.out[0][0].info().cost == 60);

    host.costs.seen->next = -1;
    CHECK(host.submit(unknown).error().which == limit::bad_cost);
    CHECK(host.costs.seen->observed.empty());
}

TEST_CASE("An estimate alone makes no request impossible: it is lowered to what could ever be admitted") {
    bench host;
    host.costs.seen->next = 5000;  // more than the queue ever holds, and than the tenant's burst
    host.run(unknown);
    CHECK(host.left() == 0);
    CHECK(host.out[0][0].info().cost == 100);
    host.costs.seen->next = 101;  // by the door
    host.clock.advance(30s);
    const auto soon = host.submit(unknown);
    REQUIRE_FALSE(soon);
    CHECK(soon.error() == retry_at(host.clock.now() + 30s, limit::rate, 50, certainty::estimate));
    CHECK(host.scheduler.stats().submitted == 2);
    CHECK(host.scheduler.stats()[limit::rate] == 1);
    CHECK(host.submit({.tenant = acme, .cost = 101}).error() == never(limit::rate, 1));  // the caller's word stands
}

TEST_CASE("Without a source an unknown cost is a bad one, and nothing is asked or told") {
    manual_clock clock;
    auto scheduler =
        make_scheduler<int, int>(policies{.clock = clock, .sync = single_threaded{}},
                                 [](std::span<const int> in) { return std::vector(in.begin(), in.end()); });
    const auto refused = scheduler.submit(0, unknown, [](outcome<int>) {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == never(limit::bad_cost));
    CHECK(scheduler.stats()[limit::bad_cost] == 1);
}

TEST_CASE("What ran and was settled is observed, whoever stated its cost, and nothing else is") {
    bench host;
    const auto& seen = host.costs.seen->observed;
    host.run(unknown);
    host.out[0][0].settle(40);
    CHECK(seen.empty());  // it may still say otherwise
    host.out[0].complete(std::vector{1});
    host.run({.tenant = acme, .cost = 10});
    host.out[1][0].settle(-3);
    host.out[1].complete(std::vector{1});
    REQUIRE(seen == std::vector<std::pair<std::int64_t, std::int64_t>>{{60, 40}, {10, 0}});

    host.run({.tenant = acme, .cost = 1});  // nobody says what it cost
    host.out[2].complete(std::vector{1});
    const auto waits = host.submit({.tenant = acme, .cost = 1});
    host.scheduler.cancel(*waits);
    REQUIRE(host.submit({.tenant = acme, .cost = 1, .deadline = host.clock.now() + 1s}));
    host.clock.advance(1s);
    host.scheduler.poll();
    REQUIRE(host.submit({.tenant = acme, .cost = 1}));
    host.scheduler.close();
    CHECK(seen.size() == 2);
    CHECK(host.endings == std::vector{ending::delivered, ending::delivered, ending::delivered, ending::cancelled,
                                      ending::expired, ending::closed});
}
