// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/observe/recording.hpp>
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/scheduler.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace fb = forebay;
using host::at;
using namespace std::chrono_literals;

namespace {

using batch_type = fb::batch<int, int>;

std::vector<int> same(std::span<const int> requests) {
    return {requests.begin(), requests.end()};
}

/// The usual one of this file: one thread, virtual time, what it was handed and in what batches is kept.
struct bench {
    host::counting_clock clock;
    host::mailbox<int> mail;
    std::vector<std::vector<int>> batches;

    auto make(fb::size_or_delay batching = {.max_batch_size = 4}, fb::capacity capacity = {},
              std::size_t executors = 1) {
        return fb::make_scheduler<int, int>(fb::policies{.order = fb::strict_priority{},
                                                         .batching = batching,
                                                         .capacity = capacity,
                                                         .executors = executors,
                                                         .clock = clock,
                                                         .sync = fb::single_threaded{}},
                                            [this](std::span<const int> requests) {
                                                batches.push_back(same(requests));
                                                return same(requests);
                                            });
    }
};

template <class Scheduler>
concept can_run = requires(Scheduler& scheduler) {
    scheduler.run();
};
template <class Scheduler, class Token>
concept can_run_until = requires(Scheduler& scheduler, Token token) {
    scheduler.run(token);
};

using on_the_machine = decltype(fb::make_scheduler<int, int>(fb::policies{}, &same));
using in_virtual_time =
    decltype(fb::make_scheduler<int, int>(fb::policies{.clock = std::declval<fb::manual_clock>()}, &same));

}  // namespace

TEST_CASE("a scheduler moves, never copies, and runs only where its clock can be waited on") {
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<on_the_machine>);
    STATIC_REQUIRE(std::is_nothrow_move_assignable_v<on_the_machine>);
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<on_the_machine>);
    STATIC_REQUIRE(can_run<on_the_machine>);
    STATIC_REQUIRE_FALSE(can_run<in_virtual_time>);
#if defined(__cpp_lib_jthread)
    STATIC_REQUIRE(can_run_until<on_the_machine, std::stop_token>);
    STATIC_REQUIRE_FALSE(can_run_until<in_virtual_time, std::stop_token>);
#endif
}

// ---- taken in, or refused

TEST_CASE("a submission is a ticket, or the refusal") {
    bench host;
    auto scheduler = host.make();
    const fb::submission yes = scheduler.submit(1, {}, host.mail.sink(1));
    CHECK(yes);
    CHECK(yes.error() == fb::admitted(at(0)));
    const fb::submission no = scheduler.submit(2, {.cost = -1}, host.mail.sink(2));
    CHECK_FALSE(no);
    CHECK(no.error() == fb::never(fb::limit::bad_cost));
    const fb::submission third = scheduler.submit(3, {}, host.mail.sink(3));
    CHECK_FALSE(*yes == *third);
    CHECK_FALSE(*yes == fb::ticket{});
    scheduler.poll();
    CHECK(host.mail.count(1) == 1);
    CHECK(host.mail.count(2) == 0);
    CHECK(host.mail.count(3) == 1);
}

TEST_CASE(
    "B-8 a refused request stays with its caller, no sink is called, and nothing but the count of refusals moves") {
    fb::manual_clock clock{at(100)};
    host::ledger_of_permits admission;
    std::size_t served = 0;
    auto scheduler = fb::make_scheduler<std::string, int>(fb::policies{.admission = admission,
                                                                       .order = fb::strict_priority{fb::fifo{}, 3},
                                                                       .capacity = {.max_requests = 2, .max_cost = 100},
                                                                       .clock = clock,
                                                                       .sync = fb::single_threaded{}},
                                                          [&](std::span<const std::string> texts) {
                                                              served += texts.size();
                                                              return std::vector<int>(texts.size());
                                                          });
    host::mailbox<int> mail;
    const std::string text(100, 'x');
    REQUIRE(scheduler.submit(text, {.cost = 60}, mail.sink(0)));

    struct refusal {
        const char* name;
        fb::request_info info;
        fb::verdict expected;
    };
    const std::vector<refusal> refusals{
        {"negative cost", {.cost = -1}, fb::never(fb::limit::bad_cost)},
        {"smallest cost", {.cost = std::numeric_limits<std::int64_t>::min()}, fb::never(fb::limit::bad_cost)},
        {"priority too low", {.priority = 3}, fb::never(fb::limit::bad_priority)},
        {"priority negative", {.priority = -1}, fb::never(fb::limit::bad_priority)},
        {"deadline now", {.deadline = at(100)}, fb::never(fb::limit::deadline)},
        {"deadline long ago", {.deadline = fb::time_point::min()}, fb::never(fb::limit::deadline)},
        {"dearer than all that may wait", {.cost = 101}, fb::never(fb::limit::queued_cost, 1)},
        {"largest cost",
         {.cost = std::numeric_limits<std::int64_t>::max()},
         fb::never(fb::limit::queued_cost, std::numeric_limits<std::int64_t>::max() - 100)},
        {"no room for the cost",
         {.cost = 41},
         fb::retry_at(at(100), fb::limit::queued_cost, 1)},  // one batch is due: at the next poll there is room
    };
    for (const refusal& one : refusals) {
        CAPTURE(one.name);
        std::string payload = text;
        auto expected = scheduler.stats();
        const auto said = scheduler.submit(std::move(payload), one.info, mail.sink(1));
        CHECK_FALSE(said);
        CHECK(said.error() == one.expected);
        CHECK(payload == text);
        ++expected.submitted;
        expected.count(one.expected.which);
        CHECK(scheduler.stats() == expected);
        CHECK(admission.seen->live == 1);
    }

    // 40 fits exactly; then the queue holds as many as it may.
    REQUIRE(scheduler.submit(text, {.cost = 40}, mail.sink(0)));
    std::string payload = text;
    const auto full = scheduler.submit(std::move(payload), {.cost = 0}, mail.sink(1));
    CHECK(full.error() == fb::retry_at(at(100), fb::limit::queued_requests, 1));
    CHECK(payload == text);

    scheduler.poll();
    admission.seen->refuse = true;
    const auto limited = scheduler.submit(std::move(payload), {}, mail.sink(1));
    CHECK(limited.error() == fb::retry_at(at(107), fb::limit::rate, 1));
    CHECK(payload == text);
    admission.seen->refuse = false;

    scheduler.close();
    const auto closed = scheduler.submit(std::move(payload), {}, mail.sink(1));
    CHECK(closed.error() == fb::never(fb::limit::closed));
    CHECK(payload == text);

    CHECK(served == 2);
    CHECK(mail.count(1) == 0);
    CHECK(scheduler.stats().balanced());
    CHECK(scheduler.stats().refused == refusals.size() + 3);
}

