// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/outcome.hpp>
#include <forebay/request.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace forebay::inline v0 {

/// Why a batch was sent when it was.
enum class dispatch_cause : std::uint8_t {
    full,       ///< it could hold no more
    delay,      ///< its oldest member had waited as long as it may
    deadline,   ///< waiting longer would have missed a member's deadline
    idle,       ///< an executor had nothing to do
    drain,      ///< the scheduler is being drained
    preferred,  ///< it reached a size the model runs best on
};

/// How many enumerators dispatch_cause has.
inline constexpr std::size_t dispatch_cause_count = 6;

/// The enumerator's name, for logs and metrics.
[[nodiscard]] constexpr const char* to_string(dispatch_cause cause) noexcept {
    switch (cause) {
        case dispatch_cause::full: return "full";
        case dispatch_cause::delay: return "delay";
        case dispatch_cause::deadline: return "deadline";
        case dispatch_cause::idle: return "idle";
        case dispatch_cause::drain: return "drain";
        case dispatch_cause::preferred: return "preferred";
    }
    return "unknown";
}

/// What the host may put in to watch a scheduler.
///
/// 1. The six hooks below exist, are noexcept, and the observer is movable.
/// 2. They run under the scheduler's lock: keep them to a few instructions, and do not call the scheduler from them.
/// 3. on_submit: each request that was accepted. on_refuse: each that was not; `said` is why. One of the two per
/// submit.
/// 4. on_dispatch: each batch, before its members' on_start. `size` is at least 1.
/// 5. on_start: each member of a batch; `queue_delay` is from acceptance to dispatch.
/// 6. on_end: exactly once for each accepted request; `latency` is from acceptance to the end. A request that never ran
///    has no on_start.
/// 7. on_batch_done: each batch, when its last member has ended or it was dropped; `service` is from dispatch to then.
/// 8. Durations are never negative.
///
/// Smallest model: derive from `no_observer` and write the hooks you want.
///
///     struct count_refusals : forebay::no_observer {
///         void on_refuse(const forebay::request_info&, const forebay::verdict&) noexcept { ++refusals; }
///         std::uint64_t refusals{0};
///     };
template <class Observer>
concept observer = std::move_constructible<Observer> &&
    requires(Observer& watch, const request_info& info, const verdict& said, dispatch_cause cause, std::size_t size,
             ending how, time_point now, duration length) {
    { watch.on_submit(info, now) }
    noexcept;
    { watch.on_refuse(info, said) }
    noexcept;
    { watch.on_dispatch(cause, size, now) }
    noexcept;
    { watch.on_start(info, length) }
    noexcept;
    { watch.on_end(info, how, length) }
    noexcept;
    { watch.on_batch_done(size, length) }
    noexcept;
};

/// Watches nothing and costs nothing: empty, and every hook compiles to no instruction.
struct no_observer {
    static constexpr void on_submit(const request_info&, time_point) noexcept {}
    static constexpr void on_refuse(const request_info&, const verdict&) noexcept {}
    static constexpr void on_dispatch(dispatch_cause, std::size_t, time_point) noexcept {}
    static constexpr void on_start(const request_info&, duration) noexcept {}
    static constexpr void on_end(const request_info&, ending, duration) noexcept {}
    static constexpr void on_batch_done(std::size_t, duration) noexcept {}
};

}  // namespace forebay::inline v0
