// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "queue/reference.hpp"
#include <forebay/batch/batch_collector.hpp>
#include <forebay/batch/size_or_delay.hpp>

#include <set>
#include <string>

namespace fb = forebay;
using namespace reference;

namespace {

template <class Order = fb::fifo>
using collector_of = fb::batch_collector<int, Order, fb::size_or_delay>;

// The values of the batch that is due, best first, which end here; nothing if none is due.
template <class Collector>
std::vector<int> batch_at(Collector& collector, fb::time_point now, bool draining = false) {
    std::vector<fb::ticket> ids;
    collector.collect(now, draining, [&](fb::ticket id) { ids.push_back(id); });
    std::vector<int> values;
    for (const fb::ticket id : ids) {
        values.push_back(collector.queue().value(id));
        collector.queue().release(id);
    }
    return values;
}
template <class Collector>
fb::dispatch_cause cause_at(Collector& collector, fb::time_point now, bool draining = false) {
    const auto batch = collector.collect(now, draining, [](fb::ticket) {});
    REQUIRE(batch);
    return batch->cause;
}
using values = std::vector<int>;

}  // namespace

TEST_CASE("B-1 the delay counts from the oldest member's arrival, not from the last batch or the last member") {
    collector_of<> collector{{}, {}, {4, 10ns, {}}, 8};
    collector.queue().push({}, at(0), 1);
    collector.queue().push({}, at(9), 2);
    CHECK(collector.next_due() == at(10));
    CHECK(batch_at(collector, at(10)) == values{1, 2});
    collector.queue().push({}, at(11), 3);
    CHECK(collector.next_due() == at(21));
    CHECK(batch_at(collector, at(25)) == values{3});
}

TEST_CASE("B-1 when the oldest is cancelled or expires, the delay counts from the oldest that is left") {
    collector_of<fb::strict_priority<>> collector{{}, {}, {8, 10ns, {}}, 8};
    auto& queue = collector.queue();
    const fb::ticket oldest = queue.push({.priority = 5}, at(0), 1);
    queue.push({.priority = 3, .deadline = at(5)}, at(2), 2);
    queue.push({.priority = 7}, at(4), 3);
    queue.push({.priority = 0}, at(6), 4);  // served first, and not the oldest
    CHECK(collector.next_due() == at(10));
    CHECK(queue.erase(oldest));
    CHECK(collector.next_due() == at(12));
    queue.expire(at(5), 10, [&](fb::ticket id) { queue.release(id); });
    CHECK(collector.next_due() == at(14));
    CHECK(batch_at(collector, at(13)).empty());
    CHECK(batch_at(collector, at(14)) == values{4, 3});
}