TEST_CASE("an accepted payload is moved in if it may be, copied if not, and made from what can be made into one") {
    fb::manual_clock clock;
    std::vector<std::string> seen;
    auto scheduler = fb::make_scheduler<std::string, int>(fb::policies{.clock = clock, .sync = fb::single_threaded{}},
                                                          [&](std::span<std::string> texts) {
                                                              seen.insert(seen.end(), texts.begin(), texts.end());
                                                              return std::vector<int>(texts.size());
                                                          });
    host::mailbox<int> mail;
    std::string text(100, 'a');
    const char* const storage = text.data();
    REQUIRE(scheduler.submit(text, {}, mail.sink(0)));
    CHECK(text.data() == storage);
    CHECK(text == std::string(100, 'a'));
    REQUIRE(scheduler.submit(std::as_const(text), {}, mail.sink(0)));
    REQUIRE(scheduler.submit("literal", {}, mail.sink(0)));
    REQUIRE(scheduler.submit(std::move(text), {}, mail.sink(0)));
    CHECK(text.empty());
    scheduler.poll();
    CHECK(seen ==
          std::vector<std::string>{std::string(100, 'a'), std::string(100, 'a'), "literal", std::string(100, 'a')});
}

TEST_CASE("a sink is any callable: moved in, copied in, a function, one of the heap") {
    bench host;
    auto scheduler = host.make();
    static int called = 0;
    called = 0;
    const auto copied = [](fb::outcome<int>) { ++called; };
    REQUIRE(scheduler.submit(1, {}, copied));
    REQUIRE(scheduler.submit(1, {}, [kept = std::make_unique<int>(1)](fb::outcome<int>) { called += *kept; }));
    REQUIRE(scheduler.submit(
        1, {}, +[](fb::outcome<int>) { ++called; }));
    REQUIRE(scheduler.submit(1, {}, std::function<void(fb::outcome<int>)>{copied}));
    std::array<char, 1000> large{};
    REQUIRE(scheduler.submit(1, {}, fb::on_heap([large](const fb::outcome<int>&) { called += 1 + large[0]; })));
    scheduler.poll();
    CHECK(called == 5);
}

// ---- exactly one outcome

TEST_CASE("requests are served first come first served within a class, and class before class") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 3});
    for (const int tag : {20, 21}) REQUIRE(scheduler.submit(tag, {.priority = 2}, host.mail.sink(tag)));
    for (const int tag : {10, 11}) REQUIRE(scheduler.submit(tag, {.priority = 1}, host.mail.sink(tag)));
    CHECK(scheduler.poll() == fb::no_deadline);
    CHECK(host.batches == std::vector<std::vector<int>>{{10, 11, 20}, {21}});
}

TEST_CASE("Q-17 only requests of equal key share a batch") {
    bench host;
    auto scheduler = host.make();
    for (int tag = 0; tag < 8; ++tag) {
        REQUIRE(scheduler.submit(tag, {.key = static_cast<std::uint64_t>(tag % 2)}, host.mail.sink(tag)));
    }
    scheduler.poll();
    CHECK(host.batches == std::vector<std::vector<int>>{{0, 2, 4, 6}, {1, 3, 5, 7}});
    for (int tag = 0; tag < 8; ++tag) CHECK(host.mail[tag].result == tag);
}

