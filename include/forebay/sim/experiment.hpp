// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/batch/batch.hpp>
#include <forebay/observe/ledger.hpp>
#include <forebay/outcome.hpp>
#include <forebay/policies.hpp>
#include <forebay/scheduler.hpp>
#include <forebay/sim/promises.hpp>
#include <forebay/sim/recorder.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/run_options.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/sim/source.hpp>
#include <forebay/sim/workload.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <queue>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// Places for the requests that are in the system, used again and again: they stay where they are while they are out.
class arrival_pool {
public:
    [[nodiscard]] arrival* take() {
        if (free_.empty()) return &all_.emplace_back();
        arrival* const place = free_.back();
        free_.pop_back();
        return place;
    }
    void give_back(arrival* place) { free_.push_back(place); }

private:
    std::deque<arrival> all_;
    std::vector<arrival*> free_;
};

/// What the model answers; the recorder knows the rest.
struct answered {};

/// Takes the batches that a scheduler sends in virtual time. Of one type, whatever the workload and the service are: so
/// that programs with several of them have one scheduler for each set of policies, not for each run.
using batch_taker = std::function<void(batch<arrival*, answered>)>;

/// One workload and one model of the service, on which policies are compared: each is run by the scheduler that is
/// shipped, in virtual time.
///
/// The service model stands in for the host's model only; what it says is as true as its numbers are.
/// memory   for the requests that are in the system, and what the report keeps (`run_options`)
/// threads  run() may be called from several threads at once, if the workload's open() may
///
///     sim::experiment lab{sim::read_trace("trace.csv"), sim::affine_service{.base = 8ms, .per_request = 1ms}};
///     std::vector<sim::report> runs;
///     runs.push_back(lab.run("one by one", forebay::policies{}));
///     runs.push_back(lab.run("batches of 16", forebay::policies{.batching = forebay::size_or_delay{16}}));
///     std::cout << sim::table(runs);
template <workload_model Workload, service_model Service>
class experiment {
public:
    experiment(Workload requests, Service service) : requests_{std::move(requests)}, service_{std::move(service)} {}

    [[nodiscard]] const Workload& requests() const noexcept { return requests_; }

