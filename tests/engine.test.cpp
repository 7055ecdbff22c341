// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/engine.hpp>
#include <forebay/scheduler.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace fb = forebay;
using host::asleep;
using host::at;
using host::door;
using host::soon;
using namespace std::chrono_literals;

namespace {

/// Counts what host code of a test saw, and whether a lock was held when it did.
struct witness {
    std::function<void()> call_back;  // into the scheduler
    int seen{0};
    int under_lock{0};

    void here() {
        ++seen;
        if (host::locks_held > 0) {
            ++under_lock;
        } else if (call_back) {
            call_back();
        }
    }
};

/// A payload, result or part of a sink whose end is host code; moved from, it is nobody.
class noticed {
public:
    explicit noticed(witness& by) : by_{&by} {}
    noticed(noticed&& other) noexcept : by_{std::exchange(other.by_, nullptr)} {}
    noticed& operator=(noticed&& other) noexcept {
        std::swap(by_, other.by_);
        return *this;
    }
    ~noticed() {
        if (by_ != nullptr) by_->here();
    }
    [[nodiscard]] explicit operator bool() const { return by_ != nullptr; }

private:
    witness* by_;
};

std::vector<int> same(std::span<const int> requests) {
    return {requests.begin(), requests.end()};
}

}  // namespace

// ---- host code runs without the lock

TEST_CASE("I30 no lock is held while the clock, the callback, a sink, or the end of a payload, result or sink runs") {
    using batch_type = fb::batch<noticed, noticed>;
    const bool by_value = GENERATE(false, true);
    CAPTURE(by_value);
    host::counting_clock clock;
    witness payloads;
    witness results;
    witness sinks;
    witness captured;
    witness callbacks;
    std::vector<batch_type> out;
    // Not inside the generic lambda: there clang 19 loses members when it deduces an aggregate from designators.
    const fb::policies chosen{.batching = fb::size_or_delay{.max_batch_size = 2},
                              .capacity = {.max_requests = 8},
                              .clock = clock,
                              .sync = host::watched{}};
    const auto exercise = [&](auto infer) {
        std::optional scheduler{fb::make_scheduler<noticed, noticed>(chosen, infer)};
        for (witness* one : {&payloads, &results, &sinks, &captured, &callbacks}) {
            one->call_back = [&] {
                if (!scheduler) return;
                CHECK(scheduler->stats().balanced());
            };
        }
        const auto submit = [&](fb::request_info info) {
            return scheduler->submit(noticed{payloads}, info, [&, part = noticed{captured}](fb::outcome<noticed>) {
                sinks.here();
                CHECK(part);
            });
        };
        const auto expiring = submit({.deadline = at(10)});
        CHECK(expiring);
        CHECK_FALSE(submit({.cost = -1}));
        clock.set(at(10));
        CHECK_FALSE(submit({.deadline = at(10)}));  // tells the first, too
        CHECK(sinks.seen == 1);
        const auto queued = *submit({});
        CHECK(scheduler->cancel(queued));
        CHECK(sinks.seen == 2);
        for (int i = 0; i < 4; ++i) CHECK(submit({.key = 1}));
        scheduler->poll();
        const auto running = submit({.key = 2});
        CHECK(submit({.key = 2, .deadline = at(20)}));
        clock.set(at(20));
        scheduler->poll();
        if (by_value) {
            CHECK(scheduler->cancel(*running));
            out.clear();
            scheduler->poll();
        }
        for (int i = 0; i < 3; ++i) CHECK(submit({.key = 3, .cost = 2}));
        scheduler->close();
        CHECK_FALSE(submit({}));
        scheduler.reset();
        out.clear();
        for (witness* one : {&payloads, &results, &sinks, &captured, &callbacks}) one->call_back = nullptr;
    };
    if (by_value) {
        exercise([&, part = std::make_shared<noticed>(captured)](batch_type batch) {
            callbacks.here();
            CHECK(*part);
            if (callbacks.seen % 2 == 0) batch[0].succeed(noticed{results});
            out.push_back(std::move(batch));
        });
    } else {
        exercise([&, part = std::make_shared<noticed>(captured)](std::span<noticed> requests) {
            callbacks.here();
            CHECK(*part);
            std::vector<noticed> given;
            for (std::size_t i = 0; i < requests.size(); ++i) given.emplace_back(results);
            return given;
        });
    }
    CHECK(clock.reads_under_lock() == 0);
    CHECK(payloads.under_lock == 0);
    CHECK(results.under_lock == 0);
    CHECK(sinks.under_lock == 0);
    CHECK(captured.under_lock == 0);
    CHECK(callbacks.under_lock == 0);
    CHECK(payloads.seen == 14);  // the three refused ones end with the caller
    CHECK(sinks.seen == 11);
    CHECK(captured.seen == 15);
    CHECK(callbacks.seen >= 1);
    CHECK(host::locks_held == 0);
}

