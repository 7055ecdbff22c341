// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/batch/batch.hpp>
#include <forebay/observe/ledger.hpp>
#include <forebay/outcome.hpp>
#include <forebay/policies.hpp>
#include <forebay/scheduler.hpp>
#include <forebay/sim/recorder.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/run_options.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/sim/workload.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// One workload and one model of the service, on which policies are compared: each is run by the scheduler that is
/// shipped, in virtual time.
///
/// The service model stands in for the host's model only; what it says is as true as its numbers are.
/// threads  run() may be called from several threads at once
///
///     sim::experiment lab{sim::read_trace("trace.csv"), sim::affine_service{.base = 8ms, .per_request = 1ms}};
///     std::vector<sim::report> runs;
///     runs.push_back(lab.run("one by one", forebay::policies{}));
///     runs.push_back(lab.run("batches of 16", forebay::policies{.batching = forebay::size_or_delay{16}}));
///     std::cout << sim::table(runs);
template <service_model Service>
class experiment {
public:
    /// errors  std::invalid_argument if the requests are not in order of arrival
    experiment(workload requests, Service service) : requests_{std::move(requests)}, service_{std::move(service)} {
        const auto& all = requests_.arrivals;
        if (!std::is_sorted(all.begin(), all.end(), [](const arrival& a, const arrival& b) { return a.at < b.at; })) {
            throw std::invalid_argument("forebay: a workload's requests must be in order of arrival");
        }
    }

    [[nodiscard]] const workload& requests() const noexcept { return requests_; }

    /// Serves the workload under these policies, from the first arrival until every request has its outcome.
    ///
    /// chosen   as given to make_scheduler; clock and sync are replaced by virtual time on one thread, `executors` is
    ///          how many batches the model runs at once
    /// returns  the report: the same bytes for the same workload, policies and service, on every machine, as long as no
    ///          policy draws at random itself (per_tenant does once its table overflows; its seed can be set)
    /// errors   std::invalid_argument for policies or service times that cannot be; std::logic_error if a request has no
    ///          outcome or two, or a policy asks to be woken in the past
    /// ties     what falls on one instant happens in this order: batches come back (those sent first, first), requests
    ///          arrive (in the order of the workload), the scheduler is polled once
    /// end      a batch that would wait for company for ever is sent as it is once no request is left to come
    template <class Admission, class Order, class Batching, class Clock, class Observer, class Sync>
    [[nodiscard]] report run(std::string name,
                             const policies<Admission, Order, Batching, Clock, Observer, Sync>& chosen,
                             const run_options& = {}) const {
        using request = const arrival*;
        struct answered {};
        using batch_type = batch<request, answered>;
        struct out {
            time_point back;
            std::uint64_t sequence;
            batch_type members;
        };
        const auto later = [](const out& a, const out& b) {
            return a.back != b.back ? a.back > b.back : a.sequence > b.sequence;
        };

        manual_clock clock;
        recorder record{std::move(name), requests_, chosen.executors};
        std::vector<out> running;  // a heap, the first to come back in front
        std::uint64_t sequence = 0;
        time_point handed_over{};
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
        const auto rethrow = [&thrown] {
            if (thrown) std::rethrow_exception(thrown);
        };

        auto scheduler = make_scheduler<request, answered>(
            policies{.admission = chosen.admission,
                     .order = chosen.order,
                     .batching = chosen.batching,
                     .capacity = chosen.capacity,
                     .executors = chosen.executors,
                     .clock = clock,
                     .observer = chosen.observer,
                     .sync = single_threaded{}},
            [&](batch_type members) {
                guarded([&] {
                    batch_shape shape;
                    for (const request each : members.requests()) shape.add(*each);
                    const duration service = service_(shape);
                    if (service < duration{0}) throw std::invalid_argument("forebay: a service time must be >= 0");
                    const time_point back = saturating_add(clock.now(), service);
                    record.served(members.size(), clock.now(), back);
                    running.push_back({back, sequence++, std::move(members)});
                    std::push_heap(running.begin(), running.end(), later);
                });
            });

        const auto come_back = [&] {
            std::pop_heap(running.begin(), running.end(), later);
            batch_type members = std::move(running.back().members);
            running.pop_back();
            handed_over = members.dispatched();
            answers.resize(members.size());
            members.complete(std::span<answered>{answers});
        };
        const auto arrive = [&](const arrival& one) {
            record.arrived(one);
            const submission said =
                scheduler.submit_at(one.at, request{&one}, one.info, [&, each = &one](outcome<answered> how) {
                    guarded([&] {
                        if (how) {
                            record.delivered(*each, handed_over, clock.now());
                        } else {
                            record.ended(*each, how.how(), clock.now());
                        }
                    });
                });
            if (!said) record.refused(one, said.error().which);
        };

        auto next = requests_.arrivals.begin();
        const auto end = requests_.arrivals.end();
        time_point wakeup = no_deadline;
        for (;;) {
            time_point now = wakeup;
            if (next != end) now = std::min(now, next->at);
            if (!running.empty()) now = std::min(now, running.front().back);
            if (next == end && running.empty() && wakeup == no_deadline) {
                if (scheduler.stats().queued == 0) break;
                now = clock.now();
                scheduler.drain_at(now, unlimited);
            }
            clock.set(now);
            while (!running.empty() && running.front().back == now) come_back();
            while (next != end && next->at == now) arrive(*next++);
            wakeup = scheduler.poll_at(now);
            rethrow();
            if (wakeup <= now)
                throw std::logic_error("forebay: expected a policy to ask for a time that has not passed");
        }

        const ledger counted = scheduler.stats();
        if (!counted.balanced() || counted.submitted != requests_.arrivals.size() ||
            counted.running + counted.waiting != 0) {
            throw std::logic_error("forebay: expected the scheduler to account for every request");
        }
        return std::move(record).finish();
    }

private:
    workload requests_;
    Service service_;
};

}  // namespace forebay::inline v0::sim
