// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>
#include <forebay/sync.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace forebay::inline v0 {

/// What a cost source builds.
///
/// 1. `state.estimate(info)` returns what such a request may be expected to cost (std::int64_t, in the unit of
///    request_info::cost), or a negative number where it does not know: the request is then refused with limit::bad_cost.
///    It changes no later answer.
/// 2. `state.observe(info, actual)`: such a request ran, was settled and cost `actual` >= 0. info.cost is what was charged:
///    the caller's word, or the estimate.
/// 3. Both are noexcept, quick, and do not call back. Safe by itself where it was built for a concurrent Sync: a scheduler
///    estimates outside its lock, and observes under it.
template <class State>
concept cost_source_state = requires(State& state, const request_info& info, std::int64_t actual) {
    { state.estimate(info) }
    noexcept->std::same_as<std::int64_t>;
    { state.observe(info, actual) }
    noexcept;
};

/// Who knows what a request costs whose caller does not say (request_info::cost == unknown_cost): a description from which
/// the scheduler builds the state.
///
/// 1. Copyable value; building from a copy gives a source that answers alike.
/// 2. `policy.template build<Sync>()` on a const policy returns the state, a cost_source_state, for single_threaded and for
///    multi_threaded. It may allocate; the state does not, afterwards, and need not be movable.
/// 3. A configuration that cannot be is refused with std::invalid_argument by `build`, or before.
///
/// Smallest model:
///
///     struct always_500 {
///         struct state {
///             std::int64_t estimate(const forebay::request_info&) noexcept { return 500; }
///             void observe(const forebay::request_info&, std::int64_t) noexcept {}
///         };
///         template <class Sync> state build() const { return {}; }
///     };
template <class Policy, class Sync = multi_threaded>
concept cost_source = std::copy_constructible<Policy> && requires(const Policy& policy) {
    { policy.template build<Sync>() } -> cost_source_state;
};

/// No estimates, and no work for them: a request of unknown cost is refused with limit::bad_cost.
struct no_estimates {
    struct state {
        [[nodiscard]] constexpr std::int64_t estimate(const request_info& info) noexcept { return info.cost; }
        constexpr void observe(const request_info&, std::int64_t) noexcept {}
    };

    template <class Sync>
    [[nodiscard]] constexpr state build() const noexcept {
        return {};
    }
};

/// Whether there is anything to ask and to tell.
template <class Policy>
inline constexpr bool estimates_costs = !std::is_same_v<std::remove_cvref_t<Policy>, no_estimates>;

namespace detail {
/// A request whose cost is an estimate, and may be lowered on its way in.
struct estimated_info : request_info {};
}  // namespace detail

/// True, or the one error that says what to write.
template <class Policy, class Sync = multi_threaded>
[[nodiscard]] consteval bool check_cost_source() {
    static_assert(cost_source<Policy, Sync>,
                  "forebay: policies.costs needs `template <class Sync> auto build() const` that returns a state with "
                  "noexcept estimate(info) -> std::int64_t and observe(info, actual); copy the model in "
                  "<forebay/admission/cost_source.hpp>");
    return cost_source<Policy, Sync>;
}

}  // namespace forebay::inline v0