TEST_CASE("F24 a cancelled request ends at once, wherever it is, and only once") {
    host::counting_clock clock;
    host::mailbox<int> mail;
    host::ledger_of_permits admission;
    std::vector<batch_type> out;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.admission = admission, .clock = clock, .sync = fb::single_threaded{}},
        [&](batch_type batch) { out.push_back(std::move(batch)); });

    const auto waiting = *scheduler.submit(0, {.cost = 5}, mail.sink(0));
    CHECK(scheduler.cancel(waiting));
    CHECK(mail[0].how == fb::ending::cancelled);  // told before cancel returns
    CHECK(admission.seen->given_back == std::vector<std::int64_t>{5});
    CHECK_FALSE(scheduler.cancel(waiting));
    CHECK(scheduler.poll() == fb::no_deadline);
    CHECK(out.empty());

    const auto running = *scheduler.submit(1, {.cost = 6}, mail.sink(1));
    CHECK_FALSE(scheduler.cancel(waiting));  // its place may be another's by now
    scheduler.poll();
    REQUIRE(out.size() == 1);
    CHECK(scheduler.cancel(running));
    CHECK(mail[1].how == fb::ending::cancelled);
    CHECK(admission.seen->settled == std::vector<std::int64_t>{6});
    CHECK_FALSE(scheduler.cancel(running));
    out[0].complete(std::vector{1});  // too late: dropped
    CHECK_FALSE(scheduler.cancel(running));

    const auto done = *scheduler.submit(2, {}, mail.sink(2));
    scheduler.poll();
    out[1].complete(std::vector{2});
    CHECK_FALSE(scheduler.cancel(done));

    CHECK_FALSE(scheduler.cancel(fb::ticket{}));
    CHECK_FALSE(scheduler.cancel({.slot = 0xffff'ffff, .generation = 1}));
    CHECK_FALSE(scheduler.cancel({.slot = done.slot, .generation = done.generation + 1}));
    CHECK(mail.all.size() == 3);
    CHECK((scheduler.stats().balanced() && scheduler.stats().cancelled == 2 && scheduler.stats().delivered == 1));
}

TEST_CASE("I16 a place is not given to another request while its batch is out, even if its request was cancelled") {
    host::mailbox<int> mail;
    fb::manual_clock clock;
    std::vector<batch_type> out;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.capacity = {.max_requests = 1}, .clock = clock, .sync = fb::single_threaded{}},
        [&](batch_type batch) { out.push_back(std::move(batch)); });
    const auto cancelled = *scheduler.submit(0, {}, mail.sink(0));
    scheduler.poll();
    REQUIRE(scheduler.cancel(cancelled));
    for (int tag = 1; tag < 200; ++tag) {
        const auto next = *scheduler.submit(tag, {}, mail.sink(tag));
        REQUIRE(next.slot != cancelled.slot);
        REQUIRE(scheduler.cancel(next));
    }
    out[0].complete(std::vector{99});
    for (int tag = 0; tag < 200; ++tag) REQUIRE(mail[tag].how == fb::ending::cancelled);
    CHECK(mail.all.size() == 200);
}

TEST_CASE("Q-13 a deadline passes at its instant and not one nanosecond before") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 4, .max_queue_delay = 1h});
    REQUIRE(scheduler.submit(1, {.deadline = at(50)}, host.mail.sink(1)));
    CHECK(scheduler.poll_at(at(49)) == at(50));
    CHECK(host.mail.all.empty());
    CHECK(scheduler.poll_at(at(50)) == fb::no_deadline);
    CHECK(host.mail[1].how == fb::ending::expired);
    CHECK(host.batches.empty());
}

TEST_CASE("B-17 F5 deadlines pass while every executor is busy, by polling or by any submit") {
    fb::manual_clock clock;
    host::mailbox<int> mail;
    host::ledger_of_permits admission;
    std::vector<batch_type> out;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.admission = admission, .clock = clock, .sync = fb::single_threaded{}},
        [&](batch_type batch) { out.push_back(std::move(batch)); });
    REQUIRE(scheduler.submit(0, {.deadline = at(5)}, mail.sink(0)));
    scheduler.poll();
    REQUIRE(scheduler.submit(1, {.cost = 3, .deadline = at(10)}, mail.sink(1)));
    REQUIRE(scheduler.submit(2, {.deadline = at(20)}, mail.sink(2)));
    CHECK(scheduler.poll() == at(10));
    clock.set(at(10));
    SECTION("poll") {
        scheduler.poll();
    }
    SECTION("a submit that is refused") {
        CHECK_FALSE(scheduler.submit(3, {.cost = -1}, mail.sink(3)));
    }
    SECTION("a submit that is not") {
        CHECK(scheduler.submit(3, {}, mail.sink(3)));
    }
    CHECK(mail.all.size() == 1);  // what runs does not expire
    CHECK(mail[1].how == fb::ending::expired);
    CHECK(admission.seen->given_back == std::vector<std::int64_t>{3});
    CHECK(scheduler.stats().balanced());
    CHECK(scheduler.poll() == at(20));
    out[0].complete(std::vector{0});
    CHECK(mail[0].result == 0);
}

