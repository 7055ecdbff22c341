// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/runner.hpp>
#include <forebay/scheduler.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>
#if defined(__cpp_lib_jthread)
#include <stop_token>
#endif

namespace fb = forebay;
using host::asleep;
using host::door;
using host::soon;
using namespace std::chrono_literals;

namespace {

/// Threads that run a scheduler; joined at the end, so close it before.
template <class Scheduler>
class runners {
public:
    runners(Scheduler& scheduler, int count) : scheduler_{scheduler} {
        for (int i = 0; i < count; ++i) {
            threads_.emplace_back([this] {
                scheduler_.run();
                ++returned;
            });
        }
    }
    ~runners() {
        if (threads_.empty()) return;
        scheduler_.close();
        join();
    }
    void join() {
        for (auto& thread : threads_) thread.join();
        threads_.clear();
    }
    std::atomic<int> returned{0};

private:
    Scheduler& scheduler_;
    std::vector<std::thread> threads_;
};

std::vector<int> same(std::span<const int> requests) {
    return {requests.begin(), requests.end()};
}

}  // namespace

TEST_CASE("a submit wakes a sleeping runner, and a second one wakes another while the first is at work") {
    door release;
    std::atomic<int> started{0};
    std::atomic<int> told{0};
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.executors = 3, .sync = host::watched{}},
                                                  [&](std::span<const int> requests) {
                                                      ++started;
                                                      release.wait();
                                                      return same(requests);
                                                  });
    runners threads{scheduler, 3};
    REQUIRE(asleep(3));
    for (int round = 1; round <= 3; ++round) {
        REQUIRE(scheduler.submit(round, {}, [&](fb::outcome<int>) { ++told; }));
        const bool woken = soon([&] { return started == round; }) && asleep(3 - round);
        if (!woken) release.open();
        REQUIRE(woken);
    }
    release.open();
    CHECK(soon([&] { return told == 3; }));
}

TEST_CASE("several requests submitted at once wake as many runners as there are executors") {
    door release;
    std::atomic<int> started{0};
    std::atomic<int> told{0};
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.executors = 2, .sync = host::watched{}},
                                                  [&](std::span<const int> requests) {
                                                      ++started;
                                                      release.wait();
                                                      return same(requests);
                                                  });
    runners threads{scheduler, 3};
    REQUIRE(asleep(3));
    for (int tag = 0; tag < 5; ++tag) REQUIRE(scheduler.submit(tag, {}, [&](fb::outcome<int>) { ++told; }));
    const bool both = soon([&] { return started == 2; }) && asleep(1);
    const int most = started;
    release.open();
    CHECK(both);
    CHECK(most == 2);
    CHECK(soon([&] { return told == 5; }));
}

TEST_CASE("a deadline is delivered while the runner sleeps, and while the only one that works is inside the callback") {
    door release;
    std::atomic<int> started{0};
    std::atomic<int> expired{0};
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 2, .max_queue_delay = 1h},
                     .sync = host::watched{}},
        [&](std::span<const int> requests) {
            ++started;
            release.wait();
            return same(requests);
        });
    const auto sink = [&](fb::outcome<int> outcome) { expired += outcome.how() == fb::ending::expired ? 1 : 0; };
    const auto in_a_while = [] { return fb::steady_clock{}.now() + 20ms; };
    runners threads{scheduler, 2};
    REQUIRE(asleep(2));
    REQUIRE(scheduler.submit(0, {.deadline = in_a_while()}, sink));
    CHECK(soon([&] { return expired == 1; }));

    for (int tag = 0; tag < 2; ++tag) REQUIRE(scheduler.submit(tag, {}, sink));
    const bool working = soon([&] { return started == 1; });
    REQUIRE(scheduler.submit(2, {.deadline = in_a_while()}, sink));
    const bool told = soon([&] { return expired == 2; });
    release.open();
    CHECK(working);
    CHECK(told);
}

TEST_CASE("a runner that sleeps until a delay has passed is woken for what is due earlier") {
    std::atomic<int> told{0};
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 3, .max_queue_delay = 1h},
                     .sync = host::watched{}},
        &same);
    const auto sink = [&](fb::outcome<int>) { ++told; };
    runners threads{scheduler, 1};
    REQUIRE(asleep(1));
    REQUIRE(scheduler.submit(0, {}, sink));
    REQUIRE(asleep(1));
    REQUIRE(scheduler.submit(1, {}, sink));
    CHECK(told == 0);
    REQUIRE(scheduler.submit(2, {}, sink));  // full
    CHECK(soon([&] { return told == 3; }));
    REQUIRE(asleep(1));
    REQUIRE(scheduler.submit(3, {}, sink));
    REQUIRE(scheduler.submit(4, {.key = 7, .deadline = fb::steady_clock{}.now() + 5ms}, sink));
    CHECK(soon([&] { return told == 4; }));
}