TEST_CASE("B-2 a batch is not due one nanosecond before its delay has passed, and due when it has") {
    for (const std::int64_t start : {std::int64_t{0}, std::int64_t{-1'000'000'007}, std::int64_t{1} << 61}) {
        collector_of<> collector{{}, {}, {4, 7ms, {}}, 4};
        collector.queue().push({}, at(start), 1);
        const fb::time_point due = at(start) + 7ms;
        CHECK(collector.next_due() == due);
        CHECK(batch_at(collector, due - 1ns).empty());
        CHECK(collector.queue().size() == 1);
        CHECK(cause_at(collector, due) == fb::dispatch_cause::delay);
    }
}

TEST_CASE("B-3 without a delay a request runs as soon as somebody is free, and a backlog forms one batch") {
    collector_of<> collector{{}, {}, {8, 0ns, {}}, 8};
    collector.queue().push({}, at(5), 1);
    CHECK(batch_at(collector, at(5)) == values{1});
    for (int i = 0; i < 6; ++i) collector.queue().push({}, at(6 + i), i);
    CHECK(collector.next_due() == at(6));
    CHECK(batch_at(collector, at(20)) == values{0, 1, 2, 3, 4, 5});
    collector.queue().push({}, at(30), 1);
    CHECK(cause_at(collector, at(30)) == fb::dispatch_cause::idle);
}

TEST_CASE("B-4 a full batch leaves without any movement of the clock") {
    collector_of<> collector{{}, {}, {3, 1h, {}}, 8};
    for (int i = 0; i < 2; ++i) collector.queue().push({}, at(0), i);
    CHECK(batch_at(collector, at(0)).empty());
    collector.queue().push({}, at(0), 2);
    CHECK(collector.next_due() == fb::time_point::min());
    CHECK(cause_at(collector, at(0)) == fb::dispatch_cause::full);
    CHECK(collector.queue().empty());
}

TEST_CASE("B-4 where the queue holds less than a batch, a queue full of one key is a full batch") {
    collector_of<> collector{{}, {.max_requests = 10}, {64, 1h, {}}, 64};
    for (int i = 0; i < 9; ++i) collector.queue().push({}, at(0), i);
    CHECK(collector.next_due() == at(0) + 1h);
    CHECK_FALSE(collector.collect(at(1), false, [](fb::ticket) {}));
    collector.queue().push({}, at(1), 9);
    CHECK(collector.next_due() == fb::time_point::min());
    const auto batch = collector.collect(at(1), false, [](fb::ticket) {});
    REQUIRE(batch);
    CHECK(batch->size == 10);
    CHECK(batch->cause == fb::dispatch_cause::full);
}

TEST_CASE("a batch that was full and loses a member waits again for its delay") {
    collector_of<> collector{{}, {}, {3, 10ns, {}}, 8};
    auto& queue = collector.queue();
    queue.push({}, at(0), 1);
    const fb::ticket second = queue.push({}, at(1), 2);
    queue.push({}, at(2), 3);
    CHECK(queue.erase(second));
    CHECK(batch_at(collector, at(9)).empty());
    CHECK(batch_at(collector, at(10)) == values{1, 3});
}

TEST_CASE("what is said of the next batch is its size, and a cost that it has at least") {
    collector_of<> collector{{}, {.max_requests = 5}, {3, 10ns, {}}, 8};
    auto& queue = collector.queue();
    queue.push({.cost = 4}, at(0), 1);
    queue.push({.cost = 6}, at(0), 2);
    CHECK(collector.next().size == 2);
    CHECK(collector.next().cost_at_least == 10);
    queue.push({.cost = 5}, at(0), 3);
    queue.push({.cost = 7}, at(0), 4);
    CHECK(collector.next().size == 3);
    CHECK(collector.next().cost_at_least == 4);  // of the best alone: which others go with it is not looked at
    queue.push({.key = 1, .cost = 7}, at(0), 5);
    CHECK(collector.next().size == 3);
    CHECK(collector.next().cost_at_least == 0);
    CHECK(batch_at(collector, at(0)) == values{1, 2, 3});
}

TEST_CASE("B-9 what a batch leaves behind keeps its own arrival, and the next is due by that") {
    collector_of<> collector{{}, {}, {3, 10ns, {}}, 8};
    for (int i = 0; i < 5; ++i) collector.queue().push({}, at(i), i);
    CHECK(batch_at(collector, at(4)) == values{0, 1, 2});
    CHECK(collector.next_due() == at(13));
    CHECK(batch_at(collector, at(12)).empty());
    CHECK(batch_at(collector, at(13)) == values{3, 4});
}

TEST_CASE("B-9 the remainder of a batch led by late urgent requests keeps the oldest arrival") {
    collector_of<fb::strict_priority<>> collector{{}, {}, {2, 10ns, {}}, 8};
    auto& queue = collector.queue();
    queue.push({.priority = 7}, at(0), 1);
    queue.push({.priority = 0}, at(8), 2);
    queue.push({.priority = 0}, at(9), 3);
    CHECK(batch_at(collector, at(9)) == values{2, 3});
    CHECK(collector.next_due() == at(10));
    CHECK(batch_at(collector, at(10)) == values{1});
}

TEST_CASE("B-10 the largest preferred size of a backlog leaves at once, its tail at the delay") {
    collector_of<> collector{{}, {}, {16, 10ns, {2, 4}}, 32};
    for (int i = 0; i < 7; ++i) collector.queue().push({}, at(i), i);
    CHECK(cause_at(collector, at(6)) == fb::dispatch_cause::preferred);
    CHECK(collector.queue().size() == 3);
    CHECK(batch_at(collector, at(6)) == values{4, 5});
    CHECK(batch_at(collector, at(15)).empty());
    CHECK(cause_at(collector, at(16)) == fb::dispatch_cause::delay);
}

TEST_CASE("B-11 Q-17 keys are never mixed, however they interleave") {
    source random{17};
    for (int round = 0; round < 50; ++round) {
        collector_of<fb::strict_priority<fb::earliest_deadline>> collector{{}, {}, {5, 10ns, {}}, 200};
        std::size_t left = 150;
        for (std::size_t i = 0; i < left; ++i) {
            collector.queue().push({.priority = static_cast<std::int32_t>(random.below(8)), .key = random.below(9)},
                                   at(static_cast<std::int64_t>(i)), 0);
        }
        while (left > 0) {
            std::set<std::uint64_t> keys;
            std::int32_t priority = 0;
            const auto batch = collector.collect(at(10'000), false, [&](fb::ticket id) {
                const auto& info = collector.queue().info(id).info;
                keys.insert(info.key);
                REQUIRE(priority <= info.priority);
                priority = info.priority;
            });
            REQUIRE(batch);
            REQUIRE(keys.size() == 1);
            REQUIRE((batch->size >= 1 && batch->size <= 5));
            left -= batch->size;
        }
        REQUIRE(collector.queue().empty());
    }
}

TEST_CASE("Q-18 B-11 interleaved keys give full batches") {
    collector_of<> collector{{}, {}, {4, 1h, {}}, 64};
    for (int i = 0; i < 32; ++i) collector.queue().push({.key = std::uint64_t(i % 2)}, at(i), i);
    for (int batch = 0; batch < 8; ++batch) {
        const int first = batch / 2 * 8 + batch % 2;
        CHECK(batch_at(collector, at(31)) == values{first, first + 2, first + 4, first + 6});
    }
    CHECK(collector.queue().empty());
}

TEST_CASE("Q-19 a rare key is served among endless full batches of popular ones") {
    for (const std::uint64_t popular : {1U, 3U, 10U}) {
        collector_of<> collector{{}, {}, {8, 100ns, {}}, 8};
        auto& queue = collector.queue();
        fb::time_point now = at(0);
        int number = 0;
        const auto refill = [&] {
            for (; queue.size() < 400; ++number) queue.push({.key = 1 + std::uint64_t(number) % popular}, now, number);
        };
        refill();
        const std::size_t ahead = queue.size();
        queue.push({.key = 99}, now, -1);
        now += 100ns;  // the rare one's delay
        // Each batch is led by the oldest of all, so it takes at least one that came before the rare one.
        std::size_t batches = 0;
        for (bool served = false; !served; ++batches) {
            REQUIRE(batches <= ahead);
            refill();
            const auto taken = batch_at(collector, now);
            REQUIRE_FALSE(taken.empty());
            served = taken.front() == -1;
            now += 1ns;
        }
        // Those of one key leave in full batches: so many are needed for what came before, and not one more.
        CHECK(batches <= ahead / 8 + popular + 1);
    }
}

TEST_CASE("B-12 Q-9 within a class and a key first come is first served, at equal instants too") {
    source random{12};
    collector_of<fb::strict_priority<>> collector{{}, {}, {6, 4ns, {}}, 8};
    auto& queue = collector.queue();
    std::map<std::pair<std::int32_t, std::uint64_t>, int> last;
    std::vector<fb::ticket> ids;
    for (int i = 1; i < 40'000; ++i) {
        const fb::time_point now = at(i / 16);
        const fb::request_info info{.priority = static_cast<std::int32_t>(random.below(3)),
                                    .key = random.below(3),
                                    .deadline = random.below(3) == 0 ? now + 3ns : fb::no_deadline};
        ids.push_back(queue.push(info, now, i));
        if (random.below(3) == 0) queue.erase(random.any(ids));
        queue.expire(now, 2, [&](fb::ticket id) { queue.release(id); });
        if (random.below(3) != 0) continue;
        std::vector<fb::ticket> members;
        collector.collect(now, false, [&](fb::ticket id) { members.push_back(id); });
        for (const fb::ticket id : members) {
            int& before = last[{queue.info(id).info.priority, queue.info(id).info.key}];
            REQUIRE(before < queue.value(id));
            before = queue.value(id);
            queue.release(id);
        }
    }
}

TEST_CASE("B-13 between classes the order is strict among the groups that are due") {
    collector_of<fb::strict_priority<>> collector{{}, {}, {2, 10ns, {}}, 8};
    auto& queue = collector.queue();
    queue.push({.priority = 3, .key = 1}, at(0), 1);
    queue.push({.priority = 1, .key = 2}, at(1), 2);
    queue.push({.priority = 0, .key = 3}, at(9), 3);
    CHECK(batch_at(collector, at(10)) == values{1});  // the only one that is due
    queue.push({.priority = 3, .key = 1}, at(10), 4);
    queue.push({.priority = 4, .key = 1}, at(10), 5);
    CHECK(batch_at(collector, at(11)) == values{2});
    CHECK(batch_at(collector, at(11)) == values{4, 5});
    CHECK(batch_at(collector, at(19)) == values{3});
}

TEST_CASE("Q-7 a request of a high class leads, and those below it fill the batch") {
    collector_of<fb::strict_priority<>> collector{{}, {}, {3, 10ns, {}}, 8};
    auto& queue = collector.queue();
    queue.push({.priority = 2}, at(0), 1);
    queue.push({.priority = 1}, at(0), 2);
    queue.push({.priority = 2}, at(0), 3);
    queue.push({.priority = 0}, at(0), 4);
    CHECK(batch_at(collector, at(0)) == values{4, 2, 1});
    CHECK(batch_at(collector, at(10)) == values{3});
}

TEST_CASE("B-17 expiry needs nobody who collects") {
    collector_of<> collector{{}, {}, {4, 1h, {}}, 8};
    auto& queue = collector.queue();
    queue.push({.deadline = at(50)}, at(0), 1);
    CHECK(queue.next_event() == at(50));
    CHECK(queue.expire(at(49), 9, [](fb::ticket) {}) == 0);
    CHECK(queue.expire(at(50), 9, [](fb::ticket) {}) == 1);
    CHECK(collector.next_due() == fb::no_deadline);
}

TEST_CASE("B-18 I23 what was cancelled or has expired is in no batch") {
    source random{18};
    collector_of<fb::earliest_deadline> collector{{}, {.max_requests = 100}, {4, 6ns, {}}, 100};
    auto& queue = collector.queue();
    fb::time_point now = at(0);
    std::vector<fb::ticket> ids;
    std::set<int> cancelled;
    for (int step = 0; step < 30'000; ++step) {
        now += fb::duration{random.between(0, 2)};
        const fb::request_info info{.key = random.below(3), .deadline = now + fb::duration{random.between(1, 20)}};
        if (queue.check(info, now)) ids.push_back(queue.push(info, now, step));
        if (const fb::ticket id = ids[ids.size() - 1 - random.below(std::min<std::size_t>(ids.size(), 12))];
            random.below(3) == 0 && queue.contains(id)) {
            cancelled.insert(queue.value(id));
            REQUIRE(queue.erase(id));
        }
        queue.expire(now, 100, [&](fb::ticket id) { queue.release(id); });
        std::vector<fb::ticket> members;
        collector.collect(now, false, [&](fb::ticket id) { members.push_back(id); });
        for (const fb::ticket id : members) {
            REQUIRE(queue.info(id).info.deadline > now);
            REQUIRE(cancelled.count(queue.value(id)) == 0);
            queue.release(id);
        }
    }
    CHECK(cancelled.size() > 1000);
}

TEST_CASE("I27 I28 while somebody is free no request waits longer than the delay, and no full batch waits") {
    source random{28};
    collector_of<fb::strict_priority<>> collector{{}, {}, {4, 10ns, {}}, 8};
    auto& queue = collector.queue();
    for (std::int64_t t = 0; t < 20'000; ++t) {
        if (random.below(3) == 0) {
            const auto level = static_cast<std::int32_t>(random.below(8));
            queue.push({.priority = level, .key = random.below(4)}, at(t), 0);
        }
        // A low class may be left behind by a full batch of higher ones; then it is due at its delay all the same.
        for (;;) {
            std::vector<fb::ticket> members;
            if (!collector.collect(at(t), false, [&](fb::ticket id) { members.push_back(id); })) break;
            for (const fb::ticket id : members) {
                REQUIRE(at(t) - queue.info(id).arrival <= 10ns);
                queue.release(id);
            }
        }
        REQUIRE(collector.next_due() > at(t));
        if (const auto group = queue.any_group()) REQUIRE(queue.group(*group).count < 4);
    }
}

TEST_CASE("a drain hands out everything at once, full batches first where they are due") {
    collector_of<> collector{{}, {}, {3, 1h, {}}, 16};
    auto& queue = collector.queue();
    queue.push({.key = 1}, at(0), 1);
    for (int i = 2; i < 6; ++i) queue.push({.key = 2}, at(1), i);
    queue.push({.key = 3}, at(2), 6);
    CHECK(batch_at(collector, at(5), true) == values{2, 3, 4});
    CHECK(batch_at(collector, at(5), true) == values{1});
    CHECK(cause_at(collector, at(5), true) == fb::dispatch_cause::drain);
    CHECK(cause_at(collector, at(5), true) == fb::dispatch_cause::drain);
    CHECK_FALSE(collector.collect(at(5), true, [](fb::ticket) {}));
}

TEST_CASE("a clock that goes back takes no batch away that was due, and makes none due early") {
    collector_of<> collector{{}, {}, {4, 10ns, {}}, 16};
    auto& queue = collector.queue();
    queue.push({}, at(100), 1);
    CHECK(batch_at(collector, at(50)).empty());
    CHECK(batch_at(collector, at(109)).empty());
    queue.push({}, at(20), 2);  // accepted later: it does not make the delay shorter
    CHECK(collector.next_due() == at(110));
    CHECK(batch_at(collector, at(110)) == values{1, 2});
}

namespace {

// A server in virtual time: arrivals by a script, batches while it is free, each taking a while. What happens when.
template <class Order>
std::string trace_of(const Order& order, const fb::size_or_delay& policy, std::uint64_t seed, bool every_tick) {
    struct arrival {
        fb::time_point when;
        fb::request_info info;
    };
    source random{seed};
    std::vector<arrival> script;
    fb::time_point when = at(0);
    for (int i = 0; i < 150; ++i) {
        when += fb::duration{random.between(0, random.below(10) == 0 ? 60 : 6)};
        script.push_back({when, random.request(when)});
    }
    fb::batch_collector<std::size_t, Order, fb::size_or_delay> collector{order, {.max_requests = 40}, policy, 64};
    auto& queue = collector.queue();
    std::string trace;
    const auto note = [&](const std::string& what, fb::time_point now) {
        trace += std::to_string(now.time_since_epoch().count()) + ' ' + what + '\n';
    };
    fb::time_point free_at = at(0);
    std::size_t next = 0;
    fb::time_point now = at(0);
    while (next < script.size() || !queue.empty()) {
        for (; next < script.size() && script[next].when <= now; ++next) {
            const fb::verdict said = queue.check(script[next].info, now);
            if (said) queue.push(script[next].info, now, next);
            note((said ? "in " : "no ") + std::to_string(next), now);
        }
        std::set<std::size_t> expired;
        queue.expire(now, 1000, [&](fb::ticket id) {
            expired.insert(queue.value(id));
            queue.release(id);
        });
        for (const std::size_t one : expired) note("late " + std::to_string(one), now);
        while (free_at <= now) {
            std::string members;
            std::vector<fb::ticket> ids;
            const auto batch = collector.collect(now, false, [&](fb::ticket id) { ids.push_back(id); });
            if (!batch) break;
            for (const fb::ticket id : ids) {
                members += ' ' + std::to_string(queue.value(id));
                queue.release(id);
            }
            note(std::string{fb::to_string(batch->cause)} + members, now);
            free_at = now + fb::duration{static_cast<std::int64_t>(batch->size) % 3 * 4};
        }
        fb::time_point wake = queue.next_deadline();
        if (next < script.size()) wake = std::min(wake, script[next].when);
        if (!queue.empty()) wake = std::min(wake, std::max(free_at, collector.next_due()));
        if (next == script.size() && queue.empty()) break;
        REQUIRE(wake > now);  // no busy loop
        REQUIRE(wake < at(100'000));
        now = every_tick ? now + 1ns : wake;
    }
    return trace;
}

}  // namespace

TEST_CASE("Q-16 stepping only to the next event gives the same trace as stepping every nanosecond") {
    for_each_order([](const char* name, const auto& order, const order_in_words&) {
        INFO(name);
        for (std::uint64_t seed = 1; seed <= 6; ++seed) {
            INFO("seed " << seed);
            for (const fb::size_or_delay& policy :
                 {fb::size_or_delay{4, 10ns, {}}, fb::size_or_delay{8, 25ns, {2, 5}}, fb::size_or_delay{3, 0ns, {}}}) {
                const std::string every = trace_of(order, policy, seed, true);
                REQUIRE(every == trace_of(order, policy, seed, false));
                REQUIRE(every.size() > 1000);
            }
        }
    });
}
