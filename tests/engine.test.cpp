// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/engine.hpp>
#include <forebay/scheduler.hpp>

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
