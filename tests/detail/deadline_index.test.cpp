// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/deadline_index.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace fb = forebay;

namespace {

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

constexpr fb::time_point at(std::int64_t ns) {
    return fb::time_point{fb::duration{ns}};
}

struct look_up {
    const fb::time_point* due;
    fb::time_point operator()(std::uint32_t slot) const noexcept { return due[slot]; }
};

/// An index of slots whose deadlines it is told as they come in.
class deadline_index : public fb::detail::deadline_index<look_up> {
    using base = fb::detail::deadline_index<look_up>;

public:
    explicit deadline_index(std::uint32_t slots, std::uint32_t most_counted = std::numeric_limits<std::uint32_t>::max())
        : deadline_index{std::make_unique<fb::time_point[]>(slots), slots, most_counted} {}

    void insert(std::uint32_t slot, fb::time_point deadline) {
        due_[slot] = deadline;
        base::insert({&slot, 1});
    }
    void insert(const std::vector<std::uint32_t>& slots, fb::time_point deadline) {
        for (const std::uint32_t slot : slots) due_[slot] = deadline;
        base::insert(slots);
    }

private:
    deadline_index(std::unique_ptr<fb::time_point[]> due, std::uint32_t slots, std::uint32_t most_counted)
        : base{slots, look_up{due.get()}, most_counted}, due_{std::move(due)} {}

    std::unique_ptr<fb::time_point[]> due_;
};

std::int64_t plus(std::int64_t a, std::int64_t b) {
    return fb::saturating_add(at(a), fb::duration{b}).time_since_epoch().count();
}

constexpr std::int64_t jumps[] = {0, 1, 2, 63, 64, 1000, 1LL << 20, (1LL << 20) + 1, 1LL << 31, 1LL << 40, 1LL << 61};

/// The same calls on the index and on a sorted map.
class pair_of_indexes {
public:
    pair_of_indexes(std::uint32_t slots, std::uint32_t most_counted)
        : index_(slots, most_counted), due_(slots), in_(slots) {}

    void insert(std::uint32_t slot, std::int64_t due) {
        due = std::min(due, highest - 1);
        index_.insert(slot, at(due));
        sorted_.emplace(due, slot);
        due_[slot] = due;
        in_[slot] = true;
    }
    void erase(std::uint32_t slot) {
        index_.erase(slot);
        forget(slot);
    }
    void expire(std::int64_t now, std::size_t max_work) {
        const auto expected =
            std::min(max_work, static_cast<std::size_t>(std::distance(sorted_.begin(), sorted_.upper_bound(now))));
        std::size_t called = 0;
        const std::size_t done = index_.expire(at(now), max_work, [&](std::uint32_t slot) {
            ++called;
            REQUIRE(in_[slot]);
            REQUIRE(!index_.contains(slot));
            REQUIRE(due_[slot] == sorted_.begin()->first);  // the earliest, and so at or before `now`
            forget(slot);
        });
        REQUIRE(done == called);
        REQUIRE(done == expected);
    }
    void check_next() { REQUIRE(index_.next() == (sorted_.empty() ? fb::no_deadline : at(sorted_.begin()->first))); }
    void check_size() const { REQUIRE(index_.size() == sorted_.size()); }

    bool in(std::uint32_t slot) const {
        REQUIRE(index_.contains(slot) == in_[slot]);
        return in_[slot];
    }
    std::size_t size() const { return sorted_.size(); }

private:
    void forget(std::uint32_t slot) {
        auto at_due = sorted_.lower_bound(due_[slot]);
        while (at_due->second != slot) ++at_due;
        sorted_.erase(at_due);
        in_[slot] = false;
    }

