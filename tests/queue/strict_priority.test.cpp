// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "queue/reference.hpp"
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/priority_queue.hpp>
#include <forebay/queue/strict_priority.hpp>

#include <limits>
#include <stdexcept>
#include <type_traits>

namespace fb = forebay;
using namespace reference;

TEST_CASE("deduction builds a tree of two out of strict_priority of strict_priority") {
    static_assert(std::is_same_v<decltype(fb::strict_priority{}), fb::strict_priority<fb::fifo>>);
    static_assert(std::is_same_v<decltype(fb::strict_priority{fb::fifo{}}), fb::strict_priority<fb::fifo>>);
    static_assert(std::is_same_v<decltype(fb::strict_priority{fb::earliest_deadline{}, 3}),
                                 fb::strict_priority<fb::earliest_deadline>>);
    static_assert(std::is_same_v<decltype(fb::strict_priority{fb::strict_priority{}}),
                                 fb::strict_priority<fb::strict_priority<fb::fifo>>>);
    static_assert(std::is_same_v<decltype(fb::strict_priority{fb::strict_priority{fb::strict_priority{}}}),
                                 fb::strict_priority<fb::strict_priority<fb::strict_priority<fb::fifo>>>>);
    const fb::strict_priority inner{fb::earliest_deadline{}, 5};
    const fb::strict_priority outer{inner};
    CHECK(outer.levels == 8);
    CHECK(outer.child.levels == 5);
    CHECK(fb::discipline<decltype(outer)>);
}

TEST_CASE("Q-7 B-13 no lower level is served while a higher one has work") {
    source random{7};
    fb::priority_queue<int, fb::strict_priority<>> waiting;
    std::array<int, 8> count{};
    for (int step = 0; step < 20'000; ++step) {
        if (random.below(20) < 10) {
            const auto level = static_cast<std::int32_t>(random.below(8));
            waiting.push({.priority = level, .key = random.below(4)}, at(step), level);
            ++count[std::size_t(level)];
        } else if (const auto served = waiting.pop(at(step))) {
            for (int above = 0; above < served->value; ++above) REQUIRE(count[std::size_t(above)] == 0);
            --count[std::size_t(served->value)];
        }
    }
}

TEST_CASE("Q-7 within a level the child decides") {
    fb::priority_queue<int, fb::strict_priority<fb::earliest_deadline>> waiting;
    waiting.push({.priority = 1, .deadline = at(10)}, at(0), 1);
    waiting.push({.priority = 0, .deadline = at(90)}, at(0), 2);
    waiting.push({.priority = 1, .deadline = at(5)}, at(0), 3);
    waiting.push({.priority = 0, .deadline = at(80)}, at(0), 4);
    for (const int expected : {4, 2, 3, 1}) CHECK(waiting.pop(at(0))->value == expected);
}

TEST_CASE("B-14 a priority out of range is refused as never, not mapped to a default") {
    const fb::priority_queue<int, fb::strict_priority<>> waiting{{.levels = 4}};
    const auto said = [&](std::int32_t priority) { return waiting.check({.priority = priority}, at(0)); };
    CHECK(said(0));
    CHECK(said(3));
    for (const std::int32_t priority : {4, 5, 63, 64, 65, -1, -2, std::numeric_limits<std::int32_t>::max(),
                                        std::numeric_limits<std::int32_t>::min()}) {
        CHECK(said(priority) == fb::never(fb::limit::bad_priority));
        CHECK(fb::strict_priority{fb::fifo{}, 4}.child_of({.priority = priority}) == fb::no_child);
    }
}

TEST_CASE("B-14 a priority must have a place at every level of the tree") {
    fb::strict_priority tree{fb::strict_priority{fb::fifo{}, 2}, 4};
    const fb::priority_queue<int, decltype(tree)> waiting{tree};
    CHECK(waiting.check({.priority = 1}, at(0)));
    CHECK(waiting.check({.priority = 2}, at(0)) == fb::never(fb::limit::bad_priority));
}

TEST_CASE("levels are 1 to 64, and all 64 are served in order") {
    using queue = fb::priority_queue<int, fb::strict_priority<>>;
    CHECK_THROWS_WITH((queue{{.levels = 0}}), ContainsSubstring("strict_priority: levels) must be 1 to 64"));
    CHECK_THROWS_AS((queue{{.levels = 65}}), std::invalid_argument);
    CHECK_NOTHROW(queue{{.levels = 1}});
    queue waiting{{.levels = 64}};
    for (int level = 63; level >= 0; --level) waiting.push({.priority = level}, at(0), level);
    for (int level = 0; level < 64; ++level) REQUIRE(waiting.pop(at(0))->value == level);
}

TEST_CASE("levels that cannot be are refused inside a tree too") {
    fb::strict_priority tree{fb::strict_priority{fb::fifo{}, 65}};
    CHECK_THROWS_AS((fb::priority_queue<int, decltype(tree)>{tree}), std::invalid_argument);
}
