// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sync.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

namespace fb = forebay;
using namespace std::chrono_literals;

namespace {

template <class Atomic>
concept models_atomic = requires(Atomic& a, const Atomic& c, std::uint64_t& expected) {
    { c.load(std::memory_order_acquire) } -> std::same_as<std::uint64_t>;
    a.store(1, std::memory_order_release);
    { a.exchange(2, std::memory_order_acq_rel) } -> std::same_as<std::uint64_t>;
    {
        a.compare_exchange_weak(expected, 3, std::memory_order_acq_rel, std::memory_order_acquire)
        } -> std::same_as<bool>;
    { a.fetch_add(1, std::memory_order_relaxed) } -> std::same_as<std::uint64_t>;
};

template <class Lock>
concept basic_lockable = requires(Lock& lock) {
    lock.lock();
    lock.unlock();
};
template <class Lock>
concept lockable = basic_lockable<Lock> && requires(Lock& lock) {
    { lock.try_lock() } -> std::same_as<bool>;
};

/// The demands numbered in <forebay/sync.hpp>.
template <class Sync>
concept models_sync = models_atomic<typename Sync::template atomic<std::uint64_t>> &&
                      basic_lockable<typename Sync::mutex> && basic_lockable<typename Sync::unique_lock> &&
                      std::constructible_from<typename Sync::scoped_lock, typename Sync::mutex&> &&
                      std::constructible_from<typename Sync::unique_lock, typename Sync::mutex&> &&
                      lockable<typename Sync::word_lock> &&(sizeof(typename Sync::word_lock) <= 8) &&
                      requires(typename Sync::condition& condition, typename Sync::unique_lock& lock,
                               std::chrono::steady_clock::time_point until) {
    condition.notify_one();
    condition.notify_all();
    condition.wait(lock);
    condition.wait_until(lock, until);
    { Sync::this_thread() } -> std::same_as<typename Sync::thread_id>;
    { Sync::this_thread() == Sync::this_thread() } -> std::convertible_to<bool>;
    { Sync::concurrent } -> std::convertible_to<bool>;
};

/// Adds `times` to a plain number under `lock` from each of two threads.
template <class Lock>
std::int64_t count_with_two_threads(Lock& lock, int times) {
    std::int64_t count = 0;
    const auto add = [&] {
        for (int i = 0; i < times; ++i) {
            lock.lock();
            ++count;
            lock.unlock();
        }
    };
    std::thread other{add};
    add();
    other.join();
    return count;
}

}  // namespace

TEMPLATE_TEST_CASE("a Sync meets its numbered demands", "", fb::multi_threaded, fb::single_threaded) {
    STATIC_REQUIRE(models_sync<TestType>);
}

TEST_CASE("only multi_threaded lets two threads in") {
    STATIC_REQUIRE(fb::multi_threaded::concurrent);
    STATIC_REQUIRE_FALSE(fb::single_threaded::concurrent);
}

TEMPLATE_TEST_CASE("an atomic of either Sync gives the same answers", "", fb::multi_threaded, fb::single_threaded) {
    typename TestType::template atomic<std::uint32_t> a{5};
    CHECK(a.load() == 5);
    a.store(6);
    CHECK(a.exchange(7) == 6);
    CHECK(a.fetch_add(3) == 7);
    CHECK(a.load() == 10);

    std::uint32_t expected = 9;
    CHECK_FALSE(a.compare_exchange_weak(expected, 1));
    CHECK(expected == 10);
    CHECK(a.load() == 10);
    while (!a.compare_exchange_weak(expected, 1)) {  // may fail for no reason
    }
    CHECK(a.load() == 1);
    CHECK(a.fetch_add(0xffffffffU) == 1);
    CHECK(a.load() == 0);
}

TEST_CASE("locks of single_threaded take no room worth naming and never block") {
    STATIC_REQUIRE(std::is_empty_v<fb::single_threaded::word_lock>);
    STATIC_REQUIRE(sizeof(fb::single_threaded::atomic<std::uint64_t>) == sizeof(std::uint64_t));
    fb::single_threaded::mutex mutex;
    const fb::single_threaded::scoped_lock outer{mutex};
    fb::single_threaded::unique_lock inner{mutex};
    fb::single_threaded::condition condition;
    condition.wait(inner);
    condition.wait_until(inner, std::chrono::steady_clock::time_point::max());
    CHECK(mutex.try_lock());
}

TEMPLATE_TEST_CASE("a lock is at most four bytes, and who tries while it is held is turned away", "",
                   fb::multi_threaded::word_lock, fb::multi_threaded::mutex) {
    STATIC_REQUIRE(sizeof(TestType) <= 4);
    TestType lock;
    lock.lock();
    CHECK_FALSE(lock.try_lock());
    lock.unlock();
    bool taken = false;
    for (int i = 0; i < 100 && !taken; ++i) taken = lock.try_lock();  // may fail for no reason
    REQUIRE(taken);
    lock.unlock();
}

TEMPLATE_TEST_CASE("two threads that count under a lock lose nothing", "", fb::multi_threaded::word_lock,
                   fb::multi_threaded::mutex) {
    TestType lock;
    CHECK(count_with_two_threads(lock, 100'000) == 200'000);
}

TEMPLATE_TEST_CASE("a thread that waits for a held lock sees what its holder wrote, and gets in", "",
                   fb::multi_threaded::word_lock, fb::multi_threaded::mutex) {
    // Held until the waiter has said that it is about to lock, then for a while longer: sleep or spin, it must get in.
    for (int round = 0; round < 200; ++round) {
        TestType lock;
        fb::multi_threaded::atomic<int> waiting{0};
        int written = 0;
        int seen = 0;
        lock.lock();
        std::thread waiter{[&] {
            waiting.store(1);
            lock.lock();
            seen = written;
            lock.unlock();
        }};
        while (waiting.load() == 0) std::this_thread::yield();
        for (int spin = 0; spin < round; ++spin) std::this_thread::yield();
        written = round + 1;
        lock.unlock();
        waiter.join();
        REQUIRE(seen == round + 1);
    }
}

TEMPLATE_TEST_CASE("many threads queue up at a lock and all get through", "", fb::multi_threaded::word_lock,
                   fb::multi_threaded::mutex) {
    TestType lock;
    std::int64_t count = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 5'000; ++i) {
                lock.lock();
                ++count;
                lock.unlock();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(count == 40'000);
}

TEST_CASE("a condition of multi_threaded wakes its waiter and gives up at the time given") {
    fb::multi_threaded::mutex mutex;
    fb::multi_threaded::condition condition;
    bool ready = false;
    std::thread setter{[&] {
        const fb::multi_threaded::scoped_lock held{mutex};
        ready = true;
        condition.notify_one();
    }};
    {
        fb::multi_threaded::unique_lock lock{mutex};
        while (!ready) condition.wait(lock);
        const auto until = std::chrono::steady_clock::now() + 1ms;
        while (std::chrono::steady_clock::now() < until) condition.wait_until(lock, until);
        CHECK(std::chrono::steady_clock::now() >= until);
        lock.unlock();
        lock.lock();
    }
    setter.join();
    CHECK(ready);
}

TEST_CASE("threads of multi_threaded are told apart") {
    const auto here = fb::multi_threaded::this_thread();
    auto there = here;
    std::thread other{[&] { there = fb::multi_threaded::this_thread(); }};
    other.join();
    CHECK(here == fb::multi_threaded::this_thread());
    CHECK(here != there);
    CHECK(fb::single_threaded::this_thread() == fb::single_threaded::this_thread());
}
