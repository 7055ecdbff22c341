// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/outcome.hpp>
#include <forebay/rate.hpp>
#include <forebay/sim/spread.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace forebay::inline v0::sim {

/// `a + b`, held at the longest duration instead of wrapping. [each >= 0]
[[nodiscard]] constexpr duration sum(duration a, duration b) noexcept {
    return saturating_add(time_point{a}, b).time_since_epoch();
}

/// The same of sizes.
[[nodiscard]] constexpr std::int64_t sum(std::int64_t a, std::int64_t b) noexcept {
    return sum(duration{a}, duration{b}).count();
}

/// How far a tenant went with a quota, by what its requests really cost. See `quota_watch`.
struct quota_use {
    /// Most that was let in within a minute or less, less what was given back in it.
    std::int64_t worst_minute{0};
    /// Most by which what was let in exceeded burst + rate * length, over windows of any length; rounded up. 0: never.
    std::int64_t beyond{0};
};

/// What became of a group of requests.
struct tally {
    std::string name;
    /// What a class is told apart by; of other groups 0.
    std::int32_t priority{0};
    std::uint64_t arrived{0};
    /// By `limit`.
    std::array<std::uint64_t, static_cast<std::size_t>(limit::closed) + 1> refused_by{};
    /// By `ending`.
    std::array<std::uint64_t, static_cast<std::size_t>(ending::closed) + 1> ended{};
    /// Delivered within their objective (all that were delivered, where none was stated).
    std::uint64_t good{0};
    /// Sizes of the batches that delivered requests ran in, added up over the requests.
    std::uint64_t batch_sizes{0};
    /// Executor time spent on them: of each batch its time, shared equally by its members.
    duration service{0};
    /// What those that were delivered cost, as far as the workload says. [unit of request_info::cost]
    std::int64_t cost{0};
    /// Of a tenant, and of all the worst of any tenant; absent unless a quota is watched (`run_options::quota`).
    std::optional<quota_use> use{};
    /// Hand-over to the model minus arrival, and outcome minus arrival, of all that were delivered.
    spread queue_delay;
    spread latency;

    [[nodiscard]] std::uint64_t count(ending how) const noexcept { return ended[static_cast<std::size_t>(how)]; }
    [[nodiscard]] std::uint64_t count(limit which) const noexcept {
        return refused_by[static_cast<std::size_t>(which)];
    }
    [[nodiscard]] std::uint64_t delivered() const noexcept { return count(ending::delivered); }
    [[nodiscard]] std::uint64_t refused() const noexcept {
        return std::accumulate(refused_by.begin(), refused_by.end(), std::uint64_t{0});
    }
    /// Refusals and outcomes. Equals `arrived` once all is over.
    [[nodiscard]] std::uint64_t settled() const noexcept {
        return std::accumulate(ended.begin(), ended.end(), refused());
    }
    /// Good ones among all that arrived: what was refused or expired counts against it.
    [[nodiscard]] double slo_attainment() const noexcept {
        return arrived == 0 ? 0.0 : static_cast<double>(good) / static_cast<double>(arrived);
    }
    /// Mean size of the batches that its delivered requests ran in, as the requests see it: a batch of 8 counts 8 times.
    [[nodiscard]] double mean_batch_size() const noexcept {
        return delivered() == 0 ? 0.0 : static_cast<double>(batch_sizes) / static_cast<double>(delivered());
    }

    /// Adds what became of others, but for the spreads and the use of a quota, which do not add up.
    void add(const tally& others) noexcept {
        arrived += others.arrived;
        for (std::size_t i = 0; i < refused_by.size(); ++i) refused_by[i] += others.refused_by[i];
        for (std::size_t i = 0; i < ended.size(); ++i) ended[i] += others.ended[i];
        good += others.good;
        batch_sizes += others.batch_sizes;
        service = sum(service, others.service);
        cost = sum(cost, others.cost);
    }
};

/// What happened in one stretch of a run.
struct timeline_bucket {
    /// Requests that waited for an executor, on average over the stretch, and at most.
    double queue_mean{0};
    std::uint64_t queue_max{0};
    /// Mean size of the batches that were handed to the model in it; 0 if none was.
    double batch_mean{0};
    std::uint64_t arrived{0};
    std::uint64_t refused{0};
    std::uint64_t completed{0};
    std::uint64_t expired{0};
    /// Executor time that each tenant had in it, by place in `report::tenants`; of the first 16 tenants.
    std::vector<duration> tenant_service{};
};

/// What one policy did with one workload. Nothing was cut off at either end.
struct report {
    std::string policy;
    tally all;
    /// Groups nobody belongs to are left out.
    std::vector<tally> kinds;
    std::vector<tally> tenants;
    /// By priority, the most urgent first.
    std::vector<tally> classes;
    std::size_t executors{1};
    std::uint64_t batches{0};
    std::uint64_t batched_requests{0};
    /// Time that executors spent on batches, added up.
    duration busy{0};
    /// From the first arrival to the last event.
    duration elapsed{0};
    /// What tenants were held against: `tally::use`.
    std::optional<quota> watched{};
    /// Time in which an executor was free while a request waited: what batching spends on company.
    duration held_back{0};
    /// Requests that admission let in later (`on_refusal = delay`), and how long they waited for their slots, added up. That
    /// wait is part of their latency and queue delay, not of `held_back`.
    std::uint64_t delayed{0};
    duration delayed_time{0};
    /// How good the times were that a full queue named by estimate: of the first such refusal since the queue last had room
    /// (later ones know better, the more so the longer it takes). How many, and by how much they were too early or too late,
    /// added up. Only of queues whose number of requests was what bound: what a cost needs depends on who asks.
    std::uint64_t retry_estimates{0};
    duration retry_too_early{0};
    duration retry_too_late{0};

    /// Jain's index over the tenants that asked for something, of the executor time and of the good answers they got: 1 is
    /// equal, 1/n is all for one. Absent if nobody got anything.
    /// source  Jain, Chiu, Hawe: A quantitative measure of fairness and discrimination, DEC-TR-301, 1984
    std::optional<double> jain{};
    std::optional<double> jain_goodput{};
    /// By how much the executor time of two tenants drifted apart while both had requests in the system: the largest over
    /// all pairs and all such intervals. Absent for more than 32 tenants, or if the run was told to leave it out.
    std::optional<duration> max_service_gap{};

    /// The run in stretches of `timeline_width`, from the first arrival on; empty unless asked for.
    std::vector<timeline_bucket> timeline{};
    duration timeline_width{0};

    /// That many requests over the time that passed.
    [[nodiscard]] double per_second(std::uint64_t requests) const noexcept {
        return elapsed > duration{0} ? static_cast<double>(requests) * 1e9 / static_cast<double>(elapsed.count()) : 0.0;
    }
    [[nodiscard]] double throughput_rps() const noexcept { return per_second(all.delivered()); }
    [[nodiscard]] double goodput_rps() const noexcept { return per_second(all.good); }
    [[nodiscard]] double mean_batch_size() const noexcept {
        return batches == 0 ? 0.0 : static_cast<double>(batched_requests) / static_cast<double>(batches);
    }
    /// Share of the executors' time that was spent on batches.
    [[nodiscard]] double utilisation() const noexcept {
        const double time = static_cast<double>(elapsed.count()) * static_cast<double>(executors);
        return time > 0 ? static_cast<double>(busy.count()) / time : 0.0;
    }
};

}  // namespace forebay::inline v0::sim
