// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>

namespace forebay::inline v0 {

/// Length of time, in whole nanoseconds.
using duration = std::chrono::duration<std::int64_t, std::nano>;

/// The line that forebay's instants lie on. Its own tag: a double, or an instant of another clock, does not compile.
struct timeline {};

/// Instant in nanoseconds since an origin of the host's choosing; every int64 is valid, also negative ones.
using time_point = std::chrono::time_point<timeline, duration>;

/// Deadline of a request that may wait for ever, and `next_wakeup()` of a component that waits for nothing.
inline constexpr time_point no_deadline = time_point::max();

/// `t + d`, held at the ends of the line instead of wrapping. O(1), throws nothing.
[[nodiscard]] constexpr time_point saturating_add(time_point t, duration d) noexcept {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(t.time_since_epoch().count(), d.count(), &sum)) return time_point{duration{sum}};
    return d.count() > 0 ? time_point::max() : time_point::min();
}

/// `a - b`, held at the longest representable duration instead of wrapping. O(1), throws nothing.
[[nodiscard]] constexpr duration saturating_sub(time_point a, time_point b) noexcept {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(a.time_since_epoch().count(), b.time_since_epoch().count(), &difference)) {
        return duration{difference};
    }
    return b < a ? duration::max() : duration::min();
}

/// What the host supplies as its clock.
///
/// 1. `clock.now()` on a const object returns a forebay::time_point and is noexcept.
/// 2. It is called by the facade only, at most once per call, and never while a lock is held.
/// 3. It may stand still or go back: forebay then mints nothing and loses nothing for good.
///
/// Smallest model:
///
///     struct my_clock {
///         forebay::time_point now() const noexcept { return forebay::time_point{forebay::duration{read_counter()}}; }
///     };
template <class Clock>
concept clock_source = std::copy_constructible<Clock> && requires(const Clock& clock) {  // clang-format off
    { clock.now() } noexcept -> std::same_as<time_point>;  // clang-format on
};

/// A clock source that a thread can be put to sleep on: it can say which instant of std::chrono::steady_clock a
/// forebay instant is, and runs as fast as that one. `scheduler::run()` exists for these only.
template <class Clock>
concept waitable_clock = clock_source<Clock> && requires(const Clock& clock, time_point t) {  // clang-format off
    { clock.to_steady(t) } noexcept -> std::same_as<std::chrono::steady_clock::time_point>;  // clang-format on
};

/// The operating system's monotonic clock. Empty; copies are interchangeable; safe from any thread.
struct steady_clock {
    [[nodiscard]] time_point now() const noexcept {
        return time_point{std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch())};
    }
    [[nodiscard]] std::chrono::steady_clock::time_point to_steady(time_point t) const noexcept {
        return std::chrono::steady_clock::time_point{t.time_since_epoch()};
    }
};

/// A clock that moves only when it is told to, for tests and virtual time. Copies show the same time, so the copy inside
/// a scheduler follows the one the test holds. Not a clock one can wait on: such a scheduler is driven by `poll()`.
/// threads  the host serialises setting and reading
class manual_clock {
public:
    explicit manual_clock(time_point start = time_point{}) : now_{std::make_shared<time_point>(start)} {}

    [[nodiscard]] time_point now() const noexcept { return *now_; }

    /// Moves by `step`, which may be negative. Stops at the ends of the line.
    void advance(duration step) noexcept { *now_ = saturating_add(*now_, step); }
    /// Jumps to `t`, forwards or backwards.
    void set(time_point t) noexcept { *now_ = t; }

private:
    std::shared_ptr<time_point> now_;
};

}  // namespace forebay::inline v0