    /// Serves the workload under these policies, from the first arrival until every request has its outcome.
    ///
    /// chosen   as given to make_scheduler; clock and sync are replaced by virtual time on one thread, `executors` is
    ///          how many batches the model runs at once
    /// options  what is kept beside, and who is told
    /// returns  the report: the same bytes for the same workload, policies and service, on every machine, as long as no
    ///          policy draws at random itself (per_tenant does once its table overflows; its seed can be set)
    /// errors   std::invalid_argument for policies, options, or service times that cannot be, for requests that are not
    ///          in order of arrival, and for a closed loop that stands still; whatever the workload throws;
    ///          std::logic_error if what happened breaks an identity: a request without an outcome or with two, a
    ///          number in the system that does not add up to the times in the system, an executor that idles, or a
    ///          request that is overtaken, though the policies promise otherwise (`promises_work`, `promises_order`), a
    ///          policy that asks to be woken in the past
    /// ties     what falls on one instant happens in this order: batches come back (those sent first, first), requests
    ///          arrive (in the order of the workload), the scheduler is polled once
    /// costs    a request that ran is settled with its actual_cost as its batch comes back
    /// end      a batch that would wait for company for ever is sent as it is once no request is left to come
    template <class Admission, class Order, class Batching, class Clock, class Observer, class Sync, class OnRefusal,
              class Costs>
    [[nodiscard]] report run(
        std::string name, const policies<Admission, Order, Batching, Clock, Observer, Sync, OnRefusal, Costs>& chosen,
        const run_options& options = {}) const {
        using request = arrival*;
        using batch_type = batch<request, answered>;
        struct out {
            time_point back;
            std::uint64_t sequence;
            std::size_t place;  // in `away`
        };
        const auto later = [](const out& a, const out& b) {
            return a.back != b.back ? a.back > b.back : a.sequence > b.sequence;
        };
        if (options.patience <= duration{0}) throw std::invalid_argument("forebay: run_options.patience must be > 0");

        auto source = requests_.open();
        manual_clock clock;
        time_point began{};
        recorder record{std::move(name), chosen.executors, options};
        const bool in_order = promises_order(chosen.order);
        order_check order;
        arrival_pool pool;
        // When those that wait for their slots are queued. None of them leaves earlier: who could is refused at once.
        std::priority_queue<time_point, std::vector<time_point>, std::greater<>> seats;
        std::vector<out> running;  // a heap, the first to come back in front
        std::vector<batch_type> away;
        std::vector<std::size_t> free_places;  // of those that have come back
        std::uint64_t batches = 0;
        batch_run current;  // the batch that is being answered
        std::vector<answered> answers;
        // The scheduler contains what host code throws; here it has to come out.
        std::exception_ptr thrown;
        const auto guarded = [&thrown](auto&& action) {
            try {
                action();
            } catch (...) {
                if (!thrown) thrown = std::current_exception();
            }
        };
        // The last that happens to a request.
        const auto over = [&](request one, bool admitted, limit which, ending how, time_point dispatched,
                              time_point now, std::size_t size) {
            if (options.each) options.each({*one, admitted, which, how, dispatched, now, size});
            if constexpr (answered_source<decltype(source)>) source.ended(*one, now);
            pool.give_back(one);
        };
        const auto end = [&](request one, ending how) {
            const time_point now = clock.now();
            if (how == ending::delivered) {
                record.delivered(*one, current, now);
                over(one, true, limit::none, how, current.start(), now, current.size());
            } else {
                record.ended(*one, how, now);
                if (in_order) order.left(*one);
                over(one, true, limit::none, how, no_deadline, now, 0);
            }
        };

        const batch_taker serve = [&](batch_type members) {
            guarded([&] {
                batch_shape shape;
                shape.since_start = saturating_sub(clock.now(), began);
                shape.at_once = static_cast<std::int64_t>(running.size()) + 1;
                for (const arrival* const each : members.requests()) shape.add(*each);
                const duration service = service_(shape);
                if (service < duration{0}) throw std::invalid_argument("forebay: a service time must be >= 0");
                record.started(members.requests(), clock.now());
                if (in_order) order.started(members.requests());
                std::size_t place = away.size();
                if (free_places.empty()) {
                    away.push_back(std::move(members));
                } else {
                    place = free_places.back();
                    free_places.pop_back();
                    away[place] = std::move(members);
                }
                running.push_back({saturating_add(clock.now(), service), batches++, place});
                std::push_heap(running.begin(), running.end(), later);
            });
        };
        auto scheduler = make_scheduler<request, answered>(policies{.admission = chosen.admission,
                                                                    .on_refusal = chosen.on_refusal,
                                                                    .costs = chosen.costs,
                                                                    .order = chosen.order,
                                                                    .batching = chosen.batching,
                                                                    .capacity = chosen.capacity,
                                                                    .executors = chosen.executors,
                                                                    .clock = clock,
                                                                    .observer = chosen.observer,
                                                                    .sync = single_threaded{}},
                                                           serve);

        const auto come_back = [&] {
            std::pop_heap(running.begin(), running.end(), later);
            batch_type& members = away[running.back().place];
            free_places.push_back(running.back().place);
            running.pop_back();
            current = record.returned(members.requests(), members.dispatched(), clock.now());
            for (std::size_t i = 0; i < members.size(); ++i) {
                const std::int64_t actual = members.requests()[i]->actual_cost;
                if (actual != as_charged) members[i].settle(actual);
            }
            answers.resize(members.size());
            members.complete(std::span<answered>{answers});
        };
        std::uint64_t arrived = 0;
        const auto arrive = [&](const arrival& next) {
            const request one = pool.take();
            *one = next;
            source.pop();
            one->sequence = arrived++;
            if (options.patience != unlimited) {
                one->info.deadline = std::min(one->info.deadline, saturating_add(one->at, options.patience));
            }
            const submission said = scheduler.submit_at(
                one->at, request{one}, one->info,
                [&end, &guarded, one](outcome<answered> how) { guarded([&] { end(one, how.how()); }); });
            if (said) {
                const time_point seat = said.error().when;
                record.admitted(*one, seat);
                if (OnRefusal::waits && seat > one->at) seats.push(seat);
                if (in_order) order.admitted(*one, seat);
            } else {
                record.refused(*one, said.error());
                over(one, false, said.error().which, ending::closed, no_deadline, one->at, 0);
            }
            if (arrived % 65'536 == 0 && options.progress) options.progress(arrived, one->at);
        };

        bool drained = false;
        time_point wakeup = no_deadline;
        const arrival* next = source.peek();
        if (next != nullptr) clock.set(began = next->at);
        for (;;) {
            time_point now = wakeup;
            if (next != nullptr) now = std::min(now, next->at);
            if (!running.empty()) now = std::min(now, running.front().back);
            if (next == nullptr && running.empty() && wakeup == no_deadline) {
                if (scheduler.stats().queued == 0) break;
                now = clock.now();
                scheduler.drain_at(now, unlimited);
                drained = true;
            }
            if (now < clock.now()) {
                throw std::invalid_argument("forebay: a workload's requests must be in order of arrival");
            }
            clock.set(now);
            for (; !seats.empty() && seats.top() <= now; seats.pop()) record.seated(seats.top());
            while (!running.empty() && running.front().back == now) come_back();
            for (next = source.peek(); next != nullptr && next->at <= now; next = source.peek()) {
                if (next->at < now) {
                    throw std::invalid_argument("forebay: a workload's requests must be in order of arrival");
                }
                if (drained) {
                    throw std::invalid_argument(
                        "forebay: clients wait for answers, and a batch for more requests than there are clients: set "
                        "a delay, or a smaller minimum");
                }
                arrive(*next);
            }
            wakeup = scheduler.poll_at(now);
            if (thrown) std::rethrow_exception(thrown);
            next = source.peek();
            if (wakeup <= now && wakeup != no_deadline)
                throw std::logic_error("forebay: expected a policy to ask for a time that has not passed");
        }

        const ledger counted = scheduler.stats();
        if (!counted.balanced() || counted.submitted != arrived || counted.running + counted.waiting != 0) {
            throw std::logic_error("forebay: expected the scheduler to account for every request");
        }
        report result = std::move(record).finish(source.tenants(), source.kinds());
        if (result.held_back > duration{0} && promises_work(chosen.batching)) {
            throw std::logic_error("forebay: expected no executor to idle while a request waits");
        }
        return result;
    }

private:
    Workload requests_;
    Service service_;
};

}  // namespace forebay::inline v0::sim
