// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/slot_trace.hpp>

#include <cstdint>

using namespace forebay;
using namespace std::chrono_literals;

TEST_CASE("What was taken counts in shares of the burst, and never less than it was") {
    for (const std::int64_t burst : {std::int64_t{1}, std::int64_t{255}, std::int64_t{257}, std::int64_t{1'000'000}}) {
        const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(3ns), burst});
        for (const std::int64_t cost : {std::int64_t{1}, burst / 3, burst - 1, burst}) {
            CAPTURE(burst, cost);
            const std::uint32_t shares = detail::burst_shares::of(terms, cost);
            CHECK((shares != 0) == (cost != 0));
            CHECK(shares <= 256);
            std::int64_t ticks = 0;
            REQUIRE(detail::burst_shares::ticks(terms, shares, ticks));
            CHECK(ticks >= cost * 3);
            CHECK(ticks < (cost + (burst + 255) / 256) * 3);
        }
    }
}

TEST_CASE("More shares than a bucket can owe, or than can be represented, are no number of ticks") {
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(3ns), 256});
    std::int64_t ticks = 0;
    CHECK(detail::burst_shares::ticks(terms, 1023, ticks));
    CHECK(ticks == 3 * 1023);
    CHECK_FALSE(detail::burst_shares::ticks(terms, 1024, ticks));
    const detail::bucket_terms slow = detail::usual_terms(quota{rate::one_every(24h * 365 * 100), 1});
    CHECK(detail::burst_shares::ticks(slow, 1, ticks));
    CHECK_FALSE(detail::burst_shares::ticks(slow, 3, ticks));
}

TEST_CASE("A trace says nothing as made") {
    constexpr detail::slot_trace none;
    STATIC_REQUIRE(none.idle < 0);
    STATIC_REQUIRE(none.turn == 0);
}
