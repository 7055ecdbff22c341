// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "theory.hpp"

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace lab::theory {

/// The long-run shares of a Markov chain's states.
/// moves   moves[from][to], each row adding up to 1; a chain that reaches every state from every other
/// cost    O(states^3)
/// source  Grassmann, Taksar, Heyman, Operations Research 33(5), 1985: elimination without a subtraction
[[nodiscard]] inline std::vector<double> stationary(std::vector<std::vector<double>> moves) {
    const std::size_t states = moves.size();
    for (std::size_t last = states - 1; last > 0; --last) {
        double leaves = 0;
        for (std::size_t to = 0; to < last; ++to) leaves += moves[last][to];
        expects(leaves > 0, "theory: a chain must be able to leave each state downwards");
        for (std::size_t from = 0; from < last; ++from) {
            const double back = moves[from][last] /= leaves;
            if (back == 0) continue;
            for (std::size_t to = 0; to < last; ++to) moves[from][to] += back * moves[last][to];
        }
    }
    std::vector<double> share{1};
    double sum = 1;
    for (std::size_t state = 1; state < states; ++state) {
        double each = 0;
        for (std::size_t from = 0; from < state; ++from) each += share[from] * moves[from][state];
        share.push_back(each);
        sum += each;
    }
    for (double& each : share) each /= sum;
    return share;
}

/// How many requests come while something lasts.
struct counted {
    double mean_time;
    /// Mean of the square of the time.
    double second_moment;
    /// n -> P(n requests come).
    std::vector<double> comes;
};

/// Poisson arrivals in a time that is always the same.
[[nodiscard]] inline counted during_constant(double arrivals, double time) {
    counted result{time, time * time, {}};
    const double mean = arrivals * time;
    for (std::size_t n = 0;; ++n) {
        result.comes.push_back(poisson(n, mean));
        if (static_cast<double>(n) > mean && result.comes.back() < 1e-16) return result;
    }
}
/// Poisson arrivals in an exponential time.
[[nodiscard]] inline counted during_exponential(double arrivals, double time) {
    counted result{time, 2 * time * time, {}};
    const double more = arrivals * time / (1 + arrivals * time);
    for (double share = 1 - more; share > 1e-16; share *= more) result.comes.push_back(share);
    return result;
}

/// Number in the system, from one moment of a chain to the next: `stays(n)` of them, and those that come meanwhile.
/// states   kept, at most; what would go beyond counts as the last
/// stays    n -> how many of n are still there at the next moment
/// meanwhile n -> counted, the time to the next moment
template <class Stays, class Meanwhile>
[[nodiscard]] std::vector<double> chain(std::size_t states, const Stays& stays, const Meanwhile& meanwhile) {
    std::vector<std::vector<double>> moves(states, std::vector<double>(states, 0));
    for (std::size_t n = 0; n < states; ++n) {
        const std::size_t left = stays(n);
        double rest = 1;
        const std::vector<double>& comes = meanwhile(n).comes;
        for (std::size_t more = 0; more < comes.size() && left + more + 1 < states; ++more) {
            moves[n][left + more] = comes[more];
            rest -= comes[more];
        }
        moves[n][states - 1] += rest > 0 ? rest : 0;
    }
    return stationary(std::move(moves));
}
/// The same with as many states as matter.
template <class Stays, class Meanwhile>
[[nodiscard]] std::vector<double> chain(const Stays& stays, const Meanwhile& meanwhile) {
    for (std::size_t states = 64; states <= 1024; states *= 2) {
        std::vector<double> share = chain(states, stays, meanwhile);
        if (share.back() < 1e-10) return share;
    }
    throw std::invalid_argument("theory: this queue grows too long for a chain");
}

/// M/D/c, first come first served: mean wait. After one service time those who were in service are gone, and nobody who
/// came since then is.
/// source  Crommelin, Post Office Electrical Engineers Journal 25, 1932
[[nodiscard]] inline double constant_service_wait(double arrivals, double service, unsigned servers) {
    expects(arrivals * service < servers, "theory: M/D/c needs a load below 1");
    const counted round = during_constant(arrivals, service);
    const std::vector<double> share = chain([=](std::size_t n) { return n > servers ? n - servers : std::size_t{0}; },
                                            [&](std::size_t) -> const counted& { return round; });
    double waiting = 0;
    for (std::size_t n = servers; n < share.size(); ++n) waiting += static_cast<double>(n - servers) * share[n];
    return waiting / arrivals;
}

/// M/G/1/K: one server, room for `room` requests with the one in service; others are lost. Also above load 1.
///
/// A token bucket of burst B that refuses what it cannot cover at once is M/D/1/B with one token's time as service: call
/// the time until the bucket is full again its work. It falls by one second a second, rises by one token's time with
/// each request let in, and a request is let in if a token is there, that is if the work is at most B - 1 tokens' time.
/// In M/D/1/B it falls and rises alike, and a request is let in if at most B - 1 others are there, of whom all but the
/// first need their whole service: again if the work is at most B - 1 service times.
///
/// So does a queue of constant service whose requests leave unserved when they have waited for B - 1 service times.
/// source  embedded chain of departures, as in Gross and Harris, Fundamentals of Queueing Theory, M/G/1/K
class bounded_queue {
public:
    bounded_queue(double arrivals, const counted& service, std::size_t room) : arrivals_{arrivals} {
        expects(room >= 1, "theory: M/G/1/K needs K >= 1");
        const double load = arrivals * service.mean_time;
        left_ = chain(
            room, [](std::size_t n) { return n > 0 ? n - 1 : n; },
            [&](std::size_t) -> const counted& { return service; });
        scale_ = left_[0] + load;
    }

    [[nodiscard]] double lost() const noexcept { return 1 - 1 / scale_; }
    /// Of those that are let in.
    [[nodiscard]] double mean_wait() const {
        double waiting = static_cast<double>(left_.size() - 1) * lost();
        for (std::size_t n = 1; n < left_.size(); ++n) waiting += static_cast<double>(n - 1) * left_[n] / scale_;
        return waiting / (arrivals_ * (1 - lost()));
    }

private:
    double arrivals_;
    double scale_{0};
    /// Share of the departures that leave n behind.
    std::vector<double> left_;
};

/// What a server of batches makes of Poisson arrivals.
struct bulk_service {
    double mean_wait;
    double mean_sojourn;
    double mean_batch;
    double utilisation;
    /// Share of the time in which the server waits though requests do.
    double held_back;
};

/// One server that waits for `least` requests and then takes `takes(n)` of the n that wait, first come first served.
///
/// takes    n >= least -> how many leave together
/// service  batch size -> counted
/// cost     that of the chain: the number left behind when a batch is done; between two such moments the server first
///          waits until there are `least`, then works
/// source   Bailey, Journal of the Royal Statistical Society B 16(1), 1954 (takes what is there, at most b); Neuts,
///          Annals of Mathematical Statistics 38(3), 1967 (from a to b); means over time by renewal reward, means over
///          requests by Little's law
template <class Takes, class Service>
[[nodiscard]] bulk_service bulk_queue(double arrivals, std::size_t least, const Takes& takes, const Service& service) {
    const auto starts = [=](std::size_t n) { return n < least ? least : n; };
    std::vector<counted> times{{}};
    const auto time_of = [&](std::size_t size) -> const counted& {
        while (times.size() <= size) times.push_back(service(times.size()));
        return times[size];
    };
    std::size_t largest = 1;
    for (std::size_t n = least; n <= 1024; ++n) largest = takes(n) > largest ? takes(n) : largest;
    static_cast<void>(time_of(largest));  // nothing moves any more
    const std::vector<double> left = chain([&](std::size_t n) { return starts(n) - takes(starts(n)); },
                                           [&](std::size_t n) -> const counted& { return time_of(takes(starts(n))); });

    double cycle = 0;
    double working = 0;
    double waiting = 0;  // requests times seconds, without those in service
    double serving = 0;
    double taken = 0;
    double held_back = 0;
    for (std::size_t n = 0; n < left.size(); ++n) {
        const std::size_t from = starts(n);
        const std::size_t size = takes(from);
        const counted& time = time_of(size);
        double idle = 0;
        for (std::size_t i = n; i < from; ++i) {
            idle += static_cast<double>(i) / arrivals;
            if (i > 0) held_back += left[n] / arrivals;
        }
        const auto behind = static_cast<double>(from - size);
        waiting += left[n] * (idle + behind * time.mean_time + arrivals * time.second_moment / 2);
        serving += left[n] * static_cast<double>(size) * time.mean_time;
        cycle += left[n] * (static_cast<double>(from - n) / arrivals + time.mean_time);
        working += left[n] * time.mean_time;
        taken += left[n] * static_cast<double>(size);
    }
    const double wait = waiting / cycle / arrivals;
    return {wait, wait + serving / taken, taken, working / cycle, held_back / cycle};
}

}  // namespace lab::theory
