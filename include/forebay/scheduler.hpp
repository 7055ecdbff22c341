// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/policies.hpp>
#include <forebay/runner.hpp>

#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <version>
#if defined(__cpp_lib_jthread)
#include <stop_token>
#endif

namespace forebay::inline v0 {

namespace detail {

/// Whether these can be a scheduler; where not, the one error that says what to write.
template <class Request, class Result, class Policies, class Inference>
consteval bool can_schedule() {
    constexpr bool admits = check_admission_policy<decltype(Policies::admission), single_threaded>();
    constexpr bool estimates = check_cost_source<decltype(Policies::costs)>();
    constexpr bool orders = discipline<decltype(Policies::order)>;
    static_assert(orders,
                  "forebay: policies.order must be a discipline: a leaf with rank(queued), or selectors that end in "
                  "one; copy a model in <forebay/queue/discipline.hpp>");
    constexpr bool batches = batch_policy<decltype(Policies::batching)>;
    static_assert(batches,
                  "forebay: policies.batching needs a member max_batch_size and plan(waiting_group) -> batch_plan, "
                  "noexcept; copy the model in <forebay/batch/policy.hpp>");
    constexpr bool ticks = clock_source<decltype(Policies::clock)>;
    static_assert(ticks,
                  "forebay: policies.clock needs `time_point now() const noexcept`; copy the model in "
                  "<forebay/time.hpp>");
    constexpr bool watches = observer<decltype(Policies::observer)>;
    static_assert(watches, "forebay: policies.observer: derive from no_observer and write the hooks you want");
    constexpr bool moves = std::is_nothrow_move_constructible_v<Request>;
    static_assert(moves, "forebay: a request must be nothrow move constructible: it is moved under the lock");
    constexpr bool runs = inference_form_of<Inference, Request, Result> != inference_form::none;
    static_assert(runs,
                  "forebay: the inference callback must take a span of requests and return a range of results, one "
                  "each; or take batch<Request, Result>& and fill it in; or take batch<Request, Result> by value and "
                  "complete it later");
    constexpr bool waits = [] {
        if constexpr (admits) {
            using state = decltype(std::declval<const Policies&>().admission.template build<single_threaded>());
            return check_on_refusal<decltype(Policies::on_refusal), state>();
        } else {
            return false;
        }
    }();
    return admits && waits && estimates && orders && batches && ticks && watches && moves && runs;
}

/// Stands where a scheduler was refused, so that no second error follows the one that teaches.
struct refused {
    template <class... Any>
    explicit refused(Any&&...) noexcept {}
    // clang-format off
    template <class Payload, class Sink>
    refused submit(Payload&&, const request_info&, Sink&&) const noexcept { return refused{}; }
    template <class Payload, class Sink>
    refused submit_at(time_point, Payload&&, const request_info&, Sink&&) const noexcept { return refused{}; }
    template <class... Any> bool cancel(Any&&...) const noexcept { return false; }
    template <class... Any> bool cancel_at(Any&&...) const noexcept { return false; }
    template <class... Any> time_point poll(Any&&...) const noexcept { return no_deadline; }
    template <class... Any> time_point poll_at(Any&&...) const noexcept { return no_deadline; }
    template <class... Any> void run(Any&&...) const noexcept {}
    template <class... Any> void close(Any&&...) const noexcept {}
    template <class... Any> void close_at(Any&&...) const noexcept {}
    template <class... Any> void drain(Any&&...) const noexcept {}
    template <class... Any> void drain_at(Any&&...) const noexcept {}
    // clang-format on
    [[nodiscard]] ledger stats() const noexcept { return {}; }
    [[nodiscard]] no_observer observed() const noexcept { return {}; }
    [[nodiscard]] explicit operator bool() const noexcept { return false; }
    [[nodiscard]] ticket operator*() const noexcept { return {}; }
    [[nodiscard]] verdict error() const noexcept { return {}; }
};

}  // namespace detail

/// What `submit` answers: the ticket of an accepted request, or why not.
class [[nodiscard]] submission {
public:
    // Member by member: g++ 12 would copy the whole by way of memory, also that of a request that is let in at the door.
    constexpr submission(ticket id, const verdict& said) noexcept
        : id_{id}, said_{said.kind, said.how_sure, said.which, said.member, said.when, said.missing} {}

