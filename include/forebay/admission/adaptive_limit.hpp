// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/limit_rule.hpp>
#include <forebay/admission/permit.hpp>
#include <forebay/admission/policy.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace forebay::inline v0 {

template <class Sync, class Rule>
class adaptive_limit_state;

/// A bound on the requests in flight that learns itself from the service time of batches.
///
/// For a service behind that slows down when it is given too much at once and whose capacity is not known or changes: a
/// pool that scales, a shared device. What it looks at is the time from dispatch to the batch's end, for each request, as
/// compared with batches of about the same size: neither the wait in the queue nor a larger batch is taken for overload.
/// So it can only learn what `executors` lets through: give it executors for ceiling / batch size batches.
///
/// It grows only in windows in which the limit bound, and stays as it is while less than half of it is used.
///
///     .admission = adaptive_limit{}                                            // gradient2
///     .admission = adaptive_limit{.rule = vegas{}, .ceiling = 500}
template <class Rule = gradient2>
struct adaptive_limit {
    static_assert(
        limit_rule<Rule>,
        "forebay: adaptive_limit.rule is gradient2{}, aimd{}, vegas{} or a rule of your own; copy the model in "
        "<forebay/admission/limit_rule.hpp>");

    Rule rule{};
    /// Limit to begin with. [requests]
    /// Set it near what is expected: it takes some windows to get away from it.
    /// Must be floor to ceiling.
    std::int64_t initial{20};
    /// Least it falls to. [requests]
    /// Raise it to keep the service busy whatever is measured.
    /// Must be >= 1.
    std::int64_t floor{1};
    /// Most it grows to. [requests]
    /// Lower it to what the host can hold.
    /// Must be floor to 2^31.
    std::int64_t ceiling{1000};
    /// Least length of a window: how often the limit is looked at. It lasts until batches sent in it have come back. [time]
    /// Raise it where service times scatter.
    /// Must be > 0.
    duration window{std::chrono::seconds{1}};
    /// Batches a window must have seen at least; it lasts until then.
    /// Raise it where service times scatter.
    /// Must be >= 1.
    std::int64_t least_batches{10};
    /// Windows after which the least service time is measured anew, in two windows with a lower limit. For rules that look at it.
    /// Lower it where the service itself changes often.
    /// Must be >= 2.
    std::int64_t probe_every{100};

    void validate() const {
        if constexpr (requires { rule.validate(); }) rule.validate();
        if (floor < 1) throw std::invalid_argument("forebay: adaptive_limit.floor must be >= 1");
        if (ceiling < floor || ceiling > (std::int64_t{1} << 31))
            throw std::invalid_argument("forebay: adaptive_limit.ceiling must be floor to 2^31");
        if (initial < floor || initial > ceiling)
            throw std::invalid_argument("forebay: adaptive_limit.initial must be floor to ceiling");
        if (window <= duration::zero()) throw std::invalid_argument("forebay: adaptive_limit.window must be > 0");
        if (least_batches < 1) throw std::invalid_argument("forebay: adaptive_limit.least_batches must be >= 1");
        if (probe_every < 2) throw std::invalid_argument("forebay: adaptive_limit.probe_every must be >= 2");
    }

    template <class Sync>
    [[nodiscard]] adaptive_limit_state<Sync, Rule> build() const {
        return adaptive_limit_state<Sync, Rule>{*this};
    }
};

/// The limit's state.
///
/// memory   less than 1.5 KiB, fixed
/// cost     O(1) to ask and to settle; a window's end looks at 32 classes of sizes
/// threads  safe with multi_threaded: asking is lock-free, batch_done takes a lock of a few instructions
template <class Sync, class Rule>
class adaptive_limit_state {
public:
    static constexpr bool counts_in_flight = true;

    /// errors  std::invalid_argument if a knob cannot be
    explicit adaptive_limit_state(const adaptive_limit<Rule>& chosen) : chosen_{checked(chosen)} {
        exact_ = chosen.initial * congestion::one;
        limit_.store(chosen.initial, std::memory_order_relaxed);
    }

    /// See admission_state. Refused is `retry_at(now)`, on_completion.
    [[nodiscard]] verdict try_acquire(const request_info& info, time_point now, permit& taken) noexcept {
        const std::int64_t most = limit_.load(std::memory_order_relaxed);
        std::int64_t before = in_flight_.load(std::memory_order_relaxed);
        do {
            if (before + 1 >= most) bound_.store(true, std::memory_order_relaxed);
            if (before >= most) {
                return retry_at(now, limit::concurrency, before - most + 1, certainty::on_completion);
            }
        } while (!in_flight_.compare_exchange_weak(before, before + 1, std::memory_order_acq_rel,
                                                   std::memory_order_relaxed));
        taken = {.charged = 1, .tenant = info.tenant, .live = true};
        if (before >= highest_.load(std::memory_order_relaxed)) highest_.store(before + 1, std::memory_order_relaxed);
        return admitted(now);
    }
    /// See admission_state.
    void settle(permit& taken, std::int64_t, time_point) noexcept { release(taken); }
    /// See admission_state.
    void give_back(permit& taken, time_point) noexcept { release(taken); }

    /// A batch has ended at `now`, `service` after it was handed to the model. A `now` that goes back prolongs the window.
    /// failed  whether it brought no result
    void batch_done(std::size_t size, duration service, bool failed, time_point now) noexcept {
        if (size == 0) return;
        const typename Sync::scoped_lock hold{mutex_};
        if (!started_) opened_ = now;
        started_ = true;
        // What was sent before the window opened met an earlier limit.
        if (saturating_sub(now, opened_) < service) return;
        size_class& seen = classes_[static_cast<std::size_t>(std::bit_width(size) - 1) % classes_.size()];
        // Held, so that no sum of a window wraps.
        const std::int64_t time = std::clamp<std::int64_t>(service.count(), 1, longest);
        seen.time = std::min(seen.time + time, longest);
        seen.requests += static_cast<std::int64_t>(std::min(size, std::size_t{1} << 32));
        failed_ = failed_ || failed;
        ++batches_;
        if (batches_ >= chosen_.least_batches && saturating_sub(now, opened_) >= chosen_.window) close_window(now);
    }

