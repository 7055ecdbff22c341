// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/admission/policy.hpp>
#include <forebay/admission/quota_store.hpp>
#include <forebay/admission/token_bucket.hpp>
#include <forebay/detail/lease_planner.hpp>
#include <forebay/detail/lease_slots.hpp>
#include <forebay/detail/use_window.hpp>
#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace forebay::inline v0 {

template <class Sync, class Store, class Counts>
class quota_lease_state;

/// One quota for several hosts: each spends leases that a store grants out of it, asked for before they are needed.
///
/// Good where a call to the store for every request is too slow or may fail. Not good for a handful of tokens among many
/// hosts: what one of them holds, the others lack until it is spent, has ended or is handed back. Nor where more than a
/// burst comes in between two asks: what the store's bucket cannot hold is lost. No request waits for the store. The host
/// asks it, beside the requests, as the state says:
///
///     auto limit = share(quota_lease{.safe = quota{rate::per_second(10), 10}, .key = 7, .store = my_store});
///     make_scheduler<Prompt, Reply>(policies{.admission = limit}, infer);
///     while (serving) { limit.target().refresh(steady_clock{}); wait(10ms); }         // on a thread of the host's
///
/// What the hosts admit together: in any time T no more than what the store grants in T and in a lease's length before it,
/// and on top what each host's safe capacity admits while it has no lease.
template <class Store = asked_by_host, class Counts = by_requests_t>
struct quota_lease {
    static_assert(std::same_as<Store, asked_by_host> || quota_store<Store>,
                  "forebay: a quota store needs `std::optional<lease> ask(std::uint64_t key, std::int64_t amount, "
                  "time_point now)`; copy the model in <forebay/admission/quota_store.hpp>");
    static_assert(request_projection<Counts>,
                  "forebay: quota_lease counts by_requests, by_cost, or a noexcept callable from request_info to "
                  "std::int64_t; see request_projection in <forebay/admission/policy.hpp>");

    /// What this host may admit while no lease is valid: at the start, and while the store does not answer. Unset = nothing.
    /// Raise it when serving matters more than the quota; its share of the quota keeps the sum right.
    /// Any quota will do.
    std::optional<quota> safe{};
    /// Which of the store's quotas is spent.
    std::uint64_t key{0};
    /// How much use a lease should cover. [time]
    /// Lower it when hosts should hold less of what others need; raise it when the store is asked too often.
    /// Must be > 0 and at most an hour; checked at building.
    duration cover{std::chrono::milliseconds{100}};
    /// Least time between two asks; doubled with each failure in a row, up to `answer_within`. [time]
    /// Lower it when a short store should be shared in finer parts; raise it when the store is asked too often.
    /// Must be > 0; checked at building.
    duration ask_every{std::chrono::milliseconds{10}};
    /// After this the store counts as having failed to answer. [time]
    /// Raise it above the slowest answer worth waiting for.
    /// Must be at least `ask_every` and at most an hour; checked at building.
    duration answer_within{std::chrono::seconds{1}};
    /// Smallest ask, and what an idle host holds ready. [in the unit of `counts`]
    /// Raise it when requests come in bursts out of silence; 0 = an idle host asks for nothing, and its first requests
    /// draw on the safe capacity.
    /// Must be 0 .. most; checked at building.
    std::int64_t least{1};
    /// Largest ask, and so the largest request. [in the unit of `counts`]
    /// Lower it when one host must not hold much of the quota.
    /// Must be 1 .. 2^60; checked at building.
    std::int64_t most{1'000'000};
    /// Whether a request that was admitted but never ran gets back what it took. Either will do.
    bool refund_unrun{true};
    /// What is counted: by_requests, by_cost, or the host's own.
    Counts counts{};
    /// Who is asked by `refresh`; left out where the host carries the asks by itself.
    Store store{};

    template <class Sync>
    [[nodiscard]] quota_lease_state<Sync, Store, Counts> build() const {
        return quota_lease_state<Sync, Store, Counts>{*this};
    }
};

/// The limit's state, which the host drives: `wanted`, and then `granted` or `failed`; or `refresh`, which does all three.
///
/// A lease is valid until the instant it names, not at it. While any answer of the store is valid, leases alone are spent,
/// even if it granted nothing; after that the safe capacity is in force. An earlier `now` than that of a change before it
/// counts as that change's. A refusal changes no later answer, but is remembered as a wish for the next ask.
///
/// cost     O(1), allocates nothing
/// threads  safe with multi_threaded (a lock of a few instructions, never held while the store is asked); with
///          single_threaded the owner serialises
template <class Sync, class Store, class Counts>
class quota_lease_state {
public:
    /// errors  std::invalid_argument if a knob is out of range
    explicit quota_lease_state(const quota_lease<Store, Counts>& chosen)
        : chosen_{chosen}, asks_{{chosen.cover, chosen.ask_every, chosen.answer_within, chosen.least, chosen.most}} {
        if (chosen.safe) safe_.emplace(*chosen.safe);
    }

