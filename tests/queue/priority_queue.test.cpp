// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "queue/reference.hpp"
#include <forebay/queue/priority_queue.hpp>

#include <limits>
#include <memory>
#include <set>

namespace fb = forebay;
using namespace reference;

namespace {

// Counts how many are alive.
struct counted {
    explicit counted(int& alive) noexcept : alive_{&alive} { ++*alive_; }
    counted(counted&& other) noexcept : alive_{other.alive_} { ++*alive_; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { --*alive_; }

private:
    int* alive_;
};

// Open as soon as two wait.
struct in_pairs {
    fb::time_point opens(const fb::waiting_group& group) const noexcept {
        return group.count >= 2 ? fb::time_point::min() : fb::no_deadline;
    }
};

constexpr auto discard = [](fb::ticket) {};

}  // namespace

TEST_CASE("an empty queue has nothing, waits for nothing and knows no ticket") {
    fb::priority_queue<int> waiting;
    CHECK(waiting.empty());
    CHECK_FALSE(waiting.best(at(0)));
    CHECK_FALSE(waiting.pop(at(0)));
    CHECK_FALSE(waiting.pop_key(0));
    CHECK_FALSE(waiting.any_group());
    CHECK_FALSE(waiting.erase({}));
    CHECK_FALSE(waiting.holds({}));
    CHECK_FALSE(waiting.contains({std::numeric_limits<std::uint32_t>::max(), 1}));
    CHECK(waiting.expire(fb::time_point::max(), 100, discard) == 0);
    CHECK(waiting.next_event() == fb::no_deadline);
}

TEST_CASE("B-8 a refusal names its limit and changes nothing") {
    fb::priority_queue<int, fb::strict_priority<>> waiting{{.levels = 4}, {.max_requests = 3, .max_cost = 20}};
    waiting.push({.cost = 7, .deadline = at(50)}, at(0), 1);
    const fb::ticket second = waiting.push({.priority = 1, .cost = 8}, at(1), 2);
    const auto refused = [&](const fb::request_info& info, const fb::verdict& expected) {
        CHECK(waiting.check(info, at(10)) == expected);
        CHECK(waiting.size() == 2);
        CHECK(waiting.cost() == 15);
        CHECK(waiting.next_deadline() == at(50));
        CHECK(waiting.contains(second));
        CHECK(waiting.best(at(10)) != second);
    };
    refused({.cost = -1}, fb::never(fb::limit::bad_cost));
    refused({.cost = std::numeric_limits<std::int64_t>::min()}, fb::never(fb::limit::bad_cost));
    refused({.priority = 4}, fb::never(fb::limit::bad_priority));
    refused({.priority = -1}, fb::never(fb::limit::bad_priority));
    refused({.deadline = at(10)}, fb::never(fb::limit::deadline));
    refused({.deadline = at(-10)}, fb::never(fb::limit::deadline));
    refused({.deadline = fb::time_point::min()}, fb::never(fb::limit::deadline));
    refused({.cost = 21}, fb::never(fb::limit::queued_cost, 1));
    refused({.cost = 6}, fb::retry_at(at(10), fb::limit::queued_cost, 1, fb::certainty::on_completion));
    CHECK(waiting.check({.cost = 5, .deadline = at(11)}, at(10)) == fb::admitted(at(10)));
    waiting.push({.cost = 0}, at(10), 3);
    CHECK(waiting.check({.cost = 0}, at(10)) ==
          fb::retry_at(at(10), fb::limit::queued_requests, 1, fb::certainty::on_completion));
    CHECK(waiting.check({.cost = 6}, at(10)).which == fb::limit::queued_requests);
}

TEST_CASE("a payload travels unchanged, is never copied, and ends with its request") {
    int alive = 0;
    {
        fb::priority_queue<counted> waiting{{}, {.max_requests = 8}, {}, 4};
        std::vector<fb::ticket> ids;
        for (int i = 0; i < 5; ++i) ids.push_back(waiting.push({.deadline = at(100 + i)}, at(0), alive));
        CHECK(alive == 5);
        CHECK(waiting.erase(ids[2]));
        CHECK(alive == 4);
        CHECK(waiting.pop(at(0)));
        CHECK(alive == 3);
        CHECK(waiting.expire(at(101), 10, discard) == 1);
        CHECK(alive == 3);  // held until released
        waiting.release(ids[1]);
        CHECK(alive == 2);
        CHECK(waiting.withdraw(ids[3]));
    }
    CHECK(alive == 0);  // one waited and one was held
}

TEST_CASE("a payload of large alignment stands aligned") {
    struct alignas(128) wide {
        int number;
    };
    fb::priority_queue<wide> waiting{{}, {.max_requests = 3}};
    for (int i = 0; i < 3; ++i) {
        const fb::ticket id = waiting.push({}, at(0), wide{i});
        CHECK(reinterpret_cast<std::uintptr_t>(&waiting.value(id)) % 128 == 0);
        CHECK(waiting.value(id).number == i);
    }
}

TEST_CASE("Q-10 a request ends once, and its ticket never reaches the one that took its place") {
    fb::priority_queue<int> waiting{{}, {.max_requests = 1}};
    std::set<std::uint32_t> generations;
    std::vector<fb::ticket> old;
    for (int i = 0; i < 1000; ++i) {
        const fb::ticket id = waiting.push({.deadline = at(10)}, at(0), i);
        CHECK(id.slot == 0);
        REQUIRE(generations.insert(id.generation).second);
        for (const fb::ticket stale : {fb::ticket{}, old.empty() ? fb::ticket{} : old.back()}) {
            REQUIRE_FALSE(waiting.holds(stale));
            REQUIRE_FALSE(waiting.erase(stale));
        }
        switch (i % 4) {
            case 0: REQUIRE(waiting.erase(id)); break;
            case 1: REQUIRE(waiting.pop(at(0))->value == i); break;
            case 2: REQUIRE(waiting.pop_key(0)->value == i); break;
            case 3:
                REQUIRE(waiting.expire(at(10), 1, discard) == 1);
                REQUIRE_FALSE(waiting.erase(id));
                waiting.release(id);
                break;
        }
        REQUIRE_FALSE(waiting.erase(id));
        old.push_back(id);
    }
    for (const fb::ticket stale : old) REQUIRE_FALSE(waiting.holds(stale));
}

TEST_CASE("Q-11 cancel of the head, the middle, the tail and the last one leaves the sums exact") {
    fb::priority_queue<int, fb::earliest_deadline> waiting;
    std::vector<fb::ticket> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(waiting.push({.cost = 10 + i, .deadline = at(100 + i)}, at(i), i));
    const auto group = [&] { return waiting.group(*waiting.best_group(at(0))); };
    CHECK(waiting.cost() == 60);
    CHECK(waiting.erase(ids[0]));
    CHECK((waiting.cost() == 50 && group().cost == 50 && group().count == 4 && group().oldest_arrival == at(1)));
    CHECK(waiting.erase(ids[2]));
    CHECK((waiting.cost() == 38 && group().cost == 38 && group().count == 3 && group().oldest_arrival == at(1)));
    CHECK(waiting.erase(ids[4]));
    CHECK((waiting.cost() == 24 && group().cost == 24 && group().count == 2));
    CHECK(waiting.next_deadline() == at(101));
    CHECK(waiting.erase(ids[1]));
    CHECK(group().oldest_arrival == at(3));
    CHECK(waiting.erase(ids[3]));
    CHECK((waiting.cost() == 0 && waiting.empty()));
    CHECK(waiting.next_event() == fb::no_deadline);
}

TEST_CASE("Q-12 every accepted request leaves exactly once, however it leaves") {
    source random{12};
    fb::priority_queue<std::uint64_t, fb::strict_priority<fb::earliest_deadline>> waiting{
        {}, {.max_requests = 50}, {}, 9};
    std::vector<int> left;
    std::vector<fb::ticket> ids;
    fb::time_point now = at(0);
    for (int step = 0; step < 50'000; ++step) {
        random.move(now);
        const auto info = random.request(now);
        const std::uint64_t choice = random.below(10);
        if (choice < 5 && waiting.check(info, now)) {
            ids.push_back(waiting.push(info, now, left.size()));
            left.push_back(0);
        } else if (choice == 5 && !ids.empty()) {
            const fb::ticket id = random.any(ids);
            if (waiting.contains(id)) {
                ++left[waiting.value(id)];
                REQUIRE(waiting.erase(id));
            } else {
                REQUIRE_FALSE(waiting.erase(id));
            }
        } else if (choice == 6) {
            std::vector<fb::ticket> expired;
            waiting.expire(now, random.below(9), [&](fb::ticket id) { expired.push_back(id); });
            for (const fb::ticket id : expired) {
                ++left[waiting.value(id)];
                waiting.release(id);
            }
        } else if (choice == 7) {
            if (const auto item = waiting.pop(now)) ++left[item->value];
        } else if (choice == 8) {
            if (const auto item = waiting.pop_key(random.below(6))) ++left[item->value];
        }
    }
    while (const auto item = waiting.pop(now)) ++left[item->value];
    CHECK(left.size() > 5'000);
    CHECK(std::count(left.begin(), left.end(), 1) == std::ptrdiff_t(left.size()));
}

TEST_CASE("Q-13 a deadline at t expires at t and not one tick earlier") {
    for (const std::int64_t t : {std::int64_t{0}, std::int64_t{1'000'000}, std::int64_t{-77}, std::int64_t{1} << 62}) {
        fb::priority_queue<int> waiting;
        REQUIRE(waiting.check({.deadline = at(t)}, at(t - 1)));
        REQUIRE(waiting.check({.deadline = at(t)}, at(t)) == fb::never(fb::limit::deadline));
        const fb::ticket first = waiting.push({.deadline = at(t)}, at(t - 5), 1);
        CHECK(waiting.next_deadline() == at(t));
        CHECK(waiting.first_to_expire() == first);
        CHECK(waiting.best_of(*waiting.any_group()) == first);
        CHECK(waiting.expire(at(t - 1), 10, discard) == 0);
        CHECK(waiting.size() == 1);
        CHECK(waiting.expire(at(t), 10, discard) == 1);
        CHECK(waiting.size() == 0);
    }
}

TEST_CASE("slots of requests in hand may be all there are, whatever waits") {
    fb::priority_queue<int> waiting{{}, {.max_requests = 2}, {}, 1};
    fb::ticket taken[3];
    for (fb::ticket& each : taken) {
        CHECK_FALSE(waiting.out_of_slots());
        each = waiting.push({}, at(0), 1);
        CHECK(waiting.withdraw(each));
    }
    CHECK(waiting.empty());
    CHECK(waiting.out_of_slots());
    CHECK(waiting.check({}, at(0)).which == fb::limit::queued_requests);
    waiting.release(taken[1]);
    CHECK_FALSE(waiting.out_of_slots());
}

TEST_CASE("Q-15 at the last instant of time what has no deadline still comes in, does not expire, and is served") {
    constexpr fb::time_point last = fb::time_point::max();
    fb::priority_queue<int> waiting;
    CHECK_FALSE(waiting.may_expire(last));
    REQUIRE(waiting.check({}, last) == fb::admitted(last));
    waiting.push({}, last, 1);
    CHECK_FALSE(waiting.may_expire(last));
    waiting.push({.deadline = last - 1ns}, at(0), 2);
    CHECK(waiting.may_expire(last));
    CHECK(waiting.expire(last, 10, discard) == 1);
    CHECK_FALSE(waiting.may_expire(last));
    CHECK(waiting.pop(last)->value == 1);
}

TEST_CASE("B-17 expiry does not wait for a gate that is shut") {
    fb::priority_queue<int, fb::fifo, in_pairs> waiting;
    waiting.push({.deadline = at(9)}, at(0), 1);
    CHECK_FALSE(waiting.best(at(9)));
    CHECK(waiting.next_event() == at(9));
    CHECK(waiting.expire(at(9), 10, discard) == 1);
    CHECK(waiting.next_event() == fb::no_deadline);
}

TEST_CASE("Q-14 with a million deadlines at one instant each call of expire obeys its bound") {
    constexpr std::size_t many = 1'000'000;
    fb::priority_queue<std::uint32_t> waiting{{}, {.max_requests = many}};
    for (std::uint32_t i = 0; i < many; ++i) waiting.push({.key = i % 7, .deadline = at(1000)}, at(0), i);
    std::size_t expired = 0;
    std::vector<fb::ticket> taken;
    taken.reserve(1000);
    while (!waiting.empty()) {
        const std::size_t bound = expired % 3 == 0 ? 1000 : 999;
        taken.clear();
        const std::size_t count = waiting.expire(at(1000), bound, [&](fb::ticket id) { taken.push_back(id); });
        for (const fb::ticket id : taken) waiting.release(id);
        expired += count;
        REQUIRE(count == taken.size());
        REQUIRE(count == std::min(bound, many - (expired - count)));
        REQUIRE(waiting.size() == many - expired);
        // Those that remain can still be served in order, and new ones come in.
        REQUIRE((waiting.empty() || waiting.best(at(1000))));
        REQUIRE(waiting.check({.deadline = at(1001)}, at(1000)));
    }
    CHECK(waiting.expire(at(1000), 1, discard) == 0);
}

TEST_CASE("Q-15 deadlines far apart and at the end of time come out as from a sorted map") {
    source random{15};
    fb::priority_queue<int> waiting{{}, {.max_requests = 256}, {}, 1};
    std::multimap<fb::time_point, int> expected;
    fb::time_point now = at(0);
    for (int step = 0; step < 50'000; ++step) {
        constexpr std::array<std::int64_t, 8> jumps{
            0, 1, 63, 64, 65, 1 << 20, std::int64_t{1} << 40, std::int64_t{1} << 45};
        const fb::duration jump{jumps[random.below(jumps.size())]};
        if (random.below(3) != 0) {
            const fb::request_info info{.deadline = random.below(50) == 0 ? fb::no_deadline - 1ns : now + jump};
            if (waiting.check(info, now)) {
                waiting.push(info, now, step);
                expected.emplace(info.deadline, step);
            }
        } else if (random.below(2) == 0) {
            now += jump;
        }
        fb::time_point before = fb::time_point::min();
        waiting.expire(now, 1000, [&](fb::ticket id) {
            const fb::time_point due = waiting.info(id).info.deadline;
            REQUIRE((before <= due && due <= now));
            before = due;
            auto [first, last] = expected.equal_range(due);
            while (first != last && first->second != waiting.value(id)) ++first;
            REQUIRE(first != last);
            expected.erase(first);
            waiting.release(id);
        });
        REQUIRE(waiting.size() == expected.size());
        REQUIRE(waiting.next_deadline() == (expected.empty() ? fb::no_deadline : expected.begin()->first));
        REQUIRE((expected.empty() || expected.begin()->first > now));
    }
}

TEST_CASE("Q-25 a clock that goes back or jumps a year loses nobody and keeps the order") {
    const auto pops_with = [](const std::function<fb::time_point(int)>& clock) {
        fb::priority_queue<int, fb::strict_priority<>> waiting;
        std::vector<int> order;
        for (int i = 0; i < 500; ++i) {
            waiting.push({.priority = i * 7 % 5, .key = std::uint64_t(i % 3)}, clock(i), i);
            if (i % 3 == 0) order.push_back(waiting.pop(clock(i))->value);
        }
        while (const auto item = waiting.pop(clock(0))) order.push_back(item->value);
        return order;
    };
    const auto steady = pops_with([](int i) { return at(i); });
    CHECK(steady.size() == 500);
    CHECK(pops_with([](int i) { return at(-i); }) == steady);
    CHECK(pops_with([](int i) { return at(i) + (i > 250 ? 8760h : 0h); }) == steady);
    CHECK(pops_with([](int i) { return i % 2 == 0 ? fb::time_point::min() : fb::no_deadline - 1ns; }) == steady);
}

TEST_CASE("Q-25 the same seed gives the same trace in every build") {
    source random{25};
    fb::priority_queue<std::uint64_t, fb::strict_priority<fb::earliest_deadline>> waiting{{}, {.max_requests = 64}};
    fb::time_point now = at(0);
    std::uint64_t trace = 0;
    for (std::uint64_t step = 0; step < 20'000; ++step) {
        random.move(now);
        const auto info = random.request(now);
        if (waiting.check(info, now)) waiting.push(info, now, step);
        if (random.below(2) == 0) {
            if (const auto item = waiting.pop(now)) trace = trace * 1'000'003 + item->value;
        }
        // Of equal deadlines either may come first.
        std::uint64_t expired = 0;
        waiting.expire(now, 1000, [&](fb::ticket id) {
            expired += waiting.value(id) * waiting.value(id);
            waiting.release(id);
        });
        trace = trace * 31 + expired;
    }
    CHECK(trace == 6602706275507062290U);  // measured once; no outside source
}

TEST_CASE("Q-18 a best request that must wait for company does not stop those of other keys") {
    fb::priority_queue<int, fb::fifo, in_pairs> waiting;
    waiting.push({.key = 1}, at(0), 1);
    waiting.push({.key = 2}, at(1), 2);
    waiting.push({.key = 2}, at(2), 3);
    CHECK(waiting.pop(at(2))->value == 2);
    CHECK_FALSE(waiting.pop(at(2)));
    CHECK(waiting.size() == 2);
    CHECK(waiting.pop_key(2)->value == 3);
    CHECK(waiting.pop_key(1)->value == 1);
}

TEST_CASE("I22 what is popped is the best of those that wait, at every moment") {
    source random{22};
    fb::priority_queue<int, cheapest_first> waiting;
    std::multiset<std::pair<std::int64_t, int>> expected;
    for (int step = 0; step < 20'000; ++step) {
        if (random.below(2) == 0) {
            const std::int64_t cost = random.between(0, 50);
            waiting.push({.key = random.below(5), .cost = cost}, at(step), step);
            expected.emplace(cost, step);
        } else if (const auto item = waiting.pop(at(step))) {
            REQUIRE(std::pair{item->info.cost, item->value} == *expected.begin());
            expected.erase(expected.begin());
        }
    }
}

TEST_CASE("a hundred thousand keys at once are served in order, and their memory is used again") {
    fb::priority_queue<std::uint64_t> waiting{{}, {.max_requests = 100'000}};
    for (std::uint64_t round = 0; round < 3; ++round) {
        for (std::uint64_t i = 0; i < 100'000; ++i) waiting.push({.key = i * 0x9e3779b97f4a7c15 + round}, at(0), i);
        for (std::uint64_t i = 0; i < 100'000; ++i) REQUIRE(waiting.pop(at(0))->value == i);
    }
}

TEST_CASE("a key that empties and fills again keeps nothing of its past") {
    fb::priority_queue<int, fb::earliest_deadline, in_pairs> waiting;
    for (int round = 0; round < 10; ++round) {
        for (std::uint64_t key = 0; key < 4; ++key) {
            CHECK(waiting.next_opening() == fb::no_deadline);
            waiting.push({.key = key, .cost = 3}, at(round), 1);
            CHECK(waiting.next_opening() == fb::no_deadline);
            const fb::ticket second = waiting.push({.key = key, .cost = 4}, at(round + 1), 2);
            CHECK(waiting.next_opening() == fb::time_point::min());
            const fb::waiting_group group = waiting.group(waiting.group_of(second));
            CHECK((group.key == key && group.count == 2 && group.cost == 7 && group.oldest_arrival == at(round)));
            CHECK(waiting.pop(at(0))->value == 1);
            CHECK(waiting.erase(second));
        }
    }
}
