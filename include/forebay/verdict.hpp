// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <cstdint>

namespace forebay::inline v0 {

/// The three answers.
enum class answer : std::uint8_t {
    admitted,
    retry_at,  ///< not now; `verdict::when` says when
    never,     ///< no waiting helps; the request or the limit has to change
};

/// Which limit said no.
enum class limit : std::uint8_t {
    none,             ///< admitted
    rate,             ///< a token bucket
    concurrency,      ///< requests in flight
    queued_requests,  ///< requests the queue holds
    queued_cost,      ///< cost the queue holds
    oversize,         ///< larger than a batch may be
    deadline,         ///< already past, or not to be met
    bad_cost,         ///< negative
    bad_priority,     ///< a class the order does not have
    closed,           ///< the scheduler takes no more work
};

/// How far `verdict::when` can be relied on.
enum class certainty : std::uint8_t {
    /// The same call (its deadline as far off as it was) succeeds at `when` if nobody else comes first, and not one nanosecond
    /// earlier unless what others took is given back: they expired, were cancelled, or cost less. It takes for granted
    /// that nothing in flight turns out to cost more than was charged for it, and that the scheduler is polled at its
    /// wakeups up to `when`, or run: what waits makes room by leaving.
    exact,
    /// From what was observed: how long batches take, and what they free.
    estimate,
    /// Something in flight must end first, and nothing is known of when; `when` is the earliest useful time to ask.
    on_completion,
};

/// The answer to "may this request in?": yes, no but then, or never; who said so, what was missing, how sure.
struct verdict {
    answer kind{answer::admitted};
    certainty how_sure{certainty::exact};
    /// The limit that bound; of several, the one with the latest `when`, which is as sure as the least sure of them.
    limit which{limit::none};
    /// Of several limits under one all_of: which of them, from 0, in the order they were given.
    std::uint8_t member{0};
    /// admitted: when it counts from (a reservation may lie in the future); retry_at: the earliest time to ask again;
    /// never: `no_deadline`.
    time_point when{};
    /// By how much the limit fell short, in that limit's unit (tokens, requests, cost). [>= 0]
    std::int64_t missing{0};

    [[nodiscard]] constexpr explicit operator bool() const noexcept { return kind == answer::admitted; }
    friend constexpr bool operator==(const verdict&, const verdict&) noexcept = default;
};

/// Yes, as of `now`.
[[nodiscard]] constexpr verdict admitted(time_point now) noexcept {
    return {answer::admitted, certainty::exact, limit::none, 0, now, 0};
}
/// Not now: ask again at `when`.
[[nodiscard]] constexpr verdict retry_at(time_point when, limit which, std::int64_t missing,
                                         certainty how_sure = certainty::exact) noexcept {
    return {answer::retry_at, how_sure, which, 0, when, missing};
}
/// No, and waiting does not help.
[[nodiscard]] constexpr verdict never(limit which, std::int64_t missing = 0) noexcept {
    return {answer::never, certainty::exact, which, 0, no_deadline, missing};
}

/// The enumerator's name, for logs and metrics.
[[nodiscard]] constexpr const char* to_string(limit which) noexcept {
    switch (which) {
        case limit::none: return "none";
        case limit::rate: return "rate";
        case limit::concurrency: return "concurrency";
        case limit::queued_requests: return "queued_requests";
        case limit::queued_cost: return "queued_cost";
        case limit::oversize: return "oversize";
        case limit::deadline: return "deadline";
        case limit::bad_cost: return "bad_cost";
        case limit::bad_priority: return "bad_priority";
        case limit::closed: return "closed";
    }
    return "unknown";
}

}  // namespace forebay::inline v0
