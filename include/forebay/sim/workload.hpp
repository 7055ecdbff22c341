// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// "No limit of time was stated": a deadline or an objective that is never missed.
inline constexpr duration unlimited = duration::max();

/// One request of a workload. Nothing in it depends on the policy that will serve it.
struct arrival {
    /// When it comes, in the workload's own time.
    time_point at{};
    /// What the scheduler is told; `info.deadline` is absolute, in the workload's time.
    request_info info{};
    /// Latency up to which an answer counts as good. Unlike a deadline it changes nothing, it only counts.
    duration slo{unlimited};
    /// What the service model works with, in its unit. [>= 0]
    std::int64_t input_units{1};
    std::int64_t output_units{0};
    /// Images or sub-requests in it. [>= 0]
    std::int64_t items{1};
    /// Index into `workload::tenants`; `info.tenant` is `tenant_of` that name.
    std::uint32_t tenant{0};
    /// Index into `workload::kinds`: what reports group by (a modality, a class).
    std::uint32_t kind{0};

    [[nodiscard]] duration patience() const noexcept {
        return info.deadline == no_deadline ? unlimited : saturating_sub(info.deadline, at);
    }
    friend bool operator==(const arrival&, const arrival&) noexcept = default;
};

/// What the requests of one sort have in common.
struct profile {
    std::string tenant{"default"};
    std::string kind{"default"};
    std::int32_t priority{0};
    std::uint64_t key{0};
    std::int64_t cost{1};
    /// Time after arrival at which it expires if no executor has taken it.
    duration patience{unlimited};
    duration slo{unlimited};
    std::int64_t input_units{1};
    std::int64_t output_units{0};
    std::int64_t items{1};
};

/// Requests in order of arrival (those of one instant in the order given), with the names their indices stand for.
struct workload {
    std::vector<arrival> arrivals;
    std::vector<std::string> tenants;
    std::vector<std::string> kinds;

    /// Index of that name, which is added if it is new. O(names).
    std::uint32_t tenant_index(std::string_view name) { return index_of(tenants, name); }
    std::uint32_t kind_index(std::string_view name) { return index_of(kinds, name); }

    /// Time between the first and the last arrival.
    [[nodiscard]] duration span() const noexcept {
        return arrivals.empty() ? duration{0} : saturating_sub(arrivals.back().at, arrivals.front().at);
    }
    /// Mean arrivals per second over the span; 0 if it has none.
    [[nodiscard]] double per_second() const noexcept {
        if (span() == duration{0}) return 0.0;
        return static_cast<double>(arrivals.size() - 1) * 1e9 / static_cast<double>(span().count());
    }

    /// Makes `request` one of that sort: who asks, how urgent, what it costs, by when. Time and sizes stay as they are.
    void label(arrival& request, const profile& sort) {
        request.tenant = tenant_index(sort.tenant);
        request.kind = kind_index(sort.kind);
        request.info = {
            .tenant = tenant_of(sort.tenant),
            .priority = sort.priority,
            .key = sort.key,
            .cost = sort.cost,
            .deadline = sort.patience == unlimited ? no_deadline : saturating_add(request.at, sort.patience)};
        request.slo = sort.slo;
    }

private:
    static std::uint32_t index_of(std::vector<std::string>& names, std::string_view name) {
        const auto found = std::find(names.begin(), names.end(), name);
        if (found != names.end()) return static_cast<std::uint32_t>(found - names.begin());
        names.emplace_back(name);
        return static_cast<std::uint32_t>(names.size() - 1);
    }
};

/// Moves one request in time; its deadline keeps its distance.
inline void move_to(arrival& request, time_point at) noexcept {
    const duration patience = request.patience();
    request.at = at;
    if (patience != unlimited) request.info.deadline = saturating_add(at, patience);
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
