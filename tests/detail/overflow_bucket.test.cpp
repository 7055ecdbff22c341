// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/overflow_bucket.hpp>

using namespace forebay;
using namespace std::chrono_literals;

TEMPLATE_TEST_CASE("What was drawn is owed by who may have drawn it, until their own bucket would be full", "",
                   multi_threaded, single_threaded) {
    detail::overflow_bucket<TestType> shared_by_all;
    const detail::bucket_terms timed = detail::usual_terms(quota{rate::per_second(1), 10});
    const detail::bucket_terms stopped = detail::usual_terms(quota{rate::zero(), 2});
    const auto draw = [&](const detail::bucket_terms& own, std::int64_t cost) {
        return shared_by_all.take(own, cost, time_point{}, [&](detail::refill_time& bucket, const auto& terms) {
            return bucket.reserve(terms, cost, time_point{});
        });
    };
    const auto owed = [&](const detail::bucket_terms& own, duration at) {
        return shared_by_all.owed(own, time_point{at});
    };
    CHECK(owed(timed, 0s) == detail::refill_time::earliest);
    REQUIRE(draw(timed, 3));
    CHECK(owed(timed, 1s) == duration{3s}.count());
    CHECK(owed(timed, 3s) == detail::refill_time::earliest);
    CHECK(owed(stopped, 1s) == detail::refill_time::earliest);
    // Who never gets anything again owes it for ever, and nobody else for that.
    REQUIRE(draw(stopped, 1));
    CHECK(owed(stopped, 24h) == stopped.capacity());
    CHECK(owed(timed, 1s) == duration{3s}.count());
    CHECK(owed(timed, 24h) == detail::refill_time::earliest);
}

TEMPLATE_TEST_CASE("It tightens for who draws, not for who is refused, and is as new once it is full", "",
                   multi_threaded, single_threaded) {
    detail::overflow_bucket<TestType> shared_by_all;
    const detail::bucket_terms fast = detail::usual_terms(quota{rate::per_second(10), 10});
    const detail::bucket_terms slow = detail::usual_terms(quota{rate::per_second(1), 2});
    const auto take = [&](const detail::bucket_terms& own, std::int64_t cost, duration at) {
        return shared_by_all.take(own, cost, time_point{at}, [&](detail::refill_time& bucket, const auto& terms) {
            return bucket.reserve(terms, cost, time_point{at});
        });
    };
    const auto ask = [&](const detail::bucket_terms& own, std::int64_t cost, duration at) {
        return shared_by_all.ask(own, cost, time_point{at}, [&](const detail::refill_time& bucket, const auto& terms) {
            return bucket.ask(terms, cost, time_point{at}, duration::zero());
        });
    };
    CHECK(ask(slow, 1, 0s));  // and is as new after it
    CHECK(take(fast, 10, 0s));
    CHECK(ask(slow, 1, 0s).when == time_point{1s});
    CHECK(take(slow, 1, 0s).when == time_point{1s});
    CHECK(take(fast, 5, 500ms));  // the refused one left no trace
    CHECK(take(slow, 1, 600ms));  // 1 of 1 left
    CHECK_FALSE(take(fast, 1, 1500ms));
    CHECK(ask(fast, 10, 1500ms) == retry_at(time_point{2600ms}, limit::rate, 10));
    const verdict later = take(fast, 10, 1500ms);  // more than 2 only when it is full again
    CHECK(later == retry_at(time_point{2600ms}, limit::rate, 10));
    CHECK_FALSE(take(fast, 10, 2600ms - 1ns));
    CHECK(take(fast, 10, 2600ms));
    CHECK(shared_by_all.drawn() == 4);
}
