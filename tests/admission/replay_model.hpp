// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

/// A bucket that keeps a list of all that was ever taken, and replays it: in the order of time, reservations at their
/// slots, cancelled ones left out, the level never above the burst. What it holds is all that can be given back.
class replay_model {
public:
    __extension__ using wide = __int128;

    explicit replay_model(forebay::quota of)
        : per_token_{of.refill().nanoseconds()}, per_ns_{of.refill().tokens()}, most_{per_token_ * of.burst()} {}

    /// Takes (> 0) or gives back (< 0) tokens; which event it is.
    std::size_t add(std::int64_t cost, forebay::time_point at) {
        events_.push_back({at.time_since_epoch().count(), events_.size(), cost * per_token_});
        return events_.size() - 1;
    }
    void leave_out(std::size_t which) { events_[which].ticks = 0; }

    /// The last instant at which something is taken, or `now` if that is later.
    [[nodiscard]] forebay::time_point end(forebay::time_point now) const {
        std::int64_t last = now.time_since_epoch().count();
        for (const event& one : events_) {
            if (one.ticks != 0) last = std::max(last, one.at);
        }
        return forebay::time_point{forebay::duration{last}};
    }
    /// Ticks held at `at`, not before end(); nothing if a slot found too little.
    [[nodiscard]] std::optional<wide> level(forebay::time_point at) const {
        std::vector<event> all;
        std::ranges::copy_if(events_, std::back_inserter(all), [](const event& one) { return one.ticks != 0; });
        std::ranges::sort(all, {}, [](const event& one) { return std::pair{one.at, one.number}; });
        // Slots are whole nanoseconds: who waits for a full bucket is let in up to one late, which costs nobody what came
        // in meanwhile.
        const wide brim = most_ + per_ns_ - 1;
        wide held = brim;
        std::int64_t last = all.empty() ? 0 : all.front().at;
        for (const event& one : all) {
            held = std::min(brim, held + per_ns_ * (one.at - last));
            held = std::min(brim, held - one.ticks);
            if (held < 0) return {};
            last = one.at;
        }
        return std::min(most_, held + per_ns_ * (at.time_since_epoch().count() - last));
    }
    /// When the bucket is full, if nobody takes from `at` on.
    [[nodiscard]] forebay::time_point full(forebay::time_point at) const {
        const wide missing = most_ - *level(at);
        return at + forebay::duration{static_cast<std::int64_t>((missing + per_ns_ - 1) / per_ns_)};
    }

private:
    struct event {
        std::int64_t at;
        std::size_t number;
        wide ticks;
    };
    wide per_token_;
    wide per_ns_;
    wide most_;
    std::vector<event> events_;
};
