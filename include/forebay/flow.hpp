// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/batch/batch.hpp>
#include <forebay/batch/batch_collector.hpp>
#include <forebay/detail/inline_function.hpp>
#include <forebay/observe/ledger.hpp>
#include <forebay/outcome.hpp>
#include <forebay/policies.hpp>
#include <forebay/sync.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace forebay::inline v0::detail {

/// Where every request of a scheduler is, and how it moves: a state machine that knows neither threads nor the host's
/// code. Time is an argument.
///
/// A request is queued (the collector has it), running (a record has it) or ended. Whoever moves it to ended owes its
/// sink one call; the slot stays until `release` or `put_back`, so that the sink is called in place.
template <class Request, class Result, class Policies>
class request_flow {
    using observer_type = decltype(Policies::observer);
    static constexpr bool watched = !std::is_same_v<observer_type, no_observer>;

public:
    using record = batch_record<Request>;
    using sink_type = inline_function<void(outcome<Result>)>;

    struct job {
        std::optional<Request> request;
        sink_type sink;
        permit taken;
        record* in;           // once it runs
        std::uint32_t index;  // in that record
    };

    /// Requests that ended alike and whose sinks are still to be called.
    struct ended_list {
        static constexpr std::size_t most = 32;

        explicit ended_list(ending as = ending::expired) noexcept : how{as} {}
        [[nodiscard]] bool full() const noexcept { return count == most; }
        [[nodiscard]] ticket operator[](std::size_t i) const noexcept { return {ids[i].slot, ids[i].generation}; }
        void add(ticket id) noexcept { ids[count++] = {id.slot, id.generation}; }

        ending how;
        std::size_t count{0};
        struct {  // a ticket that nobody sets to zero first
            std::uint32_t slot, generation;
        } ids[most];
    };

    /// errors  std::invalid_argument for policies that cannot be
    explicit request_flow(Policies&& chosen)
        : executors_{checked(chosen.executors)},
          max_batch_{std::min(std::size_t{chosen.batching.max_batch_size}, chosen.capacity.max_requests)},
          admission_(chosen.admission.template build<single_threaded>()),
          observer_{std::move(chosen.observer)},
          collector_{std::move(chosen.order), chosen.capacity, std::move(chosen.batching), in_hand()} {
        // As many again as can run, for batches whose sinks are being called.
        for (std::size_t i = 0; i < 2 * executors_; ++i) add_record();
    }

    [[nodiscard]] const ledger& counts() const noexcept { return ledger_; }
    [[nodiscard]] const observer_type& observer() const noexcept { return observer_; }
    [[nodiscard]] bool is_closed() const noexcept { return phase_ == phase::closed; }
    /// Whether nothing will ever be left to do here: no new work is taken, and none is queued.
    [[nodiscard]] bool is_done() const noexcept { return phase_ != phase::open && collector_.queue().empty(); }
    [[nodiscard]] job& job_of(ticket id) noexcept { return collector_.queue().value(id); }
    [[nodiscard]] static job& job_of(const typename record::member& of) noexcept { return *static_cast<job*>(of.job); }
    [[nodiscard]] const auto& records() const noexcept { return records_; }

    /// What went wrong in host code after its requests had been counted.
    struct slips {
        std::uint64_t sink_failures{0};
        std::uint64_t not_delivered{0};  // counted as delivered, and then taking the result threw
    };
    void correct(const slips& found) noexcept {
        ledger_.sink_failures += found.sink_failures;
        ledger_.delivered -= found.not_delivered;
        ledger_.failed += found.not_delivered;
    }

    /// Takes a request in, or says why not. Strong guarantee if memory runs out.
    template <class Sink>
    verdict accept(ticket& id, time_point now, Request&& request, const request_info& info, Sink&& sink) {
        auto& queue = collector_.queue();
        permit taken{};
        verdict said = phase_ == phase::open ? queue.check(info, now) : never(limit::closed);
        if (said) said = admission_.try_acquire(info, now, taken);
        ++ledger_.submitted;
        if (!said) {
            ledger_.count(said.which);
            observer_.on_refuse(info, said);
            return said;
        }
        try {
            id = queue.push(info, now, std::move(request), std::forward<Sink>(sink), taken, nullptr, 0U);
        } catch (...) {
            --ledger_.submitted;
            admission_.give_back(taken, now);
            throw;
        }
        ++ledger_.queued;
        observer_.on_submit(info, now);
        return said;
    }

    /// Whether `expire` may find something. O(1); false is certain.
    [[nodiscard]] bool may_expire(time_point now) const noexcept { return collector_.queue().may_expire(now); }
    /// Ends what has expired, until the list is full. O(1) when nothing has.
    void expire(time_point now, ended_list& late) noexcept {
        collector_.queue().expire(now, ended_list::most, [&](ticket id) { never_ran(now, id, late); });
    }
    /// Ends what is queued, as closed, until the list is full.
    void flush(time_point now, ended_list& closing) noexcept {
        auto& queue = collector_.queue();
        closing.how = ending::closed;
        while (!closing.full()) {
            const auto group = queue.any_group();
            if (!group) break;
            queue.take(*group, std::min(queue.group(*group).count, ended_list::most - closing.count),
                       [&](ticket id) { never_ran(now, id, closing); });
        }
    }
    /// Ends one request, as cancelled, if it is queued.
    bool cancel_queued(time_point now, ticket id, ended_list& one) noexcept {
        if (!collector_.queue().withdraw(id)) return false;
        one.how = ending::cancelled;
        never_ran(now, id, one);
        return true;
    }
    /// The member of a batch that a ticket names, if it runs and has not ended.
    [[nodiscard]] typename record::member* find_running(ticket id) noexcept {
        if (!collector_.queue().holds(id)) return nullptr;
        const job& found = job_of(id);
        if (found.in == nullptr || found.in->members[found.index].ended) return nullptr;
        return &found.in->members[found.index];
    }

