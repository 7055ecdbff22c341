// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <vector>

/// What queueing theory says about the systems that the lab simulates. Times in seconds, rates in events a second;
/// `load` is the work that arrives in a second over the servers that are there.
///
/// errors  std::invalid_argument for systems without a steady state, or numbers that describe none
namespace lab::theory {

inline void expects(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
}

/// The value that a share `q` of all stays at or below.
/// exceeds  t -> P(X > t): falls, continuous above 0, below 1 - q somewhere
template <class Tail>
[[nodiscard]] double quantile(const Tail& exceeds, double q) {
    expects(q > 0 && q < 1, "theory: a quantile needs 0 < q < 1");
    if (exceeds(0.0) <= 1 - q) return 0;
    double low = 0;
    double high = 1e-9;
    while (exceeds(high) > 1 - q) {
        high *= 2;
        expects(high < 1e12, "theory: a tail must fall below 1 - q");
    }
    for (int step = 0; step < 100; ++step) {
        const double middle = (low + high) / 2;
        (exceeds(middle) > 1 - q ? low : high) = middle;
    }
    return high;
}

/// P(N = n) of a Poisson variable; by logarithms, so that no factor overflows.
[[nodiscard]] inline double poisson(std::size_t n, double mean) {
    if (mean <= 0) return n == 0 ? 1.0 : 0.0;
    const auto count = static_cast<double>(n);
    return std::exp(count * std::log(mean) - mean - std::lgamma(count + 1));
}
/// P(N >= n) of a Poisson variable.
[[nodiscard]] inline double poisson_at_least(std::size_t n, double mean) {
    double below = 0;
    for (std::size_t i = 0; i < n; ++i) below += poisson(i, mean);
    return std::fmax(0, 1 - below);
}

/// M/M/c/c: share of the requests that find all servers busy, and are lost. It depends on the mean service time only.
/// offered  arrivals * service
/// source   Erlang 1917, formula B
[[nodiscard]] inline double erlang_b(unsigned servers, double offered) {
    double blocked = 1;
    for (unsigned c = 1; c <= servers; ++c) blocked = offered * blocked / (c + offered * blocked);
    return blocked;
}

/// M/M/c: share of the requests that have to wait.
/// source   Erlang 1917, formula C
[[nodiscard]] inline double erlang_c(unsigned servers, double offered) {
    expects(servers > 0 && offered < servers, "theory: Erlang C needs less work than servers");
    const double blocked = erlang_b(servers, offered);
    return blocked / (1 - offered / servers * (1 - blocked));
}

/// M/M/c, first come first served.
struct markov_queue {
    double arrivals;
    double service;
    unsigned servers{1};

    [[nodiscard]] double load() const noexcept { return arrivals * service / servers; }
    [[nodiscard]] double waits() const { return erlang_c(servers, arrivals * service); }
    [[nodiscard]] double mean_wait() const { return waits() / spare(); }
    [[nodiscard]] double wait_exceeds(double t) const { return waits() * std::exp(-spare() * t); }
    [[nodiscard]] double mean_sojourn() const { return mean_wait() + service; }
    /// Wait and service are independent; the wait's tail is exponential with rate `spare()`, the service's with 1/service.
    [[nodiscard]] double sojourn_exceeds(double t) const {
        const double apart = servers - arrivals * service - 1;  // (spare() - 1/service) * service
        const double x = t / service;
        const double both = std::fabs(apart) < 1e-9 ? x : -std::expm1(-apart * x) / apart;
        return std::exp(-x) * (1 + waits() * both);
    }

private:
    [[nodiscard]] double spare() const noexcept { return servers / service - arrivals; }
};

/// M/M/c/K: a request that finds `room` others in the system (waiting or in service) is lost.
/// source  birth and death: Kleinrock, Queueing Systems 1, 1975, chapter 3
class bounded_markov_queue {
public:
    bounded_markov_queue(double arrivals, double service, unsigned servers, unsigned room)
        : arrivals_{arrivals}, servers_{servers} {
        expects(room >= servers && servers > 0, "theory: room must be for at least those in service");
        double sum = 0;
        double weight = 1;
        for (unsigned n = 0; n <= room; ++n) {
            if (n > 0) weight *= arrivals * service / (n < servers ? n : servers);
            probability_.push_back(weight);
            sum += weight;
        }
        for (double& each : probability_) each /= sum;
    }