    [[nodiscard]] constexpr explicit operator bool() const noexcept { return static_cast<bool>(said_); }
    /// The ticket. Only of an accepted request.
    [[nodiscard]] constexpr ticket operator*() const noexcept {
        FOREBAY_EXPECTS(static_cast<bool>(said_), "test the submission before taking its ticket: it was refused");
        return id_;
    }
    /// What admission said: of a refusal, why, and when to come back; of an accepted request, `when` it is queued, which is
    /// later than now where it waits for its slot.
    [[nodiscard]] constexpr const verdict& error() const noexcept { return said_; }

private:
    ticket id_;
    verdict said_;
};

/// Stands in front of a model: meters who gets in, orders what waits, runs together what belongs together, and ends every
/// request it accepted in exactly one outcome. Made by `make_scheduler`.
///
/// It has no thread of its own: the host calls `run()` on as many threads as it has executors, or `poll()` from its event
/// loop. Inference callback and sinks run on those threads, or on the one that cancels, closes, or completes a
/// batch, and never under a lock. A submit, too, first tells requests that have expired: a host must not hold across it a
/// lock that its sinks take.
///
/// A deadline passes promptly while some thread polls or runs. With a single thread, inside the inference callback, what
/// expires meanwhile is told on its return, or by the next submit.
///
/// Request, Result  nothrow move constructible
/// memory           taken at construction for all that may wait and run; in steady state a request allocates nothing
/// threads          every member is safe from any thread, sinks and callbacks included; with single_threaded the host
///                  serialises
template <class Request, class Result, class Policies, class Inference>
class scheduler {
    using engine_type = detail::runner<Request, Result, Policies, Inference>;
    static constexpr bool estimates = estimates_costs<decltype(Policies::costs)>;

public:
    using batch_type = batch<Request, Result>;
    using outcome_type = outcome<Result>;

    /// errors  std::invalid_argument for policies that cannot be; it says what is allowed
    scheduler(Policies chosen, Inference inference)
        : engine_{std::make_shared<engine_type>(std::move(chosen), std::move(inference))} {}
    scheduler(scheduler&&) noexcept = default;
    scheduler& operator=(scheduler&& other) noexcept {
        if (this != &other) {
            shut();
            engine_ = std::move(other.engine_);
        }
        return *this;
    }
    /// Closes; what is queued or running ends as `closed`; waits until no other thread is inside a sink or the
    /// inference callback. Batches still out are inert from then on. May run inside a sink; those it was called
    /// among (at most 32 that ended together) are called after it.
    ~scheduler() { shut(); }

    /// Takes a request in, or says why not and when.
    ///
    /// request  the payload; moved from on acceptance only, so a refused caller still has it (of another type: it is
    ///          converted before)
    /// info     who asks, how urgent, by when, at what cost: unknown_cost = the estimate of policies::costs, which is then
    ///          what admission, bounds, order and observer see
    /// sink     any move-only callable of outcome<Result>, up to 64 bytes (larger: on_heap); called exactly once if the
    ///          request was accepted, never if it was refused
    /// returns  a ticket, or the refusal; with on_refusal = delay, who can wait for its slot is accepted.
    ///          A refusal's `when` is the time at which all that stands in the way lets the request in: admission (asked also
    ///          where the queue is full; what it would have taken is undone) and both bounds of the queue. It is exact
    ///          for rates, and for a queue from which a deadline or a batch that has an executor frees enough; an
    ///          estimate where a batch has to come back first, where the cost is one, or where a request in flight may
    ///          cost more than was charged for it, as one has before; on_completion until a first batch has come back
    /// errors   std::bad_alloc where a new key or a longer queue needs memory, std::invalid_argument for a null pointer to
    ///          a function as a sink; nothing has happened then
    /// cost     O(log n) in the queue, beside telling what has expired; one clock read
    template <class Payload, class Sink>
    submission submit(Payload&& request, const request_info& info, Sink&& sink) {
        return submit_at(engine_->clock().now(), std::forward<Payload>(request), info, std::forward<Sink>(sink));
    }
    /// submit, for a host that knows the time: no clock read.
    template <class Payload, class Sink>
    submission submit_at(time_point now, Payload&& request, const request_info& info, Sink&& sink) {
        constexpr bool is_request = std::is_constructible_v<Request, Payload>;
        static_assert(is_request, "forebay: this cannot be made into a Request");
        constexpr bool is_sink = std::is_invocable_v<std::decay_t<Sink>&, outcome<Result>>;
        static_assert(is_sink, "forebay: a sink must be callable with outcome<Result>");
        if constexpr (std::is_pointer_v<std::remove_reference_t<Sink>>) {
            if (sink == nullptr) throw std::invalid_argument("forebay: a sink must be a function, not a null pointer");
        }
        if constexpr (!is_request || !is_sink) {
            return {{}, never(limit::none)};  // so that no second error follows
        } else if constexpr (!std::is_same_v<Payload, Request>) {
            // Whatever may throw or take long happens before the lock.
            return submit_at(now, Request(std::forward<Payload>(request)), info, std::forward<Sink>(sink));
        } else if constexpr (std::is_lvalue_reference_v<Sink>) {
            return submit_at(now, std::move(request), info, std::decay_t<Sink>(sink));
        } else {
            if constexpr (estimates) {
                if (info.cost == unknown_cost) {
                    return submit_estimated(now, std::move(request), {info}, std::forward<Sink>(sink));
                }
            }
            ticket id;
            const verdict said = engine_->submit(id, now, std::move(request), info, std::forward<Sink>(sink));
            return {id, said};
        }
    }

