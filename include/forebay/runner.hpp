// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/batch/inference.hpp>
#include <forebay/engine.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace forebay::inline v0::detail {

/// An engine with the host's inference callback: what polls and runs.
template <class Request, class Result, class Policies, class Inference>
class runner final : public engine<Request, Result, Policies> {
    using base = engine<Request, Result, Policies>;
    using typename base::ended_list;
    using typename base::keeper;
    using typename base::outcome_type;
    using typename base::record;
    using typename base::unique_lock;
    using typename base::visit;

    static constexpr inference_form form = inference_form_of<Inference, Request, Result>;

public:
    runner(Policies chosen, Inference inference) : base{std::move(chosen)}, inference_{std::move(inference)} {}

    /// Does what is due; `time_now()` is asked at the start and after each batch that ran here. returns the next wakeup
    template <class TimeNow>
    time_point poll(TimeNow&& time_now) {
        time_point now = time_now();
        keeper alive;
        unique_lock lock{mutex_};
        if (this->visits_.this_thread_is_inside()) {  // from a sink: the poll it was called by goes on
            flow_.arrive();
            return flow_.next_wakeup(now);
        }
        for (;;) {
            ended_list over;
            record* const due = flow_.step(now, over, sleepers_.covered(now));
            if (due == nullptr && over.count == 0) return flow_.next_wakeup(now);
            now = work(lock, over, due, now, time_now, alive);
        }
    }

    /// Polls and sleeps until `stop()`, or there is nothing left to do for ever.
    template <class Stop>
    void run(Stop&& stop) {
        const auto time_now = [this] { return clock_.now(); };
        time_point now = time_now();
        auto steady_now = clock_.to_steady(now);
        keeper alive;
        {
            unique_lock lock{mutex_};
            while (!stop()) {
                ended_list over;
                record* const due = flow_.step(now, over, sleepers_.covered(now));
                if (due != nullptr || over.count > 0) {
                    const time_point before = now;
                    now = work(lock, over, due, now, time_now, alive);
                    steady_now += now - before;
                    continue;
                }
                if (flow_.is_done()) break;
                sleep(lock, now, steady_now);
                lock.unlock();
                now = time_now();
                steady_now = clock_.to_steady(now);
                lock.lock();
            }
        }
        sleepers_.tell_all();  // the other runners may be done too
    }

private:
    void sleep(unique_lock& lock, time_point now, std::chrono::steady_clock::time_point steady_now) {
        flow_.arrive(false);  // from now on whoever submits has to see to it that somebody wakes
        const time_point next = flow_.next_wakeup(now);
        if (next > now) sleepers_.sleep(lock, next, saturating_sub(next, now), steady_now);
    }
    /// Delivers what ended and runs the batch. returns the time after it
    template <class TimeNow>
    time_point work(unique_lock& lock, const ended_list& over, record* due, time_point now, TimeNow& time_now,
                    keeper& alive) {
        if (!alive) alive = this->shared_from_this();
        visit inside{*this, over.how == ending::closed};
        // Somebody else may have to look after what this thread now cannot.
        const bool wake = sleepers_.any() && flow_.next_wakeup(now) != no_deadline;
        lock.unlock();
        if (wake) sleepers_.tell();
        this->call_all(over, inside.found);
        if (due != nullptr) {
            if constexpr (form == inference_form::span) {
                now = infer_span(lock, *due, time_now, inside.found);
                due->destroy_payloads();
            } else {
                infer_batch(*due, inside);
                due = nullptr;  // its handle brings it back
                now = time_now();
            }
        }
        lock.lock();
        if (due != nullptr) flow_.put_back(*due);
        flow_.release(over);
        inside.leave(*this);
        return now;
    }

    /// Called, and returns, without the lock.
    template <class TimeNow>
    time_point infer_span(unique_lock& lock, record& due, TimeNow& time_now, slips& found) noexcept {
        failure why = failure::exception;
        std::exception_ptr error;
        try {
            auto&& results = inference_(std::span<Request>{due.data(), due.size});
            if (static_cast<std::size_t>(std::size(results)) == due.size) {
                const time_point now = time_now();
                auto at = std::begin(results);
                if constexpr (std::is_convertible_v<decltype(std::move(*at)), Result>) {
                    lock.lock();
                    const auto next = [&]() -> outcome_type { return Result(std::move(*at++)); };
                    this->end_batch(lock, due, now, ending::delivered, next, found);
                } else {
                    for (std::size_t i = 0; i < due.size; ++i, ++at) this->end_one(due, i, std::move(*at));
                    lock.lock();
                    this->end_batch(
                        lock, due, now, ending::failed, [] { return outcome_type{failure::none}; }, found);
                }
                return now;
            }
            why = failure::wrong_count;
        } catch (...) {
            error = std::current_exception();
        }
        const time_point now = time_now();
        lock.lock();
        this->end_batch(
            lock, due, now, ending::failed,
            [&] {
                return outcome_type{why, error};
            },
            found);
        return now;
    }
    void infer_batch(record& due, visit& inside) noexcept {
        const auto home = this->shared_from_this();
        const auto hand_out = [&] { return batch_maker::make<Request, Result>(home, due); };
        set_callback(due, &inside);
        {
            auto handle = hand_out();
            try {
                if constexpr (form == inference_form::batch_by_value) {
                    inference_(std::move(handle));
                } else {
                    inference_(handle);
                }
            } catch (...) {
                if (set_callback(due, nullptr, &inside)) handle = hand_out();  // its parameter died on the way here
                handle.fail(std::current_exception());
                return;
            }
        }
        if (set_callback(due, nullptr, &inside)) hand_out();  // dropped while some other exception was on its way
    }
    /// Says which thread is in the callback of a batch. returns whether the batch was dropped by unwinding out of it
    bool set_callback(record& of, visit* callback, const visit* was = nullptr) noexcept {
        unique_lock lock{mutex_};
        if (of.callback != was) return false;  // it has come back, and is out again for somebody else
        of.callback = callback;
        return std::exchange(of.thrown, false);
    }

    using base::clock_;
    using base::flow_;
    using base::mutex_;
    using base::sleepers_;

    Inference inference_;
};

}  // namespace forebay::inline v0::detail
