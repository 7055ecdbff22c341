// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/queue/capacity.hpp>
#include <forebay/queue/priority_queue.hpp>

#include <limits>
#include <new>
#include <stdexcept>

namespace fb = forebay;

namespace {

using queue = fb::priority_queue<int>;
constexpr fb::time_point now{};

std::string refusal_of(fb::capacity bounds) {
    try {
        const queue built{{}, bounds};
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("a capacity bounds requests by default and cost only where asked") {
    const fb::capacity bounds;
    CHECK(bounds.max_requests == 10'000);
    CHECK(bounds.max_cost == std::numeric_limits<std::int64_t>::max());
    CHECK(refusal_of(bounds) == "none");
}

TEST_CASE("a capacity that cannot be is refused in words when the queue is built") {
    CHECK_THAT(refusal_of({.max_requests = 0}), ContainsSubstring("capacity.max_requests must be 1 to 2^31"));
    CHECK_THAT(refusal_of({.max_requests = (std::size_t{1} << 31) + 1}), ContainsSubstring("1 to 2^31"));
    CHECK_THAT(refusal_of({.max_requests = std::numeric_limits<std::size_t>::max()}), ContainsSubstring("1 to 2^31"));
    CHECK_THAT(refusal_of({.max_cost = -1}), ContainsSubstring("capacity.max_cost must be >= 0"));
    CHECK(refusal_of({.max_requests = 1, .max_cost = 0}) == "none");
}

TEST_CASE("a queue is not built for more requests in hand than it has numbers") {
    CHECK_THROWS_AS((queue{{}, {}, {}, (std::size_t{1} << 30) + 1}), std::invalid_argument);
    CHECK_THROWS_AS((queue{{}, {}, {}, std::numeric_limits<std::size_t>::max()}), std::invalid_argument);
}

TEST_CASE("B-15 I18 the bound by count is exact under a burst, and released by pop, erase and expiry") {
    queue waiting{{}, {.max_requests = 3}};
    const fb::request_info mortal{.deadline = now + fb::duration{5}};
    const fb::ticket first = waiting.push(mortal, now, 1);
    waiting.push({}, now, 2);
    REQUIRE(waiting.check({}, now));
    waiting.push({}, now, 3);
    const auto full = [&] {
        const fb::verdict said = waiting.check({}, now);
        CHECK(waiting.size() == 3);
        CHECK(said == fb::retry_at(now, fb::limit::queued_requests, 1, fb::certainty::on_completion));
    };
    full();
    CHECK(waiting.pop(now)->value == 1);
    CHECK_FALSE(waiting.contains(first));
    CHECK(waiting.check({}, now));
    const fb::ticket fourth = waiting.push({}, now, 4);
    full();
    CHECK(waiting.erase(fourth));
    CHECK(waiting.check({}, now));
    waiting.push(mortal, now, 5);
    full();
    CHECK(waiting.expire(now + fb::duration{5}, 10, [&](fb::ticket id) { waiting.release(id); }) == 1);
    CHECK(waiting.check({}, now));
}

TEST_CASE("B-15 I18 the bound by cost is exact, says what is missing, and is released") {
    queue waiting{{}, {.max_cost = 10}};
    const fb::ticket six = waiting.push({.cost = 6}, now, 1);
    CHECK(waiting.check({.cost = 4}, now));
    CHECK(waiting.check({.cost = 5}, now) ==
          fb::retry_at(now, fb::limit::queued_cost, 1, fb::certainty::on_completion));
    waiting.push({.cost = 4}, now, 2);
    CHECK(waiting.check({.cost = 0}, now));
    CHECK(waiting.check({.cost = 10}, now) ==
          fb::retry_at(now, fb::limit::queued_cost, 10, fb::certainty::on_completion));
    CHECK(waiting.erase(six));
    CHECK(waiting.cost() == 4);
    CHECK(waiting.check({.cost = 6}, now));
}

TEST_CASE("B-6 a request that costs more than the queue may ever hold is refused as never") {
    const queue waiting{{}, {.max_cost = 10}};
    CHECK(waiting.check({.cost = 10}, now));
    CHECK(waiting.check({.cost = 11}, now) == fb::never(fb::limit::queued_cost, 1));
}

TEST_CASE("sums of cost do not overflow at the end of the range") {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    queue waiting;
    waiting.push({.cost = most - 1}, now, 1);
    CHECK(waiting.check({.cost = 1}, now));
    CHECK(waiting.check({.cost = most}, now) ==
          fb::retry_at(now, fb::limit::queued_cost, most - 1, fb::certainty::on_completion));
    waiting.push({.cost = 1}, now, 2);
    CHECK(waiting.cost() == most);
    CHECK(waiting.check({.cost = 1}, now).which == fb::limit::queued_cost);
    waiting.pop(now);
    waiting.pop(now);
    CHECK(waiting.cost() == 0);
}

TEST_CASE("what is held in hand beyond its room counts against the bound instead of taking memory") {
    queue waiting{{}, {.max_requests = 2}, {}, 1};
    std::vector<fb::ticket> held;
    for (int i = 0; i < 3; ++i) {
        REQUIRE(waiting.check({}, now));
        held.push_back(waiting.push({}, now, i));
        CHECK(waiting.withdraw(held.back()));
    }
    CHECK(waiting.size() == 0);
    CHECK(waiting.check({}, now).which == fb::limit::queued_requests);
    waiting.release(held.back());
    CHECK(waiting.check({}, now));
}