TEST_CASE("B-18 however many deadlines pass at once, none of their requests reaches the model") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 64});
    const int late = GENERATE(1, 31, 32, 33, 64, 65, 1'000);
    CAPTURE(late);
    for (int tag = 0; tag < late; ++tag) REQUIRE(scheduler.submit(tag, {.deadline = at(10)}, host.mail.sink(tag)));
    REQUIRE(scheduler.submit(late, {.priority = 7, .deadline = at(11)}, host.mail.sink(late)));
    host.clock.set(at(10));
    CHECK(scheduler.poll() == fb::no_deadline);
    CHECK(host.mail.count(fb::ending::expired) == static_cast<std::size_t>(late));
    CHECK(host.batches == std::vector<std::vector<int>>{{late}});
}

TEST_CASE("Q-12 what an expired request took up is free for the submit that finds it late") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 4, .max_queue_delay = 1h}, {.max_requests = 2, .max_cost = 10});
    REQUIRE(scheduler.submit(0, {.cost = 10, .deadline = at(10)}, host.mail.sink(0)));
    CHECK_FALSE(scheduler.submit_at(at(9), 1, {.cost = 10}, host.mail.sink(1)));
    CHECK(scheduler.submit_at(at(10), 1, {.cost = 10}, host.mail.sink(1)));
    CHECK(host.mail[0].how == fb::ending::expired);
}

// ---- the end

TEST_CASE("I32 close refuses what comes, ends what waits before it returns, and lets what runs finish") {
    fb::manual_clock clock;
    host::mailbox<int> mail;
    host::ledger_of_permits admission;
    std::vector<batch_type> out;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.admission = admission, .clock = clock, .sync = fb::single_threaded{}},
        [&](batch_type batch) { out.push_back(std::move(batch)); });
    for (int tag = 0; tag < 100; ++tag) REQUIRE(scheduler.submit(tag, {}, mail.sink(tag)));
    scheduler.poll();
    scheduler.close();
    CHECK(mail.count(fb::ending::closed) == 99);
    CHECK(admission.seen->given_back.size() == 99);
    CHECK(scheduler.submit(100, {}, mail.sink(100)).error() == fb::never(fb::limit::closed));
    CHECK(scheduler.poll() == fb::no_deadline);
    scheduler.close();
    scheduler.drain(1s);
    CHECK(scheduler.submit(100, {}, mail.sink(100)).error() == fb::never(fb::limit::closed));
    out[0].complete(std::vector{77});
    CHECK(mail[0].result == 77);
    CHECK(mail.all.size() == 100);
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("B-24 drain refuses what comes, serves what waits without waiting for company, and closes at its limit") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 4, .max_queue_delay = 1h});
    for (int tag = 0; tag < 6; ++tag) {
        REQUIRE(scheduler.submit(tag, {.key = static_cast<std::uint64_t>(tag % 2)}, host.mail.sink(tag)));
    }
    CHECK(scheduler.poll() == at(0) + 1h);
    CHECK(host.batches.empty());
    scheduler.drain(10ns);
    CHECK(host.mail.all.empty());  // returns at once
    CHECK(scheduler.submit(9, {}, host.mail.sink(9)).error() == fb::never(fb::limit::closed));
    SECTION("in time") {
        CHECK(scheduler.poll_at(at(9)) == fb::no_deadline);
        CHECK(host.batches == std::vector<std::vector<int>>{{0, 2, 4}, {1, 3, 5}});
        CHECK(host.mail.count(fb::ending::delivered) == 6);
        CHECK(scheduler.stats()[fb::dispatch_cause::drain] == 2);
    }
    SECTION("too late") {
        CHECK(scheduler.poll_at(at(10)) == fb::no_deadline);
        CHECK(host.batches.empty());
        CHECK(host.mail.count(fb::ending::closed) == 6);
    }
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("drain wakes at its limit while the executors are busy, and not at all once nothing waits") {
    fb::manual_clock clock;
    host::mailbox<int> mail;
    std::vector<batch_type> out;
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.clock = clock, .sync = fb::single_threaded{}},
                                                  [&](batch_type batch) { out.push_back(std::move(batch)); });
    for (int tag = 0; tag < 3; ++tag) REQUIRE(scheduler.submit(tag, {}, mail.sink(tag)));
    scheduler.drain(100ns);
    CHECK(scheduler.poll() == at(100));
    CHECK(out.size() == 1);
    out[0].complete(std::vector{0});
    clock.set(at(99));
    CHECK(scheduler.poll() == at(100));
    CHECK(out.size() == 2);
    clock.set(at(100));
    CHECK(scheduler.poll() == fb::no_deadline);
    CHECK(mail[2].how == fb::ending::closed);
    out[1].complete(std::vector{1});
    CHECK(mail[1].result == 1);
    CHECK(scheduler.stats().balanced());

    auto idle = fb::make_scheduler<int, int>(fb::policies{.clock = clock, .sync = fb::single_threaded{}}, &same);
    idle.drain(100ns);
    CHECK(idle.poll() == fb::no_deadline);
}

