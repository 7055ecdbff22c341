// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/batch/batch.hpp>
#include <forebay/batch/batch_collector.hpp>
#include <forebay/batch/inference.hpp>
#include <forebay/contract.hpp>
#include <forebay/detail/inline_function.hpp>
#include <forebay/observe/ledger.hpp>
#include <forebay/outcome.hpp>
#include <forebay/policies.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace forebay::inline v0::detail {

/// The machine behind the scheduler facade: all state under one lock, host code outside it.
///
/// A request is in one place at a time: queued (the collector has it), running (a record has it), or ended. Whoever moves
/// it to ended, under the lock, owes its sink one call and makes it after unlocking; the slot is released only
/// after that, so a sink is used in place. Two exceptions move the sink out first: a running request that is cancelled or
/// closed, since its slot belongs to the batch until that comes back.
template <class Request, class Result, class Policies, class Inference>
class engine final : public batch_home<Request, Result>,
                     public std::enable_shared_from_this<engine<Request, Result, Policies, Inference>> {
    using sync = typename Policies::sync_type;
    using unique_lock = typename sync::unique_lock;
    using outcome_type = outcome<Result>;
    using record = batch_record<Request>;

public:
    using sink_type = inline_function<void(outcome_type)>;

    engine(Policies chosen, Inference inference)
        : clock_{std::move(chosen.clock)},
          inference_{std::move(inference)},
          executors_{checked(chosen.executors)},
          max_batch_{chosen.batching.max_batch_size},
          admission_(chosen.admission.template build<single_threaded>()),
          observer_{std::move(chosen.observer)},
          collector_{std::move(chosen.order), chosen.capacity, std::move(chosen.batching), in_hand()} {
        for (std::size_t i = 0; i < executors_; ++i) add_record();
    }

    [[nodiscard]] const auto& clock() const noexcept { return clock_; }

    template <class Payload, class Sink>
    std::pair<ticket, verdict> submit(time_point now, Payload&& payload, const request_info& info, Sink&& sink) {
        ended_list late;
        bool wake = false;
        std::pair<ticket, verdict> answer{};
        keeper alive;
        {
            unique_lock lock{mutex_};
            expire(now, late);
            answer.second = accept(answer.first, now, std::forward<Payload>(payload), info, std::forward<Sink>(sink));
            if (answer.second && waiters_ > 0) wake = wakes_somebody(now);
            if (late.count > 0) [[unlikely]] deliver(lock, late, alive);
        }
        if (wake) wake_.notify_one();
        return answer;
    }

    bool cancel(time_point now, ticket id) {
        keeper alive;
        unique_lock lock{mutex_};
        auto& queue = collector_.queue();
        if (!queue.holds(id)) return false;
        job& found = queue.value(id);
        if (queue.withdraw(id)) {
            ended_list one{ending::cancelled};
            never_ran(now, id, one);
            deliver(lock, one, alive);
            return true;
        }
        if (found.in == nullptr || found.in->members[found.index].ended) return false;
        end_running(now, found.in->members[found.index], ending::cancelled);
        deliver_moved(lock, std::move(found.sink), ending::cancelled, alive);
        return true;
    }

    /// Does what is due; `time_now()` is asked at the start and after each batch that ran here. returns the next wakeup
    template <class TimeNow>
    time_point poll(TimeNow&& time_now) {
        time_point now = time_now();
        keeper alive;
        unique_lock lock{mutex_};
        for (;;) {
            ended_list late;
            record* const due = step(now, late);
            if (due == nullptr && late.count == 0) return next_wakeup(now);
            now = work(lock, late, due, now, time_now, alive);
        }
    }

    /// poll, then sleep until the next wakeup, until `stop()` or there is nothing more to do for ever.
    template <class Stop>
    void run(Stop&& stop) {
        const auto time_now = [this] { return clock_.now(); };
        time_point now = time_now();
        keeper alive;
        unique_lock lock{mutex_};
        while (!stop()) {
            ended_list late;
            record* const due = step(now, late);
            if (due != nullptr || late.count > 0) {
                now = work(lock, late, due, now, time_now, alive);
                continue;
            }
            if (phase_ != phase::open && collector_.queue().empty()) break;
            const time_point next = next_wakeup(now);
            wake_at_ = next;
            ++waiters_;
            if (next == no_deadline) {
                wake_.wait(lock);
            } else if (next > now) {
                wake_.wait_until(lock, clock_.to_steady(next));
            }
            --waiters_;
            lock.unlock();
            now = time_now();
            lock.lock();
        }
        wake_.notify_all();  // the other runners may be done too
    }

    void drain(time_point now, duration limit) {
        {
            unique_lock lock{mutex_};
            if (phase_ != phase::open) return;
            phase_ = phase::draining;
            drain_until_ = saturating_add(now, limit);
        }
        wake_.notify_all();
    }

    void close(time_point now) {
        keeper alive;
        {
            unique_lock lock{mutex_};
            phase_ = phase::closed;
            while (!collector_.queue().empty()) {
                ended_list closing;
                gather(now, closing);
                deliver(lock, closing, alive);
            }
        }
        wake_.notify_all();
    }

    /// close, and end what is running too; returns when no other thread is inside host code on our behalf.
    void shut(time_point now) {
        close(now);
        keeper alive;
        unique_lock lock{mutex_};
        for (std::size_t i = 0; i < records_.size(); ++i) {
            for (std::size_t m = 0; m < records_[i]->members.size(); ++m) {
                auto& member = records_[i]->members[m];
                if (member.ended) continue;
                end_running(now, member, ending::closed);
                deliver_moved(lock, std::move(collector_.queue().value(member.id).sink), ending::closed, alive);
            }
        }
        wake_.notify_all();
        while (somebody_else_is_inside()) wake_.wait(lock);
    }

    void wake_all() noexcept {
        { unique_lock lock{mutex_}; }
        wake_.notify_all();
    }

    [[nodiscard]] ledger stats() {
        unique_lock lock{mutex_};
        return ledger_;
    }
    [[nodiscard]] auto observed() {
        unique_lock lock{mutex_};
        return observer_;
    }
    [[nodiscard]] time_point next_wakeup_at(time_point now) {
        unique_lock lock{mutex_};
        return next_wakeup(now);
    }

    void end_each(record& of, ending how, outcome_type (*next)(void*), void* state) noexcept override {
        const time_point now = clock_.now();
        const keeper alive = this->shared_from_this();
        unique_lock lock{mutex_};
        visit inside{*this};
        end_members(lock, of, now, how, [&] { return next(state); }, inside);
        lock.lock();
        inside.leave(*this);
    }
    void end_one(record& of, std::size_t index, outcome_type&& how) noexcept override {
        const time_point now = clock_.now();
        const keeper alive = this->shared_from_this();
        unique_lock lock{mutex_};
        auto& member = of.members[index];
        if (member.ended) return;
        end_running(now, member, how.how());
        visit inside{*this};
        lock.unlock();
        call(collector_.queue().value(member.id), std::move(how), inside.sink_failures);
        lock.lock();
        inside.leave(*this);
    }
    [[nodiscard]] bool has_ended(const record& of, std::size_t index) noexcept override {
        unique_lock lock{mutex_};
        return of.members[index].ended;
    }
    void recycle(record& of) noexcept override {
        bool wake = false;
        {
            of.destroy_payloads();
            unique_lock lock{mutex_};
            put_back(of);
            wake = waiters_ > 0;
        }
        if (wake) wake_.notify_one();
    }

private:
    enum class phase : std::uint8_t { open, draining, closed };

    struct job {
        std::optional<Request> request;
        sink_type sink;
        permit taken;
        record* in;           // while running
        std::uint32_t index;  // in it
    };

    /// Requests that ended together and whose sinks are still to be called.
    struct ended_list {
        static constexpr std::size_t most = 32;
        explicit ended_list(ending as = ending::expired) noexcept : how{as} {}
        ending how;
        std::size_t count{0};
        struct {  // a ticket that is not set to zero first
            std::uint32_t slot, generation;
        } ids[most];

        void add(ticket id) noexcept { ids[count++] = {id.slot, id.generation}; }
        [[nodiscard]] ticket operator[](std::size_t i) const noexcept { return {ids[i].slot, ids[i].generation}; }
    };
    /// Holds the engine while host code that could destroy the scheduler runs. Made before the lock, so that it goes after.
    using keeper = std::shared_ptr<engine>;

    /// Marks that this thread is inside host code; made and left under the lock.
    struct visit {
        explicit visit(engine& of) noexcept : next{of.visits_} { of.visits_ = this; }
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        void leave(engine& of) noexcept {
            visit** at = &of.visits_;
            while (*at != this) at = &(*at)->next;
            *at = next;
            of.ledger_.sink_failures += sink_failures;
            if (of.phase_ == phase::closed) of.wake_.notify_all();
        }
        typename sync::thread_id who{sync::this_thread()};
        visit* next;
        std::uint64_t sink_failures{0};
    };

    static std::size_t checked(std::size_t executors) {
        if (executors < 1 || executors > 65'536) {
            throw std::invalid_argument("forebay: policies.executors must be 1 to 65,536");
        }
        return executors;
    }
    /// Slots beyond what waits: for what runs, as much again for batches whose sinks are being called, and for what
    /// expires or is cancelled meanwhile.
    [[nodiscard]] std::size_t in_hand() const noexcept { return 2 * executors_ * max_batch_ + ended_list::most; }

    /// Calls a sink and destroys it and the payload, which is host code too: without the lock.
    static void call(job& over, outcome_type&& how, std::uint64_t& failures) noexcept {
        try {
            over.sink(std::move(how));
        } catch (...) {
            ++failures;
        }
        over.sink.reset();
        over.request.reset();
    }
    [[nodiscard]] static duration since(time_point then, time_point now) noexcept {
        return std::max(duration::zero(), saturating_sub(now, then));
    }

    // ---- under the lock

    template <class Payload, class Sink>
    verdict accept(ticket& id, time_point now, Payload&& payload, const request_info& info, Sink&& sink) {
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
            id = queue.push(info, now, std::forward<Payload>(payload), std::forward<Sink>(sink), taken, nullptr, 0U);
        } catch (...) {
            --ledger_.submitted;
            admission_.give_back(taken, now);
            throw;
        }
        ++ledger_.queued;
        observer_.on_submit(info, now);
        return said;
    }

    void expire(time_point now, ended_list& late) noexcept {
        collector_.queue().expire(now, ended_list::most, [&](ticket id) { never_ran(now, id, late); });
    }

    /// Expires what is due and forms the next batch, if one is due and an executor is free.
    record* step(time_point now, ended_list& late) {
        if (phase_ == phase::draining && now >= drain_until_) phase_ = phase::closed;
        if (phase_ == phase::closed && !collector_.queue().empty()) {
            gather(now, late);
            return nullptr;
        }
        expire(now, late);
        if (busy_ >= executors_) return nullptr;
        const bool draining = phase_ == phase::draining;
        if (collector_.queue().empty() || (!draining && collector_.next_due() > now)) return nullptr;
        if (spare_.empty()) add_record();
        record* const due = spare_.back();
        const auto taken = collector_.collect(now, draining, [&](ticket id) {
            job& starting = collector_.queue().value(id);
            const queued& about = collector_.queue().info(id);
            starting.in = due;
            starting.index = static_cast<std::uint32_t>(due->members.size());
            due->add(id, about, std::move(*starting.request));
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
        observer_.on_dispatch(taken->cause, taken->size, now);
        for (const auto& member : due->members) observer_.on_start(member.about->info, since(member.about->arrival, now));
        return due;
    }

    /// Moves some of what is queued to ended, as closed.
    void gather(time_point now, ended_list& closing) noexcept {
        closing.how = ending::closed;
        auto& queue = collector_.queue();
        while (closing.count < ended_list::most) {
            const auto group = queue.any_group();
            if (!group) break;
            queue.take(*group, std::min(queue.group(*group).count, ended_list::most - closing.count),
                       [&](ticket id) { never_ran(now, id, closing); });
        }
    }

    void never_ran(time_point now, ticket id, ended_list& list) noexcept {
        list.add(id);
        const queued& about = collector_.queue().info(id);
        admission_.give_back(collector_.queue().value(id).taken, now);
        --ledger_.queued;
        ledger_.count(list.how);
        observer_.on_end(about.info, list.how, since(about.arrival, now));
    }
    void end_running(time_point now, typename record::member& member, ending how) noexcept {
        member.ended = true;
        permit& taken = collector_.queue().value(member.id).taken;
        admission_.settle(taken, member.actual_cost == record::unsettled ? taken.charged : member.actual_cost, now);
        --ledger_.running;
        ledger_.count(how);
        observer_.on_end(member.about->info, how, since(member.about->arrival, now));
    }
    void free_executor(record& of, time_point now) noexcept {
        if (!of.occupies_executor) return;
        of.occupies_executor = false;
        --busy_;
        observer_.on_batch_done(of.members.size(), since(of.dispatched, now));
    }
    void put_back(record& of) noexcept {
        for (const auto& member : of.members) collector_.queue().release(member.id);
        of.members.clear();
        spare_.push_back(&of);
    }
    void add_record() {
        records_.reserve(records_.size() + 1);
        spare_.reserve(records_.size() + 1);
        records_.push_back(std::make_unique<record>(max_batch_));
        spare_.push_back(records_.back().get());
    }

    [[nodiscard]] time_point next_wakeup(time_point now) noexcept {
        auto& queue = collector_.queue();
        time_point next = queue.next_deadline();
        if (phase_ == phase::draining) next = std::min(next, drain_until_);
        if (phase_ == phase::closed && !queue.empty()) next = now;
        if (busy_ < executors_ && !queue.empty()) {
            next = std::min(next, phase_ == phase::draining ? now : std::max(now, collector_.next_due()));
        }
        return next;
    }
    /// Whether a sleeping runner has to know of what has changed. Once it has been told, the next change is silent.
    [[nodiscard]] bool wakes_somebody(time_point now) noexcept {
        if (wake_at_ <= now) return false;
        const time_point next = next_wakeup(now);
        if (next >= wake_at_) return false;
        wake_at_ = next;
        return true;
    }
    [[nodiscard]] bool somebody_else_is_inside() const noexcept {
        for (const visit* at = visits_; at != nullptr; at = at->next) {
            if (at->who != sync::this_thread()) return true;
        }
        return false;
    }

    // ---- leave the lock to call host code, and come back

    void deliver(unique_lock& lock, const ended_list& over, keeper& alive) {
        if (!alive) alive = this->shared_from_this();
        visit inside{*this};
        lock.unlock();
        call_sinks(over, inside.sink_failures);
        lock.lock();
        for (std::size_t i = 0; i < over.count; ++i) collector_.queue().release(over[i]);
        inside.leave(*this);
    }
    void deliver_moved(unique_lock& lock, sink_type&& sink, ending how, keeper& alive) {
        if (!alive) alive = this->shared_from_this();
        job over{std::nullopt, std::move(sink), {}, nullptr, 0};
        visit inside{*this};
        lock.unlock();
        call(over, outcome_type{how}, inside.sink_failures);
        lock.lock();
        inside.leave(*this);
    }
    void call_sinks(const ended_list& over, std::uint64_t& failures) noexcept {
        for (std::size_t i = 0; i < over.count; ++i) {
            call(collector_.queue().value(over[i]), outcome_type{over.how}, failures);
        }
    }

    /// Delivers what ended and runs the batch. returns the time after it
    template <class TimeNow>
    time_point work(unique_lock& lock, const ended_list& over, record* due, time_point now, TimeNow& time_now,
                    keeper& alive) {
        if (!alive) alive = this->shared_from_this();
        visit inside{*this};
        // Somebody else may have to look after what this thread now cannot.
        const bool wake = due != nullptr && waiters_ > 0 && next_wakeup(now) != no_deadline;
        lock.unlock();
        if (wake) wake_.notify_one();
        call_sinks(over, inside.sink_failures);
        if (due != nullptr) {
            if constexpr (form == inference_form::span) {
                now = infer_span(lock, *due, time_now, inside);
                due->destroy_payloads();
            } else {
                infer_batch(*due);
                now = time_now();
                due = nullptr;  // its handle brings it back
            }
        }
        lock.lock();
        if (due != nullptr) put_back(*due);
        for (std::size_t i = 0; i < over.count; ++i) collector_.queue().release(over[i]);
        inside.leave(*this);
        return now;
    }

    /// Called, and returns, without the lock.
    template <class TimeNow>
    time_point infer_span(unique_lock& lock, record& due, TimeNow& time_now, visit& inside) noexcept {
        failure why = failure::exception;
        std::exception_ptr error;
        try {
            auto&& results = inference_(std::span<Request>{due.data(), due.members.size()});
            if (static_cast<std::size_t>(std::size(results)) == due.members.size()) {
                const time_point now = time_now();
                auto at = std::begin(results);
                lock.lock();
                end_members(lock, due, now, ending::delivered, [&]() -> outcome_type { return std::move(*at++); }, inside);
                return now;
            }
            why = failure::wrong_count;
        } catch (...) {
            error = std::current_exception();
        }
        const time_point now = time_now();
        lock.lock();
        end_members(lock, due, now, ending::failed, [&] { return outcome_type{why, error}; }, inside);
        return now;
    }
    void infer_batch(record& due) noexcept {
        auto handle = batch_maker::make<Request, Result>(this->shared_from_this(), due);
        try {
            if constexpr (form == inference_form::batch_by_value) {
                inference_(std::move(handle));
            } else {
                inference_(handle);
            }
        } catch (...) {
            handle.fail(std::current_exception());
        }
    }
    /// Called with the lock held, returns without.
    template <class Next>
    void end_members(unique_lock& lock, record& of, time_point now, ending how, Next&& next, visit& inside) noexcept {
        for (auto& member : of.members) {
            member.claimed = !member.ended;
            if (member.claimed) end_running(now, member, how);
        }
        free_executor(of, now);
        lock.unlock();
        for (auto& member : of.members) {
            outcome_type said = [&]() noexcept -> outcome_type {
                try {
                    return next();
                } catch (...) {
                    return outcome_type{failure::exception, std::current_exception()};
                }
            }();
            if (member.claimed) call(collector_.queue().value(member.id), std::move(said), inside.sink_failures);
        }
    }

    static constexpr inference_form form = inference_form_of<Inference, Request, Result>;
    static_assert(form != inference_form::none,
                  "forebay: the inference callback must take a span of requests and return a range of results, one each; or "
                  "take batch<Request, Result>& and fill it in; or take batch<Request, Result> by value and complete it later");

    typename sync::mutex mutex_;
    typename sync::condition wake_;
    decltype(Policies::clock) clock_;
    Inference inference_;
    const std::size_t executors_;
    const std::size_t max_batch_;
    decltype(std::declval<const Policies&>().admission.template build<single_threaded>()) admission_;
    decltype(Policies::observer) observer_;
    batch_collector<job, decltype(Policies::order), decltype(Policies::batching)> collector_;
    ledger ledger_{};
    std::vector<std::unique_ptr<record>> records_;
    std::vector<record*> spare_;
    visit* visits_{nullptr};
    std::size_t busy_{0};
    std::size_t waiters_{0};
    time_point wake_at_{no_deadline};  // when the sleeping runners wake by themselves
    time_point drain_until_{no_deadline};
    phase phase_{phase::open};
};

}  // namespace forebay::inline v0::detail
