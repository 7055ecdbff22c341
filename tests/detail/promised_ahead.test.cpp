// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/promised_ahead.hpp>

#include <cstdint>
#include <vector>

using namespace forebay;
using namespace forebay::detail;
using namespace std::chrono_literals;

namespace {

/// A token in 10 ns, at once 5: 10 ticks a token, 50 in all.
constexpr bucket_terms one_in_ten{quota{rate::one_every(10ns), 5}, 0};

/// A bucket at a time: what is used, and what is promised.
struct bucket {
    bucket_terms terms = one_in_ten;
    std::int64_t used{50};
    std::int64_t now{0};
    promised_ahead ahead;

    promise reserve(std::int64_t cost) {
        verdict said;
        const std::int64_t next = terms.reserve(used, now, cost, time_point{duration{now}}, duration{1'000'000}, said);
        REQUIRE(said);
        const promise one =
            ahead.made(terms, used, now, cost, said.when.time_since_epoch().count(), next > terms.capacity());
        used = next;
        return one;
    }
    /// How many ticks came back.
    std::int64_t cancel(const promise& one) {
        const std::int64_t before = used;
        used = ahead.cancel(terms, used, now, one);
        return before - used;
    }
    void pass(std::int64_t ns) {
        used = used_at(used, now, now + ns, terms.per_ns);
        now += ns;
    }
};

}  // namespace

static_assert(sizeof(promised_ahead) <= 64);

TEST_CASE("The last slot comes back whole, others as far as each later slot leaves room") {
    bucket one;
    const promise first = one.reserve(2);
    const promise second = one.reserve(1);
    const promise third = one.reserve(4);
    CHECK(first.slot == 20);
    CHECK(third.slot == 70);
    CHECK(one.cancel(first) == 10);  // beside 4 of 5
    CHECK(one.cancel(second) == 0);
    CHECK(one.cancel(third) == 40 + 20);  // and what was withheld
    CHECK(one.used == 50);
}

TEST_CASE("A slot that is cancelled leaves the room it took to those before it") {
    bucket one;
    const promise first = one.reserve(2);
    static_cast<void>(one.reserve(1));
    const promise large = one.reserve(5);
    CHECK(one.cancel(large) == 50);
    CHECK(one.cancel(first) == 20);
}

TEST_CASE("Slots that have passed no longer count for those that come after them") {
    bucket one;
    static_cast<void>(one.reserve(5));      // slot 50: no room
    const promise second = one.reserve(1);  // 60
    static_cast<void>(one.reserve(1));      // 70
    CHECK(one.cancel(second) == 10);        // passes none but the last
    one.pass(50);
    const promise third = one.reserve(2);
    static_cast<void>(one.reserve(2));
    CHECK(one.cancel(third) == 20);
}

TEST_CASE("One whose slot has passed gives back nothing, and once the last has passed the rest is forgotten") {
    bucket one;
    const promise first = one.reserve(3);
    const promise second = one.reserve(5);
    CHECK(one.cancel(first) == 0);
    one.pass(30);
    CHECK(one.cancel(first) == 0);
    one.pass(50);
    CHECK(one.cancel(second) == 0);
    const promise next = one.reserve(2);
    CHECK(one.cancel(next) == 20);  // what was withheld before is not in it
    CHECK(one.used == 50);
}

TEST_CASE("One granted at once comes back whole unless slots were promised after it") {
    bucket one;
    one.used = 0;
    const promise before = one.reserve(2);
    const promise emptied = one.reserve(3);
    const promise slot = one.reserve(4);
    CHECK_FALSE(before.delayed);
    CHECK(slot.delayed);
    CHECK(one.cancel(before) == 10);
    CHECK(one.cancel(emptied) == 0);
    CHECK(one.cancel(slot) == 40 + 10 + 30);
    CHECK(one.used == 0);
}

TEST_CASE(
    "It is known for twenty-four turns whether those after it were cancelled, then it is taken for one in the middle") {
    for (const int after : {24, 25}) {
        bucket one;
        const promise first = one.reserve(5);
        std::vector<promise> later;
        for (int i = 0; i < after; ++i) later.push_back(one.reserve(5));
        while (!later.empty()) {
            REQUIRE(one.cancel(later.back()) == 50);
            later.pop_back();
        }
        static_cast<void>(one.reserve(5));
        CHECK(one.cancel(first) == 0);
    }
    bucket known;
    static_cast<void>(known.reserve(5));
    const promise second = known.reserve(4);
    for (int i = 0; i < 24; ++i) known.cancel(known.reserve(5));
    CHECK(known.cancel(second) == 40);

    bucket forgotten;
    static_cast<void>(forgotten.reserve(1));
    const promise beyond = forgotten.reserve(5);
    for (int i = 0; i < 25; ++i) forgotten.cancel(forgotten.reserve(5));
    CHECK(forgotten.cancel(beyond) == 0);
}

TEST_CASE("What a full bucket would have lost while others took does not come back") {
    for (const std::int64_t taken : {0, 10}) {
        bucket one;
        const promise first = one.reserve(1);
        const promise second = one.reserve(5);
        CHECK(one.cancel(first) == 0);
        one.pass(55);  // without the two it is full from 50 on
        one.used += taken;
        CHECK(one.cancel(second) == 55);
        CHECK(one.used == taken);
    }
}

TEST_CASE("After a new quota the last slot comes back whole and others wait, after a fresh start none does") {
    for (const bool afresh : {false, true}) {
        bucket one;
        const promise first = one.reserve(1);
        const promise second = one.reserve(2);
        one.terms = bucket_terms{quota{rate::one_every(20ns), 4}};
        one.used = afresh ? 60 : 140;
        one.ahead.restate(one.terms, one.used, one.now, afresh);
        CHECK(one.cancel(first) == 0);
        CHECK(one.cancel(second) == (afresh ? 0 : 40 + 20));
        if (!afresh) CHECK(one.used == 80);
    }
    bucket passed;
    static_cast<void>(passed.reserve(1));
    passed.pass(10);
    passed.ahead.restate(passed.terms, passed.used, passed.now, true);
    const promise next = passed.reserve(1);
    CHECK(passed.cancel(next) == 10);
}

TEST_CASE("A cost that a new quota makes too large to count stays where it is") {
    bucket one;
    const promise first = one.reserve(5);
    one.terms = bucket_terms{quota{rate::one_every(duration{ticks_max / 2}), 2}};
    one.ahead.restate(one.terms, ticks_max, one.now, false);
    one.used = ticks_max;
    CHECK(one.cancel(first) == 0);
}
