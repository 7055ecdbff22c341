// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/batch/batch.hpp>
#include <forebay/detail/sleepers.hpp>
#include <forebay/detail/visits.hpp>
#include <forebay/flow.hpp>
#include <forebay/job.hpp>
#include <forebay/outcome.hpp>
#include <forebay/reception.hpp>
#include <forebay/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace forebay::inline v0::detail {

/// The flow of requests under one lock (but for its door, which has its own), and the host's code outside it: clock,
/// inference callback, sinks, and the destructors of sinks and payloads.
template <class Request, class Result, class Policies>
class engine : public batch_home<Request, Result>,
               public std::enable_shared_from_this<engine<Request, Result, Policies>> {
protected:
    using sync = typename Policies::sync_type;
    using unique_lock = typename sync::unique_lock;
    using flow_type = request_flow<Request, Result, Policies>;
    using job = typename flow_type::job;
    using ended_list = typename flow_type::ended_list;
    using outcome_type = outcome<Result>;
    using record = batch_record<Request>;

public:
    explicit engine(Policies&& chosen) : clock_{chosen.clock}, flow_{std::move(chosen)} {}

    [[nodiscard]] const auto& clock() const noexcept { return clock_; }

    template <class Info = const request_info, class Sink>
    verdict submit(ticket& id, time_point now, Request&& request, Info& info, Sink&& sink) {
        ticket named;  // these two are shown to nobody else, so they need not be in memory
        verdict said;
        const at_the_door how = flow_.enter(named, said, now, std::move(request), info, std::forward<Sink>(sink));
        if (how == at_the_door::let_in) [[likely]] {
            id = named;
            return admitted(now);
        }
        if (how == at_the_door::refused) {
            const unique_lock lock{mutex_};
            return flow_.refuse(info, now, said);
        }
        const auto late = submit_to_owner(now, std::move(request), info, std::forward<Sink>(sink));
        id = late.first;
        return late.second;
    }

    [[nodiscard]] std::int64_t estimate(const request_info& info) noexcept { return flow_.estimate(info); }

    void expire(time_point now) {
        keeper alive;
        unique_lock lock{mutex_};
        flow_.arrive();
        flow_.seat(now);
        while (flow_.may_expire(now)) {
            ended_list late;
            flow_.expire(now, late);
            if (late.count > 0) deliver(lock, late, alive);
        }
    }

    bool cancel(time_point now, ticket id) {
        keeper alive;
        ended_list one;
        unique_lock lock{mutex_};
        flow_.arrive();
        if (flow_.cancel_queued(now, id, one)) {
            deliver(lock, one, alive);
            return true;
        }
        auto* const running = flow_.find_running(id);
        if (running == nullptr) return false;
        alive = this->shared_from_this();
        visit inside{*this};
        end_early(lock, now, *running, outcome_type{ending::cancelled}, inside.found);
        inside.leave(*this);
        return true;
    }

    void drain(time_point now, duration limit) {
        {
            unique_lock lock{mutex_};
            flow_.drain(now, limit);
        }
        sleepers_.tell_all();
    }

    /// From a sink of another close that one goes on with it, unless all is `going`.
    void close(time_point now, bool going = false) {
        keeper alive;
        {
            unique_lock lock{mutex_};
            flow_.close();
            if (visits_.this_thread_is_closing() && !going) return;
            for (;;) {
                ended_list closing;
                flow_.flush(now, closing);
                if (closing.count == 0) break;
                deliver(lock, closing, alive, true);
            }
            // A runner may have been faster with some of them.
            while (!visits_.this_thread_is_inside() && visits_.another_thread_is_closing()) sleepers_.wait(lock);
        }
        sleepers_.tell_all();
    }

    /// close, and end what is running too; returns when no other thread is inside the host's code on our behalf.
    void shut(time_point now) {
        close(now, true);
        const keeper alive = this->shared_from_this();
        unique_lock lock{mutex_};
        visit inside{*this};
        for (std::size_t i = 0; i < flow_.records().size(); ++i) {
            record& out = *flow_.records()[i];
            for (std::size_t m = 0; m < out.size; ++m) {
                if (out.has_ended(out.members[m])) continue;
                end_early(lock, now, out.members[m], outcome_type{ending::closed}, inside.found);
            }
        }
        inside.leave(*this);
        inert_ = true;
        while (visits_.another_thread_is_inside()) sleepers_.wait(lock);
    }

    void wake_all() noexcept {
        { unique_lock lock{mutex_}; }  // whoever has looked and not yet slept is asleep after this
        sleepers_.tell_all();
    }

    [[nodiscard]] ledger stats() {
        unique_lock lock{mutex_};
        flow_.arrive();
        return flow_.counts();
    }
    [[nodiscard]] auto observed() {
        unique_lock lock{mutex_};
        flow_.arrive();
        return flow_.observer();
    }

    void end_each(record& of, ending how, outcome_type (*next)(void*), void* state) noexcept override {
        const keeper alive = this->shared_from_this();
        unique_lock lock{mutex_};
        if (inert_) return;
        visit inside{*this};
        const time_point now = read_clock(lock);
        end_batch(
            lock, of, now, how, [&] { return next(state); }, inside.found);
        lock.lock();
        inside.leave(*this);
    }
    void end_one(record& of, std::size_t index, outcome_type&& how) noexcept override {
        const keeper alive = this->shared_from_this();
        unique_lock lock{mutex_};
        if (inert_) return;
        visit inside{*this};
        const time_point now = read_clock(lock);
        if (!of.has_ended(of.members[index])) end_early(lock, now, of.members[index], std::move(how), inside.found);
        inside.leave(*this);
    }
    [[nodiscard]] bool unwinds(record& of) noexcept override {
        unique_lock lock{mutex_};
        const auto* const callback = static_cast<const visit*>(of.callback);
        of.thrown = callback != nullptr && callback->thread == sync::this_thread();
        return of.thrown;
    }
    void settle(record& of, std::size_t index, std::int64_t actual_cost) noexcept override {
        unique_lock lock{mutex_};
        flow_.settle(of.members[index], actual_cost);
    }
    [[nodiscard]] bool has_ended(const record& of, std::size_t index) noexcept override {
        unique_lock lock{mutex_};
        return of.has_ended(of.members[index]);
    }
    void recycle(record& of) noexcept override {
        of.destroy_payloads();
        for (auto& member : of) flow_.job_of(member).request.reset();  // of an inert batch, nobody did before
        bool wake = false;
        {
            unique_lock lock{mutex_};
            flow_.put_back(of);
            wake = sleepers_.any();
        }
        if (wake) sleepers_.tell();
    }

protected:
    /// Holds the engine while host code that could destroy the scheduler runs. Made before the lock, so that it goes
    /// after.
    using keeper = std::shared_ptr<engine>;

    /// A stay of this thread inside host code; made and left under the lock.
    struct visit : visits<sync>::visit {
        explicit visit(engine& of, bool ends_all = false) noexcept {
            this->closing = ends_all;
            of.visits_.enter(*this);
        }
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        void leave(engine& of) noexcept {
            of.visits_.leave(*this);
            of.flow_.correct(found);
            if (of.flow_.is_done()) of.sleepers_.tell_all();  // runners that may return, or a destructor that waits
        }
        slips found;
    };

    /// What the door does not let in, or not without telling somebody.
    template <class Info = const request_info, class Sink>
    [[gnu::noinline]] auto submit_to_owner(time_point now, Request&& request, Info& info, Sink&& sink) {
        std::pair<ticket, verdict> answer{};
        keeper alive;
        unique_lock lock{mutex_};
        flow_.arrive();
        flow_.seat(now);
        if (flow_.may_expire(now) && !visits_.this_thread_is_inside()) [[unlikely]] {
            lock.unlock();
            alive = this->shared_from_this();
            expire(now);  // makes room
            lock.lock();
        }
        answer.second = flow_.accept(answer.first, now, std::move(request), info, std::forward<Sink>(sink));
        const bool wake = must_tell(now);
        flow_.arrive(sleepers_.covered(now));  // by the door nobody is told
        lock.unlock();
        if (wake) sleepers_.tell();
        return answer;
    }

    /// Under the lock: whether a sleeping runner has to be told of what has changed.
    [[nodiscard]] bool must_tell(time_point now) noexcept {
        return sleepers_.must_know(now, [&] { return flow_.next_wakeup(now); });
    }

    [[nodiscard]] time_point read_clock(unique_lock& lock) noexcept {
        lock.unlock();
        const time_point now = clock_.now();
        lock.lock();
        return now;
    }

    void call_all(const ended_list& over, slips& found) noexcept {
        for (std::size_t i = 0; i < over.count; ++i) flow_.job_of(over[i]).tell(outcome_type{over.how}, found);
    }

    void deliver(unique_lock& lock, const ended_list& over, keeper& alive, bool closing = false) {
        if (!alive) alive = this->shared_from_this();
        visit inside{*this, closing};
        lock.unlock();
        call_all(over, inside.found);
        lock.lock();
        flow_.release(over);
        inside.leave(*this);
    }
    /// Ends a member of a batch that is still out. The slot is the batch's until that comes back, which the sink itself may
    /// bring about, so the sink moves out.
    void end_early(unique_lock& lock, time_point now, typename record::member& member, outcome_type&& how,
                   slips& found) noexcept {
        flow_.end_running(now, member, how.how());
        typename flow_type::plain_job over{.sink = std::move(flow_.job_of(member).sink)};
        lock.unlock();
        over.tell(std::move(how), found);
        lock.lock();
    }

    /// Called with the lock held, returns without.
    template <class Next>
    void end_batch(unique_lock& lock, record& of, time_point now, ending how, Next&& next, slips& found) noexcept {
        flow_.end_batch(now, of, how);
        const bool wake = must_tell(now);
        lock.unlock();
        if (wake) sleepers_.tell();  // the executor is free, this thread is not: it has sinks to call
        for (auto& member : of) {
            const bool mine = !member.ended_early;
            outcome_type said = ask<Result>(next, how, mine, found);
            job& over = flow_.job_of(member);
            // Of one that ended early the sink is gone, what is left of its payload is not.
            mine ? over.tell(std::move(said), found) : over.request.reset();
        }
    }
    typename sync::mutex mutex_;
    sleepers<sync> sleepers_;
    decltype(Policies::clock) clock_;
    flow_type flow_;
    visits<sync> visits_;
    bool inert_{false};  // the scheduler is gone, and the host's clock perhaps too
};

}  // namespace forebay::inline v0::detail
