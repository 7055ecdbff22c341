// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

// Who gets in, and when: token buckets that refuse what they cannot cover at once, or let it wait.
#include "check_load.hpp"
#include "theory.hpp"
#include "theory_chains.hpp"
#include "theory_constant.hpp"
#include <forebay/admission/on_refusal.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/admission/policy.hpp>
#include <forebay/policies.hpp>
#include <forebay/rate.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/verdict.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;

namespace lab {
namespace {

constexpr std::int64_t refill = 100;  // a second

double bucket_lost(double arrivals, std::size_t burst) {
    return theory::bounded_queue{arrivals, theory::during_constant(arrivals, 1.0 / refill), burst}.lost();
}
figure refused(const sim::tally& of, double theory, const std::string& whose = {}) {
    return {whose + "share refused", theory, share(of.count(fb::limit::rate), of), mean_tolerance};
}

/// load  arrivals over refill
/// cost  tokens a request; the bucket has as many times more, so that theory says the same
void add_bucket(std::vector<check_case>& cases, std::int64_t burst, double load, std::int64_t cost = 1) {
    std::string name = "bucket of " + std::to_string(burst) + shown_load(load);
    if (cost > 1) name += ", cost " + std::to_string(cost);
    cases.push_back({name, [=](const sample& of) {
                         const double lost = bucket_lost(load * refill, static_cast<std::size_t>(burst));
                         const stream requests{.sort = {.cost = cost}, .arrivals = poisson(load * refill)};
                         const fb::quota quota{fb::rate::per_second(refill * cost), burst * cost};
                         const sim::report run =
                             cost == 1
                                 ? serve(requests, of, fb::policies{.admission = fb::per_tenant{quota}})
                                 : serve(requests, of, fb::policies{.admission = fb::per_tenant{quota, fb::by_cost}});
                         return std::vector{
                             refused(run.all, lost),
                             figure{"share admitted", 1 - lost, share(run.all.delivered(), run.all), share_tolerance}};
                     }});
}

void add_two_tenants(std::vector<check_case>& cases) {
    cases.push_back(
        {"two tenants, bucket of 2 each", [](const sample& of) {
             const double calm = 0.7 * refill;
             const double flood = 3 * refill;
             const std::vector<stream> requests{{.sort = {.tenant = "calm"}, .arrivals = poisson(calm)},
                                                {.sort = {.tenant = "flood"}, .arrivals = poisson(flood)}};
             const sim::report run =
                 serve(load(requests, of),
                       fb::policies{.admission = fb::per_tenant{fb::quota{fb::rate::per_second(refill), 2}}});
             std::vector<figure> figures;
             for (const sim::tally& each : run.tenants) {
                 figures.push_back(refused(each, bucket_lost(each.name == "calm" ? calm : flood, 2), each.name + ' '));
             }
             return figures;
         }});
}

/// A bucket of 1 lets requests in one refill and one exponential gap apart: what stands behind it is GI/M/1.
void add_behind_bucket(std::vector<check_case>& cases, double load) {
    cases.push_back({"M/M/1 behind a bucket of 1" + shown_load(load), [=](const sample& of) {
                         const double arrivals = 1.5 * refill;
                         const double gap = 1.0 / refill + 1 / arrivals;
                         const theory::renewal_queue queue{
                             [=](double s) { return std::exp(-s / refill) * arrivals / (arrivals + s); }, load * gap};
                         const sim::report run = serve(
                             {.arrivals = poisson(arrivals), .service = exponential(load * gap)}, of,
                             fb::policies{.admission = fb::per_tenant{fb::quota{fb::rate::per_second(refill), 1}}});
                         const double wait = theory::quantile([&](double t) { return queue.wait_exceeds(t); }, 0.99);
                         return std::vector{refused(run.all, bucket_lost(arrivals, 1)),
                                            mean_wait(run.all, queue.mean_wait()), tail_wait(run.all, wait),
                                            utilisation(run, load)};
                     }});
}

figure waited(const sim::report& run, double theory) {
    return {"share delayed", theory, share(run.delayed, run.all), mean_tolerance};
}

/// Requests wait for their slots, however long. cost as for add_bucket
void add_delaying_bucket(std::vector<check_case>& cases, std::size_t burst, double load, std::int64_t cost = 1) {
    std::string name = "waiting bucket of " + std::to_string(burst) + shown_load(load);
    if (cost > 1) name += ", cost " + std::to_string(cost);
    cases.push_back(
        {name, [=](const sample& of) {
             const theory::delaying_bucket bucket{.arrivals = load * refill, .rate = refill, .burst = burst};
             const fb::quota quota{fb::rate::per_second(refill * cost), static_cast<std::int64_t>(burst) * cost};
             const sim::report run = serve({.sort = {.cost = cost}, .arrivals = poisson(load * refill)}, of,
                                           fb::policies{.admission = fb::per_tenant{quota, fb::by_cost},
                                                        .on_refusal = fb::delay{.max_wait = std::chrono::hours{1}}});
             std::vector figures{waited(run, bucket.waits()), mean_wait(run.all, bucket.mean_wait())};
             const auto tail = [&](double t) { return bucket.wait_exceeds(t); };
             if (const double p90 = theory::quantile(tail, 0.9); p90 > 0)
                 figures.push_back({"p90 wait ms", p90 * 1e3, seconds(run.all.queue_delay.p90) * 1e3, tail_tolerance});
             figures.push_back(tail_wait(run.all, theory::quantile(tail, 0.99)));
             // The deeper the bucket, the rarer and the longer are the times in which requests wait.
             if (burst > 3) {
                 for (figure& each : figures) each.tolerance *= 2;
             }
             return figures;
         }});
}

/// Requests wait for at most `slots` times 1 / refill. With burst 1, those let in wait as in M/D/1/K.
void add_impatient_bucket(std::vector<check_case>& cases, std::size_t burst, std::size_t slots, double load) {
    const std::string name =
        "bucket of " + std::to_string(burst) + ", " + std::to_string(slots) + " may wait" + shown_load(load);
    cases.push_back({name, [=](const sample& of) {
                         const double arrivals = load * refill;
                         const theory::bounded_queue queue{arrivals, theory::during_constant(arrivals, 1.0 / refill),
                                                           burst + slots};
                         const fb::quota quota{fb::rate::per_second(refill), static_cast<std::int64_t>(burst)};
                         const sim::report run = serve(
                             {.arrivals = poisson(arrivals)}, of,
                             fb::policies{.admission = fb::per_tenant{quota},
                                          .on_refusal = fb::delay{nanoseconds(static_cast<double>(slots) / refill)}});
                         std::vector figures{refused(run.all, queue.lost())};
                         if (burst == 1) figures.push_back(mean_wait(run.all, queue.mean_wait()));
                         return figures;
                     }});
}

}  // namespace

std::vector<check_case> limit_cases() {
    std::vector<check_case> cases;
    add_bucket(cases, 1, 0.5);
    add_bucket(cases, 2, 0.8);
    add_bucket(cases, 5, 0.8);
    add_bucket(cases, 10, 1.2);
    add_bucket(cases, 20, 1.5);
    add_bucket(cases, 3, 0.8, 350);
    add_two_tenants(cases);
    add_behind_bucket(cases, 0.6);
    add_delaying_bucket(cases, 1, 0.5);
    add_delaying_bucket(cases, 1, 0.8);
    add_delaying_bucket(cases, 2, 0.7);
    add_delaying_bucket(cases, 5, 0.8);
    add_delaying_bucket(cases, 3, 0.8, 350);
    add_impatient_bucket(cases, 1, 5, 0.8);
    add_impatient_bucket(cases, 1, 8, 1.2);
    add_impatient_bucket(cases, 10, 5, 1.2);
    return cases;
}

}  // namespace lab
