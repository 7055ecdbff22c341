// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/adaptive_limit.hpp>
#include <forebay/admission/all_of.hpp>
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/admission/keyed_by.hpp>
#include <forebay/admission/per_tenant.hpp>

#include <cstddef>
#include <cstdint>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{1h};

/// Tenants 100 .. 199 are tier 1, and so on.
constexpr auto tier = [](const request_info& info) noexcept {
    return tenant_id{static_cast<std::uint64_t>(info.tenant) / 100};
};

per_tenant<> each(std::int64_t per_second, std::int64_t burst) {
    return {.limit = quota{rate::per_second(per_second), burst}, .max_tenants = 64};
}

/// Everybody 6 at once, a tier 4, a tenant 2. The fewer at once, the slower they come back.
auto levels() {
    return all_of{keyed_by{everybody, each(8, 6)}, keyed_by{tier, each(4, 4)}, each(2, 2)};
}

template <class State>
verdict ask(State& state, std::uint64_t tenant, time_point now = start) {
    permit_of<State> taken;
    return state.try_acquire({.tenant = tenant_id{tenant}}, now, taken);
}

struct left {
    std::int64_t everybody;
    std::int64_t tier;
    std::int64_t tenant;
    friend bool operator==(const left&, const left&) = default;
};
template <class State>
left left_of(State& state, std::uint64_t tenant, time_point now = start) {
    return {state.template member<0>().within().available(tenant_id{}, now),
            state.template member<1>().within().available(tenant_id{tenant / 100}, now),
            state.template member<2>().available(tenant_id{tenant}, now)};
}

/// Admits all, and keeps what it was told of batches.
struct listener {
    struct state : admit_all::state {
        std::size_t requests{0};
        void batch_done(std::size_t size, duration, bool, time_point) noexcept { requests += size; }
    };
    template <class Sync>
    [[nodiscard]] state build() const {
        return {};
    }
};

template <class Policy>
using single_state = decltype(std::declval<const Policy&>().template build<single_threaded>());
template <class Policy>
using keyed_state = single_state<decltype(keyed_by{everybody, std::declval<Policy>()})>;
static_assert(reserves_slots<keyed_state<per_tenant<>>> && !reserves_slots<keyed_state<concurrency_limit<>>>);
static_assert(watches_batches<keyed_state<adaptive_limit<>>> && !watches_batches<keyed_state<per_tenant<>>>);
static_assert(!needs_settling<keyed_state<per_tenant<>>> && needs_settling<keyed_state<per_tenant<quota, by_cost_t>>>);

}  // namespace

TEMPLATE_TEST_CASE("A request passes everybody's limit, its tier's and its own, or none of them", "", multi_threaded,
                   single_threaded) {
    auto state = levels().template build<TestType>();
    CHECK(ask(state, 101));
    CHECK(ask(state, 101));
    CHECK(left_of(state, 101) == left{4, 2, 0});

    const verdict own = ask(state, 101);
    CHECK(own.which == limit::rate);
    CHECK(own.member == 2);
    CHECK(own.when == start + 500ms);
    CHECK(left_of(state, 101) == left{4, 2, 0});

    CHECK(ask(state, 102));
    CHECK(ask(state, 102));
    const verdict of_tier = ask(state, 103);
    CHECK(of_tier.member == 1);
    CHECK(of_tier.when == start + 250ms);
    CHECK(left_of(state, 103) == left{2, 0, 2});

    CHECK(ask(state, 201));
    CHECK(ask(state, 201));
    const verdict of_all = ask(state, 301);
    CHECK(of_all.member == 0);
    CHECK(of_all.when == start + 125ms);
    CHECK(left_of(state, 301) == left{0, 4, 2});
}

TEMPLATE_TEST_CASE("Where several levels refuse, the latest time is told, and it holds", "", multi_threaded,
                   single_threaded) {
    auto state = levels().template build<TestType>();
    for (const std::uint64_t tenant : {101U, 101U, 102U, 102U, 201U, 201U}) REQUIRE(ask(state, tenant));
    const verdict said = ask(state, 101);  // all three are used up
    CHECK(said.member == 2);
    CHECK(said.when == start + 500ms);
    CHECK_FALSE(ask(state, 101, said.when - 1ns));
    CHECK(ask(state, 101, said.when));
}

TEST_CASE("A slot is promised by key, and given back by key") {
    auto state = keyed_by{tier, each(1, 1)}.build<single_threaded>();
    permit_of<decltype(state)> first;
    permit_of<decltype(state)> second;
    permit_of<decltype(state)> other;
    REQUIRE(state.reserve({.tenant = tenant_id{101}}, start, 5s, first).when == start);
    REQUIRE(state.reserve({.tenant = tenant_id{102}}, start, 5s, second).when == start + 1s);
    CHECK(state.reserve({.tenant = tenant_id{201}}, start, 5s, other).when == start);
    state.undo(second, start);
    CHECK(state.within().available(tenant_id{1}, start) == 0);
    state.give_back(first, start);
    CHECK(state.within().available(tenant_id{1}, start) == 1);
    CHECK(state.within().available(tenant_id{2}, start) == 0);
}

TEST_CASE("True costs are settled by key") {
    const quota tokens{rate::per_second(10), 100};
    auto charged =
        keyed_by{tier, per_tenant{.limit = tokens, .counts = by_cost, .max_tenants = 8}}.build<single_threaded>();
    permit_of<decltype(charged)> taken;
    REQUIRE(charged.try_acquire({.tenant = tenant_id{101}, .cost = 30}, start, taken));
    charged.settle(taken, 50, start);
    CHECK(charged.within().available(tenant_id{1}, start) == 50);
    CHECK_FALSE(taken.live);
}

TEST_CASE("Batches are told to the limit within") {
    auto state = keyed_by{everybody, listener{}}.build<single_threaded>();
    state.batch_done(3, 1ms, false, start);
    state.batch_done(2, 1ms, true, start);
    CHECK(state.within().requests == 5);
}
