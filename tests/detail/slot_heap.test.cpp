// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/slot_heap.hpp>

#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace fb = forebay;
using fb::detail::slot_heap;

namespace {

struct two_words {
    std::uint64_t first;
    std::uint64_t second;
    friend bool operator<(const two_words& a, const two_words& b) noexcept {
        return a.first < b.first || (a.first == b.first && a.second < b.second);
    }
    friend bool operator==(const two_words&, const two_words&) noexcept = default;
};

// The same calls on the heap and on a sorted set, for a while.
template <unsigned Arity>
void follows_a_sorted_set(std::uint32_t slots, std::uint64_t seed) {
    INFO("arity " << Arity << ", slots " << slots << ", seed " << seed);
    std::mt19937_64 random{seed};
    slot_heap<two_words, Arity> heap;
    std::set<std::pair<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t>> model;
    std::vector<std::uint32_t> position(slots);
    std::vector<two_words> rank(slots);
    std::vector<bool> in(slots);
    std::uint64_t sequence = 0;
    const auto any_rank = [&] {
        const std::uint64_t spread = random() % 2 == 0 ? 4 : 1'000'000;
        return two_words{random() % spread, sequence++};
    };
    const auto key = [&](std::uint32_t slot) {
        return std::pair{std::pair{rank[slot].first, rank[slot].second}, slot};
    };
    for (int step = 0; step < 20'000; ++step) {
        const auto slot = static_cast<std::uint32_t>(random() % slots);
        // Grows for a while, then shrinks, so that full and empty both occur.
        const bool grow = (step / 1000) % 2 == 0 ? random() % 4 != 0 : random() % 4 == 0;
        if (!in[slot] && grow) {
            rank[slot] = any_rank();
            heap.push(rank[slot], slot, position.data());
            model.insert(key(slot));
            in[slot] = true;
        } else if (in[slot] && random() % 2 == 0) {
            model.erase(key(slot));
            rank[slot] = any_rank();
            heap.update(rank[slot], slot, position.data());
            model.insert(key(slot));
        } else if (in[slot] && !grow) {
            model.erase(key(slot));
            heap.erase(slot, position.data());
            in[slot] = false;
        } else if (!heap.empty() && !grow) {
            const std::uint32_t top = heap.top_slot();
            model.erase(key(top));
            heap.pop(position.data());
            in[top] = false;
        }
        REQUIRE(heap.size() == model.size());
        REQUIRE(heap.empty() == model.empty());
        if (!heap.empty()) {
            REQUIRE(heap.top_slot() == model.begin()->second);
            REQUIRE(heap.top_rank() == rank[heap.top_slot()]);
        }
    }
    while (!heap.empty()) {
        REQUIRE(heap.top_slot() == model.begin()->second);
        model.erase(model.begin());
        heap.pop(position.data());
    }
    REQUIRE(model.empty());
}

}  // namespace

TEST_CASE("a slot heap gives what a sorted set gives, under any calls") {
    for (const std::uint32_t slots : {1U, 2U, 5U, 6U, 21U, 100U, 2000U}) {
        follows_a_sorted_set<2>(slots, 0x51071 + slots);
        follows_a_sorted_set<4>(slots, 0x51072 + slots);
        follows_a_sorted_set<8>(slots, 0x51073 + slots);
    }
}

TEST_CASE("heaps over different slots share one array of positions") {
    std::vector<std::uint32_t> position(8, 77);
    slot_heap<int> even;
    slot_heap<int> odd;
    for (std::uint32_t slot = 0; slot < 8; ++slot) {
        (slot % 2 == 0 ? even : odd).push(static_cast<int>(10 - slot), slot, position.data());
    }
    CHECK(even.top_slot() == 6);
    CHECK(odd.top_slot() == 7);
    even.erase(6, position.data());
    odd.update(100, 7, position.data());
    CHECK(even.top_slot() == 4);
    CHECK(odd.top_slot() == 5);
    even.pop(position.data());
    CHECK(even.top_slot() == 2);
    CHECK(odd.top_rank() == 5);
    odd.update(1, 7, position.data());
    CHECK(odd.top_slot() == 7);
}

TEST_CASE("every slot of a heap can be seen, and nothing is left after clear") {
    std::vector<std::uint32_t> position(10);
    slot_heap<int> heap;
    std::set<std::uint32_t> seen;
    for (std::uint32_t slot = 0; slot < 10; ++slot) heap.push(static_cast<int>(slot * 7 % 10), slot, position.data());
    for (std::size_t place = 0; place < heap.size(); ++place) {
        CHECK(heap.rank_at(place) == static_cast<int>(heap.slot_at(place) * 7 % 10));
        seen.insert(heap.slot_at(place));
    }
    CHECK(seen.size() == 10);
    heap.clear();
    CHECK(heap.empty());
    heap.push(1, 3, position.data());
    CHECK(heap.top_slot() == 3);
}

TEST_CASE("slots of equal rank all leave, in an order that the calls alone decide") {
    const auto run = [] {
        std::vector<std::uint32_t> position(1000);
        std::vector<std::uint32_t> order;
        slot_heap<int> heap;
        heap.reserve(1000);
        for (std::uint32_t slot = 0; slot < 1000; ++slot) heap.push(7, slot, position.data());
        for (std::uint32_t slot = 0; slot < 1000; slot += 3) heap.erase(slot, position.data());
        for (; !heap.empty(); heap.pop(position.data())) order.push_back(heap.top_slot());
        return order;
    };
    const auto order = run();
    CHECK(order.size() == 666);
    CHECK(std::set<std::uint32_t>(order.begin(), order.end()).size() == 666);
    CHECK(order == run());
}
