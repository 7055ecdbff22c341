// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "laws/discipline_laws.hpp"
#include "queue/reference.hpp"
#include <forebay/queue/discipline.hpp>

#include <stdexcept>

namespace fb = forebay;
using namespace reference;

namespace {

// The smallest models, as the concepts' documentation has them.
struct paying_first {
    fb::fifo child{};
    std::uint32_t width() const noexcept { return 2; }
    std::uint32_t child_of(const fb::request_info& r) const noexcept { return r.cost > 0 ? 0 : 1; }
};
// Grows with waiting at one common rate: arrival minus head start.
struct aging {
    std::uint64_t rank(const fb::queued& r) const noexcept {
        const auto start = fb::saturating_add(r.arrival, fb::duration{-10 * r.info.cost});
        return static_cast<std::uint64_t>(start.time_since_epoch().count()) ^ (std::uint64_t{1} << 63);
    }
};
struct constant {
    std::uint64_t rank(const fb::queued&) const noexcept { return 7; }
};
struct any_width {
    fb::fifo child{};
    std::uint32_t children{1};
    std::uint32_t width() const noexcept { return children; }
    std::uint32_t child_of(const fb::request_info&) const noexcept { return children - 1; }
};
struct picky {
    bool broken{false};
    void validate() const {
        if (broken) throw std::invalid_argument("picky is broken");
    }
    std::uint64_t rank(const fb::queued&) const noexcept { return 0; }
};

struct throwing_rank {
    std::uint64_t rank(const fb::queued&) const { return 0; }
};
struct signed_rank {
    std::int64_t rank(const fb::queued&) const noexcept { return 0; }
};
struct childless {
    std::uint32_t width() const noexcept { return 2; }
    std::uint32_t child_of(const fb::request_info&) const noexcept { return 0; }
};

fb::request_info any_request(std::mt19937_64& random) {
    fb::request_info info;
    info.tenant = fb::tenant_id{random() % 4};
    info.priority = static_cast<std::int32_t>(random() % 12) - 2;
    info.key = random() % 5;
    info.cost = static_cast<std::int64_t>(random() % 10) - (random() % 20 == 0 ? 1 : 0);
    if (random() % 2 == 0) info.deadline = at(static_cast<std::int64_t>(random() % 500));
    return info;
}

}  // namespace

TEST_CASE("every discipline keeps the laws of its concept") {
    for_each_order([](const char* name, const auto& order, const order_in_words&) {
        INFO(name);
        laws::discipline_laws(order, any_request, 3);
    });
    laws::discipline_laws(paying_first{}, any_request, 4);
    laws::discipline_laws(aging{}, any_request, 5);
    laws::discipline_laws(constant{}, any_request, 6);
    laws::discipline_laws(fb::strict_priority{paying_first{}}, any_request, 7);
    laws::discipline_laws(by_tenant<fb::strict_priority<aging>>{}, any_request, 8);
    laws::discipline_laws(any_width{{}, 64}, any_request, 9);
}

TEST_CASE("what is not a discipline is seen to be none") {
    CHECK(fb::discipline<cheapest_first>);
    CHECK(fb::discipline<by_tenant<by_tenant<fb::fifo>>>);
    CHECK_FALSE(fb::discipline<int>);
    CHECK_FALSE(fb::discipline<throwing_rank>);
    CHECK_FALSE(fb::discipline<signed_rank>);
    CHECK_FALSE(fb::discipline<childless>);
    CHECK_FALSE(fb::discipline<by_tenant<int>>);
    CHECK_FALSE(fb::discipline<fb::strict_priority<by_tenant<childless>>>);
}

TEST_CASE("a selector's width is checked when a queue is built") {
    const auto build = [](std::uint32_t width) {
        const fb::priority_queue<int, any_width> built{any_width{{}, width}};
    };
    CHECK_NOTHROW(build(1));
    CHECK_NOTHROW(build(64));
    CHECK_THROWS_WITH(build(0), ContainsSubstring("a selector's width"));
    CHECK_THROWS_AS(build(65), std::invalid_argument);
}

TEST_CASE("a node's own validate is called, wherever it stands in the tree") {
    CHECK_NOTHROW(fb::priority_queue<int, picky>{});
    CHECK_THROWS_WITH((fb::priority_queue<int, picky>{{true}}), ContainsSubstring("picky is broken"));
    using tree = fb::strict_priority<by_tenant<picky>>;
    CHECK_NOTHROW(fb::priority_queue<int, tree>{});
    CHECK_THROWS_WITH((fb::priority_queue<int, tree>{tree{{{true}}}}), ContainsSubstring("picky is broken"));
}

TEST_CASE("Q-8 an order that grows with waiting at one rate is the same at every time") {
    fb::priority_queue<int, aging> waiting;
    waiting.push({.cost = 0}, at(0), 1);
    waiting.push({.cost = 5}, at(40), 2);  // as if it had come at -10
    waiting.push({.cost = 5}, at(60), 3);  // at 10
    waiting.push({.cost = 1}, at(10), 4);  // at 0, after the first
    CHECK(waiting.best(at(60)) == waiting.best(at(60) + 1h));
    for (const int expected : {2, 1, 4, 3}) CHECK(waiting.pop(at(60) + expected * 1h)->value == expected);
}
