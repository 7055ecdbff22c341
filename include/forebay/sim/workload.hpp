// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/source.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

class workload_source;

/// Requests in order of arrival (those of one instant in the order given), with the names their indices stand for.
struct workload : name_lists {
    std::vector<arrival> arrivals;

    /// Takes them one by one. The source refers to the workload, which must outlive it and stay as it is.
    [[nodiscard]] workload_source open() const noexcept;

    /// Time between the first and the last arrival.
    [[nodiscard]] duration span() const noexcept {
        return arrivals.empty() ? duration{0} : saturating_sub(arrivals.back().at, arrivals.front().at);
    }
    /// Mean arrivals per second over the span; 0 if it has none.
    [[nodiscard]] double per_second() const noexcept {
        if (span() == duration{0}) return 0.0;
        return static_cast<double>(arrivals.size() - 1) * 1e9 / static_cast<double>(span().count());
    }
};

/// The requests of a `workload`, in place.
class workload_source {
public:
    explicit workload_source(const workload& of) noexcept
        : of_{&of}, next_{of.arrivals.data()}, end_{next_ + of.arrivals.size()} {}

    [[nodiscard]] const arrival* peek() const noexcept { return next_ == end_ ? nullptr : next_; }
    void pop() noexcept { ++next_; }
    [[nodiscard]] const std::vector<std::string>& tenants() const noexcept { return of_->tenants; }
    [[nodiscard]] const std::vector<std::string>& kinds() const noexcept { return of_->kinds; }

private:
    const workload* of_;
    const arrival* next_;
    const arrival* end_;
};

inline workload_source workload::open() const noexcept {
    return workload_source{*this};
}

/// The first `limit` requests of a model, held in memory. Not of a closed loop, whose requests wait for answers.
template <workload_model Model>
[[nodiscard]] workload collect(const Model& model, std::size_t limit = std::numeric_limits<std::size_t>::max()) {
    auto source = model.open();
    static_assert(!answered_source<decltype(source)>,
                  "forebay: the requests of a closed loop come after answers: run it in an experiment");
    workload result;
    for (const arrival* next = source.peek(); next != nullptr && result.arrivals.size() < limit; next = source.peek()) {
        result.arrivals.push_back(*next);
        result.arrivals.back().sequence = result.arrivals.size() - 1;
        source.pop();
    }
    result.tenants = source.tenants();
    result.kinds = source.kinds();
    return result;
}

/// A sort of request and how often it comes.
struct flow {
    profile sort;
    rate arrivals;
};

/// The first `requests` arrivals, after time 0, of independent Poisson processes.
///
/// Each flow draws from its own stream, (seed, its tenant, its place among that tenant's flows): another flow, or
/// another rate of it, moves none of the others.
/// errors   std::invalid_argument if there is no flow or one has rate 0
/// cost     O(requests * flows)
[[nodiscard]] inline workload poisson(std::span<const flow> flows, std::size_t requests, std::uint64_t seed) {
    if (flows.empty()) throw std::invalid_argument("forebay: a Poisson workload needs at least one flow");
    struct process {
        random_stream gaps;
        arrival next;
        rate arrivals;
    };
    workload result;
    std::vector<process> processes;
    for (std::size_t i = 0; i < flows.size(); ++i) {
        const profile& sort = flows[i].sort;
        const auto place = static_cast<std::uint64_t>(
            std::count_if(flows.begin(), flows.begin() + static_cast<std::ptrdiff_t>(i),
                          [&](const flow& earlier) { return earlier.sort.tenant == sort.tenant; }));
        arrival first;
        result.label(first, sort);
        first.input_units = sort.input_units;
        first.output_units = sort.output_units;
        first.items = sort.items;
        random_stream gaps{seed, tenant_of(sort.tenant), place};
        move_to(first, time_point{gaps.exponential(flows[i].arrivals)});
        processes.push_back({gaps, first, flows[i].arrivals});
    }
    result.arrivals.reserve(requests);
    while (result.arrivals.size() < requests) {
        process& soonest = *std::min_element(processes.begin(), processes.end(),
                                             [](const process& a, const process& b) { return a.next.at < b.next.at; });
        result.arrivals.push_back(soonest.next);
        move_to(soonest.next, saturating_add(soonest.next.at, soonest.gaps.exponential(soonest.arrivals)));
    }
    return result;
}
/// The same of one flow.
[[nodiscard]] inline workload poisson(const flow& only, std::size_t requests, std::uint64_t seed) {
    return poisson(std::span<const flow>{&only, 1}, requests, seed);
}

