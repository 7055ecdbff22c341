// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/batch/batch.hpp>
#include <forebay/detail/ended_list.hpp>
#include <forebay/detail/spare_list.hpp>
#include <forebay/job.hpp>
#include <forebay/observe/ledger.hpp>
#include <forebay/outcome.hpp>
#include <forebay/policies.hpp>
#include <forebay/reception.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace forebay::inline v0::detail {

/// Where every request of a scheduler is, and how it moves: a state machine that does not know the host's code. Time is
/// an argument.
///
/// A request comes in by the door, is queued (the collector has it), running (a record has it) or ended. Whoever moves it
/// to ended owes its sink one call; the slot stays until `release` or `put_back`, so that the sink is called in place.
///
/// threads  `enter` at any time, by anyone; all else one at a time
template <class Request, class Result, class Policies>
class request_flow {
    using observer_type = decltype(Policies::observer);
    static constexpr bool watched = !std::is_same_v<observer_type, no_observer>;
    using admission_type = decltype(std::declval<const Policies&>().admission.template build<single_threaded>());

public:
    using record = batch_record<Request>;
    using job = detail::job<Request, Result, permit_of<admission_type>>;
    using reception_type = reception<job, Policies>;
    using ended_list = detail::ended_list;

    /// errors  std::invalid_argument for policies that cannot be
    explicit request_flow(Policies&& chosen)
        : executors_{checked(chosen.executors)},
          max_batch_{std::min(std::size_t{chosen.batching.max_batch_size}, chosen.capacity.max_requests)},
          observer_{std::move(chosen.observer)},
          reception_{std::move(chosen), in_hand()},
          records_{2 * executors_, max_batch_} {}

    /// Of all that has `arrive`d.
    [[nodiscard]] const ledger& counts() const noexcept { return ledger_; }
    [[nodiscard]] const observer_type& observer() const noexcept { return observer_; }
    [[nodiscard]] bool is_closed() const noexcept { return phase_ == phase::closed; }
    /// Whether nothing will ever be left to do here: no new work is taken, and none is queued.
    [[nodiscard]] bool is_done() const noexcept { return phase_ != phase::open && queue().empty(); }
    [[nodiscard]] job& job_of(ticket id) noexcept { return queue().value(id); }
    [[nodiscard]] static job& job_of(const typename record::member& of) noexcept { return *static_cast<job*>(of.job); }
    [[nodiscard]] const auto& records() const noexcept { return records_.all(); }

    /// What went wrong in host code after its requests had been counted.
    void correct(const slips& found) noexcept {
        ledger_.sink_failures += found.sink_failures;
        ledger_.delivered -= found.not_delivered;
        ledger_.failed += found.not_delivered;
    }

    /// Takes a request in by the door; where that is refused, `refuse` is owed, where nothing is decided, `accept` is asked.
    template <class Sink>
    [[nodiscard]] at_the_door enter(ticket& id, verdict& said, time_point now, Request&& request,
                                    const request_info& info, Sink&& sink) noexcept {
        return reception_.enter(id, said, now, info, std::move(request), nullptr, 0U, std::forward<Sink>(sink));
    }
    /// Takes over what has come in by the door, and says whether more may.
    void arrive(bool open) noexcept { count(reception_.arrive(open && phase_ == phase::open)); }
    /// The same, without a word on that.
    void arrive() noexcept { count(reception_.arrive()); }