    /// The limit in force. [floor .. ceiling requests]
    [[nodiscard]] std::int64_t most() const noexcept { return limit_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }

private:
    /// Batches of 2^k to 2^(k+1) - 1 requests: their sums in this window, and what is known of them. Times in
    /// nanoseconds a request.
    struct size_class {
        std::int64_t time{0};
        std::int64_t requests{0};
        std::int64_t usual{0};
        std::int64_t least{0};
        std::int64_t windows{0};
    };

    /// The two windows in which the least service time is measured: in the first the queue inside the service goes away.
    enum class probe : std::uint8_t { none, emptying, measuring };

    /// What a batch, or a window's batches of one size, may last at most, in nanoseconds: 19 hours. Longer counts as that.
    static constexpr std::int64_t longest = std::int64_t{1} << 46;

    static const adaptive_limit<Rule>& checked(const adaptive_limit<Rule>& chosen) {
        chosen.validate();
        return chosen;
    }
    void release(permit& taken) noexcept {
        if (!taken.live) return;
        in_flight_.fetch_add(-1, std::memory_order_acq_rel);
        taken = {};
    }

    /// value / by, as a multiple of `one`, between 1/1024 and 1024.
    [[nodiscard]] static std::int64_t ratio(std::int64_t value, std::int64_t by) noexcept {
        constexpr std::int64_t one = congestion::one;
        if (by <= 0 || value / 1024 >= by) return by <= 0 ? one : 1024 * one;
        return std::max(one / 1024, value * one / by);
    }

    void close_window(time_point now) noexcept {
        congestion seen{exact_, highest_.load(std::memory_order_relaxed), 0, 0, duration{0}, failed_};
        const bool bound = bound_.load(std::memory_order_relaxed);
        std::int64_t most_requests = 0;
        for (const size_class& each : classes_) most_requests = std::max(most_requests, each.requests);
        // Weights below 2^10, so that no sum over the classes wraps.
        const int shift = std::max(0, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(most_requests))) - 10);
        std::int64_t requests = 0;
        std::int64_t time = 0;
        for (size_class& each : classes_) {
            if (each.requests == 0) continue;
            const std::int64_t now_takes = std::max<std::int64_t>(each.time / each.requests, 1);
            const std::int64_t weight = each.requests >> shift;
            seen.of_usual += weight * ratio(now_takes, each.usual);
            if (each.least == 0 || probe_ == probe::measuring || now_takes < each.least) each.least = now_takes;
            seen.of_least += weight * ratio(now_takes, each.least);
            requests += weight;
            time += now_takes * weight;
            learn(each, now_takes);
            each.time = 0;
            each.requests = 0;
        }
        seen.of_usual /= requests;
        seen.of_least /= requests;
        seen.service = duration{time / requests};

        if (probe_ == probe::none && seen.in_flight * 2 >= exact_ / congestion::one) {
            const std::int64_t next = chosen_.rule(seen);
            if (next < exact_ || bound) {
                exact_ = std::clamp(next, chosen_.floor * congestion::one, chosen_.ceiling * congestion::one);
            }
        }
        std::int64_t in_force = exact_ / congestion::one;
        if constexpr (Rule::needs_least) {
            if (probe_ == probe::emptying) {
                in_force = limit_.load(std::memory_order_relaxed);
                probe_ = probe::measuring;
            } else if (++since_probe_ >= chosen_.probe_every) {
                since_probe_ = 0;
                in_force = std::max(chosen_.floor, exact_ / std::max(seen.of_least, congestion::one));
                probe_ = probe::emptying;
            } else {
                probe_ = probe::none;
            }
        }
        limit_.store(in_force, std::memory_order_relaxed);
        highest_.store(in_flight_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        bound_.store(false, std::memory_order_relaxed);
        failed_ = false;
        batches_ = 0;
        opened_ = now;
    }

    /// The plain mean of the first ten windows, then a mean that forgets over 600 of them, or sooner what is twice as long.
    static void learn(size_class& each, std::int64_t now_takes) noexcept {
        each.windows = std::min<std::int64_t>(each.windows + 1, 11);
        const std::int64_t share = each.windows <= 10 ? each.windows : 300;
        each.usual += (now_takes - each.usual) / share;
        if (each.usual > 2 * now_takes) each.usual -= each.usual / 20;
    }

    adaptive_limit<Rule> chosen_;
    typename Sync::template atomic<std::int64_t> limit_{0};
    typename Sync::template atomic<std::int64_t> in_flight_{0};
    /// Of this window: most in flight at once (by threads that race, nearly), and whether the limit was reached.
    typename Sync::template atomic<std::int64_t> highest_{0};
    typename Sync::template atomic<bool> bound_{false};

    typename Sync::mutex mutex_;
    std::array<size_class, 32> classes_{};
    /// The limit with its fraction, whatever a probe makes of it meanwhile.
    std::int64_t exact_{0};
    std::int64_t batches_{0};
    std::int64_t since_probe_{0};
    time_point opened_{};
    bool started_{false};
    bool failed_{false};
    probe probe_{probe::none};
};

static_assert(sizeof(adaptive_limit_state<multi_threaded, gradient2>) <= 1536);

}  // namespace forebay::inline v0
