// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tier_table.hpp>

#include <cstdint>
#include <vector>

using namespace forebay;
using namespace std::chrono_literals;

TEMPLATE_TEST_CASE("Terms have one number while somebody uses them, and then it is free", "", multi_threaded,
                   single_threaded) {
    detail::tier_table<TestType> tiers;
    const auto terms = [](std::int64_t burst) { return detail::usual_terms(quota{rate::per_second(1), burst}); };
    const std::uint32_t one = tiers.claim(terms(1));
    CHECK(tiers.claim(terms(1)) == one);
    for (std::int64_t burst = 2; burst <= 256; ++burst) REQUIRE(tiers.claim(terms(burst)) != tiers.none);
    CHECK(tiers.in_use() == 256);
    CHECK(tiers.has_room(terms(1)));  // and has as many users as before
    CHECK_FALSE(tiers.has_room(terms(300)));
    CHECK(tiers.claim(terms(300)) == tiers.none);
    tiers.release(one);
    CHECK(tiers.claim(terms(300)) == tiers.none);  // it had two users
    tiers.release(one);
    CHECK(tiers.has_room(terms(300)));
    CHECK(tiers.claim(terms(300)) == one);
    CHECK(tiers[one] == terms(300));
    CHECK(tiers.claim(terms(1)) == tiers.none);
}

TEST_CASE("Who has to have a number gets that of the fastest terms in use within its own, or one that gives no token") {
    detail::tier_table<single_threaded> tiers;
    const auto terms = [](std::int64_t per_second) {
        return detail::usual_terms(quota{rate::per_second(per_second), 10});
    };
    for (std::int64_t n = 101; n <= 356; ++n) REQUIRE(tiers.claim(terms(n)) != tiers.none);
    CHECK(tiers[tiers.claim_within(terms(1000))] == terms(356));
    CHECK(tiers[tiers.claim_within(terms(200))] == terms(200));
    const detail::bucket_terms strict = tiers[tiers.claim_within(terms(100))];
    CHECK(strict.per_ns == 0);
    CHECK(strict.burst == 1);
    CHECK(strict.within(terms(100)));
}

TEST_CASE("Terms that give no token are somebody's, too: then no others are everybody's") {
    detail::tier_table<single_threaded> tiers;
    const auto terms = [](std::int64_t burst) { return detail::usual_terms(quota{rate::per_second(10), burst}); };
    std::vector<std::uint32_t> numbers;
    for (std::int64_t burst = 2; burst <= 257; ++burst) numbers.push_back(tiers.claim(terms(burst)));
    const std::uint32_t strict = tiers.claim_within(terms(1));
    REQUIRE(tiers[strict].per_ns == 0);
    for (const std::uint32_t number : numbers) tiers.release(number);
    CHECK(tiers.in_use() == 0);
    CHECK(tiers.sole() == strict);
    const std::uint32_t one = tiers.claim(terms(1000));
    CHECK(tiers.sole() == tiers.none);
    tiers.release(strict);
    CHECK(tiers.sole() == one);
}

TEST_CASE("Terms are tightened to what both give") {
    const detail::bucket_terms slow{quota{rate::per_second(1), 10}, 3};
    const detail::bucket_terms fast{quota{rate::per_second(2), 5}, 4};
    CHECK(slow.tightened(fast) == detail::bucket_terms{quota{rate::per_second(1), 5}, 3});
    CHECK(slow.tightened(fast) == fast.tightened(slow));
    CHECK_FALSE(slow.within(fast));
    CHECK_FALSE(fast.within(slow));
    CHECK(slow.tightened(fast).within(slow));
    CHECK(slow.tightened(fast).within(fast));
}
