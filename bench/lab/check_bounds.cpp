// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

// Where not everybody is served, or not everybody can ask: bounded queues, limits on what is in flight, deadlines, and
// clients who wait for their answers.
#include "check_load.hpp"
#include "theory.hpp"
#include "theory_bounds.hpp"
#include "theory_chains.hpp"
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/outcome.hpp>
#include <forebay/policies.hpp>
#include <forebay/queue/capacity.hpp>
#include <forebay/sim/closed_loop.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/verdict.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;

namespace lab {
namespace {

constexpr double service_time = 0.01;

figure refused(const sim::report& run, fb::limit by, double theory) {
    return {"share refused", theory, share(run.all.count(by), run.all), mean_tolerance};
}
figure expired(const sim::report& run, double theory) {
    return {"share expired", theory, share(run.all.count(fb::ending::expired), run.all), mean_tolerance};
}

stream markov(double arrivals) {
    return {.arrivals = poisson(arrivals), .service = exponential(service_time)};
}

/// Room for `room` in the system, in service or waiting.
void add_bounded(std::vector<check_case>& cases, unsigned servers, unsigned room, double load) {
    const std::string name = "M/M/" + std::to_string(servers) + "/" + std::to_string(room) + shown_load(load);
    const double arrivals = load * servers / service_time;
    const theory::bounded_markov_queue queue{arrivals, service_time, servers, room};
    cases.push_back({name + " by capacity", [=](const sample& of) {
                         const sim::report run =
                             serve(markov(arrivals), of,
                                   fb::policies{.capacity = {.max_requests = room - servers}, .executors = servers});
                         return std::vector{refused(run, fb::limit::queued_requests, queue.lost()),
                                            mean_wait(run.all, queue.mean_wait()),
                                            utilisation(run, load * (1 - queue.lost()))};
                     }});
    cases.push_back(
        {name + " by limit", [=](const sample& of) {
             const sim::report run = serve(
                 markov(arrivals), of, fb::policies{.admission = fb::concurrency_limit{room}, .executors = servers});
             return std::vector{refused(run, fb::limit::concurrency, queue.lost()),
                                mean_wait(run.all, queue.mean_wait()), utilisation(run, load * (1 - queue.lost()))};
         }});
}

/// Nobody waits: whoever finds all executors busy is refused.
void add_erlang_b(std::vector<check_case>& cases, unsigned servers, bool constant_service, double load) {
    const std::string system = std::string{"Erlang B M/"} + (constant_service ? "D/" : "M/") + std::to_string(servers);
    cases.push_back({system + shown_load(load), [=](const sample& of) {
                         const double offered = load * servers;
                         const double lost = theory::erlang_b(servers, offered);
                         stream requests = markov(offered / service_time);
                         if (constant_service) requests.service = constant(service_time);
                         const sim::report run =
                             serve(requests, of,
                                   fb::policies{.admission = fb::concurrency_limit{servers}, .executors = servers});
                         return std::vector{refused(run, fb::limit::concurrency, lost),
                                            utilisation(run, load * (1 - lost)), mean_latency(run.all, service_time)};
                     }});
}

/// The same by deadlines that pass at once: what an executor does not take as it comes expires.
void add_erlang_b_by_deadline(std::vector<check_case>& cases, unsigned servers, double load) {
    cases.push_back(
        {"Erlang B by deadline, " + std::to_string(servers) + " servers" + shown_load(load), [=](const sample& of) {
             const double offered = load * servers;
             const double lost = theory::erlang_b(servers, offered);
             stream requests = markov(offered / service_time);
             requests.sort.patience = fb::duration{1};
             const sim::report run = serve(requests, of, fb::policies{.executors = servers});
             return std::vector{expired(run, lost), utilisation(run, load * (1 - lost))};
         }});
}

void add_impatient(std::vector<check_case>& cases, unsigned servers, double patience, double load) {
    cases.push_back(
        {"Barrer M/M/" + std::to_string(servers) + "+D" + shown_load(load), [=](const sample& of) {
             const theory::impatient_queue queue{load * servers / service_time, service_time, servers, patience};
             stream requests = markov(load * servers / service_time);
             requests.sort.patience = nanoseconds(patience);
             const sim::report run = serve(requests, of, fb::policies{.executors = servers});
             const double wait = theory::quantile([&](double t) { return queue.wait_exceeds(t); }, 0.99);
             return std::vector{expired(run, queue.lost()), mean_wait(run.all, queue.mean_wait()),
                                tail_wait(run.all, wait), utilisation(run, queue.utilisation())};
         }});
}

/// Constant service, and a deadline of `others` services: M/D/1/K with K = others + 1.
void add_impatient_constant(std::vector<check_case>& cases, std::size_t others, double load) {
    cases.push_back(
        {"M/D/1+D of " + std::to_string(others) + " services" + shown_load(load), [=](const sample& of) {
             const double arrivals = load / service_time;
             const theory::bounded_queue queue{arrivals, theory::during_constant(arrivals, service_time), others + 1};
             const stream requests{.sort = {.patience = nanoseconds(static_cast<double>(others) * service_time)},
                                   .arrivals = poisson(arrivals),
                                   .service = constant(service_time)};
             const sim::report run = serve(requests, of, fb::policies{});
             return std::vector{expired(run, queue.lost()), mean_wait(run.all, queue.mean_wait()),
                                utilisation(run, load * (1 - queue.lost()))};
         }});
}

void add_closed(std::vector<check_case>& cases, unsigned clients, double think, unsigned servers) {
    cases.push_back(
        {"closed M/M/" + std::to_string(servers) + "//" + std::to_string(clients), [=](const sample& of) {
             const theory::closed_queue queue{clients, think, service_time, servers};
             sim::closed_loop loop;
             loop.populations = {
                 {.clients = clients, .think = exponential(think), .varying = {.service = exponential(service_time)}}};
             loop.requests = of.requests;
             loop.seed = of.seed;
             const sim::report run = serve(std::move(loop), fb::policies{.executors = servers});
             return std::vector{mean_latency(run.all, queue.mean_sojourn()), utilisation(run, queue.utilisation()),
                                figure{"answers a second", queue.throughput(), run.throughput_rps(), share_tolerance}};
         }});
}

}  // namespace

std::vector<check_case> bounded_cases() {
    std::vector<check_case> cases;
    add_bounded(cases, 1, 5, 0.8);
    add_bounded(cases, 3, 8, 1.2);
    add_erlang_b(cases, 1, false, 0.5);
    add_erlang_b(cases, 5, false, 0.8);
    add_erlang_b(cases, 10, false, 0.8);
    add_erlang_b(cases, 10, true, 0.8);
    add_erlang_b_by_deadline(cases, 4, 0.8);
    add_impatient(cases, 1, 0.03, 0.8);
    add_impatient(cases, 1, 0.05, 1.2);
    add_impatient(cases, 3, 0.01, 0.8);
    add_impatient_constant(cases, 2, 0.8);
    add_impatient_constant(cases, 4, 1.1);
    add_closed(cases, 10, 0.1, 1);
    add_closed(cases, 40, 0.1, 3);
    return cases;
}

}  // namespace lab
