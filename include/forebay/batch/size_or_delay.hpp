// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/batch/policy.hpp>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <stdexcept>

namespace forebay::inline v0 {

/// Up to eight batch sizes that the model runs best on, ascending.
class batch_sizes {
public:
    constexpr batch_sizes() noexcept = default;
    /// errors  std::invalid_argument unless there are at most 8, each >= 1 and larger than the one before
    constexpr batch_sizes(std::initializer_list<std::size_t> sizes) {
        if (sizes.size() > sizes_.size()) throw std::invalid_argument("forebay: at most 8 preferred batch sizes");
        for (const std::size_t size : sizes) {
            if (size <= largest()) {
                throw std::invalid_argument("forebay: preferred batch sizes must be >= 1 and ascending");
            }
            sizes_[count_++] = size;
        }
    }

    [[nodiscard]] constexpr std::size_t largest() const noexcept { return count_ == 0 ? 0 : sizes_[count_ - 1]; }
    /// The largest of them that is at most `count`, or 0.
    [[nodiscard]] constexpr std::size_t largest_within(std::size_t count) const noexcept {
        std::size_t found = 0;
        for (std::size_t i = 0; i < count_ && sizes_[i] <= count; ++i) found = sizes_[i];
        return found;
    }

private:
    std::array<std::size_t, 8> sizes_{};
    std::size_t count_{0};
};

/// A batch leaves when it is full, or when its oldest member has waited long enough; with a delay of zero, as soon as an
/// executor is free, with whatever waits by then. With a minimum it leaves once that many wait.
///
/// Good where cost per batch is nearly flat. Not good where requests differ so much in size that counting them says little.
struct size_or_delay {
    /// Most requests in a batch. [requests]
    /// Raise it while larger batches still lower the cost per request; measure, the gain ends somewhere.
    /// Must be >= 1; checked when a scheduler is built.
    std::size_t max_batch_size{32};
    /// Longest time the oldest request of a batch waits for company. [time]
    /// Raise it when cost per request matters more than latency and the executor is often idle; a busy executor
    /// gathers full batches by itself.
    /// Must be >= 0; 0 = never wait. Checked when a scheduler is built.
    duration max_queue_delay{0};
    /// Sizes to leave at before the delay has passed, such as those the model was compiled for. [requests]
    /// Set them when sizes in between run no faster than the next larger one.
    /// Must be ascending and at most max_batch_size; empty = only the full batch leaves early. The last is checked when
    /// a scheduler is built.
    batch_sizes preferred_batch_sizes{};
    /// Wait for that many first. [requests]
    /// Raise it above 1 where a small batch costs nearly as much as this many. What is fewer leaves when the delay has
    /// passed; without a delay it stays until others come or the scheduler is drained, so set one where traffic may
    /// stop or keys are rare.
    /// Must be >= 1, at most max_batch_size and each preferred size; 1 = no minimum. Checked when a scheduler is built.
    std::size_t min_batch_size{1};

    void validate() const {
        if (max_batch_size < 1) throw std::invalid_argument("forebay: size_or_delay.max_batch_size must be >= 1");
        if (max_queue_delay < duration::zero()) {
            throw std::invalid_argument("forebay: size_or_delay.max_queue_delay must be >= 0");
        }
        if (preferred_batch_sizes.largest() > max_batch_size) {
            throw std::invalid_argument("forebay: size_or_delay.preferred_batch_sizes must be <= max_batch_size");
        }
        if (min_batch_size < 1 || min_batch_size > max_batch_size) {
            throw std::invalid_argument("forebay: size_or_delay.min_batch_size must be 1 to max_batch_size");
        }
        if (preferred_batch_sizes.largest_within(min_batch_size - 1) != 0) {
            throw std::invalid_argument("forebay: size_or_delay.preferred_batch_sizes must be >= min_batch_size");
        }
    }

    [[nodiscard]] constexpr batch_plan plan(const waiting_group& group) const noexcept {
        if (group.count >= max_batch_size) return {time_point::min(), max_batch_size, dispatch_cause::full};
        if (const std::size_t preferred = preferred_batch_sizes.largest_within(group.count); preferred != 0) {
            return {time_point::min(), preferred, dispatch_cause::preferred};
        }
        const bool delays = max_queue_delay > duration::zero();
        if (min_batch_size > 1) {
            if (group.count >= min_batch_size) return {time_point::min(), group.count, dispatch_cause::idle};
            if (!delays) return {no_deadline, group.count, dispatch_cause::idle};
        }
        return {saturating_add(group.oldest_arrival, max_queue_delay), group.count,
                delays ? dispatch_cause::delay : dispatch_cause::idle};
    }
};

}  // namespace forebay::inline v0
