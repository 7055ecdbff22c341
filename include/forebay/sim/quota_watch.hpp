// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <queue>
#include <vector>

namespace forebay::inline v0::sim {

/// How far each tenant exceeds a quota by what its requests really cost, whatever the policy counts of them.
///
/// A request counts from when it is let in, with its whole cost; one that never runs is given back as it ends. Told of
/// events in order of time. Exact: integers only.
///
/// memory   for each tenant at most what it was let in within a minute, and for each request that waits for its slot
/// threads  one at a time
class quota_watch {
public:
    explicit quota_watch(const quota& of)
        : refill_{static_cast<wide>(of.refill().tokens())},
          unit_{static_cast<wide>(of.refill().nanoseconds())},
          burst_{static_cast<wide>(of.burst()) * unit_} {}

    /// A request of `tenant` is let in at `now`, or at its `seat` after that.
    void let_in(std::uint32_t tenant, std::int64_t cost, time_point now, time_point seat) {
        seat_until(now);
        if (seat > now) {
            waiting_.push({seat, tenant, cost});
        } else {
            count(tenant, cost, now);
        }
    }
    /// One that was let in ended without having run.
    void give_back(std::uint32_t tenant, std::int64_t cost, time_point now) {
        seat_until(now);
        count(tenant, -cost, now);
    }

    /// How `tenant` kept to the quota, once all is over.
    [[nodiscard]] quota_use of(std::uint32_t tenant) {
        seat_until(time_point::max());
        if (tenant >= accounts_.size()) return {};
        const account& its = accounts_[tenant];
        const wide beyond = its.highest > burst_ ? (its.highest - burst_ + unit_ - 1) / unit_ : 0;
        return {held(static_cast<wide>(its.worst_minute)), held(beyond)};
    }

private:
    static constexpr duration minute = std::chrono::minutes{1};
    /// In units of 1 / unit_ tokens; two of them add up without wrapping.
    static constexpr wide most_level = wide{1} << 126;

    __extension__ typedef __int128 total;

    /// Where a window may begin, and what was let in before.
    struct start {
        time_point at;
        total before;
    };
    struct account {
        /// What a bucket without a bottom would be short of: the most, over all windows that end now, of what was let in
        /// beyond refill * length.
        wide level{0};
        wide highest{0};
        time_point at{};
        total sum{0};
        std::deque<start> starts;
        total worst_minute{0};
    };
    struct seated {
        time_point at;
        std::uint32_t tenant;
        std::int64_t cost;
        friend bool operator>(const seated& a, const seated& b) noexcept { return a.at > b.at; }
    };

    void seat_until(time_point now) {
        for (; !waiting_.empty() && waiting_.top().at <= now; waiting_.pop()) {
            count(waiting_.top().tenant, waiting_.top().cost, waiting_.top().at);
        }
    }
    void count(std::uint32_t tenant, std::int64_t cost, time_point now) {
        if (tenant >= accounts_.size()) accounts_.resize(tenant + std::size_t{1});
        account& its = accounts_[tenant];
        lower(its.level, refill_ * static_cast<wide>(saturating_sub(now, its.at).count()));
        its.at = now;
        if (cost < 0) {
            lower(its.level, static_cast<wide>(-cost) * unit_);
        } else {
            its.level = std::min(its.level + static_cast<wide>(cost) * unit_, most_level);
        }
        its.highest = std::max(its.highest, its.level);

        // The least sum up to the start of a window that is at most a minute long stands in front.
        while (!its.starts.empty() && saturating_sub(now, its.starts.front().at) >= minute) its.starts.pop_front();
        while (!its.starts.empty() && its.starts.back().before >= its.sum) its.starts.pop_back();
        its.starts.push_back({now, its.sum});
        its.sum += cost;
        its.worst_minute = std::max(its.worst_minute, its.sum - its.starts.front().before);
    }
    static std::int64_t held(wide value) noexcept {
        constexpr auto most = static_cast<wide>(std::numeric_limits<std::int64_t>::max());
        return static_cast<std::int64_t>(std::min(value, most));
    }
    static void lower(wide& level, wide by) noexcept { level -= std::min(level, by); }

    wide refill_;  // in a nanosecond
    wide unit_;
    wide burst_;
    std::vector<account> accounts_;
    std::priority_queue<seated, std::vector<seated>, std::greater<>> waiting_;
};

}  // namespace forebay::inline v0::sim
