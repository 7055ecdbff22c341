// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/batch/policy.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/discipline.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace forebay::inline v0::sim {

/// Whether a batch policy promises that no executor is idle while a request waits. A policy of the host's says so with a
/// member `bool work_conserving() const`; an experiment then holds it to that.
template <batch_policy Batching>
[[nodiscard]] bool promises_work(const Batching& policy) {
    if constexpr (requires {
                      { policy.work_conserving() } -> std::same_as<bool>;
                  }) {
        return policy.work_conserving();
    } else if constexpr (std::is_same_v<Batching, size_or_delay>) {
        return policy.max_queue_delay == duration{0} && policy.min_batch_size <= 1;
    } else {
        return std::is_same_v<Batching, one_by_one>;
    }
}

/// Whether an order promises that requests of one tenant, class and key are served as they came: its leaf is fifo, or it
/// says so with a member `bool first_come_first_served() const`.
template <discipline Order>
[[nodiscard]] bool promises_order(const Order& order) {
    if constexpr (requires {
                      { order.first_come_first_served() } -> std::same_as<bool>;
                  }) {
        return order.first_come_first_served();
    } else if constexpr (selector<Order>) {
        return promises_order(order.child);
    } else {
        return std::is_same_v<Order, fifo>;
    }
}

/// Watches that requests of one tenant, class and key are handed to the model in the order in which they were queued: as
/// they came, but for those that wait for their slots. Who needs no slot, because it costs nothing, passes them.
///
/// memory   for each (tenant, class), for each of their keys other than 0 that waits, and for each that waits for its slot
///          or has
/// threads  one at a time
class order_check {
public:
    /// It is queued when it comes, or from `seat` on.
    void admitted(const arrival& request) { admitted(request, request.at); }
    void admitted(const arrival& request, time_point seat) {
        if (seat > request.at) seats_.emplace(request.sequence, seat);
        if (request.info.key != 0) ++keys_[line_of(request)].waiting;
    }
    /// It ended without having been handed to the model.
    void left(const arrival& request) {
        seats_.erase(request.sequence);
        if (request.info.key != 0) leave(request);
    }
    /// errors  std::logic_error if one of them was queued before another of its kind that was handed over earlier
    void started(std::span<const arrival* const> members) {
        for (const arrival* each : members) {
            place& last = each->info.key == 0 ? last_of(*each) : keys_[line_of(*each)].last;
            const place own = place_of(*each);
            if (own < last) {
                throw std::logic_error(
                    "forebay: expected a tenant's requests of one class and key in order of arrival, or of their "
                    "slots");
            }
            last = own;
            left(*each);
        }
    }

private:
    /// Where in the order of queueing: at one instant, as they came.
    struct place {
        time_point queued{time_point::min()};
        std::uint64_t sequence{0};
        friend auto operator<=>(const place&, const place&) noexcept = default;
    };
    struct class_line {
        std::int32_t priority;
        place last;  // that was handed over
    };
    struct line {
        std::uint64_t key;
        std::uint32_t tenant;
        std::int32_t priority;
        friend bool operator==(const line&, const line&) noexcept = default;
    };
    struct line_hash {
        std::size_t operator()(const line& of) const noexcept {
            std::uint64_t mixed = (of.key ^ of.tenant) * 0x9e3779b97f4a7c15ULL;
            mixed = (mixed ^ (mixed >> 32) ^ static_cast<std::uint32_t>(of.priority)) * 0x9e3779b97f4a7c15ULL;
            return static_cast<std::size_t>(mixed >> 32);
        }
    };
    struct line_state {
        std::uint64_t waiting{0};
        place last;
    };

    static line line_of(const arrival& request) noexcept {
        return {request.info.key, request.tenant, request.info.priority};
    }
    place place_of(const arrival& request) const {
        const auto found = seats_.empty() ? seats_.end() : seats_.find(request.sequence);
        return {found == seats_.end() ? request.at : found->second, request.sequence};
    }
    place& last_of(const arrival& request) {
        if (request.tenant >= tenants_.size()) tenants_.resize(request.tenant + std::size_t{1});
        auto& classes = tenants_[request.tenant];
        for (class_line& each : classes) {
            if (each.priority == request.info.priority) return each.last;
        }
        classes.push_back({request.info.priority, {}});
        return classes.back().last;
    }
    // Once none of a line waits, whatever comes later is later.
    void leave(const arrival& request) {
        const auto found = keys_.find(line_of(request));
        if (--found->second.waiting == 0) keys_.erase(found);
    }

    std::vector<std::vector<class_line>> tenants_;
    std::unordered_map<line, line_state, line_hash> keys_;
    std::unordered_map<std::uint64_t, time_point> seats_;  // by sequence
};

}  // namespace forebay::inline v0::sim
