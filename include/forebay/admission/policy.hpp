// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace forebay::inline v0 {

/// What a state hands out for a request that it admits: `State::permit_type` (a copyable value that is empty when made,
/// with a member `live`), or `permit` where it names none.
template <class State>
struct permit_of_state {
    using type = permit;
};
template <class State>
requires requires {
    typename State::permit_type;
}
struct permit_of_state<State> {
    using type = typename State::permit_type;
};
template <class State>
using permit_of = typename permit_of_state<State>::type;

/// What an admission policy builds: the limit's state.
///
/// 1. `state.try_acquire(info, now, permit)` returns a verdict. Admitted: the permit says what was taken and is to be
///    settled once. Refused: the state and the permit are as they were, and asking any number of times changes no later
///    answer.
/// 2. `state.settle(permit, actual, now)`: the request ran and cost `actual`, less or more than was taken (`as_charged`:
///    as much). The difference is given back or charged as far as the state allows; the permit is emptied.
/// 3. `state.give_back(permit, now)`: the request never ran. What was taken is given back, if the policy says so; the
///    permit is emptied.
/// 4. Settling or giving back an empty permit does nothing. Every other permit ends in one of the two: it may pin memory.
/// 5. A `now` earlier than that of a change before it mints nothing, and loses nothing for good.
/// 6. All are noexcept, quick, and do not call back: a scheduler calls them under its lock.
/// 7. It may have `state.batch_done(size, service, failed, now)`: told of each batch's end, how long after its dispatch,
///    and whether it brought no result.
/// 8. It may have `state.undo(permit, now)`: as if it had not been admitted, whatever the policy says of giving back. Needed
///    where give_back does less: all_of undoes what it took when a later limit refuses, and a scheduler that is full
///    asks only to learn when the request could get in.
/// 9. It may have `state.reserve(info, now, max_wait, permit)`: as try_acquire, but it may promise a slot up to `max_wait`
///    later: admitted, with `verdict::when` after `now`. Nobody who comes later is let in with what a slot relies on. A
///    refusal says when this same call succeeds. Undoing or giving back such a permit before its slot gives that back as
///    far as no later slot relies on it. `on_refusal = delay{...}` asks for it.
/// 10. It may have `static constexpr bool settles = false`: settling changes nothing but the permit, which is emptied, and
///     touches nothing of the state. So it may be left out by who drops the permit.
/// 11. It may have `state.ask(info, now, max_wait)`: what reserve would answer, and nothing changes; and
///     `state.reserve_at(info, now, slot, permit)`: takes for a slot that is no earlier than the one it would promise
///     itself: admitted(slot), or a refusal. Until the slot others may get what is there beside; and no window admits more
///     than it may, wherever the slots lie. So limits can be kept together (all_of) while requests wait.
/// 12. It may have `static constexpr bool counts_in_flight = true`: it limits how much is on the way, not how much comes in a
///     time. So what a request that waits for another limit's slot takes of it may be taken before that slot.
///
/// A state that a scheduler owns is built single_threaded and used under its lock only; it need not be movable.
template <class State>
concept admission_state = requires(State& state, const request_info& info, permit_of<State>& taken, std::int64_t actual,
                                   time_point now) {
    { state.try_acquire(info, now, taken) }
    noexcept->std::same_as<verdict>;
    { state.settle(taken, actual, now) }
    noexcept;
    { state.give_back(taken, now) }
    noexcept;
};

/// Whether a state wants to be told of batches that end: demand 7 above.
template <class State>
concept watches_batches = requires(State& state, std::size_t size, duration service, bool failed, time_point now) {
    { state.batch_done(size, service, failed, now) }
    noexcept;
};

/// Whether a state can promise a slot in the future: demand 9 above.
template <class State>
concept reserves_slots = requires(State& state, const request_info& info, permit_of<State>& taken, duration max_wait,
                                  time_point now) {
    { state.reserve(info, now, max_wait, taken) }
    noexcept->std::same_as<verdict>;
};

/// Whether a state can keep a slot that another limit names: demand 11 above.
template <class State>
concept reserves_at = requires(State& state, const request_info& info, permit_of<State>& taken, duration max_wait,
                               time_point now) {
    { state.ask(info, now, max_wait) }
    noexcept->std::same_as<verdict>;
    { state.reserve_at(info, now, now, taken) }
    noexcept->std::same_as<verdict>;
};

/// Whether a state limits what is on the way: demand 12 above.
template <class State>
concept limits_in_flight = requires {
    requires State::counts_in_flight;
};

/// Whether settling can change what the state answers: demand 10 above. Without a word on it, it can.
template <class State>
concept needs_settling = !requires {
    requires !State::settles;
};