    /// Takes a request in, or says why not. Strong guarantee if memory runs out. The door is shut afterwards.
    template <class Sink>
    verdict accept(ticket& id, time_point now, Request&& request, const request_info& info, Sink&& sink) {
        arrive(false);
        const verdict said = phase_ == phase::open ? reception_.admit(id, now, info, std::move(request), nullptr, 0U,
                                                                      std::forward<Sink>(sink))
                                                   : never(limit::closed);
        if (said) {
            ++ledger_.submitted;
            ++ledger_.queued;
            observer_.on_submit(info, now);
        } else {
            refuse(info, said);
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
        queue().expire(now, ended_list::most, [&](ticket id) { never_ran(admission, now, id, late); });
    }
    /// Ends what is queued, as closed, until the list is full.
    void flush(time_point now, ended_list& closing) noexcept {
        auto& queue = reception_.queue();
        closing.how = ending::closed;
        const auto admission = reception_.admission();
        while (!closing.full()) {
            const auto group = queue.any_group();
            if (!group) break;
            queue.take(*group, std::min(queue.group(*group).count, ended_list::most - closing.count),
                       [&](ticket id) { never_ran(admission, now, id, closing); });
        }
    }
    /// Ends one request, as cancelled, if it is queued.
    bool cancel_queued(time_point now, ticket id, ended_list& one) noexcept {
        if (!queue().withdraw(id)) return false;
        one.how = ending::cancelled;
        never_ran(reception_.admission(), now, id, one);
        return true;
    }
    /// The member of a batch that a ticket names, if it runs and has not ended.
    [[nodiscard]] typename record::member* find_running(ticket id) noexcept {
        if (!queue().holds(id)) return nullptr;
        const job& found = job_of(id);
        if (found.in == nullptr || found.in->members[found.index].ended) return nullptr;
        return &found.in->members[found.index];
    }

    /// Ends what is over and forms the next batch, if one is due and an executor is free.
    [[nodiscard]] record* step(time_point now, ended_list& over, bool open = true) {
        arrive(open);
        if (phase_ == phase::draining && now >= drain_until_) phase_ = phase::closed;
        if (phase_ == phase::closed) {
            flush(now, over);
            return nullptr;
        }
        expire(now, over);
        if (over.full() || !can_start() || queue().empty()) return nullptr;
        const bool draining = phase_ == phase::draining;
        if (!draining && reception_.collector().next_due() > now) return nullptr;
        record* const due = &records_.next();
        const auto taken =
            reception_.collector().collect(now, draining, [due](ticket id, const queued& about, job& starting) {
                starting.in = due;
                starting.index = static_cast<std::uint32_t>(due->size);
                due->add(id, about, &starting, std::move(*starting.request));
            });
        if (!taken) return nullptr;
        records_.take_next();
        ++busy_;
        due->occupies_executor = true;
        due->dispatched = now;
        due->cause = taken->cause;
        ledger_.queued -= taken->size;
        ledger_.running += taken->size;
        ledger_.count(taken->cause, taken->size);
        if constexpr (watched) {
            observer_.on_dispatch(taken->cause, taken->size, now);
            for (const auto& member : *due) observer_.on_start(member.about->info, since(member.about->arrival, now));
        }
        return due;
    }

    /// Ends one member of a batch that has not ended.
    void end_running(time_point now, typename record::member& member, ending how) noexcept {
        end_member(reception_.admission(), now, member, how);
        --ledger_.running;
        ledger_.count(how);
    }
    /// Ends the members of a batch that have not ended, marks them as claimed, and frees its executor.
    void end_batch(time_point now, record& of, ending how) noexcept {
        std::size_t claimed = 0;
        {
            const auto admission = reception_.admission();
            for (auto& member : of) {
                member.claimed = !member.ended;
                if (!member.claimed) continue;
                end_member(admission, now, member, how);
                ++claimed;
            }
        }
        ledger_.running -= claimed;
        ledger_.count(how, claimed);
        if (!of.occupies_executor) return;
        of.occupies_executor = false;
        --busy_;
        const duration service = since(of.dispatched, now);
        if constexpr (watches_batches<typename reception_type::admission_type>) {
            reception_.admission()->batch_done(of.size, service, claimed != 0 && how == ending::failed, now);
        }
        observer_.on_batch_done(of.size, service);
    }

    /// Gives back the slots of requests whose sinks have been called.
    void release(const ended_list& over) noexcept {
        for (std::size_t i = 0; i < over.count; ++i) queue().end(over[i]);
    }
    void put_back(record& of) noexcept {
        for (const auto& member : of) queue().end(member.id);
        of.size = 0;
        of.callback = nullptr;
        records_.bring_back(of);
    }

    void drain(time_point now, duration limit) noexcept {
        if (phase_ == phase::closed) return;
        phase_ = phase::draining;
        arrive(false);
        drain_until_ = std::min(drain_until_, saturating_add(now, limit));
    }
    void close() noexcept {
        phase_ = phase::closed;
        arrive(false);
    }

    /// Says what a member really cost; the last word before it ends counts.
    static void settle(typename record::member& member, std::int64_t actual_cost) noexcept {
        if (!member.ended) member.actual_cost = std::max<std::int64_t>(actual_cost, 0);
    }

    /// When `step` will have something to do if nothing else happens, exact; `now` if it has; `no_deadline` if never.
    [[nodiscard]] time_point next_wakeup(time_point now) noexcept {
        auto& queue = reception_.queue();
        if (queue.empty()) return no_deadline;
        if (phase_ == phase::closed) return now;
        time_point next = queue.next_deadline();
        if (phase_ == phase::draining) next = std::min(next, drain_until_);
        if (can_start()) next = phase_ == phase::draining ? now : std::min(next, reception_.collector().next_due());
        return std::max(next, now);
    }

private:
    enum class phase : std::uint8_t { open, draining, closed };

    static std::size_t checked(std::size_t executors) {
        if (executors < 1 || executors > 65'536) {
            throw std::invalid_argument("forebay: policies.executors must be 1 to 65,536");
        }
        return executors;
    }
    /// Slots beyond what waits: for what runs, as much again for batches whose sinks are being called, and for what
    /// expires or is cancelled meanwhile. Without a free slot a request is refused, so this bounds, it does not break.
    [[nodiscard]] std::size_t in_hand() const noexcept {
        constexpr std::size_t largest = std::size_t{1} << 30;
        return max_batch_ > largest / (4 * executors_) ? largest + 1 : 2 * executors_ * max_batch_ + ended_list::most;
    }
    [[nodiscard]] bool can_start() const noexcept { return busy_ < executors_ && !records_.empty(); }
    [[nodiscard]] static duration since(time_point then, time_point now) noexcept {
        return std::max(duration::zero(), saturating_sub(now, then));
    }

    [[nodiscard]] auto& queue() noexcept { return reception_.queue(); }
    [[nodiscard]] const auto& queue() const noexcept { return reception_.queue(); }
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
    template <class Admission>
    void never_ran(const Admission& admission, time_point now, ticket id, ended_list& list) noexcept {
        list.add(id);
        admission->give_back(job_of(id).taken, now);
        --ledger_.queued;
        ledger_.count(list.how);
        const queued& about = queue().info(id);
        observer_.on_end(about.info, list.how, since(about.arrival, now));
    }
    template <class Admission>
    void end_member(const Admission& admission, time_point now, typename record::member& member, ending how) noexcept {
        member.ended = true;
        admission->settle(job_of(member).taken, member.actual_cost, now);
        if constexpr (watched) observer_.on_end(member.about->info, how, since(member.about->arrival, now));
    }
    const std::size_t executors_;
    const std::size_t max_batch_;
    observer_type observer_;
    reception_type reception_;
    ledger ledger_{};
    spare_list<record> records_;  // as many again as can run, for batches whose sinks are being called
    std::size_t busy_{0};
    time_point drain_until_{no_deadline};
    phase phase_{phase::open};
};

}  // namespace forebay::inline v0::detail
