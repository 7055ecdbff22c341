// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/lease_slots.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

using namespace forebay;
using namespace std::chrono_literals;

namespace {
constexpr time_point start{1s};
constexpr auto most = std::numeric_limits<std::int64_t>::max();
}  // namespace

TEST_CASE("Leases are spent from the one that ends first, and end at their instant, not before") {
    detail::lease_slots held;
    held.put(5, start + 2s);
    held.put(3, start + 1s);
    REQUIRE(held.left(start) == 8);
    REQUIRE(held.take(2).first == 2);
    REQUIRE(held.left(start + 1s - 1ns) == 6);
    REQUIRE(held.left(start + 1s) == 5);
    REQUIRE(held.expire(start + 1s - 1ns) == 0);
    REQUIRE(held.expire(start + 1s) == 1);
    REQUIRE(held.take(10).first == 5);
    REQUIRE(held.expire(start + 2s) == 0);
    REQUIRE(held.take(1).first == 0);
}

TEST_CASE("What was taken goes back to its lease until that ends, then nowhere") {
    detail::lease_slots held;
    held.put(5, start + 1s);
    held.put(5, start + 2s);
    const auto [both, first] = held.take(7);
    REQUIRE(both == 7);
    const auto [one, second] = held.take(1);
    REQUIRE(one == 1);
    REQUIRE(held.refund(first, 7));  // to the one that ends first, whatever the other gave
    REQUIRE(held.left(start + 1s) == 2);
    REQUIRE(held.expire(start + 1s) == 7);
    REQUIRE_FALSE(held.refund(first, 1));
    REQUIRE(held.refund(second, 1));
    REQUIRE(held.left(start) == 3);
    REQUIRE(held.expire(start + 2s) == 3);
    REQUIRE_FALSE(held.refund(second, 1));
}

TEST_CASE("A fifth lease makes the two that end first one, which ends with the earlier") {
    detail::lease_slots held;
    for (int i = 1; i <= 5; ++i) held.put(10, start + 1s * i);
    REQUIRE(held.left(start) == 50);
    REQUIRE(held.left(start + 1s) == 30);
    REQUIRE(held.left(start + 3s) == 20);
    REQUIRE(held.expire(start + 1s) == 20);
}

TEST_CASE("Sums of leases do not wrap") {
    detail::lease_slots held;
    for (int i = 1; i <= 6; ++i) held.put(most, start + 1s * i);
    REQUIRE(held.left(start) == most);
    REQUIRE(held.take(most).first == most);
    REQUIRE(held.expire(time_point::max()) == most);
}

TEST_CASE("Whatever is put, taken and put back, no token is spent after the end of its lease, nor twice") {
    const std::uint64_t seed = 7;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    struct permit {
        std::int64_t amount;
        std::uint32_t number;
        time_point until;  // of the lease in front when it was taken
    };
    for (int round = 0; round < 200; ++round) {
        detail::lease_slots held;
        std::vector<permit> out;
        std::vector<time_point> ends;
        std::int64_t granted = 0;
        std::int64_t spent = 0;
        std::int64_t ended = 0;
        std::int64_t put_back = 0;
        time_point now = start;
        for (int i = 0; i < 300; ++i) {
            now += duration{static_cast<std::int64_t>(random() % 50)};
            ended += held.expire(now);
            REQUIRE(held.left(now) == granted - spent + put_back - ended);
            switch (random() % 3) {
                case 0: {
                    const auto amount = static_cast<std::int64_t>(1 + random() % 9);
                    const time_point until = now + duration{1 + static_cast<std::int64_t>(random() % 400)};
                    held.put(amount, until);
                    ends.push_back(until);
                    granted += amount;
                    break;
                }
                case 1: {
                    const auto [amount, number] = held.take(static_cast<std::int64_t>(random() % 12));
                    spent += amount;
                    // Leases are numbered from 1 in the order in which they were put.
                    if (amount > 0) out.push_back({amount, number, ends.at(number - 1)});
                    break;
                }
                default:
                    if (out.empty()) break;
                    const permit last = out[random() % out.size()];
                    const std::int64_t before = held.left(last.until);
                    if (held.refund(last.number, last.amount)) {
                        REQUIRE(now < last.until);
                        REQUIRE(held.left(last.until) == before);  // and so not spent after it
                        put_back += last.amount;
                        std::erase_if(out, [&](const permit& each) {
                            return each.number == last.number && each.amount == last.amount;
                        });
                    }
            }
        }
    }
}
