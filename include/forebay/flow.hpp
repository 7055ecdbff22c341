// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/all_of.hpp>
#include <forebay/batch/batch.hpp>
#include <forebay/detail/batches_out.hpp>
#include <forebay/detail/outlook.hpp>
#include <forebay/detail/spare_list.hpp>
#include <forebay/intake.hpp>
#include <forebay/outcome.hpp>
#include <forebay/policies.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace forebay::inline v0::detail {

/// Where every request of a scheduler is, and how it moves: a state machine that does not know the host's code. Time is
/// an argument.
///
/// What was taken in (`request_intake`) runs (a record has it), and ends. Whoever moves it to ended owes its sink one call; the
/// slot stays until `release` or `put_back`, so that the sink is called in place.
///
/// threads  `enter` at any time, by anyone; all else one at a time
template <class Request, class Result, class Policies>
class request_flow : public request_intake<Request, Result, Policies> {
    using base = request_intake<Request, Result, Policies>;
    using typename base::admission_type;
    using typename base::phase;
    using queue_type = typename base::reception_type::queue_type;
    /// Else admission is left alone by what ran: it takes neither the door's lock nor whatever line its state is in.
    static constexpr bool settles = needs_settling<admission_type> || base::estimates;

public:
    using record = batch_record<Request>;
    using base::job_of;
    using typename base::ended_list;
    using typename base::job;
    using typename base::plain_job;

    /// errors  std::invalid_argument for policies that cannot be
    explicit request_flow(Policies&& chosen) : request_flow{std::move(chosen), shape{chosen}} {}

    [[nodiscard]] static job& job_of(const typename record::member& of) noexcept {
        return queue_type::value_of(*of.about);
    }
    [[nodiscard]] const auto& records() const noexcept { return records_.all(); }

    /// The member of a batch that a ticket names, if it runs and has not ended.
    [[nodiscard]] typename record::member* find_running(ticket id) noexcept {
        if (!queue().holds(id)) return nullptr;
        const job& found = job_of(id);
        if (found.in == nullptr) return nullptr;
        auto& running = found.in->members[found.index];
        return found.in->has_ended(running) ? nullptr : &running;
    }

    /// Takes a request in, or says why not, and when. Strong guarantee if memory runs out. The door is shut afterwards.
    template <class Info = const request_info, class Sink>
    verdict accept(ticket& id, time_point now, Request&& request, Info& info, Sink&& sink) {
        verdict said = base::accept(id, now, std::move(request), info, std::forward<Sink>(sink));
        if (!said) said = explain(info, now, said);
        return said;
    }
    /// Counts a request that admission refused while the queue had room. returns  what it is to be told
    [[gnu::cold, gnu::noinline]] verdict refuse(const request_info& info, time_point now, verdict said) noexcept {
        this->arrive();  // those who were let in before count before
        said = in_view(said, now);
        base::refuse(info, said);
        return said;
    }

    /// Ends what is over and forms the next batch, if one is due and an executor is free.
    [[nodiscard]] record* step(time_point now, ended_list& over, bool open = true) {
        this->seat(now);
        this->arrive(open);
        if (phase_ == phase::draining && now >= drain_until_) phase_ = phase::closed;
        if (phase_ == phase::closed) {
            this->flush(now, over);
            return nullptr;
        }
        this->expire(now, over);
        if (over.full() || !can_start() || queue().empty()) return nullptr;
        const bool draining = phase_ == phase::draining;
        if (!draining && reception_.collector().next_due() > now) return nullptr;
        record* const due = &records_.next();
        auto place = due->first_place();
        const auto taken =
            reception_.collector().collect(now, draining, [&place, due](ticket, const queued& about, job& starting) {
                starting.in = due;
                starting.index = place.index;
                place.put(about, std::move(*starting.request));
            });
        if (!taken) return nullptr;
        due->filled(place);
        records_.take_next();
        due->occupies_executor = true;
        due->dispatched = now;
        out_.left(*due);
        due->cause = taken->cause;
        ledger_.queued -= taken->size;
        ledger_.running += taken->size;
        ledger_.count(taken->cause, taken->size);
        if constexpr (watched) {
            observer_.on_dispatch(taken->cause, taken->size, now);
            for (const auto& member : *due)
                observer_.on_start(member.about->info, age(*member.about, job_of(member), now));
        }
        return due;
    }

