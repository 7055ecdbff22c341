// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/quota_store.hpp>
#include <forebay/admission/token_bucket.hpp>

#include <cstdint>
#include <optional>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

// As in the comment of the concept.
struct one_process {
    token_bucket<multi_threaded>* bucket;
    std::optional<lease> ask(std::uint64_t, std::int64_t amount, time_point now) {
        return lease{bucket->acquire_up_to(amount, now), now + 1s};
    }
};
struct takes_returns : one_process {
    void give_back(std::uint64_t, std::int64_t amount, time_point now) { bucket->refund(amount, now); }
};
struct asked_without_a_time {
    std::optional<lease> ask(std::uint64_t, std::int64_t);
};
struct answers_a_number {
    std::int64_t ask(std::uint64_t, std::int64_t, time_point);
};

static_assert(quota_store<one_process> && !takes_back<one_process>);
static_assert(quota_store<takes_returns> && takes_back<takes_returns>);
static_assert(!quota_store<asked_without_a_time> && !quota_store<answers_a_number> && !quota_store<asked_by_host>);

}  // namespace

TEST_CASE("The smallest store grants what its bucket has, and no more") {
    token_bucket<multi_threaded> bucket{quota{rate::per_second(10), 5}};
    one_process store{&bucket};
    const time_point start{1s};
    REQUIRE(store.ask(0, 3, start)->granted == 3);
    REQUIRE(store.ask(0, 3, start)->granted == 2);
    REQUIRE(store.ask(0, 3, start)->granted == 0);
    REQUIRE(store.ask(0, 3, start + 100ms)->granted == 1);
    REQUIRE(store.ask(0, 3, start + 100ms)->valid_until == start + 1100ms);
}