TEST_CASE("drain without end, or with none left, neither overflows nor serves too late") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 4, .max_queue_delay = 1h});
    REQUIRE(scheduler.submit(0, {}, host.mail.sink(0)));
    host.clock.set(at(1'000));
    SECTION("for ever") {
        scheduler.drain(fb::duration::max());
        CHECK(scheduler.poll() == fb::no_deadline);
        CHECK(host.mail[0].result == 0);
    }
    SECTION("not at all") {
        scheduler.drain(fb::duration::zero());
        CHECK(scheduler.poll() == fb::no_deadline);
        CHECK(host.mail[0].how == fb::ending::closed);
    }
    SECTION("less than that") {
        scheduler.drain(fb::duration::min());
        CHECK(scheduler.poll() == fb::no_deadline);
        CHECK(host.mail[0].how == fb::ending::closed);
    }
}

TEST_CASE("F23 the destructor, and assignment over a scheduler, end what waits and what runs") {
    fb::manual_clock clock;
    host::mailbox<int> mail;
    std::vector<batch_type> out;
    const auto make = [&] {
        return fb::make_scheduler<int, int>(fb::policies{.clock = clock, .sync = fb::single_threaded{}},
                                            [&](batch_type batch) { out.push_back(std::move(batch)); });
    };
    auto scheduler = std::make_optional(make());
    for (int tag = 0; tag < 70; ++tag) REQUIRE(scheduler->submit(tag, {}, mail.sink(tag)));
    scheduler->poll();
    SECTION("destructor") {
        scheduler.reset();
    }
    SECTION("assignment") {
        *scheduler = make();
        REQUIRE(scheduler->submit(1'000, {}, mail.sink(1'000)));
        scheduler->poll();
        CHECK(out.size() == 2);
        out.back().complete(std::vector{1});
        CHECK(mail[1'000].result == 1);
        mail.all.pop_back();
    }
    CHECK(mail.count(fb::ending::closed) == 70);
    CHECK(mail.all.size() == 70);
    for (int tag = 0; tag < 70; ++tag) CHECK(mail.count(tag) == 1);
}

TEST_CASE("a scheduler that was moved goes on elsewhere") {
    bench host;
    auto first = host.make();
    const auto ticket = *first.submit(1, {}, host.mail.sink(1));
    auto second = std::move(first);
    REQUIRE(second.submit(2, {}, host.mail.sink(2)));
    CHECK(second.cancel(ticket));
    second.poll();
    CHECK(host.mail[2].result == 2);
    auto& itself = second;
    second = std::move(itself);
    CHECK(second.stats().submitted == 2);
    CHECK(second.submit(3, {}, host.mail.sink(3)));
}

// ---- time

TEST_CASE("every call reads the clock once, and none where the caller says what time it is") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 4, .max_queue_delay = 1h});
    int before = host.clock.reads();
    const auto reads = [&] { return host.clock.reads() - std::exchange(before, host.clock.reads()); };
    const auto ticket = *scheduler.submit(0, {}, host.mail.sink(0));
    CHECK(reads() == 1);
    CHECK_FALSE(scheduler.submit(0, {.cost = -1}, host.mail.sink(0)));
    CHECK(reads() == 1);
    scheduler.poll();
    CHECK(reads() == 1);
    CHECK(scheduler.cancel(ticket));
    CHECK(reads() == 1);
    CHECK_FALSE(scheduler.cancel(ticket));
    CHECK(reads() == 1);
    REQUIRE(scheduler.submit_at(at(0), 0, {}, host.mail.sink(0)));
    scheduler.poll_at(at(1));
    scheduler.poll_at(at(0) + 1h);
    CHECK(host.batches.size() == 1);
    const auto another = *scheduler.submit_at(at(0) + 1h, 0, {}, host.mail.sink(0));
    CHECK(scheduler.cancel_at(at(0) + 1h, another));
    static_cast<void>(scheduler.stats());
    static_cast<void>(scheduler.observed());
    scheduler.drain_at(at(0) + 1h, 1s);
    scheduler.close_at(at(0) + 1h);
    CHECK(reads() == 0);
}

TEST_CASE("a poll reads the clock once more after each batch that it ran, and serves what became due meanwhile") {
    host::counting_clock clock;
    host::mailbox<int> mail;
    std::int64_t now = 0;
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.clock = clock, .sync = fb::single_threaded{}},
                                                  [&](std::span<const int> requests) {
                                                      clock.set(at(now += 100));
                                                      return same(requests);
                                                  });
    for (int tag = 0; tag < 3; ++tag) {
        REQUIRE(scheduler.submit(tag, {.deadline = at(tag == 2 ? 150 : 1'000)}, mail.sink(tag)));
    }
    const int before = clock.reads();
    CHECK(scheduler.poll() == fb::no_deadline);
    CHECK(clock.reads() - before == 3);
    CHECK(mail[1].result == 1);
    CHECK(mail[2].how == fb::ending::expired);  // at 200, when the second came back
}

TEST_CASE("B-1 B-2 the delay counts from the oldest member's arrival, and ends at its instant") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 4, .max_queue_delay = 100ns});
    REQUIRE(scheduler.submit_at(at(10), 0, {}, host.mail.sink(0)));
    REQUIRE(scheduler.submit_at(at(60), 1, {}, host.mail.sink(1)));
    CHECK(scheduler.poll_at(at(60)) == at(110));
    CHECK(scheduler.poll_at(at(109)) == at(110));
    CHECK(host.batches.empty());
    CHECK(scheduler.poll_at(at(110)) == fb::no_deadline);
    CHECK(host.batches == std::vector<std::vector<int>>{{0, 1}});
    CHECK(scheduler.stats()[fb::dispatch_cause::delay] == 1);
}