    /// Ends one member of a batch that has not ended.
    void end_running(time_point now, typename record::member& member, ending how) noexcept {
        if constexpr (settles) settle_up(reception_.admission(), now, member);
        member.ended_early = true;
        --job_of(member).in->running;
        watch_end(now, member, how);
        --ledger_.running;
        ledger_.count(how);
    }
    /// Ends the members of a batch that have not ended, and frees its executor.
    void end_batch(time_point now, record& of, ending how) noexcept {
        if (settles && of.running > 0) {
            const auto admission = reception_.admission();
            for (auto& member : of) {
                if (!member.ended_early) settle_up(admission, now, member);
            }
        }
        if (watched && of.running > 0) {
            for (auto& member : of) {
                if (!member.ended_early) watch_end(now, member, how);
            }
        }
        const std::size_t ended = std::exchange(of.running, 0);
        ledger_.running -= ended;
        ledger_.count(how, ended);
        if (!of.occupies_executor) return;
        of.occupies_executor = false;
        const duration service = since(of.dispatched, now);
        out_.back(of, service);
        if constexpr (watches_batches<admission_type>) {
            reception_.admission()->batch_done(of.size, service, ended != 0 && how == ending::failed, now);
        }
        observer_.on_batch_done(of.size, service);
    }

    void put_back(record& of) noexcept {
        queue().end_all(of, [](const typename record::member& each) { return each.about; });
        of.size = 0;
        of.callback = nullptr;
        records_.bring_back(of);
    }

    void drain(time_point now, duration limit) noexcept {
        if (phase_ == phase::closed) return;
        phase_ = phase::draining;
        this->arrive(false);
        drain_until_ = std::min(drain_until_, saturating_add(now, limit));
    }
    void close() noexcept {
        phase_ = phase::closed;
        this->arrive(false);
    }

    /// Says what a member really cost; the last word before it ends counts.
    void settle(typename record::member& member, std::int64_t actual_cost) noexcept {
        if (job_of(member).in->has_ended(member)) return;
        member.actual_cost = std::max<std::int64_t>(actual_cost, 0);
        if (needs_settling<admission_type> && actual_cost > member.about->info.cost) overran_ = true;
    }

    /// When `step` will have something to do if nothing else happens, exact; `now` if it has; `no_deadline` if never.
    [[nodiscard]] time_point next_wakeup(time_point now) noexcept {
        if (queue().empty() && reception_.waiting() == 0) return no_deadline;
        if (phase_ == phase::closed) return now;
        time_point next = std::min(queue().next_deadline(), reception_.next_slot());
        if (phase_ == phase::draining) next = std::min(next, drain_until_);
        if (can_start() && !queue().empty())
            next = phase_ == phase::draining ? now : std::min(next, reception_.collector().next_due());
        return std::max(next, now);
    }

private:
    /// How much runs at once.
    struct shape {
        explicit shape(const Policies& chosen)
            : executors{chosen.executors},
              max_batch{std::min(std::size_t{chosen.batching.max_batch_size}, chosen.capacity.max_requests)} {
            if (executors < 1 || executors > 65'536) {
                throw std::invalid_argument("forebay: policies.executors must be 1 to 65,536");
            }
        }
        std::size_t executors;
        std::size_t max_batch;
    };
    request_flow(Policies&& chosen, const shape& of)
        : base{std::move(chosen), in_hand(of)}, out_{of.executors}, records_{2 * of.executors, of.max_batch} {}

    /// Slots beyond what waits: for what runs, as much again for batches whose sinks are being called, and for what
    /// expires or is cancelled meanwhile. Without a free slot a request is refused, so this bounds, it does not break.
    [[nodiscard]] static std::size_t in_hand(const shape& of) noexcept {
        constexpr std::size_t largest = std::size_t{1} << 30;
        return of.max_batch > largest / (4 * of.executors) ? largest + 1
                                                           : 2 * of.executors * of.max_batch + ended_list::most;
    }
    [[nodiscard]] bool can_start() const noexcept { return out_.busy() < out_.executors() && !records_.empty(); }

