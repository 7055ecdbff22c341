// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/arrival.hpp>
#include <forebay/sim/distribution.hpp>
#include <forebay/sim/random.hpp>
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

/// Clients of one sort, each with one request at a time.
struct population {
    profile sort{};
    std::uint32_t clients{1};
    /// Time from an outcome to the client's next request, and from 0 to its first. [nanoseconds]
    distribution think{distribution::constant(0)};
    sizes varying{};
};

class closed_loop_source;

/// Requests of clients who wait for the outcome of one (a refusal too), think, and ask again: a closed system, which slows
/// down with its server. It never shows the overload that an open one does.
///
/// Each client draws from its own streams, (seed, its tenant, its number among that tenant's clients): its think times and
/// sizes are the same whatever the policy does, and whoever else is there.
struct closed_loop {
    static constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

    std::vector<population> populations{};
    /// No request comes after so many, or at or after that time, whichever is first. At least one must be given.
    std::uint64_t requests{any_number};
    duration until{unlimited};
    std::uint64_t seed{1};

    /// errors  std::invalid_argument if there is no client or no end
    [[nodiscard]] closed_loop_source open() const;
};

/// cost  O(log clients) a request; about 300 bytes a client
class closed_loop_source {
public:
    explicit closed_loop_source(const closed_loop& of) : left_{of.requests}, until_{time_point{of.until}} {
        if (of.requests == closed_loop::any_number && of.until == unlimited) {
            throw std::invalid_argument("forebay: a closed loop needs an end: a number of requests, or a time");
        }
        // Apart from what traffic of the same seed and tenant draws.
        constexpr std::uint64_t closed = std::uint64_t{1} << 63;
        for (const population& each : of.populations) {
            const tenant_id tenant = tenant_of(each.sort.tenant);
            arrival first = request_of(each.sort, names_);
            std::uint64_t number = closed;  // among its tenant's clients, so that other tenants' move none of its draws
            for (const client& earlier : clients_) number += earlier.next.info.tenant == tenant;
            for (std::uint32_t i = 0; i < each.clients; ++i) {
                first.client = static_cast<std::uint32_t>(clients_.size());
                clients_.push_back({first, each.sort.patience, each.think, random_stream{of.seed, tenant, number},
                                    size_draws{each.varying, of.seed, tenant, number}});
                ++number;
            }
        }
        if (clients_.empty()) throw std::invalid_argument("forebay: a closed loop needs at least one client");
        ready_.reserve(clients_.size());
        for (std::uint32_t i = 0; i < clients_.size(); ++i) think(i, time_point{});
    }

    [[nodiscard]] const arrival* peek() const noexcept {
        return left_ == 0 || ready_.empty() ? nullptr : &clients_[ready_.front()].next;
    }
    void pop() {
        --left_;
        std::pop_heap(ready_.begin(), ready_.end(), later{clients_});
        ready_.pop_back();
    }
    /// Its client thinks from `now` on.
    void ended(const arrival& request, time_point now) { think(request.client, now); }

    [[nodiscard]] const std::vector<std::string>& tenants() const noexcept { return names_.tenants; }
    [[nodiscard]] const std::vector<std::string>& kinds() const noexcept { return names_.kinds; }

private:
    struct client {
        arrival next;
        duration patience;
        distribution think;
        random_stream thoughts;
        size_draws varying;
    };

    struct later {
        const std::vector<client>& clients;
        bool operator()(std::uint32_t a, std::uint32_t b) const noexcept {
            const time_point of_a = clients[a].next.at;
            const time_point of_b = clients[b].next.at;
            return of_a != of_b ? of_a > of_b : a > b;
        }
    };

    void think(std::uint32_t who, time_point now) {
        client& asks = clients_[who];
        asks.next.at = saturating_add(now, duration{asks.think.draw(asks.thoughts)});
        if (asks.next.at >= until_) return;
        if (asks.patience != unlimited) asks.next.info.deadline = saturating_add(asks.next.at, asks.patience);
        asks.varying.draw(asks.next);
        ready_.push_back(who);
        std::push_heap(ready_.begin(), ready_.end(), later{clients_});
    }
    std::vector<client> clients_;
    std::vector<std::uint32_t> ready_;  // a heap of clients that are about to ask, the first in front
    name_lists names_;
    std::uint64_t left_;
    time_point until_;
};

inline closed_loop_source closed_loop::open() const {
    return closed_loop_source{*this};
}

}  // namespace forebay::inline v0::sim