TEST_CASE("a batch completed on another thread wakes a runner for the next one") {
    using batch_type = fb::batch<int, int>;
    std::mutex mutex;
    std::vector<batch_type> out;
    std::atomic<int> told{0};
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.sync = host::watched{}}, [&](batch_type batch) {
        const std::lock_guard lock{mutex};
        out.push_back(std::move(batch));
    });
    runners threads{scheduler, 1};
    for (int tag = 0; tag < 5; ++tag) REQUIRE(scheduler.submit(tag, {}, [&](fb::outcome<int>) { ++told; }));
    for (int tag = 0; tag < 5; ++tag) {
        REQUIRE(soon([&] {
            const std::lock_guard lock{mutex};
            return out.size() == 1;
        }));
        REQUIRE(asleep(1));
        std::unique_lock lock{mutex};
        batch_type one = std::move(out.back());
        out.clear();
        lock.unlock();
        one.complete(std::vector{tag});
        CHECK(told == tag + 1);
    }
}

TEST_CASE("F10 a slow sink holds up nobody else's batch") {
    door release;
    std::atomic<int> started{0};
    std::atomic<int> told{0};
    auto scheduler =
        fb::make_scheduler<int, int>(fb::policies{.sync = host::watched{}}, [&](std::span<const int> requests) {
            ++started;
            return same(requests);
        });
    runners threads{scheduler, 2};
    REQUIRE(asleep(2));
    {
        // Both are queued before anybody wakes: whoever serves the first is stuck in its sink, the other serves the second.
        std::atomic<bool> stuck{false};
        REQUIRE(scheduler.submit(0, {}, [&](fb::outcome<int>) {
            stuck = true;
            release.wait();
            ++told;
        }));
        REQUIRE(scheduler.submit(1, {}, [&](fb::outcome<int>) { ++told; }));
        const bool both = soon([&] { return stuck && started == 2 && told == 1; });
        REQUIRE(scheduler.submit(2, {}, [&](fb::outcome<int>) { ++told; }));
        const bool third = soon([&] { return told == 2; });
        release.open();
        CHECK(both);
        CHECK(third);
        CHECK(soon([&] { return told == 3; }));
    }
}

TEST_CASE("F10 a runner held up in the sink of an expired request leaves what becomes due to one that sleeps") {
    door release;
    std::atomic<int> stuck{0};
    std::atomic<int> told{0};
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 2, .max_queue_delay = 200ms},
                     .executors = 2,
                     .sync = host::watched{}},
        &same);
    runners threads{scheduler, 2};
    REQUIRE(asleep(2));
    // Both go to sleep before anything is due: one until the deadline, the other has nothing left to wait for.
    REQUIRE(scheduler.submit(0, {.key = 1, .deadline = fb::steady_clock{}.now() + 100ms}, [&](fb::outcome<int>) {
        ++stuck;
        release.wait();
    }));
    REQUIRE(scheduler.submit(1, {.key = 2}, [&](fb::outcome<int>) { ++told; }));
    const bool held_up = soon([&] { return stuck == 1; });
    const bool served = soon([&] { return told == 1; });
    release.open();
    CHECK(held_up);
    CHECK(served);
}

TEST_CASE(
    "F10 a batch that is due later leaves in time although the runner that freed the executor is stuck in a sink") {
    door answered;
    door release;
    std::atomic<int> told{0};
    std::atomic<int> started{0};
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 2, .max_queue_delay = 200ms},
                     .sync = host::watched{}},
        [&](std::span<const int> requests) {
            if (++started == 1) answered.wait();
            return same(requests);
        });
    runners threads{scheduler, 2};
    REQUIRE(asleep(2));
    const auto stuck = [&](fb::outcome<int>) { release.wait(); };
    for (int tag = 0; tag < 2; ++tag) REQUIRE(scheduler.submit(tag, {}, stuck));
    const bool working = soon([&] { return started == 1; }) && asleep(1);
    REQUIRE(scheduler.submit(2, {}, [&](fb::outcome<int>) { ++told; }));
    answered.open();
    const bool served = soon([&] { return told == 1; });
    release.open();
    CHECK(working);
    CHECK(served);
}

