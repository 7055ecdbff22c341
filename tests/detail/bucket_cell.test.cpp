// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/bucket_cell.hpp>

#include <cstdint>

using namespace forebay;
using namespace forebay::detail;
using namespace std::chrono_literals;

namespace {

constexpr bucket_terms ten_a_second{quota{rate::per_second(10), 10}, 10};
constexpr std::int64_t token = 100'000'000;

template <class Sync>
std::int64_t used(bucket_cell<Sync>& cell, time_point now) {
    std::int64_t seen = -1;
    cell.change(now, [&](const bucket_terms&, std::int64_t used_now, std::int64_t) { return seen = used_now; });
    return seen;
}
template <class Sync>
void use(bucket_cell<Sync>& cell, time_point now, std::int64_t ticks) {
    cell.change(now, [&](const bucket_terms&, std::int64_t used_now, std::int64_t) { return used_now + ticks; });
}
constexpr time_point at(duration since_start) {
    return time_point{since_start};
}

}  // namespace

static_assert(sizeof(bucket_cell<multi_threaded>) == 128 && alignof(bucket_cell<multi_threaded>) == 64);

TEMPLATE_TEST_CASE("A new bucket is full at every time there is", "", multi_threaded, single_threaded) {
    for (const time_point now : {time_point::min(), time_point{} - 1s, time_point{}, time_point::max()}) {
        bucket_cell<TestType> cell{ten_a_second};
        CHECK(used(cell, now) == 0);
        use(cell, now, token);
        CHECK(used(cell, now) == token);
        CHECK(used(cell, saturating_add(now, -1h)) == token);
        if (now < time_point{} + 1h) CHECK(used(cell, now + 60ms) == token * 4 / 10);
    }
}

TEST_CASE("Where a bucket is one word, and where not") {
    CHECK(bucket_cell<multi_threaded>{ten_a_second}.is_word());
    CHECK_FALSE(bucket_cell<single_threaded>{ten_a_second}.is_word());
    CHECK_FALSE(bucket_cell<multi_threaded>{bucket_terms{quota{rate::per_second(30), 1}}}.is_word());
    constexpr std::int64_t reach = std::int64_t{1} << 61;
    CHECK(bucket_cell<multi_threaded>{bucket_terms{quota{rate::one_every(duration{reach - 1}), 1}, 0}}.is_word());
    CHECK_FALSE(bucket_cell<multi_threaded>{bucket_terms{quota{rate::one_every(duration{reach}), 1}, 0}}.is_word());
}

TEST_CASE("A bucket that leaves its word takes along what was used, and when") {
    const auto left_at = [](time_point before, time_point beyond) {
        bucket_cell<multi_threaded> cell{ten_a_second};
        use(cell, before, 5 * token);
        REQUIRE(cell.is_word());
        static_cast<void>(used(cell, beyond));
        REQUIRE_FALSE(cell.is_word());
        REQUIRE(used(cell, before) == 5 * token);
        REQUIRE(used(cell, before - 1h) == 5 * token);
        REQUIRE(used(cell, before + 100ms) == 4 * token);
        REQUIRE(used(cell, before + 1s) == 0);
    };
    left_at(at(0s), time_point::min());
    left_at(at(-1h), at(duration{-(std::int64_t{1} << 61)}));
    left_at(at(1h), at(duration{std::int64_t{1} << 62}));

    bucket_cell<multi_threaded> full{ten_a_second};
    use(full, at(0s), token);
    full.lower(at(50ms), [](const bucket_terms&, std::int64_t, std::int64_t) { return std::int64_t{0}; });
    REQUIRE(full.is_word());
    static_cast<void>(used(full, time_point::max()));
    use(full, at(0s), token);  // counts from 50 ms: a bucket that was given back whole has no time twice
    CHECK(used(full, at(140ms)) == token / 10);
    CHECK(used(full, at(150ms)) == 0);
}

TEST_CASE("An amount that a word cannot hold moves the bucket, and is kept") {
    constexpr std::int64_t reach = std::int64_t{1} << 61;
    bucket_cell<multi_threaded> cell{ten_a_second};
    use(cell, at(0s), reach - 1);
    CHECK(cell.is_word());
    CHECK(used(cell, at(1ns)) == reach - 2);
    use(cell, at(1ns), reach);
    CHECK_FALSE(cell.is_word());
    CHECK(used(cell, at(1ns)) == 2 * reach - 2);
}

TEMPLATE_TEST_CASE("New terms count from when they are put in force", "", multi_threaded, single_threaded) {
    bucket_cell<TestType> cell{ten_a_second};
    use(cell, at(0s), 10 * token);
    const bucket_terms twice{quota{rate::per_second(20), 10}, 10};
    cell.restate(twice, at(500ms), [&](const bucket_terms& old, std::int64_t used_now, std::int64_t tau, auto&) {
        CHECK(tau == 500'000'000);
        return old.same_level(used_now, twice);
    });
    CHECK(cell.current() == twice);
    CHECK_FALSE(cell.is_word());
    CHECK(used(cell, at(0s)) == 5 * token / 2);
    CHECK(used(cell, at(600ms)) == 3 * token / 2);
    cell.restate(ten_a_second, at(100ms), [&](const bucket_terms& old, std::int64_t used_now, std::int64_t tau, auto&) {
        CHECK(tau == 500'000'000);
        return old.same_level(used_now, ten_a_second);
    });
    CHECK(used(cell, at(600ms)) == 4 * token);
}
