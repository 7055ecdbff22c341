// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/outcome.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/fairness.hpp>
#include <forebay/sim/groups.hpp>
#include <forebay/sim/quota_watch.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/run_options.hpp>
#include <forebay/sim/timeline.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// Takes down what happens to each request of a workload and makes the report of it, from a run in virtual time or from
/// a real one whose times were kept. Events are told in order of time; of each request either that it was refused, or
/// that it was admitted and then what it ended as.
///
/// memory   grows with the requests that are delivered only if percentiles are to be exact
/// errors   std::logic_error where what is told cannot have happened
/// threads  one at a time
class recorder {
public:
    /// options  those that say what is kept; `patience`, `each` and `progress` are for whoever runs the requests
    /// errors   std::invalid_argument if options.timeline is odd
    recorder(std::string policy, std::size_t executors, const run_options& options = {})
        : options_{options}, groups_{options.precision}, timeline_{options.timeline} {
        report_.policy = std::move(policy);
        report_.executors = executors;
        report_.watched = options.quota;
        if (options.quota) watch_.emplace(*options.quota);
    }

    /// `request` came, at `request.at`, and was let in: it waits, in the queue from `seat` on.
    void admitted(const arrival& request) { admitted(request, request.at); }
    void admitted(const arrival& request, time_point seat) {
        came(request, false);
        ++in_system_;
        if (seat > request.at) {
            ++report_.delayed;
            report_.delayed_time = sum(report_.delayed_time, saturating_sub(seat, request.at));
        } else {
            ++queued_;
        }
        if (options_.service_gap) gap_.entered(request.tenant, request.at);
        if (watch_) watch_->let_in(request.tenant, request.known_cost(), request.at, seat);
    }
    /// One that waited for its slot is queued, at its seat.
    void seated(time_point seat) {
        pass(seat);
        ++queued_;
    }
    /// It came, and was turned away at once.
    void refused(const arrival& request, limit which) {
        ++came(request, true).refused_by[static_cast<std::size_t>(which)];
    }
    /// The same, with what it was told.
    void refused(const arrival& request, const verdict& said) {
        refused(request, said.which);
        const bool estimated = said.how_sure == certainty::estimate && said.which == limit::queued_requests;
        if (estimated && !named_) named_ = said.when;
    }
    /// These were handed to the model together.
    void started(std::span<const arrival* const> members, time_point now) {
        pass(now);
        if (members.size() > queued_) throw std::logic_error("forebay: expected a batch of requests that wait");
        queued_ -= members.size();
        has_room(now);
        ++running_;
        ++report_.batches;
        report_.batched_requests += members.size();
        if (options_.service_gap) gap_.ran(members, now, false);
        if (timeline_.keeps()) timeline_.began(members.size());
    }
    /// Their executor is free again.
    /// returns  what `delivered` is to be told of each of them
    batch_run returned(std::span<const arrival* const> members, time_point start, time_point now) {
        pass(now);
        if (running_ == 0) throw std::logic_error("forebay: expected a batch to come back once");
        --running_;
        const duration time = saturating_sub(now, start);
        report_.busy = sum(report_.busy, time);
        if (options_.service_gap) gap_.ran(members, now, true);
        if (timeline_.keeps()) timeline_.returned(members, start, now);
        return {start, time, members.size()};
    }
    /// It was answered at `now`, by a batch that has come back.
    void delivered(const arrival& request, batch_run& by, time_point now) {
        leave(request, now);
        groups_.delivered(request, by, saturating_sub(now, request.at));
        if (timeline_.keeps()) timeline_.completed();
    }
    /// It ended at `now` without having been handed to the model.
    void ended(const arrival& request, ending how, time_point now) {
        leave(request, now);
        if (queued_ == 0) throw std::logic_error("forebay: expected a request that waits to end");
        --queued_;
        has_room(now);
        ++groups_.of(request).ended[static_cast<std::size_t>(how)];
        if (watch_) watch_->give_back(request.tenant, request.known_cost(), now);
        if (timeline_.keeps() && how == ending::expired) timeline_.expired();
    }