    deadline_index index_;
    std::multimap<std::int64_t, std::uint32_t> sorted_;
    std::vector<std::int64_t> due_;
    std::vector<bool> in_;
};

void follows_a_sorted_map(std::uint32_t slots, int steps, std::int64_t start, std::uint64_t seed,
                          std::uint32_t most_counted = std::numeric_limits<std::uint32_t>::max()) {
    INFO("slots " << slots << ", start " << start << ", seed " << seed);
    std::mt19937_64 random{seed};
    pair_of_indexes both{slots, most_counted};
    std::int64_t now = start;
    const auto jump = [&] { return jumps[random() % std::size(jumps)]; };
    std::uint64_t next_every = 1;
    for (int step = 0; step < steps; ++step) {
        if (step % 512 == 0) next_every = std::uint64_t{1} << (random() % 10);
        const auto slot = static_cast<std::uint32_t>(random() % slots);
        const bool grow = (step / 4096) % 2 == 0 ? random() % 8 != 0 : random() % 2 == 0;
        if (both.in(slot) && !grow) {
            both.erase(slot);
        } else if (!both.in(slot)) {
            switch (random() % 8) {
                case 0: both.insert(slot, now); break;
                case 1: both.insert(slot, plus(now, -jump())); break;
                case 2: both.insert(slot, plus(now, static_cast<std::int64_t>(random() % 5000))); break;
                case 3: both.insert(slot, static_cast<std::int64_t>(random())); break;
                case 4: both.insert(slot, plus(now, 1'000'000)); break;
                case 5: both.insert(slot, random() % 2 == 0 ? lowest : highest - 1); break;
                default: both.insert(slot, plus(now, jump())); break;
            }
        }
        if (random() % 64 == 0) now = plus(now, random() % 8 == 0 ? -jump() : jump() / 64);
        if (random() % 32 == 0) both.expire(now, random() % 4 == 0 ? 3 : slots);
        if (random() % next_every == 0) both.check_next();
        both.check_size();
    }
    both.expire(highest - 1, slots);
    REQUIRE(both.size() == 0);
    both.check_next();
}

// Takes everything out, and checks that it comes in order.
std::vector<std::int64_t> drained(deadline_index& index, const std::vector<std::int64_t>& due) {
    std::vector<std::int64_t> order;
    index.expire(at(highest - 1), index.size(), [&](std::uint32_t slot) { order.push_back(due[slot]); });
    return order;
}

}  // namespace

