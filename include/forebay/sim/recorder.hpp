// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/outcome.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

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
