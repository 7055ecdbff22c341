// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/batch/batch_collector.hpp>
#include <forebay/batch/size_or_delay.hpp>

#include <stdexcept>
#include <string>

namespace fb = forebay;
using namespace std::chrono_literals;

namespace {

constexpr fb::time_point at(std::int64_t nanoseconds) {
    return fb::time_point{fb::duration{nanoseconds}};
}
constexpr fb::batch_plan plan(const fb::size_or_delay& policy, std::size_t count, std::int64_t oldest = 0) {
    return policy.plan({0, count, 0, at(oldest)});
}
constexpr bool is(const fb::batch_plan& plan, fb::time_point due, std::size_t size, fb::dispatch_cause cause) {
    return plan.due == due && plan.size == size && plan.cause == cause;
}
constexpr fb::time_point at_once = fb::time_point::min();

std::string refusal_of(const fb::size_or_delay& policy) {
    try {
        const fb::batch_collector<int, fb::fifo, fb::size_or_delay> built{{}, {}, policy, 0};
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("a full batch is due at once and holds no more than it may") {
    constexpr fb::size_or_delay policy{.max_batch_size = 4, .max_queue_delay = 10ns};
    static_assert(is(plan(policy, 4), at_once, 4, fb::dispatch_cause::full));
    static_assert(is(plan(policy, 1000), at_once, 4, fb::dispatch_cause::full));
    CHECK(is(plan(policy, 3), at(10), 3, fb::dispatch_cause::delay));
}

TEST_CASE("B-1 the delay counts from the arrival of the oldest") {
    constexpr fb::size_or_delay policy{.max_batch_size = 4, .max_queue_delay = 10ns};
    CHECK(is(plan(policy, 1, 5), at(15), 1, fb::dispatch_cause::delay));
    CHECK(is(plan(policy, 3, -50), at(-40), 3, fb::dispatch_cause::delay));
}

TEST_CASE("a delay that ends beyond time does not wrap") {
    constexpr fb::size_or_delay policy{.max_batch_size = 4, .max_queue_delay = fb::duration::max()};
    CHECK(is(plan(policy, 1, 5), fb::no_deadline, 1, fb::dispatch_cause::delay));
}

TEST_CASE("B-3 without a delay whatever waits is due, for an idle executor") {
    constexpr fb::size_or_delay policy{.max_batch_size = 4};
    CHECK(is(plan(policy, 1, 5), at(5), 1, fb::dispatch_cause::idle));
    CHECK(is(plan(policy, 3, 5), at(5), 3, fb::dispatch_cause::idle));
    CHECK(is(plan(policy, 4, 5), at_once, 4, fb::dispatch_cause::full));
}

TEST_CASE("B-10 of the preferred sizes the largest that is there leaves at once, a rest only after the delay") {
    constexpr fb::size_or_delay policy{.max_batch_size = 16, .max_queue_delay = 10ns, .preferred_batch_sizes = {4, 8}};
    for (std::size_t count = 1; count <= 20; ++count) {
        const auto expected = count >= 16  ? fb::batch_plan{at_once, 16, fb::dispatch_cause::full}
                              : count >= 8 ? fb::batch_plan{at_once, 8, fb::dispatch_cause::preferred}
                              : count >= 4 ? fb::batch_plan{at_once, 4, fb::dispatch_cause::preferred}
                                           : fb::batch_plan{at(10), count, fb::dispatch_cause::delay};
        INFO("count " << count);
        CHECK(is(plan(policy, count), expected.due, expected.size, expected.cause));
    }
}

TEST_CASE("the largest preferred size may be the full batch") {
    constexpr fb::size_or_delay policy{.max_batch_size = 8, .preferred_batch_sizes = {8}};
    CHECK(refusal_of(policy) == "none");
    CHECK(is(plan(policy, 8), at_once, 8, fb::dispatch_cause::full));
    CHECK(is(plan(policy, 7, 3), at(3), 7, fb::dispatch_cause::idle));
}

TEST_CASE("a minimum is waited for, for ever where there is no delay, and then does not wait for more") {
    constexpr fb::size_or_delay policy{.max_batch_size = 8, .min_batch_size = 3};
    CHECK(is(plan(policy, 1, 5), fb::no_deadline, 1, fb::dispatch_cause::idle));
    CHECK(is(plan(policy, 2, 5), fb::no_deadline, 2, fb::dispatch_cause::idle));
    CHECK(is(plan(policy, 3, 5), at_once, 3, fb::dispatch_cause::idle));
    CHECK(is(plan(policy, 7, 5), at_once, 7, fb::dispatch_cause::idle));
    CHECK(is(plan(policy, 9, 5), at_once, 8, fb::dispatch_cause::full));
}

TEST_CASE("with a delay, fewer than the minimum leave when it has passed") {
    constexpr fb::size_or_delay policy{
        .max_batch_size = 8, .max_queue_delay = 10ns, .preferred_batch_sizes = {4}, .min_batch_size = 3};
    CHECK(is(plan(policy, 2, 5), at(15), 2, fb::dispatch_cause::delay));
    CHECK(is(plan(policy, 3, 5), at_once, 3, fb::dispatch_cause::idle));
    CHECK(is(plan(policy, 5, 5), at_once, 4, fb::dispatch_cause::preferred));
}

TEST_CASE("what stays below the minimum leaves when the queue is drained") {
    fb::batch_collector<int, fb::fifo, fb::size_or_delay> collector{
        {}, {}, {.max_batch_size = 8, .min_batch_size = 3}, 8};
    collector.queue().push({}, at(0), 0);
    collector.queue().push({}, at(1), 0);
    const auto ignore = [](fb::ticket, const auto&...) {};
    CHECK(collector.next_due() == fb::no_deadline);
    CHECK_FALSE(collector.collect(at(1'000'000), false, ignore));
    const auto last = collector.collect(at(1'000'000), true, ignore);
    REQUIRE(last);
    CHECK(last->size == 2);
    CHECK(last->cause == fb::dispatch_cause::drain);
}

TEST_CASE("batch sizes are ascending, at least one, and at most eight") {
    CHECK(fb::batch_sizes{}.largest() == 0);
    CHECK(fb::batch_sizes{}.largest_within(100) == 0);
    const fb::batch_sizes sizes{1, 2, 4, 8, 16, 32, 64, 128};
    CHECK(sizes.largest() == 128);
    CHECK(sizes.largest_within(0) == 0);
    CHECK(sizes.largest_within(63) == 32);
    CHECK(sizes.largest_within(64) == 64);
    CHECK(sizes.largest_within(1'000'000) == 128);
    CHECK_THROWS_WITH((fb::batch_sizes{1, 2, 3, 4, 5, 6, 7, 8, 9}), ContainsSubstring("at most 8"));
    CHECK_THROWS_WITH((fb::batch_sizes{0}), ContainsSubstring("must be >= 1 and ascending"));
    CHECK_THROWS_AS((fb::batch_sizes{4, 4}), std::invalid_argument);
    CHECK_THROWS_AS((fb::batch_sizes{4, 2}), std::invalid_argument);
}

TEST_CASE("knobs of size_or_delay that cannot be are refused in words") {
    CHECK(refusal_of({}) == "none");
    CHECK_THAT(refusal_of({.max_batch_size = 0}), ContainsSubstring("size_or_delay.max_batch_size must be >= 1"));
    CHECK_THAT(refusal_of({.max_queue_delay = -1ns}), ContainsSubstring("size_or_delay.max_queue_delay must be >= 0"));
    CHECK_THAT(refusal_of({.max_batch_size = 8, .preferred_batch_sizes = {4, 9}}),
               ContainsSubstring("preferred_batch_sizes must be <= max_batch_size"));
    CHECK_THAT(refusal_of({.min_batch_size = 0}), ContainsSubstring("min_batch_size must be 1 to max_batch_size"));
    CHECK_THAT(refusal_of({.max_batch_size = 8, .min_batch_size = 9}), ContainsSubstring("1 to max_batch_size"));
    CHECK_THAT(refusal_of({.preferred_batch_sizes = {2, 4}, .min_batch_size = 3}),
               ContainsSubstring("preferred_batch_sizes must be >= min_batch_size"));
    CHECK(refusal_of({.max_batch_size = 8, .preferred_batch_sizes = {3, 8}, .min_batch_size = 3}) == "none");
}
