// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/policies.hpp>
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/scheduler.hpp>

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace fb = forebay;
using namespace std::chrono_literals;

namespace {

template <class Policies>
void build(Policies chosen) {
    static_cast<void>(fb::make_scheduler<int, int>(std::move(chosen), [](std::span<const int> requests) {
        return std::vector<int>(requests.begin(), requests.end());
    }));
}

}  // namespace

TEST_CASE("policies{} admits all, serves first come first served, does not batch and bounds the queue") {
    constexpr auto makes = [] { return fb::policies{}; };
    using defaults = decltype(makes());
    STATIC_REQUIRE(std::same_as<defaults, fb::policies<fb::admit_all, fb::fifo, fb::one_by_one, fb::steady_clock,
                                                       fb::no_observer, fb::multi_threaded>>);
    STATIC_REQUIRE(std::is_aggregate_v<defaults>);
    STATIC_REQUIRE(std::is_copy_constructible_v<defaults>);
    const fb::policies chosen{};
    CHECK(chosen.executors == 1);
    CHECK(chosen.capacity.max_requests == 10'000);
    CHECK(chosen.batching.max_batch_size == 1);
    build(chosen);
}

TEST_CASE("what is named decides the type, the rest keeps its default") {
    const fb::policies chosen{.order = fb::strict_priority{fb::earliest_deadline{}},
                              .batching = fb::size_or_delay{.max_batch_size = 7},
                              .capacity = {.max_requests = 3},
                              .executors = 2};
    using chosen_type = decltype(chosen);
    STATIC_REQUIRE(
        std::same_as<std::remove_const_t<chosen_type>,
                     fb::policies<fb::admit_all, fb::strict_priority<fb::earliest_deadline>, fb::size_or_delay,
                                  fb::steady_clock, fb::no_observer, fb::multi_threaded>>);
    CHECK(chosen.batching.max_batch_size == 7);
    CHECK(chosen.capacity.max_requests == 3);
    const fb::policies single{.sync = fb::single_threaded{}};
    STATIC_REQUIRE(std::same_as<decltype(single)::sync_type, fb::single_threaded>);
}

TEST_CASE("a policy is a value: a scheduler built from it does not change it, and two built from one are apart") {
    fb::manual_clock clock;
    const fb::policies chosen{.capacity = {.max_requests = 1}, .clock = clock, .sync = fb::single_threaded{}};
    const auto infer = [](std::span<const int> requests) { return std::vector<int>(requests.size()); };
    host::mailbox<int> mail;  // before the schedulers, whose ends it is told
    auto first = fb::make_scheduler<int, int>(chosen, infer);
    auto second = fb::make_scheduler<int, int>(chosen, infer);
    CHECK(first.submit(1, {}, mail.sink(1)));
    CHECK_FALSE(first.submit(2, {}, mail.sink(2)));
    CHECK(second.submit(3, {}, mail.sink(3)));
}

TEST_CASE("F29 policies that cannot be are refused when a scheduler is built, in words that say what can be") {
    const auto says = [](auto chosen, const std::string& words) {
        REQUIRE_THROWS_AS(build(chosen), std::invalid_argument);
        REQUIRE_THROWS_WITH(build(chosen), ContainsSubstring(words) && ContainsSubstring("forebay: "));
    };
    says(fb::policies{.executors = 0}, "executors must be 1 to 65,536");
    says(fb::policies{.executors = 65'537}, "executors must be 1 to 65,536");
    says(fb::policies{.executors = std::numeric_limits<std::size_t>::max()}, "executors");
    says(fb::policies{.capacity = {.max_requests = 0}}, "max_requests must be 1");
    says(fb::policies{.capacity = {.max_requests = std::numeric_limits<std::size_t>::max()}}, "max_requests");
    says(fb::policies{.capacity = {.max_cost = -1}}, "max_cost must be >= 0");
    says(fb::policies{.batching = fb::size_or_delay{.max_batch_size = 0}}, "max_batch_size must be >= 1");
    says(fb::policies{.batching = fb::size_or_delay{.max_queue_delay = -1ns}}, "max_queue_delay must be >= 0");
    says(fb::policies{.batching = fb::size_or_delay{.max_batch_size = 4, .preferred_batch_sizes = {8}}},
         "preferred_batch_sizes");
    says(fb::policies{.order = fb::strict_priority{fb::fifo{}, 0}}, "must be 1 to 64");
    says(fb::policies{.order = fb::strict_priority{fb::fifo{}, 65}}, "must be 1 to 64");
    says(fb::policies{.order = fb::strict_priority{fb::earliest_deadline{.default_patience = -1ns}}},
         "default_patience must be >= 0");
}

TEST_CASE("a largest batch without bound is as large as what may wait") {
    fb::manual_clock clock;
    std::vector<std::size_t> sizes;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = std::numeric_limits<std::size_t>::max()},
                     .capacity = {.max_requests = 100},
                     .clock = clock,
                     .sync = fb::single_threaded{}},
        [&](std::span<const int> requests) {
            sizes.push_back(requests.size());
            return std::vector<int>(requests.size());
        });
    host::mailbox<int> mail;
    for (int tag = 0; tag < 100; ++tag) REQUIRE(scheduler.submit(tag, {}, mail.sink(tag)));
    scheduler.poll();
    CHECK(sizes == std::vector<std::size_t>{100});
    CHECK(mail.count(fb::ending::delivered) == 100);
}
