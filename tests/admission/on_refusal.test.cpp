// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/admission/on_refusal.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/admission/token_bucket.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/scheduler.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

namespace fb = forebay;
using host::at;
using namespace std::chrono_literals;

namespace {

/// One bucket for all, by cost, which promises slots. The test sees it from outside.
struct one_bucket {
    using bucket_type = fb::token_bucket<fb::single_threaded>;
    std::shared_ptr<bucket_type> bucket;

    struct state {
        std::shared_ptr<bucket_type> bucket;
        struct permit_type {
            fb::reservation made{};
            bool live{false};
        };
        [[nodiscard]] fb::verdict try_acquire(const fb::request_info& info, fb::time_point now,
                                              permit_type& taken) noexcept {
            return reserve(info, now, 0ns, taken);
        }
        [[nodiscard]] fb::verdict reserve(const fb::request_info& info, fb::time_point now, fb::duration max_wait,
                                          permit_type& taken) noexcept {
            const fb::reservation made = bucket->reserve(info.cost, now, max_wait);
            if (made) taken = {made, true};
            return made.answer;
        }
        void settle(permit_type& taken, std::int64_t, fb::time_point) noexcept { taken = {}; }
        void give_back(permit_type& taken, fb::time_point now) noexcept {
            if (taken.live) bucket->cancel(taken.made, now);
            taken = {};
        }
    };
    template <class Sync>
    [[nodiscard]] state build() const {
        return {bucket};
    }
};

/// One token every 10 ns, a burst of 5; batches of at most 4; what ran, in order.
struct desk {
    fb::manual_clock clock;
    host::mailbox<int> mail;
    std::vector<int> ran;
    std::shared_ptr<one_bucket::bucket_type> bucket =
        std::make_shared<one_bucket::bucket_type>(fb::quota{fb::rate::one_every(10ns), 5});

    auto make(fb::duration max_wait = 1'000ns, fb::capacity bounds = {}, fb::duration company = 0ns) {
        return fb::make_scheduler<int, int>(
            fb::policies{.admission = one_bucket{bucket},
                         .on_refusal = fb::delay{.max_wait = max_wait},
                         .batching = fb::size_or_delay{.max_batch_size = 4, .max_queue_delay = company},
                         .capacity = bounds,
                         .clock = clock,
                         .sync = fb::single_threaded{}},
            [this](std::span<const int> requests) {
                ran.insert(ran.end(), requests.begin(), requests.end());
                return std::vector<int>(requests.begin(), requests.end());
            });
    }
};

}  // namespace

TEST_CASE("RL-25 waiters run in the order of their slots, each at its instant, and a large one is not starved") {
    desk host;
    auto scheduler = host.make();
    CHECK(scheduler.submit(0, {.cost = 5}, host.mail.sink(0)).error() == fb::admitted(at(0)));
    CHECK(scheduler.submit(1, {.cost = 5}, host.mail.sink(1)).error() == fb::admitted(at(50)));
    for (int tag = 2; tag < 6; ++tag) {
        CHECK(scheduler.submit(tag, {.cost = 1}, host.mail.sink(tag)).error() == fb::admitted(at(40 + 10 * tag)));
    }
    CHECK(scheduler.stats().waiting == 5);
    CHECK(scheduler.stats().balanced());
    CHECK(scheduler.poll() == at(50));
    CHECK(host.ran == std::vector{0});
    for (const int tag : {1, 2, 3, 4, 5}) {
        const std::int64_t slot = tag == 1 ? 50 : 40 + 10 * tag;
        CHECK(scheduler.poll_at(at(slot - 1)) == at(slot));
        CHECK(host.ran.back() == tag - 1);
        scheduler.poll_at(at(slot));
        CHECK(host.ran.back() == tag);
        CHECK(scheduler.stats().balanced());
    }
    CHECK(scheduler.poll_at(at(200)) == fb::no_deadline);
    CHECK(scheduler.stats().delivered == 6);
}

TEST_CASE("RL-25 a waiter that is cancelled gives its slot back, whoever was granted ends once, closing ends all") {
    desk host;
    auto scheduler = host.make();
    REQUIRE(scheduler.submit(0, {.cost = 5}, host.mail.sink(0)));
    const auto first = scheduler.submit(1, {.cost = 2}, host.mail.sink(1));
    const auto last = scheduler.submit(2, {.cost = 3}, host.mail.sink(2));
    CHECK(last.error().when == at(50));
    CHECK(scheduler.cancel(*last));
    CHECK_FALSE(scheduler.cancel(*last));
    CHECK(host.mail[2].how == fb::ending::cancelled);
    const auto next = scheduler.submit(3, {.cost = 3}, host.mail.sink(3));
    CHECK(next.error().when == at(50));
    SECTION("granted, then cancelled in the queue") {
        CHECK(scheduler.cancel_at(at(20), *first));
        scheduler.poll_at(at(50));
        CHECK_FALSE(scheduler.cancel_at(at(50), *next));
        CHECK(host.ran == std::vector{0, 3});
    }
    SECTION("closed: all ends, all slots are given back") {
        scheduler.poll_at(at(0));
        scheduler.close_at(at(0));
        CHECK(host.mail.count(fb::ending::closed) == 2);
        CHECK(host.bucket->available(at(0)) == 0);
    }
    SECTION("drained: a waiter keeps its slot until the limit, then it is closed") {
        scheduler.drain_at(at(0), 30ns);
        CHECK(scheduler.submit(4, {.cost = 0}, host.mail.sink(4)).error().which == fb::limit::closed);
        CHECK(scheduler.poll_at(at(0)) == at(20));
        CHECK(scheduler.poll_at(at(20)) == at(30));
        scheduler.poll_at(at(30));
        CHECK(host.mail[3].how == fb::ending::closed);
        CHECK(host.ran == std::vector{0, 1});
    }
    CHECK(scheduler.stats().waiting + scheduler.stats().queued == 0);
    CHECK(scheduler.stats().balanced());
    for (int tag = 0; tag < 4; ++tag) CHECK(host.mail.count(tag) == 1);
}

