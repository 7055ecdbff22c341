// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/sleepers.hpp>
#include <forebay/sync.hpp>

#include <atomic>
#include <chrono>
#include <thread>

namespace fb = forebay;
using namespace std::chrono_literals;

TEST_CASE("where nobody sleeps, nobody has to be told, and nobody is asked when") {
    fb::detail::sleepers<fb::single_threaded> none;
    CHECK_FALSE(none.any());
    CHECK(none.covered(fb::time_point::min()));
    CHECK_FALSE(none.must_know({}, []() -> fb::time_point { throw 1; }));
}

TEST_CASE("a sleeper is told of what comes before it wakes by itself, once") {
    using sync = fb::multi_threaded;
    fb::detail::sleepers<sync> those;
    sync::mutex mutex;
    bool awake = false;
    const auto now = fb::time_point{};
    std::thread thread{[&] {
        sync::unique_lock lock{mutex};
        while (!awake) those.sleep(lock, now + 1h, 1h, std::chrono::steady_clock::now());
    }};
    for (bool sleeps = false; !sleeps; std::this_thread::yield()) {
        sync::unique_lock lock{mutex};
        sleeps = those.any();
    }
    {
        sync::unique_lock lock{mutex};
        CHECK_FALSE(those.covered(now));
        CHECK(those.covered(now + 1h));  // it wakes by itself
        CHECK_FALSE(those.must_know(now, [&] { return now + 2h; }));
        CHECK_FALSE(those.must_know(now, [&] { return now + 1h; }));
        CHECK(those.must_know(now, [&] { return now + 30min; }));
        CHECK_FALSE(those.must_know(now, [&] { return now + 40min; }));
        CHECK(those.must_know(now, [&] { return now; }));
        CHECK(those.covered(now));
        CHECK_FALSE(those.must_know(now, []() -> fb::time_point { throw 1; }));
        awake = true;
    }
    those.tell();
    thread.join();
    CHECK_FALSE(those.any());
    CHECK(those.covered(fb::time_point::min()));
}

TEST_CASE("a sleep ends by itself") {
    using sync = fb::multi_threaded;
    fb::detail::sleepers<sync> those;
    sync::mutex mutex;
    sync::unique_lock lock{mutex};
    those.sleep(lock, fb::time_point{} + 1ns, 1ns, std::chrono::steady_clock::now());
    CHECK_FALSE(those.any());
}
