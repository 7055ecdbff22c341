// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/policy.hpp>
#include <forebay/time.hpp>

#include <chrono>
#include <concepts>
#include <stdexcept>

namespace forebay::inline v0 {

/// `policies.on_refusal`: who exceeds a rate is told when to come back. The default.
struct reject {
    static constexpr bool waits = false;
};

/// `policies.on_refusal`: who exceeds a rate waits for the slot that admission promises, if that is soon enough; then it is
/// queued, in the order of the slots. Who would have to wait longer, or beyond its deadline, is refused at once.
///
/// While it waits a request counts as one that waits in the queue: against the capacity, and it can be cancelled. A
/// cancelled one gives its slot back as far as no later one relies on it. Needs an admission that can promise
/// (`reserves_slots`): per_tenant, keyed_by and all_of of these, also beside limits in flight.
///
///     forebay::policies{.admission = forebay::per_tenant{quota}, .on_refusal = forebay::delay{.max_wait = 50ms}}
struct delay {
    static constexpr bool waits = true;

    /// Longest time a request waits for its slot. [time]
    /// Raise it while a late answer is worth more to clients than an early refusal; the queue must hold all who wait.
    /// Must be > 0; checked when a scheduler is built.
    duration max_wait{std::chrono::milliseconds{50}};

    void validate() const {
        if (max_wait <= duration::zero()) throw std::invalid_argument("forebay: delay.max_wait must be > 0");
    }
};

/// True, or the one error that says what to write.
template <class OnRefusal, class State>
[[nodiscard]] consteval bool check_on_refusal() {
    constexpr bool known = std::same_as<OnRefusal, reject> || std::same_as<OnRefusal, delay>;
    static_assert(known, "forebay: policies.on_refusal must be reject{} or delay{.max_wait = ...}");
    constexpr bool promises = !std::same_as<OnRefusal, delay> || reserves_slots<State>;
    static_assert(promises,
                  "forebay: on_refusal = delay{...} needs an admission that can promise a slot: a state with "
                  "`reserve(info, now, max_wait, permit&) -> verdict`, noexcept; see demand 9 in "
                  "<forebay/admission/policy.hpp>");
    return known && promises;
}

}  // namespace forebay::inline v0
