// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/arrival.hpp>
#include <forebay/sim/arrival_process.hpp>
#include <forebay/sim/sizes.hpp>
#include <forebay/sim/source.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// A sort of request, when it comes and how large it is.
struct demand {
    profile sort{};
    arrival_process arrivals;
    sizes varying{};
};

class traffic_source;

/// Requests of several sorts that come on their own, whatever becomes of them (an open system), made up while the run
/// goes on: nothing is held but the next of each sort.
///
/// Each demand draws from its own streams, (seed, its tenant, its place among that tenant's demands): another demand, or
/// another rate of it, moves none of the others. Those of one instant come in the order of the demands.
///
///     sim::traffic{.demands = {{.sort = {.tenant = "acme"}, .arrivals = sim::arrival_process::gamma(rate, 3.5)}},
///                  .requests = 1'000'000, .seed = 7}
struct traffic {
    static constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

    std::vector<demand> demands{};
    /// It ends after so many requests, or at that time, whichever comes first. At least one must be given.
    std::uint64_t requests{any_number};
    duration until{unlimited};
    std::uint64_t seed{1};

    /// errors  std::invalid_argument if there is no demand or no end
    [[nodiscard]] traffic_source open() const;
};

/// cost  O(log demands) a request; allocates nothing after construction
class traffic_source {
public:
    explicit traffic_source(const traffic& of) : left_{of.requests}, until_{time_point{of.until}} {
        if (of.demands.empty()) throw std::invalid_argument("forebay: traffic needs at least one demand");
        if (of.requests == traffic::any_number && of.until == unlimited) {
            throw std::invalid_argument("forebay: traffic needs an end: a number of requests, or a time");
        }
        lanes_.reserve(of.demands.size());
        for (std::size_t i = 0; i < of.demands.size(); ++i) {
            const demand& each = of.demands[i];
            const tenant_id tenant = tenant_of(each.sort.tenant);
            const auto place = static_cast<std::uint64_t>(
                std::count_if(of.demands.begin(), of.demands.begin() + static_cast<std::ptrdiff_t>(i),
                              [&](const demand& earlier) { return earlier.sort.tenant == each.sort.tenant; }));
            lanes_.push_back({request_of(each.sort, names_), each.sort.patience,
                              arrival_times{each.arrivals, of.seed, tenant, place},
                              size_draws{each.varying, of.seed, tenant, place}});
            lanes_.back().advance();
            order_.push_back(i);
        }
        std::make_heap(order_.begin(), order_.end(), [this](std::size_t a, std::size_t b) { return before(b, a); });
    }

    [[nodiscard]] const arrival* peek() const noexcept {
        const arrival& soonest = lanes_[order_.front()].next;
        return left_ == 0 || soonest.at >= until_ ? nullptr : &soonest;
    }
    void pop() {
        --left_;
        lanes_[order_.front()].advance();
        sink();
    }
    [[nodiscard]] const std::vector<std::string>& tenants() const noexcept { return names_.tenants; }
    [[nodiscard]] const std::vector<std::string>& kinds() const noexcept { return names_.kinds; }

private:
    struct lane {
        arrival next;
        duration patience;
        arrival_times times;
        size_draws varying;

        void advance() {
            next.at = times.next();
            if (patience != unlimited) next.info.deadline = saturating_add(next.at, patience);
            varying.draw(next);
        }
    };

    [[nodiscard]] bool before(std::size_t a, std::size_t b) const noexcept {
        const time_point of_a = lanes_[a].next.at;
        const time_point of_b = lanes_[b].next.at;
        return of_a != of_b ? of_a < of_b : a < b;
    }
    /// The lane in front has moved on in time: it goes down to its place.
    void sink() noexcept {
        const std::size_t count = order_.size();
        for (std::size_t at = 0;;) {
            std::size_t child = 2 * at + 1;
            if (child >= count) return;
            if (child + 1 < count && before(order_[child + 1], order_[child])) ++child;
            if (before(order_[at], order_[child])) return;
            std::swap(order_[at], order_[child]);
            at = child;
        }
    }

    std::vector<lane> lanes_;
    std::vector<std::size_t> order_;  // a heap of lanes, the one that comes first in front
    name_lists names_;
    std::uint64_t left_;
    time_point until_;
};

inline traffic_source traffic::open() const {
    return traffic_source{*this};
}

}  // namespace forebay::inline v0::sim
