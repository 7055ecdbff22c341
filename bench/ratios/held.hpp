// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../rivals/standard_heap.hpp"
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/priority_queue.hpp>

#include <benchmark/benchmark.h>
#include <cstddef>
#include <cstdint>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

/// The hold model: a queue is filled with `size` requests; then each step takes the best and puts in another, so that the
/// size stays. Measured after twice as many steps, when the order of the filling is forgotten.
/// Source: Jones: An empirical comparison of priority-queue and event-set implementations, CACM 29, 1986.
namespace held {

namespace fb = forebay;

/// Random numbers made beforehand, so that none is made while time is taken; enough that no cycle is learnt by heart.
class dice {
public:
    explicit dice(std::uint32_t seed) : values_(count) {
        std::mt19937 generator{seed};
        for (std::uint32_t& value : values_) value = static_cast<std::uint32_t>(generator());
    }
    std::uint32_t roll() noexcept { return values_[at_++ % count]; }

private:
    static constexpr std::size_t count = std::size_t{1} << 16;
    std::vector<std::uint32_t> values_;
    std::size_t at_ = 0;
};

inline constexpr std::uint64_t seed = 20261123;
inline constexpr std::uint64_t keys = 4;

/// A deadline this far ahead: about one request is due every microsecond.
inline std::int64_t patience(std::uint32_t random, std::size_t size) noexcept {
    return 1 + static_cast<std::int64_t>((std::uint64_t{random} * (2'000 * size)) >> 32);
}

/// Tickets, expiry and keys in place: every request has a deadline and one of a few keys, time runs, and what is due is
/// asked for once in 32 steps, as with batches of that size (nothing ever is: the best is taken before).
template <class Order>
class forebay_queue {
public:
    forebay_queue(std::size_t size, Order order)
        : size_{size}, queue_{std::move(order), fb::capacity{.max_requests = size + 1}} {
        for (std::size_t i = 0; i < size; ++i) push(i);
        steps(2 * size);
    }

    void steps(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const auto best = queue_.pop(now_);
            advance(*best);
            if (i % 32 == 0) queue_.expire(now_, 32, [](fb::ticket) {});
            push(best->value);
        }
    }
    [[nodiscard]] std::size_t size() const noexcept { return queue_.size(); }

private:
    void push(std::uint64_t value) {
        const std::uint32_t random = dice_.roll();
        const fb::request_info info{.priority = static_cast<std::int32_t>(random % 8),
                                    .key = random / 8 % keys,
                                    .deadline = now_ + fb::duration{patience(random, size_)}};
        if (queue_.check(info, now_)) benchmark::DoNotOptimize(queue_.push(info, now_, value));
    }
    /// With the earliest deadline first, time is just before the deadline taken. In another order it stands still, or
    /// what is taken last would expire.
    void advance(const typename fb::priority_queue<std::uint64_t, Order>::item& taken) noexcept {
        if constexpr (std::is_same_v<Order, fb::earliest_deadline>) {
            now_ = taken.info.deadline - fb::duration{1};
        }
    }

    std::size_t size_;
    fb::time_point now_{};
    dice dice_{seed};
    fb::priority_queue<std::uint64_t, Order> queue_;
};

/// The same deadlines in a bare heap.
class standard_queue {
public:
    explicit standard_queue(std::size_t size) : size_{size} {
        for (std::size_t i = 0; i < size; ++i) heap_.push({patience(dice_.roll(), size), i});
        steps(2 * size);
    }

    void steps(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const rival::heap_entry best = heap_.top();
            heap_.pop();
            heap_.push({best.rank + patience(dice_.roll(), size_), best.id});
        }
        benchmark::DoNotOptimize(heap_.top());
    }
    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

private:
    std::size_t size_;
    dice dice_{seed};
    rival::standard_heap heap_;
};

}  // namespace held
