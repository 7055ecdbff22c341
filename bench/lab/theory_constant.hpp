// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "theory.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace lab::theory {

/// M/D/1, first come first served. Sums of positive terms throughout, so that no digit is lost at any load or time.
///
/// N, the number in the system, is n exactly while n - 1 < V / service <= n, V being the work there; and V is what one who
/// comes waits for. So P(V > n * service) = P(N > n). Between those: work of at most t = k * service - u, 0 < u <= service,
/// is there if j < k came within the last u and the work before that was at most (k - j) * service, whatever the server
/// did meanwhile.
/// source  the chain of departures by level crossing (as many steps from at most n to more as back); Franx, A simple solution
///         for the M/D/c waiting time distribution, Operations Research Letters 29(5), 2001
class constant_service_queue {
public:
    constant_service_queue(double arrivals, double service) : arrivals_{arrivals}, service_{service} {
        const double load = arrivals * service;
        expects(load < 1, "theory: M/D/1 needs a load below 1");
        for (std::size_t n = 0; n == 0 || poisson(n, load) > 1e-20; ++n) come_.push_back(poisson(n, load));
        more_come_ = tails(come_);
        std::vector<double> share{1 - load};
        while (share.back() > 1e-18) {
            const std::size_t n = share.size() - 1;
            double up = share[0] * at(more_come_, n);
            for (std::size_t k = n + 1 - std::min(n, more_come_.size()); k <= n; ++k)
                up += share[k] * at(more_come_, n - k + 1);
            share.push_back(up / come_[0]);
        }
        more_there_ = tails(share);
    }

    [[nodiscard]] double wait_exceeds(double t) const {
        const double k = std::floor(t / service_) + 1;
        double sum = 0;
        double enough = 1;  // P(j or more come)
        for (std::size_t j = 0; j < come_.size(); ++j) {
            const double comes = poisson(j, arrivals_ * (k * service_ - t));
            sum += comes * more_than(k - static_cast<double>(j));
            enough -= comes;
        }
        return sum + std::max(enough, 0.0) * more_than(k - static_cast<double>(come_.size()));
    }
    /// Mean of what a wait is longer than `n` service times, and 0 if it is not: the integral of its tail from there on.
    [[nodiscard]] double mean_wait_beyond(std::size_t n) const {
        double sum = 0;
        for (std::size_t k = n + 1; k < more_there_.size() + more_come_.size(); ++k) {
            for (std::size_t j = 0; j < more_come_.size(); ++j)
                sum += more_come_[j] * more_than(static_cast<double>(k) - static_cast<double>(j));
        }
        return sum / arrivals_;
    }

private:
    /// P(more than n) from P(n).
    [[nodiscard]] static std::vector<double> tails(const std::vector<double>& of) {
        std::vector<double> result(of.size(), 0);
        for (std::size_t n = of.size() - 1; n > 0; --n) result[n - 1] = result[n] + of[n];
        return result;
    }
    [[nodiscard]] static double at(const std::vector<double>& of, std::size_t n) { return n < of.size() ? of[n] : 0; }
    /// P(N > n), and P(V > n * service); below 0 that is certain, and at 0 it stands for a V that cannot be.
    [[nodiscard]] double more_than(double n) const {
        return n <= 0 ? 1 : n < static_cast<double>(more_there_.size()) ? more_there_[static_cast<std::size_t>(n)] : 0;
    }

    double arrivals_;
    double service_;
    std::vector<double> come_;        // in a service time, by number
    std::vector<double> more_come_;   // than so many
    std::vector<double> more_there_;  // than so many, in the system
};

/// A token bucket whose requests wait for their slots, one token each, Poisson arrivals below its rate.
///
/// Call V the time until the bucket is full again, without what is about to be taken: it falls by one second a second, not
/// below 0, and each request adds one token's time, 1 / rate. That is the work of M/D/1 with such a service. The tokens
/// left are burst - V * rate, below 0 what is promised already. One who comes needs a whole one: it waits
/// (1 - (burst - V * rate)) / rate = V - (burst - 1) / rate, or not at all if that is not above 0. With burst 1 that is
/// the wait of M/D/1 itself.
///
/// Where a wait of more than m / rate is refused, a request is let in if V <= (burst - 1 + m) / rate: of those refused
/// `bounded_queue` speaks, with room for burst + m.
struct delaying_bucket {
    double arrivals;
    double rate;
    std::size_t burst;
    constant_service_queue work{arrivals, 1 / rate};

    [[nodiscard]] double waits() const { return wait_exceeds(0); }
    [[nodiscard]] double wait_exceeds(double t) const {
        return work.wait_exceeds(t + static_cast<double>(burst - 1) / rate);
    }
    /// Of all, those that do not wait included.
    [[nodiscard]] double mean_wait() const { return work.mean_wait_beyond(burst - 1); }
};

}  // namespace lab::theory
