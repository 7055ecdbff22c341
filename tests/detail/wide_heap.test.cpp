// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/wide_heap.hpp>

#include <cstdint>
#include <random>
#include <set>

using forebay::detail::wide_heap;
using forebay::detail::wide_rank;

TEST_CASE("a wide heap gives what a sorted set gives, under any calls") {
    const std::uint32_t seed = GENERATE(1U, 2U, 3U);
    const std::uint64_t spread = GENERATE(1U, 5U, ~0U);
    CAPTURE(seed, spread);
    std::mt19937_64 random{seed};
    const auto any = [&] { return wide_rank{random() % spread} << 64 | random() % spread; };
    wide_heap heap;
    std::multiset<wide_rank> model;
    heap.reserve(8);
    for (int step = 0; step < 30'000; ++step) {
        const bool grow = (step / 1000) % 2 == 0;
        if (random() % 4 < (grow ? 3U : 1U)) {
            if (heap.size() == heap.room()) heap.reserve(2 * heap.room());
            const wide_rank added = any();
            heap.push(added);
            model.insert(added);
        } else if (!model.empty()) {
            heap.pop();
            model.erase(model.begin());
        }
        if (random() % 512 == 0) {
            // Some go, others change.
            model.clear();
            const std::size_t kept = heap.size() / 2;
            for (std::size_t i = 0; i < kept; ++i) model.insert(heap.data()[i] = any());
            heap.assume(kept);
        }
        REQUIRE(heap.size() == model.size());
        REQUIRE(heap.empty() == model.empty());
        if (!model.empty()) REQUIRE(bool(heap.top() == *model.begin()));
    }
    for (; !heap.empty(); heap.pop()) {
        REQUIRE(bool(heap.top() == *model.begin()));
        model.erase(model.begin());
    }
    heap.push(1);
    heap.clear();
    CHECK(heap.empty());
}
