// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/cost_source.hpp>
#include <forebay/admission/policy.hpp>
#include <forebay/detail/ended_list.hpp>
#include <forebay/job.hpp>
#include <forebay/observe/ledger.hpp>
#include <forebay/observe/observer.hpp>
#include <forebay/outcome.hpp>
#include <forebay/policies.hpp>
#include <forebay/reception.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace forebay::inline v0::detail {

/// The requests of a scheduler until they run, and the books of all: the first half of a state machine that does not know
/// the host's code. Time is an argument.
///
/// A request comes in by the door, may wait for its slot (the reception has it), and is queued (the collector has it), until
/// `request_flow` takes it or it ends. Whoever moves it to ended owes its sink one call; its slot stays until it is
/// released, so that the sink is called in place.
///
/// threads  `enter` at any time, by anyone; all else one at a time
template <class Request, class Result, class Policies>
class request_intake {
public:
    using observer_type = decltype(Policies::observer);
    using admission_type = decltype(std::declval<const Policies&>().admission.template build<single_threaded>());
    static constexpr bool watched = !std::is_same_v<observer_type, no_observer>;
    static constexpr bool delays = decltype(Policies::on_refusal)::waits;
    static constexpr bool estimates = estimates_costs<decltype(Policies::costs)>;
    using plain_job = detail::job<Request, Result, permit_of<admission_type>>;
    using job = std::conditional_t<delays, delayed_job<Request, Result, permit_of<admission_type>>, plain_job>;
    using reception_type = reception<job, Policies>;
    using ended_list = detail::ended_list;

    /// in_hand  how many requests may be taken and not yet released, beside those that wait
    /// errors   std::invalid_argument for policies that cannot be
    request_intake(Policies&& chosen, std::size_t in_hand)
        : observer_{std::move(chosen.observer)}, reception_{std::move(chosen), in_hand} {}

    /// Of all that has `arrive`d.
    [[nodiscard]] const ledger& counts() const noexcept { return ledger_; }
    [[nodiscard]] const observer_type& observer() const noexcept { return observer_; }
    [[nodiscard]] bool is_closed() const noexcept { return phase_ == phase::closed; }
    /// Whether nothing will ever be left to do here: no new work is taken, and none is queued.
    [[nodiscard]] bool is_done() const noexcept {
        return phase_ != phase::open && queue().empty() && reception_.waiting() == 0;
    }
    [[nodiscard]] job& job_of(ticket id) noexcept { return queue().value(id); }

    /// What went wrong in host code after its requests had been counted.
    void correct(const slips& found) noexcept {
        ledger_.sink_failures += found.sink_failures;
        ledger_.delivered -= found.not_delivered;
        ledger_.failed += found.not_delivered;
    }

    /// What a request of unknown cost is taken to cost. At any time, by anyone.
    [[nodiscard]] std::int64_t estimate(const request_info& info) noexcept { return reception_.estimate(info); }
    /// Takes a request in by the door; where that is refused, `refuse` is owed, where nothing is decided, `accept` is asked.
    /// Info  const request_info, or estimated_info
    template <class Info = const request_info, class Sink>
    [[nodiscard]] at_the_door enter(ticket& id, verdict& said, time_point now, Request&& request, Info& info,
                                    Sink&& sink) noexcept {
        return reception_.enter(id, said, now, info, std::move(request), nullptr, 0U, std::forward<Sink>(sink));
    }
    /// Takes over what has come in by the door, and says whether more may.
    void arrive(bool open) noexcept { count(reception_.arrive(open && phase_ == phase::open)); }
    /// The same, without a word on that.
    void arrive() noexcept { count(reception_.arrive()); }

    /// Lines up who has waited for its slot, and has it. Only then the door is shut.
    void seat(time_point now) noexcept {
        if constexpr (delays) {
            if (reception_.next_slot() > now || reception_.waiting() == 0) return;
            arrive(false);
            const std::size_t seated = reception_.seat(now);
            ledger_.waiting -= seated;
            ledger_.queued += seated;
        }
    }

    /// Takes a request in, or says why not; then `refuse` is owed. Strong guarantee if memory runs out. The door is shut afterwards.
    template <class Info = const request_info, class Sink>
    verdict accept(ticket& id, time_point now, Request&& request, Info& info, Sink&& sink) {
        arrive(false);
        seat(now);
        const verdict said = phase_ == phase::open ? reception_.admit(id, now, info, std::move(request), nullptr, 0U,
                                                                      std::forward<Sink>(sink))
                                                   : never(limit::closed);
        if (said) {
            ++ledger_.submitted;
            if (delays && said.when > now) {
                ++ledger_.waiting;
                note_wait(id, now);
            } else {
                ++ledger_.queued;
            }
            observer_.on_submit(info, now);
        }
        return said;
    }
    /// Counts a request that was refused.
    void refuse(const request_info& info, const verdict& said) noexcept {
        ++ledger_.submitted;
        ledger_.count(said.which);
        observer_.on_refuse(info, said);
    }

