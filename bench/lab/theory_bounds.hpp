// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "theory.hpp"

#include <cmath>
#include <cstddef>

namespace lab::theory {

/// M/M/c whose requests leave unserved when they have waited for `patience`. Also above load 1.
///
/// The wait that a request would have, if it stayed, has the density arrivals * P(c - 1 busy) * exp(-spare * t) below
/// `patience`, where spare = c / service - arrivals, and falls off with c / service beyond: those who wait longer add
/// no work.
/// source  Barrer, Queuing with impatient customers and ordered service, Operations Research 5(5), 1957; the density by
///         level crossing, Brill and Posner, Operations Research 25(4), 1977
class impatient_queue {
public:
    impatient_queue(double arrivals, double service, unsigned servers, double patience)
        : spare_{servers / service - arrivals}, patience_{patience}, offered_{arrivals * service}, servers_{servers} {
        expects(servers > 0 && patience >= 0, "theory: impatience needs a server and patience >= 0");
        double weight = 1;
        double sum = 1;
        for (unsigned n = 1; n < servers; ++n) sum += weight *= offered_ / n;
        const double density = arrivals * weight;
        const double beyond = density * std::exp(-spare_ * patience) * service / servers;
        sum += density * within(patience) + beyond;
        density_ = density / sum;
        lost_ = beyond / sum;
    }

    [[nodiscard]] double lost() const noexcept { return lost_; }
    [[nodiscard]] double utilisation() const noexcept { return offered_ * (1 - lost_) / servers_; }
    /// Of those that are served, as are the next two.
    [[nodiscard]] double mean_wait() const {
        const double x = spare_ * patience_;
        // Integral of t * exp(-spare * t) up to patience.
        const double moment =
            std::fabs(x) < 1e-6 ? patience_ * patience_ / 2 : (1 - std::exp(-x) * (1 + x)) / (spare_ * spare_);
        return density_ * moment / (1 - lost_);
    }
    [[nodiscard]] double wait_exceeds(double t) const {
        return t >= patience_ ? 0 : density_ * (within(patience_) - within(t)) / (1 - lost_);
    }

private:
    /// Integral of exp(-spare * x) from 0 to t.
    [[nodiscard]] double within(double t) const {
        return std::fabs(spare_ * t) < 1e-9 ? t : -std::expm1(-spare_ * t) / spare_;
    }

    double spare_;
    double patience_;
    double offered_;
    unsigned servers_;
    double density_{0};
    double lost_{0};
};

/// `clients`, each of which sends its next request an exponential time after it got its answer; exponential service.
/// source  M/M/c//N, the machine repairman: Kleinrock, Queueing Systems 1, 1975, section 3.8
class closed_queue {
public:
    closed_queue(unsigned clients, double think, double service, unsigned servers)
        : clients_{clients}, think_{think}, service_{service}, servers_{servers} {
        expects(clients > 0 && servers > 0, "theory: a closed queue needs a client and a server");
        double weight = 1;
        double sum = 1;
        for (unsigned n = 1; n <= clients; ++n) {
            const unsigned working = n < servers ? n : servers;
            weight *= (clients - n + 1) / think * service / working;
            sum += weight;
            busy_ += weight * working;
            if (sum < 1e200) continue;
            weight /= sum;  // only their ratios matter
            busy_ /= sum;
            sum = 1;
        }
        busy_ /= sum;
    }

    [[nodiscard]] double utilisation() const noexcept { return busy_ / servers_; }
    [[nodiscard]] double throughput() const noexcept { return busy_ / service_; }
    /// By the law of response time: a client's round takes clients / throughput.
    [[nodiscard]] double mean_sojourn() const noexcept { return clients_ / throughput() - think_; }

private:
    unsigned clients_;
    double think_;
    double service_;
    unsigned servers_;
    double busy_{0};
};

/// Groups of `size` requests that arrive together, Poisson; one server, first come first served: mean wait.
/// A group waits as one request of M/G/1, and its members for half of the others.
/// source  Gross and Harris, Fundamentals of Queueing Theory, bulk input
[[nodiscard]] inline double bulk_arrivals_wait(double bulks, double size, double service, double second_moment) {
    const double variance = second_moment - service * service;
    const double work = size * service;
    return pollaczek_khinchine(bulks, work, size * variance + work * work) + (size - 1) / 2 * service;
}

/// Requests that gather until there are `size` of them, or the first has waited for `delay`, and then leave at once:
/// Poisson arrivals, no server to wait for.
///
/// A batch starts with a request that finds none; K, Poisson of mean arrivals * delay, is how many more would come in
/// its delay. It fills if K >= size - 1. In a batch that does not, the K stand uniformly in the delay; in one that fills
/// after t, all but the first and the last stand uniformly in t.
class collector {
public:
    collector(double arrivals, std::size_t size, double delay) : arrivals_{arrivals}, size_{size}, delay_{delay} {
        expects(size >= 1 && delay >= 0 && arrivals > 0, "theory: a collector needs arrivals, a size and a delay");
    }

    /// P(a batch has n requests).
    [[nodiscard]] double batch_is(std::size_t n) const {
        if (n < 1 || n > size_) return 0;
        return n < size_ ? poisson(n - 1, mean()) : poisson_at_least(size_ - 1, mean());
    }
    [[nodiscard]] double mean_batch() const {
        double sum = 0;
        for (std::size_t n = 1; n <= size_; ++n) sum += static_cast<double>(n) * batch_is(n);
        return sum;
    }
    /// Share of the time in which requests wait: a batch gathers for (size - 1) gaps on the mean, as a sum over its
    /// members shows, and one gap lies between two batches.
    [[nodiscard]] double held_back() const { return 1 - 1 / mean_batch(); }
    [[nodiscard]] double mean_wait() const {
        const auto others = static_cast<double>(size_ - 1);
        double sum = 0;
        for (std::size_t n = 1; n < size_; ++n) sum += batch_is(n) * delay_ * (1 + static_cast<double>(n - 1) / 2);
        // Mean time to fill, of the batches that do: E[t; t < delay] = others / arrivals * P(K >= size).
        sum += (others + 1) / 2 * others / arrivals_ * poisson_at_least(size_, mean());
        return sum / mean_batch();
    }
    /// Share of the requests that wait longer than t.
    [[nodiscard]] double wait_exceeds(double t) const {
        if (t >= delay_ || size_ < 2) return 0;
        double sum = 0;
        for (std::size_t n = 1; n < size_; ++n) {
            sum += batch_is(n) * (1 + static_cast<double>(n - 1) * (delay_ - t) / delay_);
        }
        // P(t < time to fill < delay), and the mean of 1 / time to fill on it, times (size - 2).
        const std::size_t others = size_ - 1;
        const double filled = poisson_at_least(others, mean()) - poisson_at_least(others, arrivals_ * t);
        sum += filled;
        if (others >= 2) {
            const double inverse =
                arrivals_ * (poisson_at_least(others - 1, mean()) - poisson_at_least(others - 1, arrivals_ * t));
            sum += static_cast<double>(others - 1) * filled - t * inverse;
        }
        return sum / mean_batch();
    }

private:
    [[nodiscard]] double mean() const noexcept { return arrivals_ * delay_; }

    double arrivals_;
    std::size_t size_;
    double delay_;
};

}  // namespace lab::theory
