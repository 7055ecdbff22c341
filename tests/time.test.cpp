// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/time.hpp>

#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>

namespace fb = forebay;

namespace {

constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto highest = std::numeric_limits<std::int64_t>::max();

constexpr fb::time_point at(std::int64_t ns) {
    return fb::time_point{fb::duration{ns}};
}

}  // namespace

TEST_CASE("a time_point is made from nothing but a forebay duration") {
    using system_instant = std::chrono::time_point<std::chrono::system_clock, fb::duration>;
    using steady_instant = std::chrono::time_point<std::chrono::steady_clock, fb::duration>;
    STATIC_REQUIRE(std::is_constructible_v<fb::time_point, fb::duration>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<fb::duration, fb::time_point>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<fb::time_point, double>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<fb::time_point, std::int64_t>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<fb::time_point, system_instant>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<fb::time_point, steady_instant>);
}

TEST_CASE("durations of coarser units convert, finer or fractional ones do not") {
    STATIC_REQUIRE(std::is_convertible_v<std::chrono::milliseconds, fb::duration>);
    STATIC_REQUIRE(std::is_convertible_v<std::chrono::hours, fb::duration>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::chrono::duration<double>, fb::duration>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::chrono::duration<std::int64_t, std::pico>, fb::duration>);
}

TEST_CASE("saturating_add is plain addition inside the line and stops at its ends") {
    STATIC_REQUIRE(fb::saturating_add(at(5), fb::duration{7}) == at(12));
    STATIC_REQUIRE(fb::saturating_add(at(5), fb::duration{-7}) == at(-2));
    STATIC_REQUIRE(fb::saturating_add(at(highest - 1), fb::duration{1}) == at(highest));
    STATIC_REQUIRE(fb::saturating_add(at(highest), fb::duration{1}) == at(highest));
    STATIC_REQUIRE(fb::saturating_add(at(highest), fb::duration{highest}) == at(highest));
    STATIC_REQUIRE(fb::saturating_add(at(lowest), fb::duration{-1}) == at(lowest));
    STATIC_REQUIRE(fb::saturating_add(at(lowest), fb::duration{lowest}) == at(lowest));
    STATIC_REQUIRE(fb::saturating_add(at(-1), fb::duration{lowest}) == at(lowest));
    STATIC_REQUIRE(fb::saturating_add(at(0), fb::duration{lowest}) == at(lowest));
    STATIC_REQUIRE(fb::saturating_add(at(lowest), fb::duration{highest}) == at(-1));
    STATIC_REQUIRE(fb::saturating_add(at(highest), fb::duration{lowest}) == at(-1));
}

TEST_CASE("saturating_sub is plain subtraction inside the range and stops at its ends") {
    STATIC_REQUIRE(fb::saturating_sub(at(5), at(7)) == fb::duration{-2});
    STATIC_REQUIRE(fb::saturating_sub(at(highest), at(-1)) == fb::duration{highest});
    STATIC_REQUIRE(fb::saturating_sub(at(highest), at(lowest)) == fb::duration{highest});
    STATIC_REQUIRE(fb::saturating_sub(at(highest), at(highest)) == fb::duration{0});
    STATIC_REQUIRE(fb::saturating_sub(at(lowest), at(1)) == fb::duration{lowest});
    STATIC_REQUIRE(fb::saturating_sub(at(lowest), at(highest)) == fb::duration{lowest});
    STATIC_REQUIRE(fb::saturating_sub(at(lowest), at(lowest)) == fb::duration{0});
    STATIC_REQUIRE(fb::saturating_sub(at(-1), at(lowest)) == fb::duration{highest});
    STATIC_REQUIRE(fb::saturating_sub(at(0), at(lowest)) == fb::duration{highest});
    STATIC_REQUIRE(fb::saturating_sub(at(-1), at(highest)) == fb::duration{lowest});
}

