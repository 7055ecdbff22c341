// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/request.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
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
    /// What it turns out to cost once it has run, in the unit of `info.cost`; `as_charged`: what admission took for it. With
    /// `info.cost == unknown_cost` the policies estimate. [>= 0, or as_charged]
    std::int64_t actual_cost{as_charged};
    /// How long it took alone when it was recorded; 0 where nothing is stated. [>= 0]
    duration service{0};
    /// Its place in the workload, from 0. The experiment sets it as it takes requests from their source.
    std::uint64_t sequence{0};
    /// Index into the source's `tenants()`; `info.tenant` is `tenant_of` that name.
    std::uint32_t tenant{0};
    /// Index into the source's `kinds()`: what reports group by (a modality, a class).
    std::uint32_t kind{0};
    /// Who waits for its outcome, in a closed loop; the source's own number.
    std::uint32_t client{0};

    /// What it costs, as far as the workload says: as it turns out, else as declared, else 0.
    [[nodiscard]] std::int64_t known_cost() const noexcept {
        const std::int64_t stated = actual_cost != as_charged ? actual_cost : info.cost;
        return stated == unknown_cost ? 0 : stated;
    }
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

/// Moves one request in time; its deadline keeps its distance.
inline void move_to(arrival& request, time_point at) noexcept {
    const duration patience = request.patience();
    request.at = at;
    if (patience != unlimited) request.info.deadline = saturating_add(at, patience);
}

/// The names that indices of arrivals stand for.
struct name_lists {
    std::vector<std::string> tenants;
    std::vector<std::string> kinds;

    /// Index of that name, which is added if it is new. O(names).
    std::uint32_t tenant_index(std::string_view name) { return index_of(tenants, name); }
    std::uint32_t kind_index(std::string_view name) { return index_of(kinds, name); }

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

}  // namespace forebay::inline v0::sim