    /// See admission_state. A refusal for want of tokens is `retry_at`, an estimate: the store decides. More than `most`
    /// at once is `never`.
    [[nodiscard]] verdict try_acquire(const request_info& info, time_point now, permit& taken) noexcept {
        const std::int64_t amount = chosen_.counts(info);
        if (amount < 0) return never(limit::bad_cost);
        if (amount > chosen_.most) return never(limit::rate, amount - chosen_.most);
        const lock held{mutex_};
        const time_point tau = std::max(now, last_);
        if (tau >= connected_until_) return try_safe(info.tenant, amount, tau, now, taken);
        const std::int64_t left = leases_.left(tau);
        if (amount > left) {
            asks_.wish(amount - left);
            const time_point answer = asks_.expected_answer(tau);
            return retry_at(safe_ ? std::min(answer, connected_until_) : answer, limit::rate, amount - left,
                            certainty::estimate);
        }
        move_to(tau);
        asks_.used(amount, tau);
        taken = {.charged = amount, .tenant = info.tenant, .bucket = leases_.take(amount).second, .live = true};
        return admitted(now);
    }

    /// See admission_state. A negative `actual` settles with what was charged. What is given back to a lease that has ended
    /// is not spent here again, but left to `unspent`. What was used beyond is paid out of the next leases, up to `most`;
    /// what is beyond that is counted by `uncharged()`.
    void settle(permit& taken, std::int64_t actual, time_point now) noexcept {
        const std::int64_t right = actual < 0 ? taken.charged : detail::settled(chosen_.counts, taken.charged, actual);
        finish(taken, taken.charged - right, now);
    }
    void give_back(permit& taken, time_point now) noexcept {
        finish(taken, chosen_.refund_unrun ? taken.charged : 0, now);
    }
    /// As if it had not been admitted, whatever `refund_unrun` says.
    void undo(permit& taken, time_point now) noexcept { finish(taken, taken.charged, now); }

    /// What to ask the store for, if it is time: carry it out, with or without waiting, and report `granted` or `failed`. At
    /// most one ask is under way; one unanswered for `answer_within` counts as failed.
    /// Call it every `ask_every` or so; also after each request, where they come faster than the store answers.
    [[nodiscard]] std::optional<lease_ask> wanted(time_point now) noexcept {
        const lock held{mutex_};
        const time_point tau = std::max(now, last_);
        const std::int64_t amount = asks_.plan(leases_, debt_, tau);
        if (amount == 0) return std::nullopt;
        move_to(tau);
        return lease_ask{chosen_.key, amount, asks_.number()};
    }

    /// The store's answer to the ask of that number. False, and nothing is changed: that ask is not under way (any more),
    /// so the answer came late or twice. More than was asked for is not used.
    bool granted(std::uint64_t number, const lease& answer, time_point now) noexcept {
        const lock held{mutex_};
        const time_point tau = std::max(now, last_);
        std::int64_t amount = asks_.answered(number, answer.granted, tau);
        if (amount < 0) return false;
        move_to(tau);
        connected_until_ = std::max(connected_until_, answer.valid_until);
        if (answer.valid_until <= tau) {
            unspent_ = detail::capped_sum(unspent_, amount);
        } else if (amount -= pay(amount); amount > 0) {
            leases_.put(amount, answer.valid_until);
        }
        return true;
    }

    /// The ask of that number brought no answer. False, and nothing is changed: it is not under way.
    bool failed(std::uint64_t number) noexcept {
        const lock held{mutex_};
        return asks_.failed(number);
    }

    /// Takes out the tokens of leases that have ended unspent, for the host to hand back where its store takes them. They
    /// are not admitted here in any case. `all`: also those of leases still valid, before this host goes.
    [[nodiscard]] std::int64_t unspent(time_point now, bool all = false) noexcept {
        const lock held{mutex_};
        move_to(std::max(now, last_));
        std::int64_t sum = std::exchange(unspent_, 0);
        if (all) sum = detail::capped_sum(sum, leases_.take(std::numeric_limits<std::int64_t>::max()).first);
        return sum;
    }