/// Who gets in: a description from which the scheduler builds the limit's state.
///
/// 1. Copyable value, free of atomics; building from a copy gives the same limit.
/// 2. `policy.template build<Sync>()` on a const policy returns the state, an admission_state, for single_threaded and
///    for multi_threaded. It may allocate; the state does not, afterwards.
/// 3. A configuration that cannot be is refused with std::invalid_argument by `build`, or before.
///
/// Smallest model, which refuses nobody, and the scheduler's default:
///
///     struct admit_all {
///         struct state {
///             forebay::verdict try_acquire(const forebay::request_info&, forebay::time_point now,
///                                          forebay::permit&) noexcept { return forebay::admitted(now); }
///             void settle(forebay::permit&, std::int64_t, forebay::time_point) noexcept {}
///             void give_back(forebay::permit&, forebay::time_point) noexcept {}
///         };
///         template <class Sync> state build() const { return {}; }
///     };
template <class Policy, class Sync = single_threaded>
concept admission_policy = std::copy_constructible<Policy> && requires(const Policy& policy) {
    { policy.template build<Sync>() } -> admission_state;
};

/// True, or the one error that says what to write. Ask it first, and go on under `if constexpr`: then no second follows.
template <class Policy, class Sync = single_threaded>
[[nodiscard]] consteval bool check_admission_policy() {
    static_assert(
        admission_policy<Policy, Sync>,
        "forebay: an admission policy needs `template <class Sync> auto build() const` that returns a state with "
        "noexcept try_acquire, settle and give_back; copy the model in <forebay/admission/policy.hpp>");
    return admission_policy<Policy, Sync>;
}

/// No limit.
struct admit_all {
    struct state {
        static constexpr bool settles = false;

        [[nodiscard]] constexpr verdict try_acquire(const request_info&, time_point now, permit&) noexcept {
            return admitted(now);
        }
        constexpr void settle(permit&, std::int64_t, time_point) noexcept {}
        constexpr void give_back(permit&, time_point) noexcept {}
    };

    template <class Sync>
    [[nodiscard]] constexpr state build() const noexcept {
        return {};
    }
};

// What a limit counts of a request. Named, so that a limit reads as it is meant: `per_tenant{quota, by_cost}`.
struct by_requests_t {
    [[nodiscard]] constexpr std::int64_t operator()(const request_info&) const noexcept { return 1; }
};
struct by_cost_t {
    [[nodiscard]] constexpr std::int64_t operator()(const request_info& info) const noexcept { return info.cost; }
    [[nodiscard]] constexpr std::int64_t settled(std::int64_t, std::int64_t actual) const noexcept { return actual; }
};
struct by_bytes_t {
    [[nodiscard]] constexpr std::int64_t operator()(const request_info& info) const noexcept { return info.bytes; }
};
/// Each request counts 1, whatever it costs.
inline constexpr by_requests_t by_requests{};
/// Each request counts its cost.
inline constexpr by_cost_t by_cost{};
/// Each request counts the size of its payload; known when it is asked, so there is nothing to settle.
inline constexpr by_bytes_t by_bytes{};

/// What a limit counts of a request; the host may bring its own.
///
/// 1. Copyable value; quick and noexcept; depends on its argument only.
/// 2. `counts(info)` returns an std::int64_t; a negative one is refused with limit::bad_cost.
/// 3. It may have `settled(charged, actual)`, noexcept: what should have been counted of a request for which `charged` was
///    taken and whose true cost (in the unit of request_info::cost) is `actual`. Without it, settling changes nothing.
///
/// Smallest model:
///
///     struct by_weight {
///         std::int64_t operator()(const forebay::request_info& info) const noexcept { return 1 + info.cost / 1000; }
///     };
template <class Projection>
concept request_projection = std::copy_constructible<Projection> &&
    requires(const Projection& counts, const request_info& info) {
    { counts(info) }
    noexcept->std::same_as<std::int64_t>;
};

/// Whether the true cost can change what was counted: demand 3 above.
template <class Projection>
concept settling_projection = request_projection<Projection> &&
    requires(const Projection& counts, std::int64_t charged, std::int64_t actual) {
    { counts.settled(charged, actual) } -> std::convertible_to<std::int64_t>;
};

namespace detail {
/// What should have been counted; a negative true cost, which cannot be, counts as nothing.
template <request_projection Projection>
[[nodiscard]] constexpr std::int64_t settled(const Projection& counts, std::int64_t charged,
                                             std::int64_t actual) noexcept {
    if constexpr (settling_projection<Projection>) {
        if (actual == as_charged) return charged;
        const std::int64_t right = counts.settled(charged, actual);
        return right < 0 ? 0 : right;
    } else {
        return charged;
    }
}

template <class State>
void undo(State& state, permit_of<State>& taken, time_point now) noexcept {
    if constexpr (requires { state.undo(taken, now); }) {
        state.undo(taken, now);
    } else {
        state.give_back(taken, now);
    }
}
}  // namespace detail

}  // namespace forebay::inline v0