    // What a refused request is told: never inlined, lest it grow the path of those who are let in.

    /// Counts a request that was refused with the door shut. returns  when all that stands in its way lets it in
    template <class Info>
    [[gnu::cold, gnu::noinline]] verdict explain(const Info& info, time_point now, verdict said) noexcept {
        if (said.kind == answer::retry_at) {
            const verdict full = reception_.check(info, now);
            said = full ? in_view(said, now)
                        : binding(with_room(full, info.cost, now), in_view(reception_.asked(info, now), now));
        }
        base::refuse(info, said);
        return said;
    }
    /// A refusal by the queue, with the time at which there is room by both of its bounds.
    [[nodiscard]] verdict with_room(const verdict& full, std::int64_t cost, time_point now) noexcept {
        if (queue().out_of_slots()) return full;  // until the sinks of requests that have ended have been called
        const verdict said = with_time(full, look(full.which, now));
        const std::int64_t missing = cost - reception_.room();
        if (full.which == limit::queued_cost || missing <= 0) return said;
        const verdict too_much = retry_at(now, limit::queued_cost, missing, certainty::on_completion);
        return binding(said, with_time(too_much, look(limit::queued_cost, now)));
    }
    /// What admission says, in view of what was admitted before: when that ends, and that it may cost more than was charged
    /// for it.
    [[nodiscard]] verdict in_view(verdict said, time_point now) noexcept {
        if (said.kind != answer::retry_at) return said;
        if (said.how_sure == certainty::on_completion) return with_end(said, look(limit::queued_requests, now));
        const bool more_to_pay = overran_ && ledger_.waiting + ledger_.queued + ledger_.running > 0;
        if (more_to_pay && said.how_sure == certainty::exact) said.how_sure = certainty::estimate;
        return said;
    }
    /// bound  queued_requests or queued_cost: what is to be counted
    [[nodiscard]] outlook look(limit bound, time_point now) noexcept {
        outlook seen{.now = now};
        seen.executors = static_cast<std::int64_t>(out_.executors());
        seen.free = can_start() ? seen.executors - static_cast<std::int64_t>(out_.busy()) : 0;
        seen.next_back = out_.next_back(now);
        seen.usual = out_.usual();
        seen.next_slot = reception_.next_slot();
        if (queue().empty()) return seen;
        const auto next = reception_.collector().next();
        seen.due = std::max(now, reception_.collector().next_due());
        seen.batches = static_cast<std::int64_t>((queue().size() - 1) / next.size + 1);
        seen.by_next_batch = 1;
        if (bound == limit::queued_cost) {
            seen.by_next_batch = next.cost_at_least;
            seen.by_batch = std::max<std::int64_t>(queue().cost() / seen.batches, 1);
        }
        if (const time_point deadline = queue().next_deadline(); deadline != no_deadline) {
            seen.next_deadline = std::max(now, deadline);
            seen.by_deadline = bound == limit::queued_cost ? queue().info(queue().first_to_expire()).info.cost : 1;
        }
        return seen;
    }
    template <class Admission>
    void settle_up(const Admission& admission, time_point now, typename record::member& member) noexcept {
        admission->settle(job_of(member).taken, member.actual_cost, now);
        if constexpr (base::estimates) reception_.observe(member.about->info, member.actual_cost);
    }
    void watch_end(time_point now, const typename record::member& member, ending how) noexcept {
        if constexpr (watched) observer_.on_end(member.about->info, how, age(*member.about, job_of(member), now));
    }

    using base::age;
    using base::ledger_;
    using base::observer_;
    using base::phase_;
    using base::queue;
    using base::reception_;
    using base::since;
    using base::watched;

    batches_out<record> out_;
    spare_list<record> records_;  // as many again as can run, for batches whose sinks are being called
    bool overran_{false};         // some request has cost more than was charged for it
    time_point drain_until_{no_deadline};
};

}  // namespace forebay::inline v0::detail
