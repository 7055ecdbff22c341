// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/observe/observer.hpp>
#include <forebay/queue/discipline.hpp>
#include <forebay/time.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace forebay::inline v0 {

/// What a batch policy says of a group of requests that may share a batch.
struct batch_plan {
    /// From when on a batch may leave, if an executor is free. time_point::min() = at once; `no_deadline` = not before
    /// the group changes.
    time_point due;
    /// How many of the group's requests it takes, best first. [1 .. count]
    std::size_t size;
    /// Why it leaves at `due`.
    dispatch_cause cause;
};

/// When a batch leaves, and how large.
///
/// 1. Copyable value.
/// 2. `policy.max_batch_size`, a data member (it may be static), is a std::size_t >= 1: memory is taken for it.
/// 3. `policy.plan(const waiting_group&)` returns a batch_plan with 1 <= size <= min(count, max_batch_size). It depends on
///    its argument only, and is asked whenever the group changes. (A size out of range is brought into it.)
/// 4. It is noexcept, quick, and does not call back: it runs under the scheduler's lock.
/// 5. It may have `validate() const`, which throws std::invalid_argument for knobs that cannot be.
///
/// Smallest model, which never batches, and the scheduler's default:
///
///     struct one_by_one {
///         std::size_t max_batch_size{1};
///         forebay::batch_plan plan(const forebay::waiting_group&) const noexcept {
///             return {forebay::time_point::min(), 1, forebay::dispatch_cause::idle};
///         }
///     };
template <class Policy>
concept batch_policy = std::copy_constructible<Policy> && requires(const Policy& policy, const waiting_group& group) {
    requires std::same_as<std::remove_cv_t<decltype(Policy::max_batch_size)>, std::size_t>;
    { policy.plan(group) }
    noexcept->std::same_as<batch_plan>;
};

/// Each request alone, as soon as an executor is free.
struct one_by_one {
    static constexpr std::size_t max_batch_size = 1;

    [[nodiscard]] constexpr batch_plan plan(const waiting_group&) const noexcept {
        return {time_point::min(), 1, dispatch_cause::idle};
    }
};

}  // namespace forebay::inline v0
