// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/arrival.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// What happens in each stretch of a run, in a fixed number of buckets: when the run outgrows them, two and two become
/// one, of twice the width. Told of events in order of time.
///
/// threads  one at a time
class timeline_recorder {
public:
    /// Tenants beyond this many (by index) are not told apart.
    static constexpr std::size_t most_tenants = 32;

    /// buckets  at most this many; 0 = keep nothing
    /// errors   std::invalid_argument unless even
    explicit timeline_recorder(std::size_t buckets) : buckets_(buckets) {
        if (buckets % 2 != 0) throw std::invalid_argument("forebay: run_options.timeline must be even");
    }

    [[nodiscard]] bool keeps() const noexcept { return !buckets_.empty(); }

    /// The run begins.
    void start(time_point first) noexcept {
        first_ = first;
        end_ = saturating_add(first, width_);
    }
    /// `queued` requests waited from the last time this was told until `now`, and as many wait up to then.
    void waited(std::uint64_t queued, time_point from, time_point now) {
        for (; now > end_; go_on()) {
            wait(queued, from, end_);
            from = end_;
        }
        wait(queued, from, now);
    }
    void arrived(bool was_refused) noexcept {
        ++buckets_[current_].arrived;
        buckets_[current_].refused += was_refused;
    }
    void completed() noexcept { ++buckets_[current_].completed; }
    void expired() noexcept { ++buckets_[current_].expired; }
    void began(std::size_t batch) noexcept {
        ++buckets_[current_].batches;
        buckets_[current_].batched += batch;
    }
    /// A batch of these ran from `start` to `now`; they share its time equally.
    void returned(std::span<const arrival* const> members, time_point start, time_point now) {
        std::array<std::uint64_t, most_tenants> of{};
        for (const arrival* each : members) {
            if (each->tenant < most_tenants) ++of[each->tenant];
        }
        for (std::uint32_t tenant = 0; tenant < most_tenants; ++tenant) {
            if (of[tenant] != 0) share_out(tenant, of[tenant], members.size(), start, now);
        }
    }

    /// Width of the buckets now.
    [[nodiscard]] duration width() const noexcept { return width_; }

    /// The buckets that the run has filled.
    /// elapsed  from the first event to the last
    /// tenants  whose service is wanted, by index, in this order
    [[nodiscard]] std::vector<timeline_bucket> finish(duration elapsed, std::span<const std::uint32_t> tenants) && {
        std::vector<timeline_bucket> result;
        for (std::size_t i = 0; i <= current_ && keeps(); ++i) {
            const bucket& from = buckets_[i];
            const duration covered = std::min(width_, elapsed - width_ * static_cast<std::int64_t>(i));
            timeline_bucket to;
            if (covered > duration{0}) {
                to.queue_mean = static_cast<double>(from.queue_time) / static_cast<double>(covered.count());
            }
            to.queue_max = from.queue_max;
            if (from.batches != 0)
                to.batch_mean = static_cast<double>(from.batched) / static_cast<double>(from.batches);
            to.arrived = from.arrived;
            to.refused = from.refused;
            to.completed = from.completed;
            to.expired = from.expired;
            for (const std::uint32_t tenant : tenants) {
                to.tenant_service.push_back(tenant < most_tenants ? from.service[tenant] : duration{0});
            }
            result.push_back(std::move(to));
        }
        return result;
    }

private:
    struct bucket {
        wide queue_time{0};
        std::uint64_t queue_max{0};
        std::uint64_t batches{0};
        std::uint64_t batched{0};
        std::uint64_t arrived{0};
        std::uint64_t refused{0};
        std::uint64_t completed{0};
        std::uint64_t expired{0};
        std::array<duration, most_tenants> service{};
    };

    static bucket merged(const bucket& a, const bucket& b) noexcept {
        bucket both{a.queue_time + b.queue_time,
                    std::max(a.queue_max, b.queue_max),
                    a.batches + b.batches,
                    a.batched + b.batched,
                    a.arrived + b.arrived,
                    a.refused + b.refused,
                    a.completed + b.completed,
                    a.expired + b.expired,
                    a.service};
        for (std::size_t i = 0; i < most_tenants; ++i) both.service[i] = sum(a.service[i], b.service[i]);
        return both;
    }
    [[nodiscard]] time_point end_of(std::size_t index) const {
        return saturating_add(first_, duration{scaled(width_.count(), static_cast<std::int64_t>(index + 1), 1)});
    }
    void wait(std::uint64_t queued, time_point from, time_point until) {
        if (from == until) return;
        bucket& open = buckets_[current_];
        open.queue_time += static_cast<wide>(queued) * static_cast<std::uint64_t>(saturating_sub(until, from).count());
        open.queue_max = std::max(open.queue_max, queued);
    }
    void go_on() {
        if (++current_ == buckets_.size()) {
            const std::size_t half = buckets_.size() / 2;
            for (std::size_t i = 0; i < half; ++i) buckets_[i] = merged(buckets_[2 * i], buckets_[2 * i + 1]);
            std::fill(buckets_.begin() + static_cast<std::ptrdiff_t>(half), buckets_.end(), bucket{});
            width_ = sum(width_, width_);
            current_ = half;
        }
        end_ = end_of(current_);
    }
    void share_out(std::uint32_t tenant, std::uint64_t part, std::uint64_t whole, time_point start, time_point now) {
        const auto until = [&](time_point t) {
            const wide exact = static_cast<wide>(saturating_sub(t, start).count()) * part / whole;
            return duration{static_cast<std::int64_t>(exact)};
        };
        duration before{0};
        for (auto i = static_cast<std::size_t>(saturating_sub(start, first_) / width_);; ++i) {
            const time_point end = end_of(i);
            const duration so_far = until(std::min(end, now));
            duration& of = buckets_[std::min(i, current_)].service[tenant];
            of = sum(of, so_far - before);
            before = so_far;
            if (end >= now) return;
        }
    }

    std::vector<bucket> buckets_;
    duration width_{1024};  // of the narrowest bucket; a run rarely is as short as one
    std::size_t current_{0};
    time_point first_{};
    time_point end_{};
};

}  // namespace forebay::inline v0::sim
