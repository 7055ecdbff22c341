// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/sim/promises.hpp>

#include <chrono>
#include <stdexcept>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

struct says_so : fb::size_or_delay {
    bool work_conserving() const noexcept { return max_queue_delay == 3ms; }
};
struct host_order {
    bool by_arrival;
    bool first_come_first_served() const noexcept { return by_arrival; }
    std::uint64_t rank(const fb::queued&) const noexcept { return 0; }
};

sim::arrival request(std::uint64_t sequence, std::uint32_t tenant = 0, std::int32_t priority = 0,
                     std::uint64_t key = 0) {
    sim::arrival one;
    one.sequence = sequence;
    one.tenant = tenant;
    one.info.priority = priority;
    one.info.key = key;
    return one;
}
void start(sim::order_check& check, const sim::arrival& one) {
    const sim::arrival* const only = &one;
    check.started({&only, 1});
}

}  // namespace

TEST_CASE("a policy that waits for nothing promises that no executor idles") {
    CHECK(sim::promises_work(fb::one_by_one{}));
    CHECK(sim::promises_work(fb::size_or_delay{}));
    CHECK_FALSE(sim::promises_work(fb::size_or_delay{.max_queue_delay = 1ns}));
    CHECK_FALSE(sim::promises_work(fb::size_or_delay{.min_batch_size = 2}));
    CHECK_FALSE(sim::promises_work(says_so{}));
    CHECK(sim::promises_work(says_so{{.max_queue_delay = 3ms}}));
}

TEST_CASE("an order whose leaf is fifo promises that requests of one sort do not overtake each other") {
    CHECK(sim::promises_order(fb::fifo{}));
    CHECK(sim::promises_order(fb::strict_priority{}));
    CHECK(sim::promises_order(fb::strict_priority{fb::strict_priority{}}));
    CHECK_FALSE(sim::promises_order(fb::earliest_deadline{}));
    CHECK_FALSE(sim::promises_order(fb::strict_priority{fb::earliest_deadline{}}));
    CHECK(sim::promises_order(fb::strict_priority{host_order{true}}));
    CHECK_FALSE(sim::promises_order(host_order{false}));
}

TEST_CASE("overtaking is seen within a tenant, class and key, and allowed between them") {
    for (const std::uint64_t key : {0U, 9U}) {
        INFO("key " << key);
        const std::vector<sim::arrival> all{request(0, 0, 0, key), request(1, 0, 0, key),     request(2, 1, 0, key),
                                            request(3, 0, 1, key), request(4, 0, 0, key + 1), request(5, 0, 0, key)};
        sim::order_check check;
        for (const sim::arrival& one : all) check.admitted(one);
        for (const std::size_t i : {4U, 3U, 2U, 1U}) start(check, all[i]);
        CHECK_THROWS_AS(start(check, all[0]), std::logic_error);
        start(check, all[5]);
    }
}

TEST_CASE("overtaking is seen within one batch") {
    for (const std::uint64_t key : {0U, 9U}) {
        const sim::arrival first = request(0, 0, 0, key);
        const sim::arrival second = request(1, 0, 0, key);
        sim::order_check check;
        check.admitted(first);
        check.admitted(second);
        const sim::arrival* const wrong[]{&second, &first};
        CHECK_THROWS_AS(check.started(wrong), std::logic_error);
    }
}

TEST_CASE("who leaves without having been served may be passed by") {
    for (const std::uint64_t key : {0U, 9U}) {
        const sim::arrival first = request(0, 0, 0, key);
        const sim::arrival second = request(1, 0, 0, key);
        const sim::arrival third = request(2, 0, 0, key);
        sim::order_check check;
        check.admitted(first);
        check.admitted(second);
        check.left(first);
        start(check, second);
        check.admitted(third);
        CHECK_NOTHROW(start(check, third));
    }
}

TEST_CASE("who waits for its slot is passed by those that need none until it has it, and by nobody after that") {
    for (const std::uint64_t key : {0U, 9U}) {
        INFO("key " << key);
        std::vector<sim::arrival> all(4, request(0, 0, 0, key));
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i].sequence = i;
            all[i].at = fb::time_point{1ms * i};
        }
        sim::order_check check;
        check.admitted(all[0], fb::time_point{2ms});
        check.admitted(all[1]);
        check.admitted(all[2]);  // at the instant of the slot, and so behind it
        start(check, all[1]);
        start(check, all[0]);
        start(check, all[2]);
        check.admitted(all[3]);
        start(check, all[3]);

        sim::order_check wrong;
        wrong.admitted(all[0], fb::time_point{2ms});
        wrong.admitted(all[2]);
        start(wrong, all[2]);
        CHECK_THROWS_AS(start(wrong, all[0]), std::logic_error);
    }
}