TEST_CASE("no lock is held while what is left of a payload ends, whichever way its request ended") {
    struct restless {  // its end is host code after a move, too
        witness* by;
        explicit restless(witness& seen) : by{&seen} {}
        restless(restless&& other) noexcept : by{other.by} {}
        ~restless() { by->here(); }
    };
    using batch_type = fb::batch<restless, int>;
    const int way = GENERATE(0, 1, 2, 3, 4, 5);
    CAPTURE(way);
    host::counting_clock clock;
    witness ends;
    std::optional<batch_type> out;
    std::optional scheduler{fb::make_scheduler<restless, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 2}, .clock = clock, .sync = host::watched{}},
        [&](batch_type batch) { out.emplace(std::move(batch)); })};
    const auto submit = [&] {
        return *scheduler->submit(restless{ends}, {.deadline = at(10)}, [](fb::outcome<int>) {});
    };
    const auto first = submit();
    submit();
    const auto queued = submit();
    // What was moved from on the way in and into the batch ends under the caller's eyes or the lock; from here on it counts.
    scheduler->poll();
    REQUIRE(out);
    ends = {.call_back = [&] {
        if (scheduler) static_cast<void>(scheduler->stats());
    }};
    switch (way) {
        case 0:
            CHECK(scheduler->cancel(first));
            out.reset();
            break;
        case 1:
            CHECK(scheduler->cancel(first));
            out->complete(std::vector{1, 2});
            break;
        case 2:
            (*out)[1].succeed(1);
            out->fail();
            break;
        case 3: CHECK(scheduler->cancel(queued)); break;
        case 4:
            clock.set(at(10));
            scheduler->poll();
            break;
        default:
            ends.call_back = nullptr;
            scheduler.reset();
            out.reset();  // inert
            break;
    }
    CHECK(ends.seen > 0);
    CHECK(ends.under_lock == 0);
    ends.call_back = nullptr;
    scheduler.reset();
    out.reset();
    CHECK(ends.under_lock == 0);
}

TEST_CASE("F8 the sinks of what expired may submit, poll or close: they do not nest, however many are due") {
    const int first = GENERATE(0, 1, 2, 3);  // what ends the many
    const int then = GENERATE(0, 1, 2, 3);   // what their sinks call
    CAPTURE(first, then);
    constexpr std::size_t many = 5'000;
    const fb::manual_clock clock;
    std::size_t told = 0;
    std::size_t accepted = 0;
    int depth = 0;
    int deepest = 0;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 8, .max_queue_delay = 24h},
                     .capacity = {.max_requests = many},
                     .clock = clock,
                     .sync = fb::single_threaded{}},
        &same);
    const auto later = [&](fb::outcome<int>) { ++told; };
    const auto sink = [&](fb::outcome<int>) {
        deepest = std::max(deepest, ++depth);
        ++told;
        switch (then) {
            case 0: accepted += scheduler.submit_at(at(10), 0, {.deadline = at(11)}, later) ? 1U : 0U; break;
            case 1: accepted += scheduler.submit_at(at(9'000), 0, {.deadline = at(10)}, later) ? 1U : 0U; break;
            case 2: scheduler.poll_at(at(10)); break;
            default: scheduler.close_at(at(10)); break;
        }
        --depth;
    };
    for (std::size_t i = 0; i < many; ++i) REQUIRE(scheduler.submit_at(at(0), 0, {.deadline = at(10)}, sink));
    switch (first) {
        case 0: accepted += scheduler.submit_at(at(10), 0, {}, later) ? 1U : 0U; break;
        case 1: scheduler.poll_at(at(10)); break;
        case 2: scheduler.close_at(at(5)); break;
        default: CHECK_FALSE(scheduler.submit_at(at(10), 0, {.cost = -1}, later)); break;
    }
    CHECK(deepest <= (then == 3 && first != 2 ? 2 : 1));  // a close from inside calls those that are closed
    scheduler.close();
    CHECK(told == many + accepted);
    CHECK(accepted >= (then == 0 && first != 2 ? many - 1 : 0));
    CHECK(scheduler.stats().balanced());
    CHECK(scheduler.stats().sink_failures == 0);
}

// ---- the end, with threads inside

TEST_CASE("F23 I33 the destructor waits for the callback and the sinks that other threads are inside") {
    door release;
    std::atomic<int> told{0};
    std::atomic<bool> inside{false};
    std::atomic<bool> left{false};
    std::atomic<bool> waited{false};
    std::atomic<bool> destroyed{false};
    const bool in_sink = GENERATE(false, true);
    CAPTURE(in_sink);
    auto scheduler = std::make_unique<decltype(fb::make_scheduler<int, int>(
        fb::policies{.sync = host::watched{}}, std::declval<std::function<std::vector<int>(std::span<const int>)>>()))>(
        fb::policies{.sync = host::watched{}}, [&](std::span<const int> requests) {
            if (!in_sink) {
                inside = true;
                release.wait();
                left = true;
            }
            return same(requests);
        });
    const auto sink = [&](fb::outcome<int>) {
        ++told;
        if (in_sink && !inside) {
            inside = true;
            release.wait();
            left = true;
        }
    };
    REQUIRE(scheduler->submit(0, {}, sink));
    std::thread runner{[&] { scheduler->run(); }};
    REQUIRE(soon([&] { return inside.load(); }));
    REQUIRE(scheduler->submit(1, {}, sink));
    auto owned = std::move(scheduler);
    std::thread destroyer{[&] {
        owned.reset();
        waited = left.load();
        destroyed = true;
    }};
    // Everybody was told, by the destructor, before it can be done.
    CHECK(soon([&] { return told == 2; }));
    CHECK_FALSE(destroyed);
    release.open();
    destroyer.join();
    runner.join();
    CHECK(waited);
    CHECK(told == 2);
}

TEST_CASE("F9 a sink may destroy the scheduler from the thread that runs it") {
    std::atomic<int> told{0};
    const fb::policies chosen{.batching = fb::size_or_delay{.max_batch_size = 2, .max_queue_delay = 1h},
                              .sync = host::watched{}};
    using scheduler_type = decltype(fb::make_scheduler<int, int>(chosen, &same));
    auto owned = std::make_unique<scheduler_type>(chosen, &same);
    auto& scheduler = *owned;
    // Told by one runner while the other sleeps, so that no call is on its way from outside.
    static_cast<void>(scheduler.submit(0, {.deadline = fb::steady_clock{}.now() + 30ms}, [&](fb::outcome<int>) {
        if (asleep(1)) ++told;
        owned.reset();
    }));
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&] { scheduler.run(); });
    for (auto& thread : threads) thread.join();
    CHECK(told == 1);
    CHECK(owned == nullptr);
}

