// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

// Who is next: priorities, deadlines as priorities, and what no order can change.
#include "check_load.hpp"
#include "theory.hpp"
#include <forebay/policies.hpp>
#include <forebay/queue/capacity.hpp>
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/report.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;

namespace lab {
namespace {

constexpr fb::capacity roomy{.max_requests = 20'000};

struct class_load {
    double arrivals;
    double service;
    bool constant_service{false};
    double patience{0};

    [[nodiscard]] theory::class_of_service moments() const {
        return {arrivals, service, (constant_service ? 1 : 2) * service * service};
    }
};

std::string name_of(std::size_t index) {
    return "class " + std::to_string(index);
}

/// One stream for each, the most urgent first.
std::vector<stream> streams(const std::vector<class_load>& classes) {
    std::vector<stream> result;
    for (const class_load& each : classes) {
        const std::size_t index = result.size();
        sim::profile sort;
        sort.kind = name_of(index);
        sort.priority = static_cast<std::int32_t>(index);
        if (each.patience > 0) sort.patience = nanoseconds(each.patience);
        result.push_back({.sort = std::move(sort),
                          .arrivals = poisson(each.arrivals),
                          .service = each.constant_service ? constant(each.service) : exponential(each.service)});
    }
    return result;
}
std::vector<theory::class_of_service> moments(const std::vector<class_load>& classes) {
    std::vector<theory::class_of_service> result;
    for (const class_load& each : classes) result.push_back(each.moments());
    return result;
}

/// What the run says of that class; reports list classes in the order in which they first came.
const sim::tally& of_class(const sim::report& run, std::size_t index) {
    for (const sim::tally& each : run.kinds) {
        if (each.name == name_of(index)) return each;
    }
    throw std::logic_error("check: a run without " + name_of(index));
}

std::vector<figure> class_waits(const sim::report& run, const std::vector<double>& theory) {
    std::vector<figure> figures;
    for (std::size_t i = 0; i < theory.size(); ++i) {
        figures.push_back(mean_wait(of_class(run, i), theory[i], name_of(i) + ' '));
    }
    return figures;
}

template <class Order>
void add_cobham(std::vector<check_case>& cases, std::string name, const std::vector<class_load>& classes,
                const Order& order) {
    cases.push_back({std::move(name), [=](const sample& of) {
                         const sim::report run =
                             serve(load(streams(classes), of), fb::policies{.order = order, .capacity = roomy});
                         return class_waits(run, theory::cobham(moments(classes)));
                     }});
}

void add_cobham_servers(std::vector<check_case>& cases, unsigned servers, const std::vector<double>& arrivals,
                        double service) {
    cases.push_back({"Cobham M/M/" + std::to_string(servers), [=](const sample& of) {
                         std::vector<class_load> classes;
                         for (const double each : arrivals) classes.push_back({each, service});
                         const sim::report run = serve(
                             load(streams(classes), of),
                             fb::policies{.order = fb::strict_priority{}, .capacity = roomy, .executors = servers});
                         return class_waits(run, theory::cobham(arrivals, service, servers));
                     }});
}

template <class Order>
void add_conserved(std::vector<check_case>& cases, const std::string& name, const std::vector<class_load>& classes,
                   const Order& order) {
    cases.push_back(
        {"conserved by " + name, [=](const sample& of) {
             const sim::report run = serve(load(streams(classes), of), fb::policies{.order = order, .capacity = roomy});
             double sum = 0;
             for (std::size_t i = 0; i < classes.size(); ++i) {
                 sum += classes[i].arrivals * classes[i].service * of_class(run, i).queue_delay.mean_seconds;
             }
             return std::vector{
                 figure{"load * wait ms", theory::conserved(moments(classes)) * 1e3, sum * 1e3, mean_tolerance}};
         }});
}

}  // namespace

std::vector<check_case> class_cases() {
    std::vector<check_case> cases;
    const fb::strict_priority strict{};
    add_cobham(cases, "Cobham M/D/1, 2 classes", {{30, 0.01, true}, {40, 0.01, true}}, strict);
    add_cobham(cases, "Cobham M/M/1, 2 classes", {{30, 0.01}, {40, 0.01}}, strict);
    add_cobham(cases, "Cobham M/G/1, 2 classes", {{20, 0.005}, {15, 0.04, true}}, strict);
    add_cobham(cases, "Cobham M/G/1, short last", {{12, 0.04, true}, {20, 0.005}}, strict);
    add_cobham(cases, "Cobham M/M/1, 3 classes", {{20, 0.005}, {20, 0.01}, {10, 0.02}}, strict);
    add_cobham(cases, "Cobham M/D/1, 3 classes", {{25, 0.01, true}, {25, 0.01, true}, {25, 0.01, true}}, strict);
    add_cobham_servers(cases, 3, {60, 150}, 0.01);
    // Deadlines further apart than any wait are priorities.
    add_cobham(cases, "Cobham by deadline", {{30, 0.01, false, 100}, {40, 0.01, false, 200}}, fb::earliest_deadline{});

    // Deadlines as near to each other as requests wait, and too far off to pass.
    const std::vector<class_load> mixed{{20, 0.005, false, 30}, {20, 0.01, true, 30.03}, {10, 0.02, false, 30.1}};
    add_conserved(cases, "fifo", mixed, fb::fifo{});
    add_conserved(cases, "strict_priority", mixed, strict);
    add_conserved(cases, "earliest_deadline", mixed, fb::earliest_deadline{});
    return cases;
}

}  // namespace lab
