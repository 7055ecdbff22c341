// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "queue/reference.hpp"
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/priority_queue.hpp>

#include <limits>
#include <stdexcept>

namespace fb = forebay;
using namespace reference;

namespace {

using edf_queue = fb::priority_queue<int, fb::earliest_deadline>;

std::uint64_t rank_of(fb::earliest_deadline order, fb::time_point deadline, fb::time_point arrival) {
    return order.rank({{.deadline = deadline}, arrival, 0});
}

}  // namespace

TEST_CASE("the earliest deadline is served first, equal ones in order of acceptance") {
    edf_queue waiting;
    waiting.push({.deadline = at(30)}, at(0), 1);
    waiting.push({.deadline = at(10)}, at(0), 2);
    waiting.push({.deadline = at(30)}, at(0), 3);
    waiting.push({.deadline = at(10)}, at(0), 4);
    waiting.push({.deadline = at(20)}, at(0), 5);
    for (const int expected : {2, 4, 5, 1, 3}) CHECK(waiting.pop(at(0))->value == expected);
}

TEST_CASE("instants on both sides of the origin are in order") {
    const fb::earliest_deadline order{};
    const std::int64_t least = std::numeric_limits<std::int64_t>::min();
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    std::uint64_t before = rank_of(order, at(least), at(0));
    CHECK(before == 0);
    for (const std::int64_t later : {least + 1, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, most - 1}) {
        CHECK(before < rank_of(order, at(later), at(0)));
        before = rank_of(order, at(later), at(0));
    }
}

TEST_CASE("without a deadline the patience from arrival on decides, and does not overflow") {
    const fb::earliest_deadline order{100ns};
    CHECK(rank_of(order, fb::no_deadline, at(5)) == rank_of(order, at(105), at(0)));
    CHECK(rank_of(order, fb::no_deadline, at(5)) < rank_of(order, at(106), at(0)));
    const fb::time_point end = fb::time_point::max();
    CHECK(rank_of(order, fb::no_deadline, end - 1ns) == std::numeric_limits<std::uint64_t>::max());
    CHECK(rank_of({fb::duration::max()}, fb::no_deadline, at(1)) == std::numeric_limits<std::uint64_t>::max());
    CHECK(rank_of({0ns}, fb::no_deadline, at(7)) == rank_of(order, at(7), at(0)));
}

TEST_CASE("a patience below zero is refused in words when the queue is built") {
    CHECK_NOTHROW(edf_queue{{0ns}});
    CHECK_THROWS_WITH((edf_queue{{-1ns}}), ContainsSubstring("earliest_deadline.default_patience must be >= 0"));
    using tree = fb::strict_priority<fb::earliest_deadline>;
    CHECK_THROWS_AS((fb::priority_queue<int, tree>{tree{{-1ns}}}), std::invalid_argument);
}

TEST_CASE("Q-8 the order at one time is the order an hour later") {
    const auto order_at = [](std::uint64_t seed, fb::time_point asked) {
        source requests{seed};
        edf_queue waiting{{20ns}};
        for (int i = 0; i < 300; ++i) {
            fb::request_info info = requests.request(at(i));
            if (waiting.check(info, at(i))) waiting.push(info, at(i), i);
        }
        std::vector<int> order;
        while (const auto next = waiting.pop(asked)) order.push_back(next->value);
        return order;
    };
    CHECK(order_at(8, at(300)) == order_at(8, at(300) + 1h));
    CHECK(order_at(8, at(300)) == order_at(8, at(0) - 1h));
}