TEST_CASE("a deadline index gives what a sorted map gives, under any calls") {
    std::uint64_t seed = 0xdead11;
    for (const std::int64_t start : {std::int64_t{0}, lowest, lowest + 70, highest - 70, std::int64_t{1} << 40,
                                     (std::int64_t{1} << 40) - 1, std::int64_t{-1}}) {
        follows_a_sorted_map(3, 4'000, start, seed++);
        follows_a_sorted_map(100, 12'000, start, seed++);
        follows_a_sorted_map(3000, 40'000, start, seed++);
    }
}

TEST_CASE("insertions may be more than can be counted") {
    follows_a_sorted_map(3, 20'000, 0, 0xc0001, 5);
    follows_a_sorted_map(300, 100'000, -1, 0xc0002, 301);
    follows_a_sorted_map(3000, 100'000, highest - 5'000, 0xc0003, 10'000);
}

TEST_CASE("an empty index waits for nothing") {
    deadline_index index{4};
    CHECK(index.next() == fb::no_deadline);
    CHECK(index.size() == 0);
    CHECK(!index.contains(3));
    CHECK(index.expire(at(highest), 10, [](std::uint32_t) { FAIL("nothing is due"); }) == 0);
    CHECK(deadline_index{0}.next() == fb::no_deadline);
}

TEST_CASE("a slot is due at its deadline and not one nanosecond earlier") {
    deadline_index index{2};
    index.insert(0, at(1000));
    index.insert(1, at(1'000'000'000));
    CHECK(index.expire(at(999), 10, [](std::uint32_t) { FAIL("nothing is due"); }) == 0);
    CHECK(index.next() == at(1000));
    CHECK(index.first() == 0);
    CHECK(index.expire(at(1000), 10, [](std::uint32_t slot) { CHECK(slot == 0); }) == 1);
    CHECK(index.next() == at(1'000'000'000));
    CHECK(index.first() == 1);
    CHECK(index.expire(at(999'999'999), 10, [](std::uint32_t) { FAIL("nothing is due"); }) == 0);
    CHECK(index.expire(at(1'000'000'000), 10, [](std::uint32_t slot) { CHECK(slot == 1); }) == 1);
    CHECK(index.size() == 0);
}

TEST_CASE("no more slots than asked for leave at once, the earliest first") {
    deadline_index index{100};
    std::vector<std::int64_t> due(100);
    for (std::uint32_t slot = 0; slot < 100; ++slot) {
        due[slot] = (slot * 37) % 100;
        index.insert(slot, at(due[slot]));
    }
    std::int64_t expected = 0;
    while (index.size() > 0) {
        const std::size_t before = index.size();
        CHECK(index.expire(at(200), 7, [&](std::uint32_t slot) { CHECK(due[slot] == expected++); }) ==
              std::min<std::size_t>(7, before));
    }
    CHECK(expected == 100);
    index.insert(0, at(5));
    CHECK(index.expire(at(200), 0, [](std::uint32_t) { FAIL("no work was allowed"); }) == 0);
}

TEST_CASE("a slot may come back before, at and after where it was") {
    deadline_index index{2};
    index.insert(0, at(100));
    CHECK(index.next() == at(100));
    for (const std::int64_t due : {99, 100, 101, -5, 1 << 30, 0}) {
        index.erase(0);
        CHECK(!index.contains(0));
        index.insert(0, at(due));
        CHECK(index.contains(0));
        CHECK(index.next() == at(due));
    }
}

TEST_CASE("the sink may insert and erase") {
    deadline_index index{10};
    for (std::uint32_t slot = 0; slot < 4; ++slot) index.insert(slot, at(slot));
    std::vector<std::uint32_t> order;
    const std::size_t done = index.expire(at(10), 100, [&](std::uint32_t slot) {
        order.push_back(slot);
        if (slot == 0) index.erase(2);
        if (slot == 1) {
            index.insert(8, at(0));
            index.insert(0, at(11));
        }
    });
    CHECK(done == 4);
    CHECK(order == std::vector<std::uint32_t>{0, 1, 8, 3});
    CHECK(index.size() == 1);
    CHECK(index.next() == at(11));
}

TEST_CASE("a slot that comes in again before anybody asks is due when it was last said") {
    deadline_index index{3};
    for (const std::int64_t last : {10, 60, 200}) {
        index.insert(0, at(100));
        index.insert(1, at(50));
        index.erase(0);
        index.insert(0, at(70));
        index.erase(0);
        CHECK_FALSE(index.contains(0));
        CHECK(index.size() == 1);
        index.insert(0, at(last));
        CHECK(index.contains(0));
        CHECK(index.size() == 2);
        CHECK(index.next() == at(std::min<std::int64_t>(last, 50)));
        index.insert(2, at(last));  // in order with those that already are
        std::vector<std::int64_t> due{last, 50, last};
        const auto order = drained(index, due);
        CHECK(std::is_sorted(order.begin(), order.end()));
        CHECK(order.size() == 3);
        CHECK(index.next() == fb::no_deadline);
    }
}

TEST_CASE("to take out a slot that is not in changes nothing") {
    deadline_index index{3};
    index.erase(1);
    index.insert(0, at(5));
    index.erase(1);
    CHECK(index.size() == 1);
    CHECK(index.next() == at(5));
    index.erase(1);
    CHECK(index.size() == 1);
    index.erase(0);
    index.erase(0);
    CHECK(index.size() == 0);
    CHECK(index.next() == fb::no_deadline);
}

TEST_CASE("any number may come in before anybody asks, and leave before or after") {
    constexpr std::uint32_t slots = 1000;
    for (const std::uint32_t count : {255U, 256U, 257U, 512U, 1000U}) {
        for (const std::uint32_t leaves : {1U, 2U, 3U, 300U}) {
            INFO(count << " come in, each " << leaves << "th leaves");
            deadline_index index{slots};
            std::vector<std::int64_t> due;
            std::vector<std::int64_t> expected;
            for (std::uint32_t slot = 0; slot < count; ++slot) {
                due.push_back(slot * 7919 % 1009);
                index.insert(slot, at(due[slot]));
                if (slot % leaves == 0) index.erase(slot);
            }
            for (std::uint32_t slot = 0; slot < count; ++slot) {
                if (slot % leaves != 0) expected.push_back(due[slot]);
            }
            std::sort(expected.begin(), expected.end());
            CHECK(index.size() == expected.size());
            CHECK(drained(index, due) == expected);
        }
    }
}

TEST_CASE("several may come in together, more than are written down at once, and some that are never due") {
    constexpr std::uint32_t slots = 1000;
    for (const std::uint32_t before : {0U, 1U, 255U, 256U}) {
        deadline_index index{slots};
        std::vector<std::uint32_t> all(slots);
        std::iota(all.begin(), all.end(), 0);
        for (std::uint32_t slot = 0; slot < before; ++slot) index.insert(slot, at(1));
        index.insert(std::vector<std::uint32_t>{}, at(1));
        index.insert(std::vector(all.begin() + before, all.begin() + 600), at(2));
        index.insert(std::vector(all.begin() + 600, all.begin() + 900), fb::no_deadline);
        index.insert(std::vector(all.begin() + 900, all.end()), at(3));
        index.erase(700);
        index.erase(950);
        CHECK(index.next() == at(before > 0 ? 1 : 2));
        index.erase(701);
        CHECK(index.size() == 699);
        std::vector<std::uint32_t> order;
        index.expire(at(highest), slots, [&](std::uint32_t slot) { order.push_back(slot); });
        auto expected = all;
        expected.erase(expected.begin() + 950);
        expected.erase(expected.begin() + 600, expected.begin() + 900);
        CHECK(order == expected);
        CHECK(index.next() == fb::no_deadline);
    }
}

TEST_CASE("those due at the same time leave in the order in which they came in") {
    constexpr std::uint32_t slots = 700;
    deadline_index index{slots};
    std::vector<std::uint32_t> expected;
    for (std::uint32_t i = 0; i < slots; ++i) {
        const std::uint32_t slot = i * 3 % slots;  // 3 does not divide it
        index.insert(slot, at(9));
        if (i % 5 == 0) {
            index.erase(slot);
        } else {
            expected.push_back(slot);
        }
    }
    for (std::uint32_t i = slots - 50; i < slots; i += 5) {  // come in again, and so last
        index.insert(i * 3 % slots, at(9));
        expected.push_back(i * 3 % slots);
    }
    std::vector<std::uint32_t> order;
    index.expire(at(9), slots, [&](std::uint32_t slot) { order.push_back(slot); });
    CHECK(order == expected);
}

TEST_CASE("many equal deadlines leave one by one, in the same order each time") {
    const auto run = [] {
        constexpr std::uint32_t slots = 20'000;
        deadline_index index{slots + 1};
        std::vector<std::uint32_t> order;
        index.insert(slots, at(5));  // so that the others are far
        for (std::uint32_t slot = 0; slot < slots; ++slot) index.insert(slot, at(0x5555'5555'5555));
        for (std::uint32_t slot = 0; slot < slots; slot += 7) index.erase(slot);
        CHECK(index.next() == at(5));
        index.erase(slots);
        CHECK(index.next() == at(0x5555'5555'5555));
        index.expire(at(0x5555'5555'5555), slots, [&](std::uint32_t slot) { order.push_back(slot); });
        CHECK(index.size() == 0);
        CHECK(order.size() == slots - (slots + 6) / 7);
        return order;
    };
    CHECK(run() == run());
}

TEST_CASE("the ends of the line are deadlines like any other") {
    deadline_index index{4};
    const std::vector<std::int64_t> due{highest - 1, lowest, 0, -1};
    for (std::uint32_t slot = 0; slot < 4; ++slot) index.insert(slot, at(due[slot]));
    CHECK(index.next() == at(lowest));
    CHECK(drained(index, due) == std::vector<std::int64_t>{lowest, -1, 0, highest - 1});
}

TEST_CASE("deadlines that come in before all others keep their order, however many") {
    // What was asked for first lies far ahead, so every later one is near: the index has to reorganise on its own.
    constexpr std::uint32_t slots = 5000;
    for (const bool falling : {false, true}) {
        for (const std::int64_t step : {1LL, 1000LL, 1LL << 32}) {
            INFO("falling " << falling << ", step " << step);
            deadline_index index{slots};
            std::vector<std::int64_t> due(slots);
            due[0] = 1LL << 60;
            index.insert(0, at(due[0]));
            CHECK(index.next() == at(due[0]));
            for (std::uint32_t slot = 1; slot < slots; ++slot) {
                due[slot] = step * (falling ? slots - slot : slot);
                index.insert(slot, at(due[slot]));
                if (falling) REQUIRE(index.next() == at(due[slot]));
            }
            auto sorted = due;
            std::sort(sorted.begin(), sorted.end());
            CHECK(drained(index, due) == sorted);
        }
    }
}

TEST_CASE("first in, first out with a constant timeout is exact after every step") {
    constexpr std::uint32_t slots = 1000;
    constexpr std::int64_t timeout = 2'000'000'000;
    std::mt19937_64 random{0xf1f0};
    deadline_index index{slots};
    std::vector<std::int64_t> due(slots);
    std::int64_t now = (1LL << 33) - 5'000'000;
    for (std::uint64_t step = 0; step < 50'000; ++step) {
        const auto slot = static_cast<std::uint32_t>(step % slots);
        now += static_cast<std::int64_t>(random() % 3000);
        if (step >= slots) {
            index.erase(slot);
            REQUIRE(index.next() == at(due[(slot + 1) % slots]));
        }
        due[slot] = now + timeout;
        index.insert(slot, at(due[slot]));
        REQUIRE(index.expire(at(now), slots, [](std::uint32_t) {}) == 0);
    }
}
