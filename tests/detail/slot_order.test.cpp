// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/slot_order.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using forebay::detail::slot_order;
using forebay::detail::slot_stamps;

constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();

/// How ranks come.
struct ranks {
    const char* name;
    std::uint64_t (*next)(std::mt19937_64& random, std::uint64_t step);
};
const ranks all_ranks[] = {
    {"random", [](std::mt19937_64& random, std::uint64_t) -> std::uint64_t { return random(); }},
    {"all equal", [](std::mt19937_64&, std::uint64_t) -> std::uint64_t { return 77; }},
    {"increasing", [](std::mt19937_64&, std::uint64_t step) -> std::uint64_t { return 5 * step; }},
    {"decreasing", [](std::mt19937_64&, std::uint64_t step) -> std::uint64_t { return highest - 3 * step; }},
    {"ahead of time that runs",
     [](std::mt19937_64& random, std::uint64_t step) -> std::uint64_t { return step * 100 + random() % 100'000; }},
    {"in a few places",
     [](std::mt19937_64& random, std::uint64_t) -> std::uint64_t {
         return ((random() % 5) << 60) + (random() % 3 == 0 ? random() % 1'000 : 0);
     }},
    {"at the ends",
     [](std::mt19937_64& random, std::uint64_t) -> std::uint64_t {
         return random() % 2 == 0 ? random() % 3 : highest - random() % 3;
     }},
    {"of every magnitude",
     [](std::mt19937_64& random, std::uint64_t) -> std::uint64_t { return random() >> (random() % 64); }},
    {"mostly increasing, now and then before all",
     [](std::mt19937_64& random, std::uint64_t step) -> std::uint64_t {
         return random() % 64 == 0 ? step % 1000 : 1'000'000 + step;
     }},
};

/// The same calls on the order and on a sorted set.
class pair_of_orders {
public:
    pair_of_orders(std::uint32_t slots, std::uint32_t highest_stamp, bool reserved)
        : stamps_{slots, highest_stamp}, at_(slots, sorted_.end()) {
        if (reserved) order_.reserve(slots);
        for (std::uint32_t slot = slots; slot-- > 0;) free_.push_back(slot);
    }

    [[nodiscard]] std::size_t size() const { return sorted_.size(); }
    [[nodiscard]] bool full() const { return free_.empty(); }
    [[nodiscard]] std::uint32_t renumbered() const { return renumbered_; }

    void push(std::uint64_t rank) {
        if (stamps_.used_up()) {
            const auto in = stamps_.in_order();
            order_.sweep(stamps_);
            stamps_.renumber(in);
            order_.restamp(stamps_);
            ++renumbered_;
        }
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        order_.push(rank, slot, stamps_);
        at_[slot] = sorted_.emplace(std::pair{rank, pushed_++}, slot).first;
    }
    void erase(std::uint64_t random) {
        const auto slots = static_cast<std::uint64_t>(at_.size());
        std::uint32_t slot = static_cast<std::uint32_t>(random % slots);
        while (at_[slot] == sorted_.end()) slot = static_cast<std::uint32_t>((slot + 1) % slots);
        order_.erase(slot, stamps_);
        forget(slot);
    }
    void pop() {
        settle();
        const std::uint32_t slot = order_.top_slot();
        order_.pop(stamps_);
        forget(slot);
    }
    void settle() {
        if (order_.settle(stamps_) != !sorted_.empty()) FAIL("whether there is one");
        if (sorted_.empty()) return;
        if (order_.top_slot() != sorted_.begin()->second) FAIL("the first slot");
        if (order_.top_rank() != sorted_.begin()->first.first) FAIL("its rank");
    }
    void settle(std::uint64_t until) {
        const bool expected = !sorted_.empty() && sorted_.begin()->first.first <= until;
        if (order_.settle(stamps_, until) != expected) FAIL("whether there is one until then");
        if (expected && order_.top_slot() != sorted_.begin()->second) FAIL("the first slot");
    }
    void check_size() const {
        if (order_.size() != sorted_.size() || order_.empty() != sorted_.empty()) FAIL("the size");
    }

private:
    using sorted_set = std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t>;  // rank, order of pushes
    void forget(std::uint32_t slot) {
        sorted_.erase(at_[slot]);
        at_[slot] = sorted_.end();
        free_.push_back(slot);
    }

    slot_stamps stamps_;
    slot_order order_;
    sorted_set sorted_;
    std::vector<sorted_set::iterator> at_;
    std::vector<std::uint32_t> free_;
    std::uint64_t pushed_{0};
    std::uint32_t renumbered_{0};
};

}  // namespace

TEST_CASE("slots leave by rank, and those of equal rank as they came, under any calls and any ranks") {
    const std::uint32_t slots = GENERATE(1U, 30U, 700U, 6'000U);
    // Few stamps, so that they are used up again and again.
    const std::uint32_t highest_stamp = GENERATE(20'000U, std::numeric_limits<std::uint32_t>::max());
    for (const ranks& each : all_ranks) {
        const std::uint64_t seed = slots + highest_stamp;
        CAPTURE(seed, slots, highest_stamp, std::string{each.name});
        std::mt19937_64 random{seed};
        pair_of_orders both{slots, highest_stamp, random() % 2 == 0};
        std::uint64_t settle_every = 1;
        for (std::uint64_t step = 0; step < 60'000; ++step) {
            if (step % 4'096 == 0) settle_every = std::uint64_t{1} << (random() % 12);
            // Fills, holds its size, drains; what leaves is the first, or any.
            const std::uint64_t phase = step / 15'000 % 3;
            const bool fill = phase == 0 ? random() % 8 != 0 : phase == 1 ? random() % 2 == 0 : random() % 4 == 0;
            const bool first = step / 5'000 % 2 == 0 ? random() % 8 != 0 : random() % 8 == 0;
            if (fill && !both.full()) {
                both.push(each.next(random, step));
            } else if (both.size() > 0) {
                first ? both.pop() : both.erase(random());
            }
            if (random() % settle_every == 0) random() % 4 == 0 ? both.settle(each.next(random, step)) : both.settle();
            both.check_size();
        }
        while (both.size() > 0) both.pop();
        both.settle();
        if (slots > 1 && highest_stamp == 20'000U) REQUIRE(both.renumbered() > 0);
    }
}

TEST_CASE("an order that is asked now and then agrees with one that is asked always") {
    // All is put in before anything is asked; then all leaves.
    for (const ranks& each : all_ranks) {
        CAPTURE(std::string{each.name});
        std::mt19937_64 random{31};
        pair_of_orders both{50'000, std::numeric_limits<std::uint32_t>::max(), true};
        for (std::uint64_t step = 0; step < 50'000; ++step) both.push(each.next(random, step));
        for (int i = 0; i < 20'000; ++i) both.erase(random());
        while (both.size() > 0) both.pop();
    }
}

TEST_CASE("orders over different slots share their stamps, and one's stale slots are not taken for the other's") {
    constexpr std::uint32_t slots = 600;
    std::mt19937_64 random{5};
    slot_stamps stamps{slots, 5'000};
    slot_order orders[2];
    std::set<std::pair<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t>> models[2];
    std::vector<int> in(slots, -1);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> key(slots);
    std::uint64_t pushed = 0;
    for (int step = 0; step < 100'000; ++step) {
        const auto slot = static_cast<std::uint32_t>(random() % slots);
        if (in[slot] < 0) {
            if (stamps.used_up()) {
                const auto order = stamps.in_order();
                for (slot_order& each : orders) each.sweep(stamps);
                stamps.renumber(order);
                for (slot_order& each : orders) each.restamp(stamps);
            }
            // One of them is used in turns, so that the other lies still while stamps come and go.
            const int into = step / 20'000 % 2 == 0 ? static_cast<int>(random() % 2) : 0;
            key[slot] = {random() % 50, pushed++};
            orders[into].push(key[slot].first, slot, stamps);
            models[into].insert({key[slot], slot});
            in[slot] = into;
        } else if (random() % 2 == 0) {
            orders[in[slot]].erase(slot, stamps);
            models[in[slot]].erase({key[slot], slot});
            in[slot] = -1;
        }
        const auto asked = static_cast<std::size_t>(step / 20'000 % 2 == 0 ? random() % 2 : 0);
        REQUIRE(orders[asked].settle(stamps) == !models[asked].empty());
        if (!models[asked].empty()) REQUIRE(orders[asked].top_slot() == models[asked].begin()->second);
    }
}
