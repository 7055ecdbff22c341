// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/bucket_math.hpp>

#include <cstdint>
#include <limits>
#include <random>

using namespace forebay;
using namespace forebay::detail;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

/// 3 tokens in 10 ns, at once 4: 10 ticks a token, 3 a nanosecond, 40 in all.
constexpr bucket_terms three_in_ten{quota{rate::per(3, 10ns), 4}, 2};

}  // namespace

TEST_CASE("Divisions round towards more and towards less, also below zero") {
    STATIC_REQUIRE(ceil_div(7, 3) == 3);
    STATIC_REQUIRE(ceil_div(6, 3) == 2);
    STATIC_REQUIRE(ceil_div(most, 1) == most);
    STATIC_REQUIRE(floor_div(7, 3) == 2);
    STATIC_REQUIRE(floor_div(-7, 3) == -3);
    STATIC_REQUIRE(floor_div(-6, 3) == -2);
    STATIC_REQUIRE(floor_div(least + 1, 1) == least + 1);
}

TEST_CASE("What was used comes back with time, over any distance, and never below nothing") {
    STATIC_REQUIRE(used_at(40, 0, 13, 3) == 1);
    STATIC_REQUIRE(used_at(40, 0, 14, 3) == 0);
    STATIC_REQUIRE(used_at(40, 0, 0, 3) == 40);
    STATIC_REQUIRE(used_at(40, least, most, 3) == 0);
    STATIC_REQUIRE(used_at(most, least, least + 1, 1) == most - 1);
    STATIC_REQUIRE(used_at(most, least, most, 1'000'000'000) == 0);
    STATIC_REQUIRE(used_at(most, least, most, 0) == most);
    STATIC_REQUIRE(used_at(most, 0, most, 1) == 0);
}

TEST_CASE("Used ticks agree with 128-bit arithmetic") {
    __extension__ using wide = __int128;
    std::mt19937_64 random{3};
    INFO("seed 3");
    for (int i = 0; i < 200'000; ++i) {
        const auto used = static_cast<std::int64_t>(random() >> (1 + random() % 60));
        const auto per_ns = static_cast<std::int64_t>(random() >> (1 + random() % 60));
        auto last = static_cast<std::int64_t>(random());
        auto tau =
            static_cast<std::int64_t>(random() % 3 == 0 ? random() : static_cast<std::uint64_t>(last) + random() % 64);
        if (tau < last) std::swap(tau, last);
        const wide left = wide{used} - (wide{tau} - last) * per_ns;
        REQUIRE(used_at(used, last, tau, per_ns) == (left < 0 ? 0 : static_cast<std::int64_t>(left)));
    }
}

TEST_CASE("A take is all or nothing, and says exactly when") {
    verdict said;
    STATIC_REQUIRE(three_in_ten.capacity() == 40);
    CHECK(three_in_ten.take(0, 0, 4, time_point{}, said) == 40);
    CHECK(said == admitted(time_point{}));
    CHECK(three_in_ten.take(21, 100, 2, time_point{}, said) == 21);
    CHECK(said == retry_at(time_point{101ns}, limit::rate, 1));  // 1 tick over: one nanosecond, a part of a token
    CHECK(three_in_ten.take(60, 100, 4, time_point{}, said) == 60);
    CHECK(said == retry_at(time_point{120ns}, limit::rate, 6));
    CHECK(three_in_ten.take(60, 100, 0, time_point{7ns}, said) == 60);
    CHECK(said == admitted(time_point{7ns}));
    CHECK(three_in_ten.take(40, most - 1, 4, time_point{}, said) == 40);
    CHECK(said.when == time_point::max());
    CHECK(bucket_terms{quota{rate::zero(), 4}}.take(1, 0, 4, time_point{}, said) == 1);
    CHECK(said == never(limit::rate, 1));
}

TEST_CASE("Whole tokens are taken, charged and counted, parts stay") {
    std::int64_t amount = 0;
    CHECK(three_in_ten.take_up_to(11, 9, amount) == 31);
    CHECK(amount == 2);
    CHECK(three_in_ten.take_up_to(45, 9, amount) == 45);
    CHECK(amount == 0);
    CHECK(three_in_ten.charge(35, 9, amount) == 55);
    CHECK(amount == 2);
    CHECK(three_in_ten.charge(35, 1, amount) == 45);
    CHECK(three_in_ten.charge(75, 1, amount) == 75);
    CHECK(amount == 0);
    CHECK(three_in_ten.charge(0, most, amount) == 60);
    CHECK(amount == 6);
    CHECK(three_in_ten.refund(15, 1) == 5);
    CHECK(three_in_ten.refund(15, 2) == 0);
    CHECK(three_in_ten.refund(15, most) == 0);
    CHECK(three_in_ten.refund(15, -1) == 15);
    CHECK(three_in_ten.level(0) == 4);
    CHECK(three_in_ten.level(1) == 3);
    CHECK(three_in_ten.level(41) == -1);
    CHECK(three_in_ten.level(most) < 0);
}

TEST_CASE("A level is the same under another quota, rounded down, at most full") {
    const bucket_terms fine{quota{rate::per(1, 7ns), 4}, 2};
    CHECK(three_in_ten.same_level(0, fine) == 0);
    CHECK(three_in_ten.same_level(40, fine) == 28);
    CHECK(three_in_ten.same_level(15, fine) == 11);  // 2.5 tokens = 17.5 ticks, 17 kept
    CHECK(three_in_ten.same_level(55, fine) == 39);  // 1.5 owed = 10.5 ticks, 11 kept
    const bucket_terms small{quota{rate::per(3, 10ns), 1}, 2};
    CHECK(three_in_ten.same_level(0, small) == 0);
    CHECK(three_in_ten.same_level(25, small) == 0);
    CHECK(three_in_ten.same_level(35, small) == 5);
    CHECK(three_in_ten.same_share(20, small) == 5);
    CHECK(small.same_share(5, three_in_ten) == 20);
    CHECK(three_in_ten.same_share(50, small) == 20);  // a token owed is a token owed
    CHECK(three_in_ten.inherited(15, fine, inherit::level) == 11);
    CHECK(three_in_ten.inherited(20, small, inherit::share) == 5);
    CHECK(three_in_ten.inherited(50, small, inherit::full) == 0);
    const bucket_terms coarse{quota{rate::one_every(duration{most / 4}), 4}, 0};
    CHECK(three_in_ten.same_level(most, coarse) == most);  // more debt than can be counted
}
