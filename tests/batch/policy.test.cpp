// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "laws/batch_policy_laws.hpp"
#include <forebay/batch/policy.hpp>
#include <forebay/batch/size_or_delay.hpp>

#include <stdexcept>

namespace fb = forebay;
using namespace std::chrono_literals;

namespace {

// By cost, as a host may write it.
struct worth_a_batch {
    std::size_t max_batch_size{6};
    std::int64_t worth{20};
    void validate() const {
        if (worth < 1) throw std::invalid_argument("worth_a_batch.worth must be >= 1");
    }
    fb::batch_plan plan(const fb::waiting_group& group) const noexcept {
        const std::size_t size = group.count < max_batch_size ? group.count : max_batch_size;
        if (group.cost >= worth) return {fb::time_point::min(), size, fb::dispatch_cause::full};
        return {fb::saturating_add(group.oldest_arrival, 9ns), size, fb::dispatch_cause::delay};
    }
};
// Waits for a third, for ever.
struct only_threes {
    static constexpr std::size_t max_batch_size = 3;
    fb::batch_plan plan(const fb::waiting_group& group) const noexcept {
        if (group.count < 3) return {fb::no_deadline, 1, fb::dispatch_cause::full};
        return {fb::time_point::min(), 3, fb::dispatch_cause::full};
    }
};

struct without_a_plan {
    std::size_t max_batch_size{1};
};
struct without_a_size {
    fb::batch_plan plan(const fb::waiting_group&) const noexcept { return {}; }
};
struct throwing_plan {
    std::size_t max_batch_size{1};
    fb::batch_plan plan(const fb::waiting_group&) const { return {}; }
};

template <class Policy>
void build(const Policy& policy) {
    const fb::batch_collector<int, fb::fifo, Policy> built{{}, {}, policy, 0};
}

}  // namespace

TEST_CASE("every batch policy keeps the laws of its concept") {
    laws::batch_policy_laws(fb::one_by_one{}, 1);
    laws::batch_policy_laws(fb::size_or_delay{}, 2);
    laws::batch_policy_laws(fb::size_or_delay{8, 5ns, {}}, 3);
    laws::batch_policy_laws(fb::size_or_delay{8, 5ns, {2, 3, 8}}, 4);
    laws::batch_policy_laws(fb::size_or_delay{8, 0ns, {4}}, 5);
    laws::batch_policy_laws(fb::size_or_delay{1, 7ns, {}}, 6);
    laws::batch_policy_laws(fb::size_or_delay{8, 0ns, {}, 3}, 9);
    laws::batch_policy_laws(fb::size_or_delay{8, 5ns, {6}, 4}, 10);
    laws::batch_policy_laws(fb::size_or_delay{4, 0ns, {}, 4}, 11);
    laws::batch_policy_laws(worth_a_batch{}, 7);
    laws::batch_policy_laws(only_threes{}, 8);
}

TEST_CASE("what is not a batch policy is seen to be none") {
    CHECK(fb::batch_policy<fb::one_by_one>);
    CHECK(fb::batch_policy<only_threes>);
    CHECK_FALSE(fb::batch_policy<int>);
    CHECK_FALSE(fb::batch_policy<without_a_plan>);
    CHECK_FALSE(fb::batch_policy<without_a_size>);
    CHECK_FALSE(fb::batch_policy<throwing_plan>);
}

TEST_CASE("knobs of a batch policy are checked when a collector is built") {
    CHECK_NOTHROW(build(worth_a_batch{}));
    CHECK_THROWS_WITH(build(worth_a_batch{6, 0}), ContainsSubstring("worth_a_batch.worth must be >= 1"));
    CHECK_THROWS_WITH(build(worth_a_batch{0, 5}), ContainsSubstring("max_batch_size must be >= 1"));
}