    /// The report.
    /// tenants, kinds  the names that the requests' indices stand for
    /// errors  std::logic_error if a request has no outcome or several, or if the number in the system added up over
    ///         time is not the time in the system added up over requests: then what was recorded did not happen
    [[nodiscard]] report finish(const std::vector<std::string>& tenants, const std::vector<std::string>& kinds) && {
        report_.elapsed = saturating_sub(last_, first_);
        groups_.summarise(report_, tenants, kinds, options_.curves);
        if (in_system_ != 0 || running_ != 0 || report_.all.settled() != report_.all.arrived) {
            throw std::logic_error("forebay: expected one outcome for each of " + std::to_string(report_.all.arrived) +
                                   " requests, found " + std::to_string(report_.all.settled()));
        }
        if (integral_ != sojourns_)
            throw std::logic_error("forebay: the times of the recorded events contradict each other");
        if (watch_) hold_against_quota();
        std::vector<std::uint64_t> service;
        std::vector<std::uint64_t> good;
        for (const tally& each : report_.tenants) {
            service.push_back(static_cast<std::uint64_t>(each.service.count()));
            good.push_back(each.good);
        }
        report_.jain = jain_index(service);
        report_.jain_goodput = jain_index(good);
        if (options_.service_gap) report_.max_service_gap = gap_.largest();
        if (timeline_.keeps()) {
            report_.timeline_width = timeline_.width();
            report_.timeline = std::move(timeline_).finish(report_.elapsed, groups_.first_tenants(16));
        }
        return std::move(report_);
    }

private:
    tally& came(const arrival& request, bool was_refused) {
        if (!began_) {
            first_ = last_ = request.at;
            timeline_.start(first_);
            began_ = true;
        }
        pass(request.at);
        tally& group = groups_.of(request);
        ++group.arrived;
        if (timeline_.keeps()) timeline_.arrived(was_refused);
        return group;
    }
    void leave(const arrival& request, time_point now) {
        pass(now);
        if (in_system_ == 0) throw std::logic_error("forebay: expected a request that has no outcome yet to end");
        --in_system_;
        sojourns_ += between(request.at, now);
        if (options_.service_gap) gap_.left(request.tenant, now);
    }
    void hold_against_quota() {
        std::size_t place = 0;
        quota_use worst;
        for (const std::uint32_t tenant : groups_.first_tenants(report_.tenants.size())) {
            const quota_use its = watch_->of(tenant);
            report_.tenants[place++].use = its;
            worst = {std::max(worst.worst_minute, its.worst_minute), std::max(worst.beyond, its.beyond)};
        }
        report_.all.use = worst;
    }
    void has_room(time_point now) {
        if (!named_) return;
        ++report_.retry_estimates;
        duration& off = *named_ < now ? report_.retry_too_early : report_.retry_too_late;
        off = sum(off, *named_ < now ? saturating_sub(now, *named_) : saturating_sub(*named_, now));
        named_.reset();
    }
    void pass(time_point now) {
        if (now != last_) move_on(now);
    }
    void move_on(time_point now) {
        if (now < last_) throw std::logic_error("forebay: expected the events of a run in order of time");
        integral_ += in_system_ * between(last_, now);
        if (queued_ > 0 && running_ < report_.executors) {
            report_.held_back = sum(report_.held_back, saturating_sub(now, last_));
        }
        if (timeline_.keeps()) timeline_.waited(queued_, last_, now);
        last_ = now;
    }

    /// Wraps, as both sums that it goes into do: they can be compared however long the run is.
    static std::uint64_t between(time_point from, time_point until) noexcept {
        return static_cast<std::uint64_t>(until.time_since_epoch().count()) -
               static_cast<std::uint64_t>(from.time_since_epoch().count());
    }

    run_options options_;
    report report_;
    request_groups groups_;
    service_gap gap_;
    std::optional<quota_watch> watch_;
    timeline_recorder timeline_;
    std::uint64_t in_system_{0};
    std::uint64_t queued_{0};
    std::uint64_t running_{0};
    std::uint64_t integral_{0};
    std::uint64_t sojourns_{0};
    time_point first_{};
    time_point last_{};
    bool began_{false};
    std::optional<time_point> named_{};  // by the first refusal since there was room
};

}  // namespace forebay::inline v0::sim