    [[nodiscard]] double lost() const { return probability_.back(); }
    /// Of those that are let in.
    [[nodiscard]] double mean_wait() const {
        double waiting = 0;
        for (std::size_t n = servers_; n < probability_.size(); ++n)
            waiting += static_cast<double>(n - servers_) * probability_[n];
        return waiting / (arrivals_ * (1 - lost()));
    }

private:
    double arrivals_;
    unsigned servers_;
    std::vector<double> probability_;
};

/// M/G/1: mean wait in any order that does not look at service times.
/// second_moment  mean of the square of the service time
/// source         Pollaczek 1930, Khinchine 1932
[[nodiscard]] inline double pollaczek_khinchine(double arrivals, double service, double second_moment) {
    expects(arrivals * service < 1, "theory: M/G/1 needs a load below 1");
    return arrivals * second_moment / (2 * (1 - arrivals * service));
}

/// One class of a priority queue, the most urgent first.
struct class_of_service {
    double arrivals;
    double service;
    double second_moment;
};

/// M/G/1 with classes, the most urgent first, none interrupted: mean wait of each class.
/// source  Cobham, Priority assignment in waiting line problems, Operations Research 2(1), 1954
[[nodiscard]] inline std::vector<double> cobham(std::span<const class_of_service> classes) {
    double residual = 0;
    for (const class_of_service& each : classes) residual += each.arrivals * each.second_moment / 2;
    std::vector<double> waits;
    double urgent = 0;
    for (const class_of_service& each : classes) {
        const double including = urgent + each.arrivals * each.service;
        expects(including < 1, "theory: priorities need a load below 1");
        waits.push_back(residual / ((1 - urgent) * (1 - including)));
        urgent = including;
    }
    return waits;
}

/// M/M/c with classes of one mean service time, the most urgent first, none interrupted: mean wait of each class.
/// source  Cobham 1954, as above, for several channels
[[nodiscard]] inline std::vector<double> cobham(std::span<const double> arrivals, double service, unsigned servers) {
    double offered = 0;
    for (const double each : arrivals) offered += each * service;
    const double residual = erlang_c(servers, offered) * service / servers;
    std::vector<double> waits;
    double urgent = 0;
    for (const double each : arrivals) {
        const double including = urgent + each * service / servers;
        waits.push_back(residual / ((1 - urgent) * (1 - including)));
        urgent = including;
    }
    return waits;
}

/// Sum over the classes of load * mean wait, the same in every order that keeps the server busy, interrupts nobody and
/// does not look at service times.
/// source  Kleinrock, A conservation law for a wide class of queueing disciplines, Naval Research Logistics Quarterly
///         12(2), 1965
[[nodiscard]] inline double conserved(std::span<const class_of_service> classes) {
    double residual = 0;
    double load = 0;
    for (const class_of_service& each : classes) {
        residual += each.arrivals * each.second_moment / 2;
        load += each.arrivals * each.service;
    }
    expects(load < 1, "theory: a conservation law needs a load below 1");
    return load * residual / (1 - load);
}

/// GI/M/1: independent gaps between arrivals, exponential service, first come first served.
/// source  Kendall, Annals of Mathematical Statistics 24(3), 1953
class renewal_queue {
public:
    /// transform  s -> E[exp(-s * gap)]
    template <class Transform>
    renewal_queue(const Transform& transform, double service) : rate_{1 / service} {
        // The root in (0, 1) of sigma = transform(rate * (1 - sigma)): the right side is convex and meets the left one
        // again at 1, so the iteration from 0 rises to it.
        for (int step = 0; step < 100'000; ++step) {
            const double next = transform(rate_ * (1 - waits_));
            const bool settled = next - waits_ < 1e-15;
            waits_ = next;
            if (settled) break;
        }
        expects(waits_ < 1 - 1e-9, "theory: GI/M/1 needs a load below 1");
    }

    /// Share of the requests that wait.
    [[nodiscard]] double waits() const noexcept { return waits_; }
    [[nodiscard]] double mean_wait() const noexcept { return waits_ / (rate_ * (1 - waits_)); }
    [[nodiscard]] double wait_exceeds(double t) const { return waits_ * std::exp(-rate_ * (1 - waits_) * t); }
    [[nodiscard]] double sojourn_exceeds(double t) const { return std::exp(-rate_ * (1 - waits_) * t); }

private:
    double rate_;
    double waits_{0};
};

}  // namespace lab::theory
