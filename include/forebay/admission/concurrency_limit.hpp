// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/admission/policy.hpp>
#include <forebay/request.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <type_traits>

namespace forebay::inline v0 {

template <class Sync, class Counts>
class concurrency_limit_state;

/// At most so much in flight: admitted, and not ended yet. What waits in the queue is in flight too; `executors` bounds
/// what runs.
///
/// Good for what a request holds while it lives (memory, a connection, a place in somebody's contract). Not good for what
/// it uses up once: that is a quota's.
///
///     .admission = concurrency_limit{200}               // requests
///     .admission = concurrency_limit{65'536, by_cost}   // the sum of their costs, tokens of context for one
template <class Counts = by_requests_t>
struct concurrency_limit {
    static_assert(request_projection<Counts>,
                  "forebay: concurrency_limit counts by_requests, by_cost, or a noexcept callable from request_info to "
                  "std::int64_t; see request_projection in <forebay/admission/policy.hpp>");

    /// Most that may be in flight at once. [in the unit of `counts`]
    /// Raise it while the service behind keeps its latency; lower it when memory or latency gives way.
    /// Must be >= 1; checked at building.
    std::int64_t most;
    /// What is counted: by_requests, by_cost, or the host's own. A settled cost changes nothing: the place was held.
    Counts counts{};

    template <class Sync>
    [[nodiscard]] concurrency_limit_state<Sync, Counts> build() const {
        return concurrency_limit_state<Sync, Counts>{*this};
    }
};

template <std::integral Number>
concurrency_limit(Number) -> concurrency_limit<>;
template <std::integral Number, class Counts>
concurrency_limit(Number, Counts) -> concurrency_limit<Counts>;

/// The limit's state.
///
/// cost     O(1); a refusal writes nothing
/// threads  safe and lock-free with multi_threaded; with single_threaded the owner serialises
template <class Sync, class Counts>
class concurrency_limit_state {
public:
    static constexpr bool counts_in_flight = true;

    /// errors  std::invalid_argument if the policy's `most` is below 1
    explicit concurrency_limit_state(const concurrency_limit<Counts>& chosen)
        : most_{checked(chosen.most)}, counts_{chosen.counts} {}

    /// See admission_state. A refusal for want of room is `retry_at(now)`, on_completion: asking again helps once
    /// something has ended. More than `most` at once is `never`.
    [[nodiscard]] verdict try_acquire(const request_info& info, time_point now, permit& taken) noexcept {
        const std::int64_t amount = counts_(info);
        if (amount < 0) return never(limit::bad_cost, 0);
        if (amount > most_) return never(limit::concurrency, amount - most_);
        std::int64_t before = in_flight_.load(std::memory_order_relaxed);
        do {
            const std::int64_t room = most_ - before;
            if (amount > room) return retry_at(now, limit::concurrency, amount - room, certainty::on_completion);
        } while (!in_flight_.compare_exchange_weak(before, before + amount, std::memory_order_acq_rel,
                                                   std::memory_order_relaxed));
        taken = {.charged = amount, .tenant = info.tenant, .live = true};
        return admitted(now);
    }

    /// See admission_state. Frees what was taken, whatever the request cost.
    void settle(permit& taken, std::int64_t, time_point) noexcept { release(taken); }
    /// See admission_state.
    void give_back(permit& taken, time_point) noexcept { release(taken); }

    /// What is in flight, in the unit of `counts`. [0 .. most]
    [[nodiscard]] std::int64_t in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t most() const noexcept { return most_; }

private:
    [[nodiscard]] static std::int64_t checked(std::int64_t most) {
        if (most < 1) throw std::invalid_argument("forebay: concurrency_limit's most must be >= 1");
        return most;
    }
    void release(permit& taken) noexcept {
        if (!taken.live) return;
        in_flight_.fetch_add(-taken.charged, std::memory_order_acq_rel);
        taken = {};
    }

    typename Sync::template atomic<std::int64_t> in_flight_{0};
    std::int64_t most_;
    [[no_unique_address]] Counts counts_;
};

}  // namespace forebay::inline v0
