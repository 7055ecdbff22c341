// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

// What runs together: one server of batches, and the gathering of batches alone.
#include "check_load.hpp"
#include "theory.hpp"
#include "theory_bounds.hpp"
#include "theory_chains.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/policies.hpp>
#include <forebay/queue/capacity.hpp>
#include <forebay/sim/random_service.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/service_model.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;

namespace lab {
namespace {

constexpr fb::capacity roomy{.max_requests = 20'000};

figure mean_batch(const sim::report& run, double theory) {
    return {"mean batch", theory, run.mean_batch_size(), share_tolerance};
}

/// Batches even out what varies: their waits are as certain as shares.
figure precise(figure of) {
    of.tolerance = share_tolerance;
    return of;
}

/// base + each * n for a batch of n.
struct batch_time {
    double base;
    double each{0};

    [[nodiscard]] double of(std::size_t n) const { return base + each * static_cast<double>(n); }
};

/// load  of what full batches could do
void add_bulk(std::vector<check_case>& cases, const std::string& name, const fb::size_or_delay& batching,
              const batch_time& time, double load) {
    cases.push_back(
        {name + shown_load(load), [=](const sample& of) {
             const std::size_t most = batching.max_batch_size;
             const double arrivals = load * static_cast<double>(most) / time.of(most);
             const auto takes = [&](std::size_t n) {
                 if (n >= most) return most;
                 const std::size_t preferred = batching.preferred_batch_sizes.largest_within(n);
                 return preferred > 0 ? preferred : n;
             };
             const theory::bulk_service queue =
                 theory::bulk_queue(arrivals, batching.min_batch_size, takes,
                                    [&](std::size_t n) { return theory::during_constant(arrivals, time.of(n)); });
             const sim::report run =
                 serve({.arrivals = poisson(arrivals)}, of, fb::policies{.batching = batching, .capacity = roomy},
                       sim::affine_service{.base = nanoseconds(time.base), .per_request = nanoseconds(time.each)});
             std::vector figures{precise(mean_wait(run.all, queue.mean_wait)),
                                 precise(mean_latency(run.all, queue.mean_sojourn)), mean_batch(run, queue.mean_batch),
                                 utilisation(run, queue.utilisation)};
             if (batching.min_batch_size > 1) figures.push_back(held_back(run, queue.held_back));
             return figures;
         }});
}

/// Exponential batch times, whatever the size.
void add_markov_bulk(std::vector<check_case>& cases, const fb::size_or_delay& batching, double mean, double load) {
    const std::size_t most = batching.max_batch_size;
    const std::string name =
        "M/M^[" + std::to_string(batching.min_batch_size) + ',' + std::to_string(most) + "]/1" + shown_load(load);
    cases.push_back({name, [=](const sample& of) {
                         const double arrivals = load * static_cast<double>(most) / mean;
                         const theory::bulk_service queue = theory::bulk_queue(
                             arrivals, batching.min_batch_size, [=](std::size_t n) { return std::min(n, most); },
                             [=](std::size_t) { return theory::during_exponential(arrivals, mean); });
                         const sim::report run = serve({.arrivals = poisson(arrivals)}, of,
                                                       fb::policies{.batching = batching, .capacity = roomy},
                                                       sim::exponential_service{nanoseconds(mean), of.seed});
                         return std::vector{mean_wait(run.all, queue.mean_wait),
                                            mean_latency(run.all, queue.mean_sojourn),
                                            mean_batch(run, queue.mean_batch), utilisation(run, queue.utilisation)};
                     }});
}

/// More executors than are ever busy.
/// keys  the arrivals are spread over, each of which gathers its own batches
void add_collector(std::vector<check_case>& cases, const std::string& name, const fb::size_or_delay& batching,
                   std::size_t least, double arrivals, std::size_t keys = 1) {
    cases.push_back({name, [=](const sample& of) {
                         const theory::collector gathered{arrivals, least, seconds(batching.max_queue_delay)};
                         std::vector<stream> requests(keys, {.arrivals = poisson(arrivals)});
                         for (std::size_t key = 0; key < keys; ++key) requests[key].sort.key = key;
                         const sim::report run = serve(
                             load(requests, of), fb::policies{.batching = batching, .capacity = roomy, .executors = 64},
                             sim::affine_service{.base = nanoseconds(0.001)});
                         const double median =
                             theory::quantile([&](double t) { return gathered.wait_exceeds(t); }, 0.5);
                         std::vector figures{mean_batch(run, gathered.mean_batch()),
                                             precise(mean_wait(run.all, gathered.mean_wait())),
                                             precise(mean_latency(run.all, gathered.mean_wait() + 0.001))};
                         if (keys == 1) figures.push_back(held_back(run, gathered.held_back()));
                         // Half of the requests of pairs do not wait at all.
                         if (least > 2) {
                             figures.push_back(
                                 {"p50 wait ms", median * 1e3, seconds(run.all.queue_delay.p50) * 1e3, mean_tolerance});
                         }
                         return figures;
                     }});
}

}  // namespace

std::vector<check_case> batch_cases() {
    using std::chrono::milliseconds;
    std::vector<check_case> cases;
    const batch_time flat{0.01};
    add_bulk(cases, "M/D^[1,4]/1", {.max_batch_size = 4}, flat, 0.6);
    add_bulk(cases, "M/D^[1,8]/1", {.max_batch_size = 8}, flat, 0.8);
    add_bulk(cases, "M/D^[4,8]/1", {.max_batch_size = 8, .min_batch_size = 4}, flat, 0.5);
    add_bulk(cases, "M/D^[8,8]/1", {.max_batch_size = 8, .min_batch_size = 8}, flat, 0.8);
    add_bulk(cases, "M/D^[3,16]/1", {.max_batch_size = 16, .min_batch_size = 3}, flat, 0.3);
    add_bulk(cases, "8 ms + 1 ms * n, to 8", {.max_batch_size = 8}, {0.008, 0.001}, 0.6);
    add_bulk(cases, "8 ms + 1 ms * n, to 16", {.max_batch_size = 16}, {0.008, 0.001}, 0.8);
    add_bulk(cases, "1 ms + 2 ms * n, to 8", {.max_batch_size = 8}, {0.001, 0.002}, 0.6);
    add_bulk(cases, "8 ms + 1 ms * n, 4 to 16", {.max_batch_size = 16, .min_batch_size = 4}, {0.008, 0.001}, 0.4);
    add_bulk(cases, "8 ms + 1 ms * n, 4 preferred", {.max_batch_size = 8, .preferred_batch_sizes = {4}}, {0.008, 0.001},
             0.5);

    add_markov_bulk(cases, {.max_batch_size = 4}, 0.01, 0.6);
    add_markov_bulk(cases, {.max_batch_size = 8, .min_batch_size = 3}, 0.01, 0.5);

    const fb::duration delay = milliseconds{10};
    add_collector(cases, "collector of 2, 1 ms", {.max_batch_size = 2, .max_queue_delay = milliseconds{1}}, 2, 1000);
    add_collector(cases, "collector of 8, 10 ms", {.max_batch_size = 8, .max_queue_delay = delay}, 8, 1000);
    add_collector(cases, "collector of 16, 10 ms", {.max_batch_size = 16, .max_queue_delay = delay}, 16, 1000);
    add_collector(cases, "collector without a size, 10 ms", {.max_batch_size = 1000, .max_queue_delay = delay}, 1000,
                  500);
    add_collector(cases, "collector of 4 to 16, 10 ms",
                  {.max_batch_size = 16, .max_queue_delay = delay, .min_batch_size = 4}, 4, 400);
    add_collector(cases, "collector of 8, 10 ms, 3 keys", {.max_batch_size = 8, .max_queue_delay = delay}, 8, 600, 3);
    return cases;
}

}  // namespace lab
