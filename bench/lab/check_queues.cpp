// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

// One by one, first come first served, room for all: what arrives how, what takes how long, and how many servers there
// are.
#include "check_load.hpp"
#include "theory.hpp"
#include "theory_bounds.hpp"
#include "theory_chains.hpp"
#include "theory_constant.hpp"
#include <forebay/policies.hpp>
#include <forebay/queue/capacity.hpp>
#include <forebay/rate.hpp>
#include <forebay/sim/arrival_process.hpp>
#include <forebay/sim/distribution.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/time.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;

namespace lab {
namespace {

constexpr double service_time = 0.01;
constexpr fb::capacity roomy{.max_requests = 20'000};

sim::report one_by_one(const stream& requests, const sample& of, unsigned servers = 1) {
    return serve(requests, of, fb::policies{.capacity = roomy, .executors = servers});
}

void add_markov(std::vector<check_case>& cases, unsigned servers, double load) {
    cases.push_back({"M/M/" + std::to_string(servers) + shown_load(load), [=](const sample& of) {
                         // The more servers, the fewer wait, and the less a million requests tell of them.
                         const std::uint64_t more = servers < 2 ? 1 : servers < 4 ? 2 : 4;
                         const theory::markov_queue queue{load * servers / service_time, service_time, servers};
                         const sim::report run =
                             one_by_one({.arrivals = poisson(queue.arrivals), .service = exponential(service_time)},
                                        {of.requests * more, of.seed}, servers);
                         const double wait = theory::quantile([&](double t) { return queue.wait_exceeds(t); }, 0.99);
                         const double latency =
                             theory::quantile([&](double t) { return queue.sojourn_exceeds(t); }, 0.99);
                         return std::vector{mean_wait(run.all, queue.mean_wait()), tail_wait(run.all, wait),
                                            mean_latency(run.all, queue.mean_sojourn()), tail_latency(run.all, latency),
                                            utilisation(run, load)};
                     }});
}

void add_constant(std::vector<check_case>& cases, unsigned servers, double load) {
    cases.push_back(
        {"M/D/" + std::to_string(servers) + shown_load(load), [=](const sample& of) {
             const double arrivals = load * servers / service_time;
             const sim::report run =
                 one_by_one({.arrivals = poisson(arrivals), .service = constant(service_time)}, of, servers);
             std::vector figures{mean_wait(run.all, theory::constant_service_wait(arrivals, service_time, servers)),
                                 utilisation(run, load)};
             if (servers == 1) {
                 const theory::constant_service_queue alone{arrivals, service_time};
                 const auto tail = [&](double t) { return alone.wait_exceeds(t); };
                 figures.push_back(tail_wait(run.all, theory::quantile(tail, 0.99)));
             }
             return figures;
         }});
}

/// A distribution of service times and its first two moments, in seconds.
struct service_law {
    std::string name;
    sim::distribution draw;
    double mean;
    double second_moment;
};

/// cv: deviation over mean.
service_law law(std::string name, sim::distribution draw, double mean, double cv) {
    return {std::move(name), std::move(draw), mean, mean * mean * (1 + cv * cv)};
}

std::vector<service_law> service_laws() {
    using sim::distribution;
    const fb::duration mean = nanoseconds(service_time);
    const double a = 2.5;  // of a Pareto distribution bounded by 1 and 100 times `least`
    const double least = 0.006;
    const auto moment = [=](double k) {
        return a * std::pow(least, k) / (a - k) * (1 - std::pow(100, k - a)) / (1 - std::pow(100, -a));
    };
    return {
        law("uniform", distribution::uniform(fb::duration{0}, 2 * mean), service_time, 1 / std::sqrt(3)),
        law("gamma of cv 0.5", distribution::gamma(mean, 0.5), service_time, 0.5),
        law("gamma of cv 2", distribution::gamma(mean, 2), service_time, 2),
        law("lognormal of cv 1", distribution::lognormal(mean, 1), service_time, 1),
        law("weibull of cv 1.5", distribution::weibull(mean, 1.5), service_time, 1.5),
        law("normal of cv 0.2", distribution::normal(mean, mean / 5), service_time, 0.2),
        // Text, images and video.
        {"three sizes",
         distribution::empirical(std::vector<distribution::weighted>{
             {nanoseconds(0.004), 7}, {nanoseconds(0.01), 2}, {nanoseconds(0.05), 1}}),
         0.0098, (7 * 0.004 * 0.004 + 2 * 0.01 * 0.01 + 0.05 * 0.05) / 10},
        {"bounded pareto", distribution::bounded_pareto(nanoseconds(least), nanoseconds(100 * least), a), moment(1),
         moment(2)},
    };
}

void add_general(std::vector<check_case>& cases, const service_law& service, double load) {
    cases.push_back({"M/G/1 " + service.name + shown_load(load), [=](const sample& of) {
                         const double arrivals = load / service.mean;
                         const sim::report run =
                             one_by_one({.arrivals = poisson(arrivals), .service = service.draw}, of);
                         const double wait = theory::pollaczek_khinchine(arrivals, service.mean, service.second_moment);
                         return std::vector{mean_wait(run.all, wait), mean_latency(run.all, wait + service.mean),
                                            utilisation(run, load)};
                     }});
}

template <class Transform>
void add_renewal(std::vector<check_case>& cases, const std::string& name, const sim::arrival_process& arrivals,
                 const Transform& transform, double load) {
    cases.push_back({name + shown_load(load), [=](const sample& of) {
                         const theory::renewal_queue queue{transform, service_time};
                         const sim::report run =
                             one_by_one({.arrivals = arrivals, .service = exponential(service_time)}, of);
                         const double wait = theory::quantile([&](double t) { return queue.wait_exceeds(t); }, 0.99);
                         const double latency =
                             theory::quantile([&](double t) { return queue.sojourn_exceeds(t); }, 0.99);
                         return std::vector{mean_wait(run.all, queue.mean_wait()), tail_wait(run.all, wait),
                                            tail_latency(run.all, latency), utilisation(run, load)};
                     }});
}

fb::rate one_every(double gap) {
    return fb::rate::one_every(nanoseconds(gap));
}

void add_gamma(std::vector<check_case>& cases, double cv, double load) {
    const double gap = service_time / load;
    const auto transform = [=](double s) { return std::pow(1 + gap * cv * cv * s, -1 / (cv * cv)); };
    add_renewal(cases, "Gamma/M/1 of cv " + std::to_string(cv).substr(0, 3),
                sim::arrival_process::gamma(one_every(gap), cv), transform, load);
}

/// Weibull gaps of this shape, the transform by Simpson's rule over the density.
void add_weibull(std::vector<check_case>& cases, double shape, double load) {
    const double gap = service_time / load;
    const double scale = gap / std::tgamma(1 + 1 / shape);
    const double cv = std::sqrt(std::tgamma(1 + 2 / shape) / std::pow(std::tgamma(1 + 1 / shape), 2) - 1);
    const auto transform = [=](double s) {
        constexpr int steps = 2000;
        constexpr double end = 8;  // in scales; for shapes >= 2 less than exp(-64) is beyond
        double sum = 0;
        for (int i = 1; i < steps; ++i) {
            const double x = end * i / steps;
            const double density = shape * std::pow(x, shape - 1) * std::exp(-std::pow(x, shape));
            sum += (i % 2 == 1 ? 4 : 2) * density * std::exp(-s * scale * x);
        }
        return sum * end / steps / 3;
    };
    add_renewal(cases, "Weibull/M/1 of shape " + std::to_string(shape).substr(0, 3),
                sim::arrival_process::weibull(one_every(gap), cv), transform, load);
}

/// Poisson arrivals that pause: the gaps are independent, and mixtures of two exponential ones.
/// source  Kuczura, The interrupted Poisson process as an overflow process, Bell System Technical Journal 52(3), 1973
void add_on_off(std::vector<check_case>& cases, double on, double off, double load) {
    const double arrivals = load / service_time * (on + off) / on;  // while they come
    const auto transform = [=](double s) {
        return arrivals * (s + 1 / off) / (s * s + (arrivals + 1 / on + 1 / off) * s + arrivals / off);
    };
    add_renewal(
        cases, "IPP/M/1",
        sim::arrival_process::on_off(one_every(1 / arrivals), fb::rate::zero(), nanoseconds(on), nanoseconds(off)),
        transform, load);
}

void add_bulk_arrivals(std::vector<check_case>& cases, std::size_t size, bool exponential_service, double load) {
    const std::string letter = exponential_service ? "M" : "D";
    cases.push_back({"M^[" + std::to_string(size) + "]/" + letter + "/1" + shown_load(load), [=](const sample& of) {
                         const auto together = static_cast<double>(size);
                         const double bulks = load / service_time / together;
                         const sim::report run = one_by_one(
                             {.arrivals = poisson(bulks).in_bulk(sim::distribution::constant(size)),
                              .service = exponential_service ? exponential(service_time) : constant(service_time)},
                             of);
                         const double second_moment = (exponential_service ? 2 : 1) * service_time * service_time;
                         return std::vector{mean_wait(run.all, theory::bulk_arrivals_wait(bulks, together, service_time,
                                                                                          second_moment)),
                                            utilisation(run, load)};
                     }});
}

}  // namespace

std::vector<check_case> queue_cases() {
    std::vector<check_case> cases;
    for (const double load : {0.5, 0.7, 0.8}) add_markov(cases, 1, load);
    for (const unsigned servers : {2U, 3U}) add_markov(cases, servers, 0.8);
    add_markov(cases, 5, 0.7);
    add_markov(cases, 10, 0.6);
    for (const double load : {0.5, 0.7, 0.8}) add_constant(cases, 1, load);
    for (const unsigned servers : {2U, 4U}) add_constant(cases, servers, 0.8);
    for (const service_law& each : service_laws()) add_general(cases, each, 0.5);
    add_renewal(
        cases, "D/M/1", sim::arrival_process::deterministic(one_every(service_time / 0.7)),
        [](double s) { return std::exp(-s * service_time / 0.7); }, 0.7);
    add_gamma(cases, 0.5, 0.7);
    add_gamma(cases, 2, 0.6);
    add_gamma(cases, 3, 0.5);
    add_weibull(cases, 2, 0.7);
    add_on_off(cases, 0.05, 0.1, 0.5);
    add_bulk_arrivals(cases, 4, true, 0.6);
    add_bulk_arrivals(cases, 8, false, 0.6);
    return cases;
}

}  // namespace lab
