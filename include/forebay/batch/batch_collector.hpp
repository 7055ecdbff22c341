// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/batch/policy.hpp>
#include <forebay/queue/priority_queue.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

namespace forebay::inline v0 {

/// A queue that hands out batches: formed as late as possible, so a request keeps its place in the order, can expire and
/// be cancelled, until somebody is free to run it. Only requests of equal key share a batch.
///
/// Value, Order  as of priority_queue
/// Policy        when a batch leaves and how large
/// cost          collect O(b log n) for a batch of b, never a scan of what else waits
/// threads       none: the host serialises
template <class Value, class Order, class Policy>
class batch_collector {
    static_assert(
        batch_policy<Policy>,
        "forebay: a batch policy needs a member max_batch_size and plan(waiting_group) -> batch_plan, noexcept; "
        "copy the model in <forebay/batch/policy.hpp>");

    /// The policy's plan, brought into range. A queue that holds less than a batch is full before the batch is.
    struct close_rule {
        Policy policy;
        std::size_t most;
        [[nodiscard]] batch_plan plan(const waiting_group& group) const noexcept {
            if (group.count >= most && most < policy.max_batch_size) {
                return {time_point::min(), most, dispatch_cause::full};
            }
            batch_plan plan = policy.plan(group);
            plan.size = std::clamp(plan.size, std::size_t{1}, std::min(group.count, most));
            return plan;
        }
        [[nodiscard]] time_point opens(const waiting_group& group) const noexcept { return plan(group).due; }
    };

public:
    /// What `collect` took.
    struct collected {
        std::size_t size;
        dispatch_cause cause;
    };

    using queue_type = priority_queue<Value, Order, close_rule>;

    /// in_hand  how many requests may be out in batches at once
    /// errors   std::invalid_argument for bounds, an order or a policy that cannot be
    batch_collector(Order order, capacity bounds, Policy policy, std::size_t in_hand)
        : rule_{checked(policy), std::min(std::size_t{policy.max_batch_size}, bounds.max_requests)},
          queue_{std::move(order), bounds, rule_, in_hand} {}

    [[nodiscard]] queue_type& queue() noexcept { return queue_; }
    [[nodiscard]] const queue_type& queue() const noexcept { return queue_; }

    /// Takes the batch that is due at `now`, if there is one, and calls `sink` for its members as priority_queue::take does. Its
    /// first member is the best request of all the groups that are due. The members stay alive until
    /// `queue().release`d. The sink must not call back.
    ///
    /// draining  where no group is due, the one that would be first goes now, as large as a batch may be
    template <class Sink>
    std::optional<collected> collect(time_point now, bool draining, Sink&& sink) noexcept {
        auto group = queue_.best_group(now);
        const bool due = group.has_value();
        if (!due && draining) group = queue_.any_group();
        if (!group) return std::nullopt;
        const waiting_group waiting = queue_.group(*group);
        const batch_plan plan = rule_.plan(waiting);
        const std::size_t size = due ? plan.size : std::min(waiting.count, rule_.most);
        queue_.take(*group, size, sink);
        return collected{size, due ? plan.cause : dispatch_cause::drain};
    }

    /// What is known of the next batch, if nothing else happens before it is due.
    struct expected {
        std::size_t size;
        std::int64_t cost_at_least;  // of its requests together; 0 where it may be another group's
    };
    /// That. Only of a queue that is not empty. O(1), changes nothing
    [[nodiscard, gnu::cold]] expected next() const noexcept {
        const auto group = *queue_.any_group();
        const waiting_group waiting = queue_.group(group);
        // Not rule_.plan: asked here too, g++ 12 would no longer inline it where batches are collected.
        const std::size_t size =
            std::clamp(rule_.policy.plan(waiting).size, std::size_t{1}, std::min(waiting.count, rule_.most));
        if (waiting.count < queue_.size()) return {size, 0};
        return {size, size == waiting.count ? waiting.cost : queue_.info(queue_.best_of(group)).info.cost};
    }

    /// When the next batch is due, exact; time_point::min() if one is known to be; `no_deadline` if none will be before
    /// something changes.
    [[nodiscard]] time_point next_due() const noexcept { return queue_.next_opening(); }

private:
    static const Policy& checked(const Policy& policy) {
        if constexpr (requires { policy.validate(); }) policy.validate();
        if (policy.max_batch_size < 1) {
            throw std::invalid_argument("forebay: a batch policy's max_batch_size must be >= 1");
        }
        return policy;
    }

    close_rule rule_;
    queue_type queue_;
};

}  // namespace forebay::inline v0
