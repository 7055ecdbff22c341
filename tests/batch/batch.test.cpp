// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/batch/batch.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/scheduler.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace fb = forebay;
using host::at;
using namespace std::chrono_literals;

namespace {

using batch_type = fb::batch<int, int>;

/// A scheduler whose callback puts the batches here, for the test to complete.
struct kept_batches {
    fb::manual_clock clock;
    host::ledger_of_permits admission;
    host::mailbox<int> mail;
    std::vector<batch_type> out;

    auto make(std::size_t executors = 1) {
        return fb::make_scheduler<int, int>(fb::policies{.admission = admission,
                                                         .order = fb::strict_priority{},
                                                         .batching = fb::size_or_delay{.max_batch_size = 4},
                                                         .executors = executors,
                                                         .clock = clock,
                                                         .sync = fb::single_threaded{}},
                                            [this](batch_type batch) { out.push_back(std::move(batch)); });
    }
};

}  // namespace

TEST_CASE("a batch is handed on by moving only") {
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<batch_type>);
    STATIC_REQUIRE(std::is_nothrow_move_assignable_v<batch_type>);
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<batch_type>);
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<batch_type>);
}

TEST_CASE("a batch shows its members best first, with what was said of them, why it left and when") {
    kept_batches host;
    auto scheduler = host.make();
    host.clock.set(at(5));
    REQUIRE(scheduler.submit(10, {.tenant = fb::tenant_id{3}, .priority = 2, .cost = 30}, host.mail.sink(10)));
    host.clock.set(at(6));
    REQUIRE(scheduler.submit(11, {.priority = 1, .deadline = at(1'000)}, host.mail.sink(11)));
    host.clock.set(at(9));
    scheduler.poll();
    REQUIRE(host.out.size() == 1);
    auto& batch = host.out[0];
    REQUIRE(batch.size() == 2);
    CHECK_FALSE(batch.empty());
    CHECK(batch.cause() == fb::dispatch_cause::idle);
    CHECK(batch.dispatched() == at(9));
    CHECK(batch[0].request() == 11);
    CHECK(batch[0].info() == fb::request_info{.priority = 1, .deadline = at(1'000)});
    CHECK(batch[0].arrival() == at(6));
    CHECK(batch[1].request() == 10);
    CHECK(batch[1].info() == fb::request_info{.tenant = fb::tenant_id{3}, .priority = 2, .cost = 30});
    CHECK(batch[1].arrival() == at(5));
    CHECK(std::vector<int>(batch.requests().begin(), batch.requests().end()) == std::vector{11, 10});
    CHECK(batch.requests().data() + 1 == &batch[1].request());
    batch[0].request() = 12;  // the payload is the host's to write to
    CHECK(batch.requests()[0] == 12);
}

TEST_CASE("every member is answered by itself, in any order, and the first answer counts") {
    kept_batches host;
    auto scheduler = host.make();
    for (int tag = 0; tag < 4; ++tag) REQUIRE(scheduler.submit(tag, {}, host.mail.sink(tag)));
    scheduler.poll();
    auto& batch = host.out[0];
    batch[2].succeed(200);
    CHECK(host.mail[2].result == 200);
    batch[2].succeed(201);
    batch[2].fail();
    batch[0].fail(std::make_exception_ptr(std::runtime_error("bad prompt")));
    batch[0].succeed(1);
    batch[1].fail();
    CHECK(host.mail.all.size() == 3);
    CHECK(host.mail[0].why == fb::failure::exception);
    CHECK(host::text_of(host.mail[0].error) == "bad prompt");
    CHECK(host.mail[1].why == fb::failure::exception);
    CHECK(host::text_of(host.mail[1].error).empty());
    CHECK(batch.size() == 4);  // it stays as it is until it is completed or dropped
    CHECK(batch[2].cancelled());
    CHECK_FALSE(batch[3].cancelled());
    auto counted = scheduler.stats();
    CHECK(counted.balanced());
    CHECK((counted.delivered == 1 && counted.failed == 2 && counted.running == 1));

    host.out.clear();  // dropped
    CHECK(host.mail.all.size() == 4);
    CHECK(host.mail[3].why == fb::failure::not_completed);
    CHECK(scheduler.stats().balanced());
    CHECK(scheduler.stats().running == 0);
}

TEST_CASE("to complete a batch gives each member its own element, and those that have ended are passed over") {
    kept_batches host;
    auto scheduler = host.make();
    std::vector<fb::ticket> tickets;
    for (int tag = 0; tag < 4; ++tag) tickets.push_back(*scheduler.submit(tag, {}, host.mail.sink(tag)));
    scheduler.poll();
    auto& batch = host.out[0];
    batch[1].succeed(-1);
    CHECK(scheduler.cancel(tickets[2]));
    batch.complete(std::vector{100, 101, 102, 103});
    CHECK(batch.empty());
    CHECK(batch.size() == 0);
    CHECK(batch.requests().empty());
    CHECK(host.mail.all.size() == 4);
    CHECK(host.mail[0].result == 100);
    CHECK(host.mail[1].result == -1);
    CHECK(host.mail[2].how == fb::ending::cancelled);
    CHECK(host.mail[3].result == 103);
    CHECK(scheduler.stats().balanced());
    // Completed is completed: what comes later is dropped.
    batch.complete(std::vector{1, 2, 3, 4});
    batch.fail();
    CHECK(host.mail.all.size() == 4);
}

TEST_CASE("outcomes may be among the results that complete a batch") {
    kept_batches host;
    auto scheduler = host.make();
    for (int tag = 0; tag < 3; ++tag) REQUIRE(scheduler.submit(tag, {}, host.mail.sink(tag)));
    scheduler.poll();
    std::vector<fb::outcome<int>> results;
    results.emplace_back(100);
    results.emplace_back(fb::failure::exception, std::make_exception_ptr(7));
    results.emplace_back(102);
    host.out[0].complete(std::move(results));
    CHECK(host.out[0].empty());
    CHECK(host.mail[0].result == 100);
    CHECK(host::text_of(host.mail[1].error) == "7");
    CHECK(host.mail[2].result == 102);
    const auto counted = scheduler.stats();
    CHECK((counted.balanced() && counted.delivered == 2 && counted.failed == 1));
}

TEST_CASE("I17 a batch that is completed with a wrong number of results fails whole, also what was an outcome") {
    kept_batches host;
    auto scheduler = host.make();
    for (int tag = 0; tag < 3; ++tag) REQUIRE(scheduler.submit(tag, {}, host.mail.sink(tag)));
    scheduler.poll();
    SECTION("too few") {
        host.out[0].complete(std::vector{1, 2});
    }
    SECTION("too many") {
        host.out[0].complete(std::vector{1, 2, 3, 4});
    }
    SECTION("outcomes") {
        host.out[0].complete(std::vector<fb::outcome<int>>{});
    }
    CHECK(host.out[0].empty());
    CHECK(host.mail.all.size() == 3);
    for (const auto& one : host.mail.all) CHECK(one.why == fb::failure::wrong_count);
    CHECK(scheduler.stats().failed == 3);
}

TEST_CASE("a batch failed whole hands the same error to every member that has none yet") {
    kept_batches host;
    auto scheduler = host.make();
    for (int tag = 0; tag < 3; ++tag) REQUIRE(scheduler.submit(tag, {}, host.mail.sink(tag)));
    scheduler.poll();
    host.out[0][1].succeed(101);
    host.out[0].fail(std::make_exception_ptr(std::runtime_error("device lost")));
    CHECK(host.out[0].empty());
    CHECK(host.mail[1].result == 101);
    for (const int tag : {0, 2}) CHECK(host::text_of(host.mail[tag].error) == "device lost");
}

TEST_CASE("a batch moved from is empty, and one moved over first drops what it held") {
    kept_batches host;
    auto scheduler = host.make(2);
    for (int tag = 0; tag < 5; ++tag) REQUIRE(scheduler.submit(tag, {}, host.mail.sink(tag)));
    scheduler.poll();
    REQUIRE(host.out.size() == 2);
    batch_type first = std::move(host.out[0]);
    CHECK(first.size() == 4);
    CHECK(host.out[0].empty());
    CHECK(host.mail.all.empty());
    first = std::move(host.out[1]);
    CHECK(first.size() == 1);
    CHECK(host.mail.all.size() == 4);
    for (int tag = 0; tag < 4; ++tag) CHECK(host.mail[tag].why == fb::failure::not_completed);
    first.complete(std::vector{104});
    CHECK(host.mail[4].result == 104);
}

TEST_CASE("cancelled() shows that nobody waits any more, and the payload is there until the batch goes") {
    kept_batches host;
    auto scheduler = host.make();
    const auto ticket = *scheduler.submit(41, {}, host.mail.sink(0));
    REQUIRE(scheduler.submit(42, {}, host.mail.sink(1)));
    scheduler.poll();
    auto& batch = host.out[0];
    CHECK_FALSE(batch[0].cancelled());
    CHECK(scheduler.cancel(ticket));
    CHECK(batch[0].cancelled());
    CHECK_FALSE(batch[1].cancelled());
    CHECK(batch[0].request() == 41);
    CHECK_FALSE(scheduler.cancel(ticket));
    batch.complete(std::vector{1, 2});
    CHECK(host.mail[0].how == fb::ending::cancelled);
    CHECK(host.mail[1].result == 2);
    CHECK(host.mail.all.size() == 2);
}

TEST_CASE("what a request really cost reaches admission once, when it ends") {
    kept_batches host;
    auto scheduler = host.make();
    std::vector<fb::ticket> tickets;
    for (int tag = 0; tag < 4; ++tag) {
        tickets.push_back(*scheduler.submit(tag, {.cost = 10 + tag}, host.mail.sink(tag)));
    }
    CHECK(host.admission.seen->live == 4);
    scheduler.poll();
    auto& batch = host.out[0];
    batch[0].settle(500);
    batch[0].settle(5);
    CHECK(host.admission.seen->settled.empty());
    batch[0].succeed(0);
    CHECK(host.admission.seen->settled == std::vector<std::int64_t>{5});  // the last one counts
    batch[1].settle(-3);
    batch[1].fail();
    CHECK(host.admission.seen->settled.back() == 0);  // negative counts as nothing
    batch[2].succeed(0);
    CHECK(host.admission.seen->settled.back() == 12);  // not known: what was taken
    batch[3].settle(77);
    CHECK(scheduler.cancel(tickets[3]));
    CHECK(host.admission.seen->settled.back() == 77);  // it ran, as far as is known
    batch[3].settle(78);
    host.out.clear();
    CHECK(host.admission.seen->settled.size() == 4);
    CHECK(host.admission.seen->given_back.empty());
    CHECK(host.admission.seen->live == 0);
}

TEST_CASE("executors bounds the batches that are out, and one that comes back makes room at once") {
    const std::size_t executors = GENERATE(1U, 2U, 3U);
    kept_batches host;
    auto scheduler = host.make(executors);
    for (int tag = 0; tag < 40; ++tag) REQUIRE(scheduler.submit(tag, {}, host.mail.sink(tag)));
    CHECK(scheduler.poll() == fb::no_deadline);
    CHECK(host.out.size() == executors);
    CHECK(scheduler.stats().running == 4 * executors);
    CHECK(scheduler.poll() == fb::no_deadline);
    CHECK(host.out.size() == executors);

    host.out[0].complete(std::vector{0, 1, 2, 3});
    CHECK(host.out.size() == executors);  // the next one is formed by whoever polls
    scheduler.poll();
    CHECK(host.out.size() == executors + 1);
    // Members that end one by one do not make room: the model still has the batch.
    auto& last = host.out.back();
    for (std::size_t i = 0; i < last.size(); ++i) last[i].succeed(0);
    scheduler.poll();
    CHECK(host.out.size() == executors + 1);
    // And so on until all is served: what a batch took up is used again.
    while (!host.out.empty()) {
        host.out.erase(host.out.begin());
        scheduler.poll();
    }
    CHECK(host.mail.all.size() == 40);
    CHECK(scheduler.stats().batches == 10);
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("a batch is completed from another thread") {
    host::mailbox<int> mail;
    std::thread device;
    std::thread::id told_on;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 4}}, [&](batch_type batch) {
            device = std::thread{[batch = std::move(batch)]() mutable { batch.complete(std::vector{10, 11}); }};
        });
    REQUIRE(scheduler.submit(0, {}, [&, sink = mail.sink(0)](fb::outcome<int> outcome) {
        told_on = std::this_thread::get_id();
        sink(std::move(outcome));
    }));
    REQUIRE(scheduler.submit(1, {}, mail.sink(1)));
    scheduler.poll();
    const auto device_id = device.get_id();
    device.join();
    CHECK(mail[0].result == 10);
    CHECK(mail[1].result == 11);
    CHECK(told_on == device_id);
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("a batch that outlives its scheduler is inert: its members have ended, what it is told is dropped") {
    kept_batches host;
    {
        auto scheduler = host.make(2);
        for (int tag = 0; tag < 5; ++tag) REQUIRE(scheduler.submit(tag, {.cost = 3}, host.mail.sink(tag)));
        scheduler.poll();
        host.out[0][1].succeed(101);
    }
    REQUIRE(host.mail.all.size() == 5);
    CHECK(host.mail.count(fb::ending::closed) == 4);
    CHECK(host.admission.seen->live == 0);
    auto& batch = host.out[0];
    CHECK(batch.size() == 4);
    CHECK(batch[0].cancelled());
    CHECK(batch[0].request() == 0);
    CHECK(batch[0].info().cost == 3);
    batch[0].settle(1);
    batch[0].succeed(1);
    batch[2].fail();
    batch.complete(std::vector{1, 2, 3, 4});
    host.out.clear();
    CHECK(host.mail.all.size() == 5);
}

TEST_CASE("a sink may complete, fail or drop the batch that is calling it") {
    host::mailbox<int> mail;
    std::optional<batch_type> out;
    const fb::manual_clock clock;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 4}, .clock = clock, .sync = fb::single_threaded{}},
        [&](batch_type batch) { out = std::move(batch); });
    const int what = GENERATE(0, 1, 2, 3);
    const int way = GENERATE(0, 1, 2);
    CAPTURE(what, way);
    for (int tag = 0; tag < 3; ++tag) {
        REQUIRE(scheduler.submit(tag, {}, [&, sink = mail.sink(tag)](fb::outcome<int> outcome) {
            sink(std::move(outcome));
            if (!out) return;
            switch (what) {
                case 0: out->complete(std::vector{7, 8, 9}); break;
                case 1: out->fail(); break;
                case 2: out.reset(); break;
                default: scheduler.close(); break;
            }
        }));
    }
    scheduler.poll();
    REQUIRE(out);
    switch (way) {
        case 0: (*out)[1].succeed(11); break;
        case 1: out->complete(std::vector{10, 11, 12}); break;
        default: {
            std::vector<fb::outcome<int>> results;
            for (int tag = 0; tag < 3; ++tag) results.emplace_back(10 + tag);
            out->complete(std::move(results));
        }
    }
    out.reset();
    CHECK(mail.all.size() == 3);
    for (int tag = 0; tag < 3; ++tag) CHECK(mail.count(tag) == 1);
    CHECK(scheduler.stats().balanced());
    CHECK(scheduler.stats().running == 0);
    REQUIRE((what == 3 || scheduler.submit(3, {}, mail.sink(3))));
    scheduler.poll();
    CHECK(out.has_value() == (what != 3));  // the executor came back
}

TEST_CASE(
    "a sink of one member may bring its own batch back and submit again, and what it captured outlives the call") {
    const int back = GENERATE(0, 1, 2);
    const bool by_cancel = GENERATE(false, true);
    const bool well = GENERATE(false, true);
    CAPTURE(back, by_cancel, well);
    const fb::manual_clock clock;
    std::optional<batch_type> out;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 2}, .clock = clock, .sync = fb::single_threaded{}},
        [&](batch_type batch) { out = std::move(batch); });
    host::mailbox<int> mail;
    const auto captured = std::make_shared<const int>(7);
    const auto submit_more = [&] {  // fills every slot that has come back
        for (int tag = 2; tag < 8; ++tag) {
            CHECK(scheduler.submit(tag, {}, [captured, sink = mail.sink(tag)](fb::outcome<int> o) {
                CHECK(*captured == 7);
                sink(std::move(o));
            }));
        }
    };
    const std::function<void()> bring_back = [&] {
        switch (back) {
            case 0: out.reset(); break;
            case 1: out->complete(std::vector{100, 101}); break;
            default: out->fail(); break;
        }
        submit_more();
    };
    const auto first = *scheduler.submit(0, {}, [&bring_back, captured, sink = mail.sink(0)](fb::outcome<int> o) {
        bring_back();
        CHECK(*captured == 7);
        CHECK(captured.use_count() == 1 + 1 + 6);
        sink(std::move(o));
    });
    REQUIRE(scheduler.submit(1, {}, mail.sink(1)));
    scheduler.poll();
    REQUIRE(out);
    if (by_cancel) {
        CHECK(scheduler.cancel(first));
    } else if (well) {
        (*out)[0].succeed(10);
    } else {
        (*out)[0].fail();
    }
    CHECK(captured.use_count() == 1 + 6);
    CHECK(mail.all.size() == 2);
    CHECK(mail[0].how == (by_cancel ? fb::ending::cancelled : well ? fb::ending::delivered : fb::ending::failed));
    CHECK(mail[0].result == (well && !by_cancel ? std::optional{10} : std::nullopt));
    CHECK(mail[1].result == (back == 1 ? std::optional{101} : std::nullopt));
    scheduler.close();
    CHECK(mail.all.size() == 8);
    for (int tag = 0; tag < 8; ++tag) CHECK(mail.count(tag) == 1);
    CHECK(captured.use_count() == 1);
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("an element that cannot be made an outcome fails its request and those after it, and throws nothing") {
    struct status {
        int code;
        operator fb::outcome<int>() const {  // NOLINT(google-explicit-constructor): as hosts do
            if (code == 101) throw std::runtime_error("no such status");
            return fb::outcome<int>{code};
        }
    };
    kept_batches host;
    auto scheduler = host.make();
    for (int tag = 0; tag < 3; ++tag) REQUIRE(scheduler.submit(tag, {}, host.mail.sink(tag)));
    scheduler.poll();
    host.out[0].complete(std::vector{status{100}, status{101}, status{102}});
    CHECK(host.out[0].empty());
    CHECK(host.mail[0].result == 100);
    for (const int tag : {1, 2}) CHECK(host::text_of(host.mail[tag].error) == "no such status");
    CHECK((scheduler.stats().balanced() && scheduler.stats().failed == 2));
    CHECK(scheduler.submit(3, {}, host.mail.sink(3)));
    scheduler.poll();
    CHECK(host.out.size() == 2);  // the executor came back
}

TEST_CASE("payloads that the host moves out of a batch are its own") {
    using text_batch = fb::batch<std::unique_ptr<std::string>, std::string>;
    const fb::manual_clock clock;
    host::mailbox<std::string> mail;
    auto scheduler = fb::make_scheduler<std::unique_ptr<std::string>, std::string>(
        fb::policies{.clock = clock, .sync = fb::single_threaded{}}, [](text_batch& batch) {
            const auto mine = std::move(batch[0].request());
            batch[0].succeed(*mine + "!");
        });
    REQUIRE(scheduler.submit(std::make_unique<std::string>("hello"), {}, mail.sink(0)));
    scheduler.poll();
    CHECK(mail[0].result == "hello!");
}