TEST_CASE("B-4 F18 a full batch leaves with a clock that stands still") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 4, .max_queue_delay = 100ns});
    for (int tag = 0; tag < 9; ++tag) REQUIRE(scheduler.submit(tag, {}, host.mail.sink(tag)));
    CHECK(scheduler.poll() == at(100));
    CHECK(host.batches == std::vector<std::vector<int>>{{0, 1, 2, 3}, {4, 5, 6, 7}});
    CHECK(scheduler.stats()[fb::dispatch_cause::full] == 2);
    CHECK(scheduler.poll() == at(100));  // and does not wake anybody before the time
}

TEST_CASE("B-3 without a delay a batch leaves as soon as an executor is free, with what gathered while it was not") {
    fb::manual_clock clock;
    host::mailbox<int> mail;
    std::vector<batch_type> out;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 8}, .clock = clock, .sync = fb::single_threaded{}},
        [&](batch_type batch) { out.push_back(std::move(batch)); });
    REQUIRE(scheduler.submit(0, {}, mail.sink(0)));
    scheduler.poll();
    REQUIRE(out.size() == 1);
    for (int tag = 1; tag < 6; ++tag) {
        REQUIRE(scheduler.submit(tag, {}, mail.sink(tag)));
        CHECK(scheduler.poll() == fb::no_deadline);
    }
    out[0].complete(std::vector{0});
    scheduler.poll();
    REQUIRE(out.size() == 2);
    CHECK(out[1].size() == 5);
}

TEST_CASE("B-9 what is left of a group keeps its own time") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 2, .max_queue_delay = 100ns});
    for (const int tag : {10, 20, 30}) REQUIRE(scheduler.submit_at(at(tag), tag, {}, host.mail.sink(tag)));
    CHECK(scheduler.poll_at(at(30)) == at(130));
    CHECK(host.batches == std::vector<std::vector<int>>{{10, 20}});
    CHECK(scheduler.poll_at(at(130)) == fb::no_deadline);
    CHECK(host.batches.back() == std::vector<int>{30});
}