TEST_CASE("run returns on every thread when the scheduler is closed, and at once if it was") {
    std::atomic<int> told{0};
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 8, .max_queue_delay = 1h},
                     .sync = host::watched{}},
        &same);
    runners threads{scheduler, 3};
    REQUIRE(asleep(3));
    REQUIRE(scheduler.submit(0, {}, [&](fb::outcome<int> outcome) {
        CHECK(outcome.how() == fb::ending::closed);
        ++told;
    }));
    scheduler.close();
    CHECK(told == 1);
    threads.join();
    CHECK(threads.returned == 3);
    scheduler.run();
    CHECK(scheduler.stats().balanced());
}

TEST_CASE("run ends by itself once a drained scheduler has served what waited") {
    std::atomic<int> delivered{0};
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 8, .max_queue_delay = 1h},
                     .sync = host::watched{}},
        &same);
    runners threads{scheduler, 3};
    REQUIRE(asleep(3));
    for (int tag = 0; tag < 30; ++tag) {
        REQUIRE(scheduler.submit(tag, {.key = static_cast<std::uint64_t>(tag % 7)},
                                 [&](fb::outcome<int> outcome) { delivered += outcome ? 1 : 0; }));
    }
    const fb::duration limit = GENERATE(fb::duration{1h}, fb::duration::max());
    scheduler.drain(limit);
    CHECK(soon([&] { return threads.returned == 3; }));
    CHECK(delivered == 30);
}

TEST_CASE("F5 what the model does not take within the limit of a drain ends as closed, and run returns") {
    using batch_type = fb::batch<int, int>;
    std::mutex mutex;
    std::optional<batch_type> out;
    std::atomic<int> closed{0};
    std::atomic<int> delivered{0};
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.sync = host::watched{}}, [&](batch_type batch) {
        const std::lock_guard lock{mutex};
        out = std::move(batch);
    });
    runners threads{scheduler, 2};
    for (int tag = 0; tag < 3; ++tag) {
        REQUIRE(scheduler.submit(tag, {}, [&](fb::outcome<int> outcome) {
            closed += outcome.how() == fb::ending::closed ? 1 : 0;
            delivered += outcome ? 1 : 0;
        }));
    }
    REQUIRE(soon([&] {
        const std::lock_guard lock{mutex};
        return out.has_value();
    }));
    SECTION("at the limit") {
        scheduler.drain(20ms);
        CHECK(soon([&] { return threads.returned == 2; }));
        CHECK(closed == 2);
        out->complete(std::vector{0});  // what runs may finish
        CHECK(delivered == 1);
    }
    SECTION("close cuts it short") {
        scheduler.drain(1h);
        REQUIRE(asleep(2));
        scheduler.close();
        CHECK(soon([&] { return threads.returned == 2; }));
        CHECK(closed == 2);
    }
    threads.join();
}

TEST_CASE("run returns when what a drain waited for is cancelled") {
    using batch_type = fb::batch<int, int>;
    std::mutex mutex;
    std::optional<batch_type> out;
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.sync = host::watched{}}, [&](batch_type batch) {
        const std::lock_guard lock{mutex};
        out = std::move(batch);
    });
    runners threads{scheduler, 2};
    REQUIRE(scheduler.submit(0, {}, [](fb::outcome<int>) {}));
    REQUIRE(soon([&] {
        const std::lock_guard lock{mutex};
        return out.has_value();
    }));
    const auto waiting = *scheduler.submit(1, {}, [](fb::outcome<int>) {});
    scheduler.drain(1h);
    REQUIRE(asleep(2));
    CHECK(scheduler.cancel(waiting));
    CHECK(soon([&] { return threads.returned == 2; }));
}

#if defined(__cpp_lib_jthread)
TEST_CASE("a stop request ends its run and leaves the scheduler open") {
    std::atomic<int> told{0};
    std::atomic<int> returned{0};
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.sync = host::watched{}}, &same);
    std::stop_source first;
    std::stop_source second;
    std::thread one{[&] {
        scheduler.run(first.get_token());
        ++returned;
    }};
    std::thread other{[&] {
        scheduler.run(second.get_token());
        ++returned;
    }};
    REQUIRE(asleep(2));
    first.request_stop();
    one.join();
    CHECK(returned == 1);
    REQUIRE(asleep(1));
    REQUIRE(scheduler.submit(0, {}, [&](fb::outcome<int>) { ++told; }));
    CHECK(soon([&] { return told == 1; }));
    second.request_stop();
    other.join();
    scheduler.run(second.get_token());  // asked before: returns at once
    REQUIRE(scheduler.submit(1, {}, [&](fb::outcome<int>) { ++told; }));
    scheduler.poll();
    CHECK(told == 2);
}
#endif