TEST_CASE("to settle a cost while another thread cancels is safe, and one of them counts") {
    using batch_type = fb::batch<int, int>;
    for (int round = 0; round < 200; ++round) {
        host::ledger_of_permits admission;
        std::atomic<int> told{0};
        std::optional<batch_type> out;
        auto scheduler = fb::make_scheduler<int, int>(fb::policies{.admission = admission},
                                                      [&](batch_type batch) { out = std::move(batch); });
        const auto ticket = *scheduler.submit(0, {.cost = 10}, [&](fb::outcome<int>) { ++told; });
        scheduler.poll();
        std::thread canceller{[&] { static_cast<void>(scheduler.cancel(ticket)); }};
        (*out)[0].settle(3);
        (*out)[0].succeed(1);
        canceller.join();
        REQUIRE(told == 1);
        REQUIRE(admission.seen->settled.size() == 1);
        REQUIRE((admission.seen->settled[0] == 3 || admission.seen->settled[0] == 10));
        out.reset();
    }
}

TEST_CASE(
    "F9 a scheduler destroyed inside a sink of close has told everybody when close returns, most before it ends") {
    constexpr int many = 200;
    const fb::manual_clock clock;
    const fb::policies chosen{.batching = fb::size_or_delay{.max_batch_size = 8, .max_queue_delay = 24h},
                              .clock = clock,
                              .sync = fb::single_threaded{}};
    using scheduler_type = decltype(fb::make_scheduler<int, int>(chosen, &same));
    auto owned = std::make_unique<scheduler_type>(chosen, &same);
    const int who = GENERATE(0, 31, 32, 100, 199);
    CAPTURE(who);
    bool gone = false;
    int before = 0;
    int after = 0;
    std::vector<int> told(many, 0);
    for (int tag = 0; tag < many; ++tag) {
        REQUIRE(owned->submit(tag, {}, [&, tag](fb::outcome<int> outcome) {
            CHECK(outcome.how() == fb::ending::closed);
            ++told[static_cast<std::size_t>(tag)];
            if (tag == who) {
                owned.reset();
                gone = true;
            } else {
                ++(gone ? after : before);
            }
        }));
    }
    owned->close();
    CHECK(owned == nullptr);
    CHECK(told == std::vector<int>(many, 1));
    CHECK(after <= 31);  // those that ended together with the one whose sink it was
    CHECK(before + after == many - 1);
}

TEST_CASE("a batch that outlives its scheduler does not ask for the time, whose clock may be gone too") {
    using batch_type = fb::batch<int, int>;
    const host::counting_clock clock;
    std::optional<batch_type> out;
    {
        auto scheduler = fb::make_scheduler<int, int>(
            fb::policies{.batching = fb::size_or_delay{.max_batch_size = 4}, .clock = clock},
            [&](batch_type batch) { out.emplace(std::move(batch)); });
        for (int tag = 0; tag < 4; ++tag) REQUIRE(scheduler.submit(tag, {}, [](fb::outcome<int>) {}));
        scheduler.poll();
        (*out)[0].succeed(0);
    }
    const int reads = clock.reads();
    CHECK((*out)[1].cancelled());
    (*out)[1].settle(3);
    (*out)[1].succeed(1);
    (*out)[2].fail();
    SECTION("completed") {
        out->complete(std::vector{0, 1, 2, 3});
    }
    SECTION("failed") {
        out->fail();
    }
    SECTION("dropped") {
        out.reset();
    }
    CHECK(clock.reads() == reads);
}