TEST_CASE("F16 F19 a clock that goes back loses nothing, ends nothing twice and revives nobody") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 4, .max_queue_delay = 100ns});
    REQUIRE(scheduler.submit_at(at(1'000), 0, {.deadline = at(1'050)}, host.mail.sink(0)));
    REQUIRE(scheduler.submit_at(at(1'000), 1, {}, host.mail.sink(1)));
    CHECK(scheduler.poll_at(at(1'060)) == at(1'100));
    CHECK(host.mail[0].how == fb::ending::expired);
    CHECK(scheduler.poll_at(at(500)) == at(1'100));
    REQUIRE(scheduler.submit_at(at(500), 2, {.deadline = at(501)}, host.mail.sink(2)));
    CHECK(scheduler.poll_at(at(500)) == at(501));
    CHECK(scheduler.poll_at(at(501)) == at(1'100));
    CHECK(host.mail[2].how == fb::ending::expired);
    CHECK(scheduler.poll_at(at(1'100)) == fb::no_deadline);
    CHECK(host.mail[1].result == 1);
    CHECK(host.mail.all.size() == 3);
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("F17 a clock at the ends of the line overflows nothing") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 4, .max_queue_delay = 100ns});
    REQUIRE(scheduler.submit_at(fb::time_point::min(), 0, {.deadline = at(0)}, host.mail.sink(0)));
    CHECK(scheduler.poll_at(fb::time_point::min()) == fb::time_point::min() + 100ns);
    REQUIRE(scheduler.submit_at(fb::no_deadline - 1ns, 1, {}, host.mail.sink(1)));
    CHECK(host.mail[0].how == fb::ending::expired);
    CHECK(scheduler.poll_at(fb::no_deadline - 1ns) == fb::no_deadline);
    CHECK(host.mail.all.size() == 1);
    scheduler.poll_at(fb::no_deadline);
    CHECK(host.mail[1].result == 1);
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("F17 submit and poll return at the last instant, and what has no deadline is taken and served then") {
    bench host;
    auto scheduler = host.make();
    REQUIRE(scheduler.submit_at(at(0), 0, {.deadline = at(10)}, host.mail.sink(0)));
    REQUIRE(scheduler.submit_at(fb::time_point::max(), 1, {}, host.mail.sink(1)));
    CHECK(host.mail[0].how == fb::ending::expired);
    CHECK(scheduler.poll_at(fb::time_point::max()) == fb::no_deadline);
    CHECK(host.mail[1].result == 1);
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("a null pointer to a function is no sink: submit says so, and nothing has happened") {
    bench host;
    auto scheduler = host.make();
    void (*nothing)(fb::outcome<int>) = nullptr;
    CHECK_THROWS_AS(static_cast<void>(scheduler.submit(1, {}, nothing)), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(scheduler.submit(1, {}, std::move(nothing))), std::invalid_argument);
    CHECK(scheduler.stats().submitted == 0);
}

// ---- host code that calls back, throws, or destroys

TEST_CASE("F8 a sink may call anything of the scheduler that is calling it") {
    const auto way = GENERATE(0, 1, 2, 3);  // how the sink comes to be called
    const auto what = GENERATE(0, 1, 2, 3, 4, 5);
    CAPTURE(way, what);
    bench host;
    auto scheduler = host.make({.max_batch_size = 2});
    std::optional<fb::ticket> other;
    bool submitted = false;
    const auto first = scheduler.submit(0, {.deadline = at(10)}, [&, sink = host.mail.sink(0)](fb::outcome<int> o) {
        sink(std::move(o));
        CHECK(scheduler.stats().balanced());
        switch (what) {
            case 0: submitted = static_cast<bool>(scheduler.submit(9, {}, host.mail.sink(9))); break;
            case 1: static_cast<void>(scheduler.cancel(*other)); break;
            case 2: scheduler.close(); break;
            case 3: scheduler.poll(); break;
            case 4: scheduler.drain(1s); break;
            default: static_cast<void>(scheduler.observed()); break;
        }
        CHECK(scheduler.stats().balanced());
    });
    other = *scheduler.submit(1, {}, host.mail.sink(1));
    switch (way) {
        case 0: break;
        case 1: CHECK(scheduler.cancel(*first)); break;
        case 2: host.clock.set(at(10)); break;
        default: scheduler.close(); break;
    }
    scheduler.poll();
    scheduler.poll();
    CHECK(host.mail.count(0) == 1);
    CHECK(host.mail.count(1) == 1);
    CHECK(host.mail.count(9) == (submitted ? 1 : 0));
    CHECK(submitted == (what == 0 && way != 3));
    CHECK(scheduler.stats().balanced());
    CHECK(scheduler.stats().sink_failures == 0);
}

TEST_CASE("F8 sinks that poll do not nest, however much waits") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 1});
    int depth = 0;
    int deepest = 0;
    for (int tag = 0; tag < 1'000; ++tag) {
        REQUIRE(scheduler.submit(tag, {}, [&, sink = host.mail.sink(tag)](fb::outcome<int> o) {
            deepest = std::max(deepest, ++depth);
            sink(std::move(o));
            scheduler.poll();
            --depth;
        }));
    }
    CHECK(scheduler.poll() == fb::no_deadline);
    CHECK(host.mail.count(fb::ending::delivered) == 1'000);
    CHECK(deepest == 1);
}

TEST_CASE("F8 an inference callback may call anything of the scheduler that is calling it") {
    const auto what = GENERATE(0, 1, 2, 3, 4);
    CAPTURE(what);
    fb::manual_clock clock;
    host::mailbox<int> mail;
    std::function<void()> call;
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.clock = clock, .sync = fb::single_threaded{}},
                                                  [&](std::span<const int> requests) {
                                                      if (call) std::exchange(call, nullptr)();
                                                      return same(requests);
                                                  });
    const auto running = *scheduler.submit(0, {}, mail.sink(0));
    const auto waiting = *scheduler.submit(1, {}, mail.sink(1));
    call = [&] {
        CHECK(scheduler.stats().running == 1);
        switch (what) {
            case 0: CHECK(scheduler.submit(2, {}, mail.sink(2))); break;
            case 1: CHECK((scheduler.cancel(running) && scheduler.cancel(waiting))); break;
            case 2: scheduler.close(); break;
            case 3: CHECK(scheduler.poll() == fb::no_deadline); break;  // the one executor is this one
            default: scheduler.drain(1s); break;
        }
        CHECK(scheduler.stats().balanced());
    };
    CHECK(scheduler.poll() == fb::no_deadline);
    CHECK(mail.all.size() == (what == 0 ? 3U : 2U));
    CHECK(mail[0].how == (what == 1 ? fb::ending::cancelled : fb::ending::delivered));
    CHECK(mail[1].how == (what == 1 ? fb::ending::cancelled : what == 2 ? fb::ending::closed : fb::ending::delivered));
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("F7 I29 a sink that throws is counted, its request stays delivered, and all others are told") {
    bench host;
    auto scheduler = host.make({.max_batch_size = 4, .max_queue_delay = 1h});
    std::vector<fb::ticket> tickets;
    for (int tag = 0; tag < 7; ++tag) {
        tickets.push_back(*scheduler.submit(tag, {.deadline = at(tag < 4 ? 1'000 : 10)},
                                            [tag, sink = host.mail.sink(tag)](fb::outcome<int> o) {
                                                sink(std::move(o));
                                                if (tag % 2 == 0) throw std::runtime_error("sink");
                                                if (tag == 1) throw 1;
                                            }));
    }
    REQUIRE(scheduler.poll() == at(10));
    CHECK(scheduler.stats().sink_failures == 3);
    CHECK(host.mail.count(fb::ending::delivered) == 4);
    REQUIRE(scheduler.cancel(tickets[4]));
    CHECK(scheduler.stats().sink_failures == 4);
    scheduler.poll_at(at(10));
    CHECK(scheduler.stats().sink_failures == 5);
    CHECK(host.mail.count(fb::ending::expired) == 2);
    CHECK(host.mail.all.size() == 7);
    CHECK((scheduler.stats().balanced() && scheduler.stats().delivered == 4));
}

TEST_CASE("F9 a sink may destroy the scheduler that is calling it, and everybody is told all the same") {
    const auto way = GENERATE(0, 1, 2, 3, 4, 5, 6);
    const bool by_value = GENERATE(false, true);
    CAPTURE(way, by_value);
    host::counting_clock clock;
    host::mailbox<int> mail;
    std::vector<batch_type> out;
    const fb::policies chosen{.batching = fb::size_or_delay{.max_batch_size = 3},
                              .executors = 2,
                              .clock = clock,
                              .sync = fb::single_threaded{}};
    const auto run_all = [&](auto infer) {
        using scheduler_type = decltype(fb::make_scheduler<int, int>(chosen, infer));
        auto owner = std::make_unique<scheduler_type>(chosen, infer);
        auto& scheduler = *owner;
        bool accepted = false;  // before or after the sink of an expired one is called: either will do
        std::vector<fb::ticket> tickets;
        for (int tag = 0; tag < 10; ++tag) {
            tickets.push_back(
                *scheduler.submit(tag, {.deadline = at(10)}, [&, sink = mail.sink(tag)](fb::outcome<int> o) {
                    sink(std::move(o));
                    owner.reset();
                }));
        }
        switch (way) {
            case 0: scheduler.poll(); break;
            case 1: CHECK(scheduler.cancel(tickets[4])); break;
            case 2: scheduler.poll_at(at(10)); break;
            case 3: CHECK_FALSE(scheduler.submit_at(at(10), 10, {.cost = -1}, mail.sink(10))); break;
            case 4: scheduler.close(); break;
            case 5: accepted = static_cast<bool>(scheduler.submit_at(at(10), 10, {}, mail.sink(10))); break;
            default: owner.reset(); break;
        }
        // Only a batch by value was not told by then: complete it, which is its sinks' first call.
        if (owner) out.at(0).complete(std::vector{0, 1, 2});
        CHECK(owner == nullptr);
        for (int tag = 0; tag < 10; ++tag) CHECK(mail.count(tag) == 1);
        CHECK(mail.count(10) == (accepted ? 1U : 0U));
        CHECK(mail.all.size() == 10 + mail.count(10));
    };
    if (by_value) {
        run_all([&](batch_type batch) { out.push_back(std::move(batch)); });
    } else {
        run_all([](std::span<const int> requests) { return same(requests); });
    }
    out.clear();
    CHECK(mail.all.size() == 10 + mail.count(10));
}

TEST_CASE("what the observer saw can be asked for, and is of one instant") {
    fb::manual_clock clock;
    host::mailbox<int> mail;
    struct counter : fb::no_observer {
        void on_submit(const fb::request_info&, fb::time_point) noexcept { ++submits; }
        void on_refuse(const fb::request_info&, const fb::verdict& said) noexcept { last = said.which; }
        void on_start(const fb::request_info&, fb::duration waited) noexcept { wait += waited; }
        void on_end(const fb::request_info&, fb::ending, fb::duration took) noexcept { latency += took; }
        void on_batch_done(std::size_t size, fb::duration took) noexcept {
            sizes += size;
            service += took;
        }
        int submits{0};
        fb::limit last{};
        fb::duration wait{0};
        fb::duration latency{0};
        std::size_t sizes{0};
        fb::duration service{0};
    };
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.batching = fb::size_or_delay{.max_batch_size = 2},
                                                               .clock = clock,
                                                               .observer = counter{},
                                                               .sync = fb::single_threaded{}},
                                                  [&](std::span<const int> requests) {
                                                      clock.advance(100ns);
                                                      return same(requests);
                                                  });
    REQUIRE(scheduler.submit(0, {}, mail.sink(0)));
    clock.advance(7ns);
    REQUIRE(scheduler.submit(1, {}, mail.sink(1)));
    CHECK_FALSE(scheduler.submit(1, {.cost = -1}, mail.sink(1)));
    clock.advance(3ns);
    scheduler.poll();
    const counter seen = scheduler.observed();
    CHECK(seen.submits == 2);
    CHECK(seen.last == fb::limit::bad_cost);
    CHECK(seen.wait == 10ns + 3ns);
    CHECK(seen.latency == 110ns + 103ns);
    CHECK(seen.sizes == 2);
    CHECK(seen.service == 100ns);
}