    /// Whether `expire` may find something. O(1); false is certain.
    [[nodiscard]] bool may_expire(time_point now) const noexcept { return queue().may_expire(now); }
    /// Ends what has expired, until the list is full. O(1) when nothing has.
    void expire(time_point now, ended_list& late) noexcept {
        if (!may_expire(now)) return;
        const auto admission = reception_.admission();
        queue().expire(now, ended_list::most, [&](ticket id) { not_run(admission, now, id, late); });
    }
    /// Ends what is queued or waits for its slot, as closed, until the list is full.
    void flush(time_point now, ended_list& closing) noexcept {
        auto& queue = reception_.queue();
        closing.how = ending::closed;
        const auto admission = reception_.admission();
        while (!closing.full()) {
            const auto group = queue.any_group();
            if (!group) break;
            queue.take(*group, std::min(queue.group(*group).count, ended_list::most - closing.count),
                       [&](ticket id) { not_run(admission, now, id, closing); });
        }
        if constexpr (delays) {
            // The last slot first: then no later one relies on it, and each is given back whole.
            while (!closing.full() && reception_.waiting() > 0) {
                not_seated(admission, now, reception_.leave_last(), closing);
            }
        }
    }
    /// Ends one request, as cancelled, if it is queued or waits for its slot.
    bool cancel_queued(time_point now, ticket id, ended_list& one) noexcept {
        one.how = ending::cancelled;
        if (queue().withdraw(id)) {
            not_run(reception_.admission(), now, id, one);
            return true;
        }
        if constexpr (delays) {
            if (reception_.leave(id)) {
                not_seated(reception_.admission(), now, id, one);
                return true;
            }
        }
        return false;
    }

    /// Gives back the slots of requests whose sinks have been called.
    void release(const ended_list& over) noexcept {
        for (std::size_t i = 0; i < over.count; ++i) queue().end(over[i]);
    }

protected:
    enum class phase : std::uint8_t { open, draining, closed };

    [[nodiscard]] static duration since(time_point then, time_point now) noexcept {
        return std::max(duration::zero(), saturating_sub(now, then));
    }
    /// Time since a request was accepted. In the queue its age counts from its slot, lest a batch that waits for company
    /// leaves at once because one of its members waited for admission; who watches is told all of it.
    [[nodiscard]] static duration age(const queued& about, [[maybe_unused]] const job& of, time_point now) noexcept {
        if constexpr (delays) return since(saturating_add(about.arrival, -of.waited), now);
        return since(about.arrival, now);
    }

    [[nodiscard]] auto& queue() noexcept { return reception_.queue(); }
    [[nodiscard]] const auto& queue() const noexcept { return reception_.queue(); }

    observer_type observer_;
    reception_type reception_;
    ledger ledger_{};
    phase phase_{phase::open};

private:
    void note_wait(ticket id, time_point now) noexcept {
        if constexpr (delays) job_of(id).waited = saturating_sub(queue().info(id).arrival, now);
    }
    void count(std::span<const std::uint32_t> came) noexcept {
        ledger_.submitted += came.size();
        ledger_.queued += came.size();
        if constexpr (watched) {
            for (const std::uint32_t slot : came) {
                const queued& about = queue().info(ticket{slot});
                observer_.on_submit(about.info, about.arrival);
            }
        }
    }
    /// A request that was queued ends.
    template <class Admission>
    void not_run(const Admission& admission, time_point now, ticket id, ended_list& list) noexcept {
        admission->give_back(job_of(id).taken, now);
        --ledger_.queued;
        told_later(now, id, list);
    }
    /// One that has waited for its slot ends.
    template <class Admission>
    void not_seated(const Admission& admission, time_point now, ticket id, ended_list& list) noexcept {
        if (queue().info(id).arrival > now) {
            undo(admission.state, job_of(id).taken, now);
        } else {
            admission->give_back(job_of(id).taken, now);
        }
        --ledger_.waiting;
        told_later(now, id, list);
    }
    void told_later(time_point now, ticket id, ended_list& list) noexcept {
        list.add(id);
        ledger_.count(list.how);
        const queued& about = queue().info(id);
        observer_.on_end(about.info, list.how, age(about, job_of(id), now));
    }
};

}  // namespace forebay::inline v0::detail
