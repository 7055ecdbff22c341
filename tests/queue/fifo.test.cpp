// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "queue/reference.hpp"
#include <forebay/queue/fifo.hpp>
#include <forebay/queue/priority_queue.hpp>

namespace fb = forebay;
using namespace reference;

TEST_CASE("Q-9 B-12 first come first served holds among equal timestamps and equal keys") {
    fb::priority_queue<int> waiting;
    for (int i = 0; i < 1000; ++i) waiting.push({.priority = -i, .key = std::uint64_t(i % 3), .cost = i % 7}, at(0), i);
    for (int i = 0; i < 1000; ++i) REQUIRE(waiting.pop(at(0))->value == i);
}

TEST_CASE("order of acceptance decides, not what the clock said at the time") {
    fb::priority_queue<int> waiting;
    waiting.push({}, at(50), 1);
    waiting.push({}, at(10), 2);
    waiting.push({}, at(30), 3);
    CHECK(waiting.pop(at(0))->value == 1);
    CHECK(waiting.pop(at(0))->value == 2);
    CHECK(waiting.pop(at(0))->value == 3);
}

TEST_CASE("fifo has every priority") {
    const fb::priority_queue<int> waiting;
    CHECK(waiting.check({.priority = std::numeric_limits<std::int32_t>::min()}, at(0)));
    CHECK(waiting.check({.priority = std::numeric_limits<std::int32_t>::max()}, at(0)));
}

TEST_CASE("fifo is a value without state, and its rank a constant expression") {
    static_assert(std::is_empty_v<fb::fifo>);
    static_assert(fb::fifo{}.rank(fb::queued{}) == 0);
    static_assert(fb::discipline<fb::fifo>);
    CHECK(fb::leaf<fb::fifo>);
}
