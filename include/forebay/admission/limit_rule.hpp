// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <stdexcept>

namespace forebay::inline v0 {

/// What one window of batches showed. Integers throughout, so that a run repeats itself to the last bit.
struct congestion {
    /// One, as the fractions below count it.
    static constexpr std::int64_t one = std::int64_t{1} << 16;

    /// The limit in force. [requests * one, >= one]
    std::int64_t limit;
    /// Most that was in flight at once. [requests]
    std::int64_t in_flight;
    /// Service time of a request (its batch's time over its batch's size), over what is usual for batches of about that
    /// size; and over the least that was seen of them. [* one]
    std::int64_t of_usual;
    std::int64_t of_least;
    /// Mean service time of a request.
    duration service;
    /// Whether a batch failed.
    bool failed;
};

/// How a limit follows what a window showed.
///
/// 1. Copyable value; may have `validate() const`, which throws std::invalid_argument for knobs that cannot be.
/// 2. `rule(const congestion&)` on a const object returns the next limit (requests * congestion::one) and is noexcept. It
///    depends on its argument only. Floor, ceiling, and "no growth while the limit does not bind" are seen to outside.
/// 3. `Rule::needs_least` says whether `of_least` is looked at: then the least is measured anew from time to time,
///    without a queue.
///
/// Smallest model:
///
///     struct one_more {
///         static constexpr bool needs_least = false;
///         std::int64_t operator()(const forebay::congestion& seen) const noexcept { return seen.limit + seen.one; }
///     };
template <class Rule>
concept limit_rule = std::copy_constructible<Rule> && requires(const Rule& rule, const congestion& seen) {
    { Rule::needs_least } -> std::convertible_to<bool>;
    { rule(seen) }
    noexcept->std::same_as<std::int64_t>;
};

/// Falls in proportion as service gets slower than usual, and else grows by a fixed queue. Forgiving: what is usual
/// follows, slowly, what is. Under a load that binds without a pause for hundreds of windows the limit therefore drifts
/// up: give it a ceiling.
///
/// source  Gradient2Limit of Netflix's concurrency-limits (its defaults)
struct gradient2 {
    static constexpr bool needs_least = false;

    /// How much slower than usual is still taken for noise. [percent]
    /// Raise it where service times scatter; lower it to react sooner.
    /// Must be >= 100.
    std::int64_t tolerance{150};
    /// Requests that may wait inside the service: what the limit grows by.
    /// Raise it to find new capacity sooner, at the price of latency.
    /// Must be >= 1.
    std::int64_t queue{4};
    /// Share of the way to the new limit that is taken in each window. [percent]
    /// Lower it where the limit is unsteady.
    /// Must be 1 to 100.
    std::int64_t smoothing{20};

    void validate() const {
        if (tolerance < 100 || tolerance > 10'000)
            throw std::invalid_argument("forebay: gradient2.tolerance must be 100 to 10,000 percent");
        if (queue < 1 || queue > 1'000'000)
            throw std::invalid_argument("forebay: gradient2.queue must be 1 to 1,000,000 requests");
        if (smoothing < 1 || smoothing > 100)
            throw std::invalid_argument("forebay: gradient2.smoothing must be 1 to 100 percent");
    }
    [[nodiscard]] constexpr std::int64_t operator()(const congestion& seen) const noexcept {
        constexpr std::int64_t one = congestion::one;
        const std::int64_t gradient =
            std::clamp(tolerance * one / 100 * one / std::max<std::int64_t>(seen.of_usual, 1), one / 2, one);
        const std::int64_t target = seen.limit / one * gradient + seen.limit % one * gradient / one + queue * one;
        return seen.limit + (target - seen.limit) * smoothing / 100;
    }
};

/// One more in each good window, a share less after one that failed or took too long. Steady and simple; needs to be told
/// what too long is.
///
/// source  Chiu, Jain: Analysis of the increase and decrease algorithms for congestion avoidance in computer networks,
///         Computer Networks and ISDN Systems 17(1), 1989; AIMDLimit of Netflix's concurrency-limits
struct aimd {
    static constexpr bool needs_least = false;

    /// Service time of a request from which a window counts as bad. [time]
    /// Set it to a small multiple of what an idle service takes.
    /// Must be > 0.
    duration too_long{std::chrono::seconds{5}};
    /// What is left of the limit after a bad window. [percent]
    /// Lower it where overload does lasting harm.
    /// Must be 1 to 99.
    std::int64_t backoff{90};

    void validate() const {
        if (too_long <= duration::zero()) throw std::invalid_argument("forebay: aimd.too_long must be > 0");
        if (backoff < 1 || backoff > 99) throw std::invalid_argument("forebay: aimd.backoff must be 1 to 99 percent");
    }
    [[nodiscard]] constexpr std::int64_t operator()(const congestion& seen) const noexcept {
        if (seen.failed || seen.service > too_long) return seen.limit / 100 * backoff;
        return seen.limit + congestion::one;
    }
};

/// Estimates how many requests queue inside the service, and keeps them between 3 and 6 times log10 of the limit.
///
/// source  Brakmo, Peterson: TCP Vegas: end to end congestion avoidance on a global Internet, IEEE JSAC 13(8), 1995;
///         VegasLimit of Netflix's concurrency-limits (its thresholds)
struct vegas {
    static constexpr bool needs_least = true;

    [[nodiscard]] constexpr std::int64_t operator()(const congestion& seen) const noexcept {
        constexpr std::int64_t one = congestion::one;
        const std::int64_t limit = seen.limit / one;
        std::int64_t step = 0;  // log10 of the limit, at least 1
        for (std::int64_t left = limit; left >= 10; left /= 10) ++step;
        step = std::max<std::int64_t>(step, 1);
        const std::int64_t stretch = std::max(seen.of_least, one);
        const std::int64_t queue = limit - limit * one / stretch;
        if (seen.failed) return seen.limit - step * one;
        if (queue <= step) return seen.limit + 6 * step * one;
        if (queue < 3 * step) return seen.limit + step * one;
        if (queue > 6 * step) return seen.limit - step * one;
        return seen.limit;
    }
};

}  // namespace forebay::inline v0
