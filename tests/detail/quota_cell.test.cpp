// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/quota_cell.hpp>

#include <atomic>
#include <thread>

using namespace forebay;
using namespace std::chrono_literals;

TEST_CASE("A reader sees one quota or the other, never a mixture") {
    const quota one{rate::per(1, 3ns), 5};
    const quota other{rate::per(2, 7ns), 11};
    detail::quota_cell<multi_threaded> cell{one};
    CHECK(cell.load() == one);
    std::atomic<bool> done{false};
    std::thread writer{[&] {
        for (int i = 0; i < 20'000; ++i) cell.store(i % 2 == 0 ? other : one);
        done = true;
    }};
    bool mixed = false;
    do {
        const quota seen = cell.load();
        mixed = mixed || (seen != one && seen != other);
    } while (!done);
    writer.join();
    CHECK_FALSE(mixed);
    CHECK(cell.load() == one);
}
