// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/outcome.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// Place, from 0, of the value at rank ceil(q * n) of n sorted ones: nearest rank, so a value that occurred.
/// permille  q in thousandths
[[nodiscard]] constexpr std::size_t nearest_rank(std::size_t n, std::size_t permille) noexcept {
    const std::size_t rank = (n * permille + 999) / 1000;
    return rank == 0 ? 0 : rank - 1;
}

/// How durations are spread: exact, of all values.
struct spread {
    std::size_t count{0};
    double mean_seconds{0};
    duration p50{0};
    duration p90{0};
    duration p95{0};
    duration p99{0};
    duration max{0};

    /// values  [each >= 0]
    /// cost    O(n)
    [[nodiscard]] static spread of(std::vector<duration> values) {
        spread result;
        if (values.empty()) return result;
        wide sum = 0;  // a long overload adds up to more than 292 years
        for (const duration value : values) sum += static_cast<wide>(value.count());
        auto from = values.begin();  // what stands before is smaller than all that follows
        const auto at = [&](std::size_t permille) {
            const auto place = values.begin() + static_cast<std::ptrdiff_t>(nearest_rank(values.size(), permille));
            std::nth_element(from, place, values.end());
            from = place;
            return *place;
        };
        result.count = values.size();
        result.mean_seconds = static_cast<double>(sum) / 1e9 / static_cast<double>(values.size());
        result.p50 = at(500);
        result.p90 = at(900);
        result.p95 = at(950);
        result.p99 = at(990);
        result.max = at(1000);
        return result;
    }
};

/// What became of a group of requests.
struct tally {
    std::string name;
    std::uint64_t arrived{0};
    /// By `limit`.
    std::array<std::uint64_t, static_cast<std::size_t>(limit::closed) + 1> refused_by{};
    /// By `ending`.
    std::array<std::uint64_t, static_cast<std::size_t>(ending::closed) + 1> ended{};
    /// Delivered within their objective (all that were delivered, where none was stated).
    std::uint64_t good{0};
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
};

/// What one policy did with one workload. Everything is exact; nothing was cut off at either end.
struct report {
    std::string policy;
    tally all;
    /// Groups nobody belongs to are left out.
    std::vector<tally> kinds;
    std::vector<tally> tenants;
    std::size_t executors{1};
    std::uint64_t batches{0};
    std::uint64_t batched_requests{0};
    /// Time that executors spent on batches, added up.
    duration busy{0};
    /// From the first arrival to the last event.
    duration elapsed{0};

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

/// Takes down what happens to each request of a workload and makes the report of it, from a run in virtual time or from
/// a real one whose times were kept. Events are told in order of time.
///
/// errors   std::logic_error where what is told cannot have happened
/// threads  one at a time
class recorder {
public:
    recorder(std::string policy, const workload& requests, std::size_t executors)
        : kinds_(requests.kinds.size()), tenants_(requests.tenants.size()) {
        report_.policy = std::move(policy);
        report_.executors = executors;
        for (std::size_t i = 0; i < kinds_.size(); ++i) kinds_[i].sum.name = requests.kinds[i];
        for (std::size_t i = 0; i < tenants_.size(); ++i) tenants_[i].sum.name = requests.tenants[i];
    }

    /// `request` came, at `request.at`.
    void arrived(const arrival& request) {
        if (!started_) first_ = last_ = request.at;
        started_ = true;
        pass(request.at);
        for (tally* group : groups(request)) ++group->arrived;
        ++in_system_;
    }
    /// It was turned away at once.
    void refused(const arrival& request, limit which) {
        for (tally* group : groups(request)) ++group->refused_by[static_cast<std::size_t>(which)];
        --in_system_;
    }
    /// A batch was run from `start` to `end` by one executor.
    void served(std::size_t requests, time_point start, time_point end) noexcept {
        ++report_.batches;
        report_.batched_requests += requests;
        report_.busy += end - start;
    }
    /// It was handed to the model at `start` and answered at `now`.
    void delivered(const arrival& request, time_point start, time_point now) {
        ended(request, ending::delivered, now);
        const duration latency = now - request.at;
        for (tally* group : groups(request)) group->good += latency <= request.slo;
        for (series* each : {&kinds_.at(request.kind), &tenants_.at(request.tenant)}) {
            each->queue_delays.push_back(start - request.at);
            each->latencies.push_back(latency);
        }
    }
    /// It ended at `now`. Delivered ones are reported to `delivered` instead.
    void ended(const arrival& request, ending how, time_point now) {
        pass(now);
        for (tally* group : groups(request)) ++group->ended[static_cast<std::size_t>(how)];
        --in_system_;
        sojourns_ += static_cast<std::uint64_t>((now - request.at).count());
    }

    /// The report.
    /// errors  std::logic_error if a request has no outcome or several, or if the number in the system added up over
    ///         time is not the time in the system added up over requests: then what was recorded did not happen
    [[nodiscard]] report finish() && {
        if (report_.all.settled() != report_.all.arrived) {
            throw std::logic_error("forebay: expected one outcome for each of " + std::to_string(report_.all.arrived) +
                                   " requests, found " + std::to_string(report_.all.settled()));
        }
        if (integral_ != sojourns_)
            throw std::logic_error("forebay: the times of the recorded events contradict each other");
        report_.elapsed = last_ - first_;
        std::vector<duration> queue_delays;
        std::vector<duration> latencies;
        for (const series& each : kinds_) {
            queue_delays.insert(queue_delays.end(), each.queue_delays.begin(), each.queue_delays.end());
            latencies.insert(latencies.end(), each.latencies.begin(), each.latencies.end());
        }
        report_.all.name = "all";
        report_.all.queue_delay = spread::of(std::move(queue_delays));
        report_.all.latency = spread::of(std::move(latencies));
        report_.kinds = summarise(kinds_);
        report_.tenants = summarise(tenants_);
        return std::move(report_);
    }

private:
    struct series {
        tally sum;
        std::vector<duration> queue_delays;
        std::vector<duration> latencies;
    };

    [[nodiscard]] std::array<tally*, 3> groups(const arrival& request) {
        return {&report_.all, &kinds_.at(request.kind).sum, &tenants_.at(request.tenant).sum};
    }
    static std::vector<tally> summarise(std::vector<series>& all) {
        std::vector<tally> result;
        for (series& each : all) {
            if (each.sum.arrived == 0) continue;
            each.sum.queue_delay = spread::of(std::move(each.queue_delays));
            each.sum.latency = spread::of(std::move(each.latencies));
            result.push_back(std::move(each.sum));
        }
        return result;
    }
    /// Both sums wrap alike, so they can be compared however long the run is.
    void pass(time_point now) {
        if (now < last_) throw std::logic_error("forebay: expected the events of a run in order of time");
        integral_ += in_system_ * static_cast<std::uint64_t>((now - last_).count());
        last_ = now;
    }

    report report_;
    std::vector<series> kinds_;
    std::vector<series> tenants_;
    std::uint64_t in_system_{0};
    std::uint64_t integral_{0};
    std::uint64_t sojourns_{0};
    time_point first_{};
    time_point last_{};
    bool started_{false};
};

}  // namespace forebay::inline v0::sim