TEST_CASE("RL-25 who cannot make it in time is refused at once, with the time at which it could, and leaves no trace") {
    desk host;
    auto scheduler = host.make(40ns);
    REQUIRE(scheduler.submit(0, {.cost = 5}, host.mail.sink(0)));
    const fb::verdict no = scheduler.submit(1, {.cost = 5}, host.mail.sink(1)).error();
    CHECK(no == fb::retry_at(at(10), fb::limit::rate, 5));
    CHECK_FALSE(scheduler.submit(1, {.cost = 3, .deadline = at(30)}, host.mail.sink(1)));  // its slot would be at 30
    CHECK(scheduler.stats().waiting == 0);
    CHECK_FALSE(scheduler.submit_at(at(9), 1, {.cost = 5}, host.mail.sink(1)));
    const auto yes = scheduler.submit_at(at(10), 1, {.cost = 5}, host.mail.sink(1));
    REQUIRE(yes);
    CHECK(yes.error().when == at(50));
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("RL-25 a limit per tenant promises each tenant slots of its own, and takes back those of who is cancelled") {
    fb::manual_clock clock;
    host::mailbox<int> mail;
    std::vector<int> ran;
    auto scheduler =
        fb::make_scheduler<int, int>(fb::policies{.admission = fb::per_tenant{fb::quota{fb::rate::one_every(10ns), 1}},
                                                  .on_refusal = fb::delay{.max_wait = 30ns},
                                                  .clock = clock,
                                                  .sync = fb::single_threaded{}},
                                     [&](std::span<const int> requests) {
                                         ran.insert(ran.end(), requests.begin(), requests.end());
                                         return std::vector<int>(requests.begin(), requests.end());
                                     });
    const auto submit = [&](int tag, std::uint64_t tenant) {
        return scheduler.submit(tag, {.tenant = fb::tenant_id{tenant}}, mail.sink(tag));
    };
    CHECK(submit(10, 1).error() == fb::admitted(at(0)));
    CHECK(submit(11, 1).error() == fb::admitted(at(10)));
    CHECK(submit(20, 2).error() == fb::admitted(at(0)));
    CHECK(submit(21, 2).error() == fb::admitted(at(10)));
    const auto last = submit(12, 1);
    CHECK(last.error() == fb::admitted(at(20)));
    CHECK(scheduler.cancel(*last));
    CHECK(submit(13, 1).error() == fb::admitted(at(20)));
    CHECK(submit(14, 1).error() == fb::admitted(at(30)));
    CHECK(submit(15, 1).error() == fb::retry_at(at(10), fb::limit::rate, 4));
    CHECK(scheduler.stats().waiting == 4);
    while (scheduler.poll() != fb::no_deadline) clock.advance(1ns);
    CHECK(ran == std::vector{10, 20, 11, 21, 13, 14});
    CHECK(clock.now() == at(30));
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("waiters count against the capacity, and a late poll finds them expired") {
    desk host;
    auto scheduler = host.make(1'000ns, {.max_requests = 2, .max_cost = 8});
    REQUIRE(scheduler.submit(0, {.cost = 5}, host.mail.sink(0)));
    scheduler.poll();
    REQUIRE(scheduler.submit(1, {.cost = 5, .deadline = at(51)}, host.mail.sink(1)));
    CHECK(scheduler.submit(2, {.cost = 4}, host.mail.sink(2)).error().which == fb::limit::queued_cost);
    REQUIRE(scheduler.submit(2, {.cost = 1}, host.mail.sink(2)));
    CHECK(scheduler.submit(3, {.cost = 0}, host.mail.sink(3)).error().which == fb::limit::queued_requests);
    scheduler.poll_at(at(60));
    CHECK(host.mail[1].how == fb::ending::expired);
    CHECK(host.ran == std::vector{0, 2});
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("time at the gate is not spent on company: the batching delay counts from the slot") {
    desk host;
    auto scheduler = host.make(1'000ns, {}, 7ns);
    REQUIRE(scheduler.submit(0, {.cost = 5}, host.mail.sink(0)));
    REQUIRE(scheduler.submit(1, {.cost = 5}, host.mail.sink(1)));
    CHECK(scheduler.poll_at(at(7)) == at(50));
    CHECK(scheduler.poll_at(at(50)) == at(57));
    scheduler.poll_at(at(57));
    CHECK(host.ran == std::vector{0, 1});
}

TEST_CASE("a delay that is none is refused when a scheduler is built") {
    desk host;
    CHECK_THROWS_AS(host.make(0ns), std::invalid_argument);
    CHECK_THROWS_AS(host.make(-1ns), std::invalid_argument);
}