TEST_CASE("saturating arithmetic agrees with 128-bit arithmetic held at the ends") {
    __extension__ using wide = __int128;
    const auto held = [](wide x) {
        return static_cast<std::int64_t>(x < lowest ? wide{lowest} : x > highest ? wide{highest} : x);
    };
    const std::uint64_t seed = 20261101;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    for (int i = 0; i < 20'000; ++i) {
        // A shift by up to 63 bits, so that small numbers and the ends of the range both come up often.
        const auto a = static_cast<std::int64_t>(random()) >> (random() % 64);
        const auto b = static_cast<std::int64_t>(random()) >> (random() % 64);
        CAPTURE(a, b);
        REQUIRE(fb::saturating_add(at(a), fb::duration{b}).time_since_epoch().count() == held(wide{a} + b));
        REQUIRE(fb::saturating_sub(at(a), at(b)).count() == held(wide{a} - b));
    }
}

TEST_CASE("no_deadline is later than every other instant") {
    STATIC_REQUIRE(fb::no_deadline == at(highest));
    STATIC_REQUIRE(fb::no_deadline > at(highest - 1));
}

TEST_CASE("the steady clock never goes back and is the one threads can be put to sleep on") {
    STATIC_REQUIRE(fb::waitable_clock<fb::steady_clock>);
    STATIC_REQUIRE(std::is_empty_v<fb::steady_clock>);
    const fb::steady_clock clock;
    fb::time_point last = clock.now();
    for (int i = 0; i < 1000; ++i) {
        const fb::time_point now = clock.now();
        REQUIRE(now >= last);
        last = now;
    }
}

TEST_CASE("an instant of the steady clock is the same instant for std::chrono") {
    const fb::steady_clock clock;
    const auto before = std::chrono::steady_clock::now();
    const auto between = clock.to_steady(clock.now());
    const auto after = std::chrono::steady_clock::now();
    CHECK(before <= between);
    CHECK(between <= after);
}

TEST_CASE("a manual clock moves when it is told to, in both directions, and its copies follow") {
    STATIC_REQUIRE(fb::clock_source<fb::manual_clock>);
    STATIC_REQUIRE_FALSE(fb::waitable_clock<fb::manual_clock>);
    fb::manual_clock clock{at(100)};
    const fb::manual_clock copy = clock;
    CHECK(copy.now() == at(100));
    clock.advance(fb::duration{50});
    CHECK(copy.now() == at(150));
    clock.advance(fb::duration{-200});
    CHECK(copy.now() == at(-50));
    clock.set(at(7));
    CHECK(copy.now() == at(7));
    CHECK(fb::manual_clock{}.now() == at(0));
}

TEST_CASE("a manual clock stops at the ends of the line") {
    fb::manual_clock clock{at(highest - 1)};
    clock.advance(fb::duration{10});
    CHECK(clock.now() == at(highest));
    clock.set(at(lowest + 1));
    clock.advance(fb::duration{-10});
    CHECK(clock.now() == at(lowest));
}

namespace {

struct model_of_the_comment {
    fb::time_point now() const noexcept { return {}; }
};
struct may_throw {
    fb::time_point now() const { return {}; }
};
struct not_const {
    fb::time_point now() noexcept { return {}; }
};
struct in_doubles {
    double now() const noexcept { return 0; }
};
struct cannot_be_copied {
    cannot_be_copied(const cannot_be_copied&) = delete;
    fb::time_point now() const noexcept { return {}; }
};

}  // namespace

TEST_CASE("a clock source has a const noexcept now that returns a time_point, and can be copied") {
    STATIC_REQUIRE(fb::clock_source<model_of_the_comment>);
    STATIC_REQUIRE_FALSE(fb::waitable_clock<model_of_the_comment>);
    STATIC_REQUIRE_FALSE(fb::clock_source<may_throw>);
    STATIC_REQUIRE_FALSE(fb::clock_source<not_const>);
    STATIC_REQUIRE_FALSE(fb::clock_source<in_doubles>);
    STATIC_REQUIRE_FALSE(fb::clock_source<cannot_be_copied>);
    STATIC_REQUIRE_FALSE(fb::clock_source<std::chrono::steady_clock>);
}