    /// Ends what is over and forms the next batch, if one is due and an executor is free.
    [[nodiscard]] record* step(time_point now, ended_list& over) {
        if (phase_ == phase::draining && now >= drain_until_) phase_ = phase::closed;
        if (phase_ == phase::closed) {
            flush(now, over);
            return nullptr;
        }
        expire(now, over);
        if (over.full() || !can_start() || collector_.queue().empty()) return nullptr;
        const bool draining = phase_ == phase::draining;
        if (!draining && collector_.next_due() > now) return nullptr;
        record* const due = spare_.back();
        const auto taken = collector_.collect(now, draining, [due](ticket id, const queued& about, job& starting) {
            starting.in = due;
            starting.index = static_cast<std::uint32_t>(due->size);
            due->add(id, about, &starting, std::move(*starting.request));
        });
        if (!taken) return nullptr;
        spare_.pop_back();
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
        end_member(now, member, how);
        --ledger_.running;
        ledger_.count(how);
    }
    /// Ends the members of a batch that have not ended, marks them as claimed, and frees its executor.
    void end_batch(time_point now, record& of, ending how) noexcept {
        std::size_t claimed = 0;
        for (auto& member : of) {
            member.claimed = !member.ended;
            if (!member.claimed) continue;
            end_member(now, member, how);
            ++claimed;
        }
        ledger_.running -= claimed;
        ledger_.count(how, claimed);
        if (!of.occupies_executor) return;
        of.occupies_executor = false;
        --busy_;
        const duration service = since(of.dispatched, now);
        if constexpr (watches_batches<decltype(admission_)>) {
            admission_.batch_done(of.size, service, claimed != 0 && how == ending::failed, now);
        }
        observer_.on_batch_done(of.size, service);
    }

    /// Gives back the slots of requests whose sinks have been called.
    void release(const ended_list& over) noexcept {
        for (std::size_t i = 0; i < over.count; ++i) collector_.queue().release(over[i]);
    }
    void put_back(record& of) noexcept {
        for (const auto& member : of) collector_.queue().release(member.id);
        of.size = 0;
        of.callback = nullptr;
        spare_.push_back(&of);
    }

    void drain(time_point now, duration limit) noexcept {
        if (phase_ == phase::closed) return;
        phase_ = phase::draining;
        drain_until_ = std::min(drain_until_, saturating_add(now, limit));
    }
    void close() noexcept { phase_ = phase::closed; }

    /// Says what a member really cost; the last word before it ends counts.
    static void settle(typename record::member& member, std::int64_t actual_cost) noexcept {
        if (!member.ended) member.actual_cost = std::max<std::int64_t>(actual_cost, 0);
    }

    /// When `step` will have something to do if nothing else happens, exact; `now` if it has; `no_deadline` if never.
    [[nodiscard]] time_point next_wakeup(time_point now) noexcept {
        auto& queue = collector_.queue();
        if (queue.empty()) return no_deadline;
        if (phase_ == phase::closed) return now;
        time_point next = queue.next_deadline();
        if (phase_ == phase::draining) next = std::min(next, drain_until_);
        if (can_start()) next = phase_ == phase::draining ? now : std::min(next, collector_.next_due());
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
    [[nodiscard]] bool can_start() const noexcept { return busy_ < executors_ && !spare_.empty(); }
    [[nodiscard]] static duration since(time_point then, time_point now) noexcept {
        return std::max(duration::zero(), saturating_sub(now, then));
    }

    void never_ran(time_point now, ticket id, ended_list& list) noexcept {
        list.add(id);
        admission_.give_back(job_of(id).taken, now);
        --ledger_.queued;
        ledger_.count(list.how);
        const queued& about = collector_.queue().info(id);
        observer_.on_end(about.info, list.how, since(about.arrival, now));
    }
    void end_member(time_point now, typename record::member& member, ending how) noexcept {
        member.ended = true;
        permit& taken = job_of(member).taken;
        admission_.settle(taken, member.actual_cost == record::unsettled ? taken.charged : member.actual_cost, now);
        if constexpr (watched) observer_.on_end(member.about->info, how, since(member.about->arrival, now));
    }
    void add_record() {
        records_.reserve(records_.size() + 1);
        spare_.reserve(records_.size() + 1);
        records_.push_back(std::make_unique<record>(max_batch_));
        spare_.push_back(records_.back().get());
    }

    const std::size_t executors_;
    const std::size_t max_batch_;
    decltype(std::declval<const Policies&>().admission.template build<single_threaded>()) admission_;
    observer_type observer_;
    batch_collector<job, decltype(Policies::order), decltype(Policies::batching)> collector_;
    ledger ledger_{};
    std::vector<std::unique_ptr<record>> records_;
    std::vector<record*> spare_;
    std::size_t busy_{0};
    time_point drain_until_{no_deadline};
    phase phase_{phase::open};
};

}  // namespace forebay::inline v0::detail