    /// Asks the policy's store if it is time, and waits for its answer: for a thread of the host's own, one at a time. Hands
    /// back what is unspent to a store that has `give_back(key, amount, now)`. An exception of the store's is no answer.
    /// returns  whether it was asked and answered
    template <clock_source Clock>
    bool refresh(const Clock& clock) requires quota_store<Store> {
        const time_point now = clock.now();
        const auto ask = wanted(now);
        if (!ask) return false;
        std::optional<lease> answer;
        try {
            if constexpr (takes_back<Store>) {
                if (const std::int64_t back = unspent(now); back > 0) chosen_.store.give_back(ask->key, back, now);
            }
            answer = chosen_.store.ask(ask->key, ask->amount, now);
        } catch (...) {
            answer.reset();
        }
        if (answer) return granted(ask->number, *answer, clock.now());
        failed(ask->number);
        return false;
    }

    /// Tokens of valid leases left to spend.
    [[nodiscard]] std::int64_t available(time_point now) const noexcept {
        const lock held{mutex_};
        return leases_.left(std::max(now, last_));
    }
    /// Whether leases are in force, and not the safe capacity.
    [[nodiscard]] bool connected(time_point now) const noexcept {
        const lock held{mutex_};
        return std::max(now, last_) < connected_until_;
    }
    /// Tokens used beyond what was granted, which the next leases pay. [0 .. most]
    [[nodiscard]] std::int64_t debt() const noexcept {
        const lock held{mutex_};
        return debt_;
    }
    /// Tokens that requests cost beyond what was taken, and that were never charged.
    [[nodiscard]] std::int64_t uncharged() const noexcept {
        const lock held{mutex_};
        return uncharged_;
    }

private:
    using lock = typename Sync::scoped_lock;
    /// In the permit's `bucket`, where otherwise the lease's number stands.
    static constexpr std::uint32_t from_safe = std::numeric_limits<std::uint32_t>::max();

    [[nodiscard]] verdict try_safe(tenant_id tenant, std::int64_t amount, time_point tau, time_point now,
                                   permit& taken) noexcept {
        verdict answer = safe_ ? safe_->try_acquire(amount, tau) : never(limit::rate, amount);
        if (answer || amount == 0) {
            move_to(tau);
            asks_.used(amount, tau);
            taken = {.charged = amount, .tenant = tenant, .bucket = from_safe, .live = true};
            return admitted(now);
        }
        asks_.wish(amount);
        const time_point store = asks_.expected_answer(tau);
        return retry_at(std::min(store, answer.when), limit::rate, answer.missing, certainty::estimate);
    }

    void finish(permit& taken, std::int64_t surplus, time_point now) noexcept {
        if (!taken.live) return;
        const lock held{mutex_};
        const time_point tau = std::max(now, last_);
        move_to(tau);
        const std::uint32_t number = taken.bucket;
        taken = {};
        if (surplus < 0) {
            const std::int64_t over = -surplus;
            asks_.used(over, tau);
            uncharged_ = detail::capped_sum(uncharged_, over - charge(over, number, tau));
        } else if (number == from_safe) {
            if (safe_) safe_->refund(surplus, tau);
        } else if (const std::int64_t rest = surplus - pay(surplus); rest > 0 && !leases_.refund(number, rest)) {
            unspent_ = detail::capped_sum(unspent_, rest);
        }
    }
    /// Returns how much of `amount` will be paid for.
    [[nodiscard]] std::int64_t charge(std::int64_t amount, std::uint32_t number, time_point tau) noexcept {
        if (number == from_safe) return safe_ ? safe_->charge(amount, tau) : 0;
        const std::int64_t taken = leases_.take(amount).first;
        const std::int64_t owed = std::min(amount - taken, chosen_.most - debt_);
        debt_ += owed;
        return taken + owed;
    }
    /// Pays debt. Returns how much of `amount` that took.
    [[nodiscard]] std::int64_t pay(std::int64_t amount) noexcept {
        const std::int64_t part = std::min(amount, debt_);
        debt_ -= part;
        return part;
    }

    void move_to(time_point tau) noexcept {
        last_ = tau;
        unspent_ = detail::capped_sum(unspent_, leases_.expire(tau));
    }

    quota_lease<Store, Counts> chosen_;
    mutable typename Sync::mutex mutex_;
    time_point last_{time_point::min()};
    detail::lease_slots leases_;
    time_point connected_until_{time_point::min()};
    std::optional<token_bucket<single_threaded>> safe_;
    std::int64_t debt_{0};
    std::int64_t unspent_{0};
    std::int64_t uncharged_{0};
    detail::lease_planner asks_;
};

}  // namespace forebay::inline v0