    /// Ends an accepted request as `cancelled`, whether it waits or runs; the sink is called before this returns.
    /// returns  false if it has already ended
    bool cancel(ticket id) { return engine_->cancel(engine_->clock().now(), id); }
    bool cancel_at(time_point now, ticket id) { return engine_->cancel(now, id); }

    /// Does all that is due: expires, forms batches while an executor is free, runs them here.
    /// From a sink or the inference callback it does nothing: the poll it was called by goes on.
    /// returns  when there will be something to do again if nothing else happens, exact; `no_deadline` if never. Submitting,
    ///          and completing a batch, are such other things.
    time_point poll() {
        return engine_->poll([clock = &engine_->clock()] { return clock->now(); });
    }
    /// poll, for a host that knows the time: `now` counts also after a batch that ran inside.
    time_point poll_at(time_point now) {
        return engine_->poll([now] { return now; });
    }

    /// Polls and sleeps in turn until the scheduler is closed, or drained. From any number of threads.
    void run() requires(waitable_clock<decltype(Policies::clock)>&& Policies::sync_type::concurrent) {
        const auto alive = engine_;
        alive->run([] { return false; });
    }
#if defined(__cpp_lib_jthread)
    /// run, until a stop is requested. The scheduler stays open.
    void run(std::stop_token stop) requires(
        waitable_clock<decltype(Policies::clock)>&& Policies::sync_type::concurrent) {
        const auto alive = engine_;
        const std::stop_callback wake{stop, [&] { alive->wake_all(); }};
        alive->run([&] { return stop.stop_requested(); });
    }
#endif

    /// Takes no more work; what is queued ends as `closed` before this returns; what runs may finish. `run()` returns.
    void close() {
        engine_->close(engine_->clock().now());
    }
    void close_at(time_point now) {
        engine_->close(now);
    }
    /// Takes no more work and serves what is queued without waiting for company; what is still queued after `limit` ends
    /// as `closed`. Returns at once; `run()` returns when the queue is empty. Of several limits the earliest counts.
    void drain(duration limit) {
        engine_->drain(engine_->clock().now(), limit);
    }
    void drain_at(time_point now, duration limit) {
        engine_->drain(now, limit);
    }

    /// Where every submitted request is, or how it ended; `balanced()` at every instant.
    [[nodiscard]] ledger stats() const {
        return engine_->stats();
    }
    /// A copy of the observer.
    [[nodiscard]] auto observed() const {
        return engine_->observed();
    }

private:
    /// From here on all see the estimate. How long it is to wait for that cost is no more certain than the cost.
    template <class Sink>
    submission submit_estimated(time_point now, Request&& request, detail::estimated_info info, Sink&& sink) {
        info.cost = engine_->estimate(info);
        ticket id;
        verdict said = engine_->submit(id, now, std::move(request), info, std::forward<Sink>(sink));
        if (said.kind == answer::retry_at && said.how_sure == certainty::exact) said.how_sure = certainty::estimate;
        return {id, said};
    }
    void shut() noexcept {
        if (engine_ != nullptr) engine_->shut(engine_->clock().now());
    }

    std::shared_ptr<engine_type> engine_;
};

/// Makes a scheduler.
///
/// chosen     policies{...}; plain values, from which it builds its state
/// inference  callback(span of Request) -> range of Result; or callback(batch<Request, Result>&); or
///            callback(batch<Request, Result>), to be completed later. If it throws, its batch fails and nothing else.
/// errors     std::invalid_argument for policies that cannot be
///
///     auto scheduler = forebay::make_scheduler<Prompt, Reply>(forebay::policies{}, [&](std::span<const Prompt> prompts) {
///         return model.run(prompts);
///     });
template <class Request, class Result, class Policies, class Inference>
[[nodiscard]] auto make_scheduler(Policies chosen, Inference inference) {
    if constexpr (detail::can_schedule<Request, Result, Policies, Inference>()) {
        return scheduler<Request, Result, Policies, Inference>{std::move(chosen), std::move(inference)};
    } else {
        return detail::refused{};
    }
}

}  // namespace forebay::inline v0