/// A sort of request and how many of all requests are of it.
struct share {
    std::uint64_t weight{1};
    profile sort;
};

/// Labels every request of a workload (a trace, mostly, which has no tenants or deadlines) by a seeded draw among
/// `shares`. What is drawn for a request depends on its place and the seed only.
/// errors   std::invalid_argument if no weight is above 0
inline void overlay(workload& requests, std::span<const share> shares, std::uint64_t seed) {
    std::vector<std::uint64_t> weights;
    for (const share& one : shares) {
        weights.push_back(one.weight);
        requests.tenant_index(one.sort.tenant);  // reports name them in this order
        requests.kind_index(one.sort.kind);
    }
    random_stream draw{seed, tenant_id{}, 1};
    for (arrival& request : requests.arrivals) requests.label(request, shares[draw.pick(weights)].sort);
}

/// One workload out of several, on the time they share. Those of one instant keep the order of the arguments.
/// parts  each in order of arrival
/// cost   O(requests * parts)
[[nodiscard]] inline workload merge(std::span<const workload> parts) {
    workload result;
    for (const workload& part : parts) {
        std::vector<std::uint32_t> tenants;
        std::vector<std::uint32_t> kinds;
        for (const std::string& name : part.tenants) tenants.push_back(result.tenant_index(name));
        for (const std::string& name : part.kinds) kinds.push_back(result.kind_index(name));
        std::vector<arrival> added = part.arrivals;
        for (arrival& request : added) {
            request.tenant = tenants.at(request.tenant);
            request.kind = kinds.at(request.kind);
        }
        std::vector<arrival> both(result.arrivals.size() + added.size());
        std::merge(result.arrivals.begin(), result.arrivals.end(), added.begin(), added.end(), both.begin(),
                   [](const arrival& a, const arrival& b) { return a.at < b.at; });
        result.arrivals = std::move(both);
    }
    return result;
}

/// Moves all, so that the first arrives at time 0, and multiplies every gap by numerator / denominator: the shape of
/// the bursts stays. Deadlines and objectives keep their distance: this changes the load, not the patience.
/// [numerator >= 0, denominator > 0]
inline void stretch(workload& requests, std::int64_t numerator, std::int64_t denominator) {
    if (requests.arrivals.empty()) return;
    const time_point start = requests.arrivals.front().at;
    for (arrival& request : requests.arrivals) {
        const duration since = saturating_sub(request.at, start);
        move_to(request, time_point{duration{scaled(since.count(), numerator, denominator)}});
    }
}

/// Stretches it so that its mean rate (gaps per span) becomes `target`.
/// errors   std::invalid_argument if target is 0 or all arrive at one instant
inline void stretch_to(workload& requests, rate target) {
    if (target.is_zero()) throw std::invalid_argument("forebay: a workload's rate must be > 0");
    if (requests.span() == duration{0}) {
        throw std::invalid_argument("forebay: a workload whose requests come at one instant has no rate to change");
    }
    const auto gaps = static_cast<std::int64_t>(requests.arrivals.size() - 1);
    stretch(requests, scaled(gaps, target.nanoseconds(), target.tokens()), requests.span().count());
}

/// Keeps the requests that arrive in [from, until).
inline void crop(workload& requests, time_point from, time_point until) {
    std::erase_if(requests.arrivals, [=](const arrival& request) { return request.at < from || request.at >= until; });
}

}  // namespace forebay::inline v0::sim
