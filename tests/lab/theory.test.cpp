// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "../../bench/lab/theory.hpp"

#include "../../bench/lab/theory_bounds.hpp"
#include "../../bench/lab/theory_chains.hpp"
#include "../../bench/lab/theory_constant.hpp"
#include "catch.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace theory = lab::theory;

namespace {

/// Of a function that falls to zero, by Simpson's rule from 0 to `end`.
template <class Function>
double integral(const Function& f, double end, int steps = 20'000) {
    const double h = end / steps;
    double sum = f(0.0) + f(end);
    for (int i = 1; i < steps; ++i) sum += f(h * i) * (i % 2 == 1 ? 4 : 2);
    return sum * h / 3;
}

double power_over_factorial(double a, unsigned n) {
    double result = 1;
    for (unsigned i = 1; i <= n; ++i) result *= a / i;
    return result;
}

/// M/D/1: P(wait > t) as Erlang had it. Its terms alternate, and what is left of them loses a digit for every 2 t.
/// source  Erlang 1909; Crommelin, Post Office Electrical Engineers Journal 25, 1932
double erlang_sum(double load, double t) {
    double sum = 0;
    for (unsigned k = 0; k <= t; ++k) {
        const double x = load * (t - k);
        sum += power_over_factorial(-x, k) * std::exp(x);
    }
    return 1 - (1 - load) * sum;
}

}  // namespace

TEST_CASE("Erlang B and C are what their definitions say, and the values in print") {
    for (const double offered : {0.3, 1.0, 4.0, 7.5}) {
        for (const unsigned servers : {1U, 2U, 5U, 8U, 20U}) {
            double sum = 0;
            for (unsigned n = 0; n <= servers; ++n) sum += power_over_factorial(offered, n);
            const double full = power_over_factorial(offered, servers);
            INFO("offered " << offered << " servers " << servers);
            CHECK(theory::erlang_b(servers, offered) == Approx(full / sum).epsilon(1e-12));
            if (offered >= servers) continue;
            const double waiting = full / (1 - offered / servers);
            CHECK(theory::erlang_c(servers, offered) == Approx(waiting / (sum - full + waiting)).epsilon(1e-12));
        }
    }
    CHECK(theory::erlang_b(2, 1) == Approx(0.2));
    CHECK(theory::erlang_b(10, 5) == Approx(0.0184).epsilon(0.002));
    CHECK(theory::erlang_c(10, 8) == Approx(0.409).epsilon(0.001));
    CHECK_THROWS_AS(theory::erlang_c(2, 2.0), std::invalid_argument);
}

TEST_CASE("with one server M/M/c is M/M/1") {
    const theory::markov_queue queue{.arrivals = 80, .service = 0.01};
    CHECK(queue.load() == Approx(0.8));
    CHECK(queue.waits() == Approx(0.8));
    CHECK(queue.mean_wait() == Approx(0.04));
    CHECK(queue.mean_sojourn() == Approx(0.05));
    for (const double t : {0.0, 0.01, 0.1, 0.5}) {
        CHECK(queue.sojourn_exceeds(t) == Approx(std::exp(-20 * t)));
        CHECK(queue.wait_exceeds(t) == Approx(0.8 * std::exp(-20 * t)));
    }
    const auto tail = [&](double t) { return queue.sojourn_exceeds(t); };
    CHECK(theory::quantile(tail, 0.99) == Approx(std::log(100) / 20));
    CHECK(theory::quantile([&](double t) { return queue.wait_exceeds(t); }, 0.1) == 0);
}

TEST_CASE("tails add up to means") {
    for (const unsigned servers : {1U, 2U, 3U, 10U}) {
        const theory::markov_queue queue{.arrivals = 70.0 * servers, .service = 0.01, .servers = servers};
        INFO("servers " << servers);
        CHECK(integral([&](double t) { return queue.wait_exceeds(t); }, 2) == Approx(queue.mean_wait()));
        CHECK(integral([&](double t) { return queue.sojourn_exceeds(t); }, 2) == Approx(queue.mean_sojourn()));
    }
    // servers - offered = 1: wait and service fall off alike
    const theory::markov_queue even{.arrivals = 100, .service = 0.01, .servers = 2};
    CHECK(integral([&](double t) { return even.sojourn_exceeds(t); }, 2) == Approx(even.mean_sojourn()));

    for (const double load : {0.5, 0.8}) {
        const theory::constant_service_queue queue{load, 1};
        CHECK(integral([&](double t) { return queue.wait_exceeds(t); }, 60) ==
              Approx(theory::pollaczek_khinchine(load, 1, 1)).epsilon(1e-3));
    }
    const theory::renewal_queue erlang{[](double s) { return std::pow(160 / (160 + s), 2); }, 0.01};
    CHECK(integral([&](double t) { return erlang.wait_exceeds(t); }, 2) == Approx(erlang.mean_wait()));

    for (const std::size_t size : {1U, 2U, 3U, 8U, 40U}) {
        const theory::collector collector{1000, size, 0.01};
        INFO("size " << size);
        CHECK(integral([&](double t) { return collector.wait_exceeds(t); }, 0.01) ==
              Approx(collector.mean_wait()).epsilon(1e-4));
    }
    const theory::impatient_queue impatient{90, 0.01, 1, 0.05};
    CHECK(integral([&](double t) { return impatient.wait_exceeds(t); }, 0.05) == Approx(impatient.mean_wait()));
}

TEST_CASE("constant service: Erlang's sum, Pollaczek's mean and the chain of service times agree") {
    const theory::constant_service_queue queue{0.8, 1};
    CHECK(queue.wait_exceeds(0) == Approx(0.8));
    // At most one other is there: (1 - load) * exp(load).
    CHECK(queue.wait_exceeds(1) == Approx(1 - 0.2 * std::exp(0.8)));
    for (const double load : {0.05, 0.3, 0.8, 0.95}) {
        const theory::constant_service_queue of{load, 1};
        CHECK(of.mean_wait_beyond(0) == Approx(theory::pollaczek_khinchine(load, 1, 1)).epsilon(1e-12));
        for (const double t : {0.0, 0.3, 0.999, 1.0, 2.5, 7.0, 9.1}) {
            INFO("load " << load << " t " << t);
            CHECK(of.wait_exceeds(t) == Approx(erlang_sum(load, t)).epsilon(1e-7).margin(1e-11));
        }
    }
    for (const double load : {0.3, 0.5, 0.8, 0.9}) {
        CHECK(theory::constant_service_wait(load * 100, 0.01, 1) ==
              Approx(theory::pollaczek_khinchine(load * 100, 0.01, 1e-4)).epsilon(1e-6));
    }
    // Cosmetatos, Operational Research Quarterly 26(3), 1975: an approximation good to two percent.
    for (const unsigned servers : {2U, 4U, 8U}) {
        const double load = 0.8;
        const theory::markov_queue markov{.arrivals = load * servers, .service = 1, .servers = servers};
        const double more = 1 + (1 - load) * (servers - 1) * (std::sqrt(4 + 5.0 * servers) - 2) / (16 * load * servers);
        CHECK(theory::constant_service_wait(load * servers, 1, servers) ==
              Approx(markov.mean_wait() / 2 * more).epsilon(0.02));
    }
    CHECK_THROWS_AS((theory::constant_service_queue{100, 0.01}), std::invalid_argument);
    // Far out it falls as fast as the exponent that the arrivals of one service time allow says, and by no other.
    const theory::constant_service_queue busy{0.9, 1};
    const double far = busy.wait_exceeds(81.5) / busy.wait_exceeds(80.5);
    CHECK(0.9 * (1 / far - 1) == Approx(-std::log(far)).epsilon(1e-9));
}

TEST_CASE("a bucket whose requests wait is a queue of constant service that begins to count at its burst") {
    for (const std::size_t burst : {1U, 2U, 7U, 20U}) {
        INFO("burst " << burst);
        const theory::delaying_bucket bucket{.arrivals = 80, .rate = 100, .burst = burst};
        CHECK(bucket.waits() == Approx(bucket.wait_exceeds(0)));
        CHECK(integral([&](double t) { return bucket.wait_exceeds(t); }, 1) ==
              Approx(bucket.mean_wait()).epsilon(1e-6).margin(1e-12));
    }
    // Two tokens: who comes waits unless at most one token's time is missing.
    const theory::delaying_bucket two{.arrivals = 80, .rate = 100, .burst = 2};
    CHECK(two.waits() == Approx(1 - 0.2 * std::exp(0.8)));
}

TEST_CASE("one class waits as without classes, and what urgent ones win the others lose") {
    const std::array one{theory::class_of_service{60, 0.01, 2e-4}};
    CHECK(theory::cobham(one)[0] == Approx(theory::pollaczek_khinchine(60, 0.01, 2e-4)));
    const std::array three{theory::class_of_service{20, 0.01, 1e-4}, theory::class_of_service{10, 0.02, 8e-4},
                           theory::class_of_service{40, 0.005, 1e-4}};
    const std::vector<double> waits = theory::cobham(three);
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) sum += three[i].arrivals * three[i].service * waits[i];
    CHECK(sum == Approx(theory::conserved(three)));
    CHECK(waits[0] < waits[1]);
    CHECK(waits[1] < waits[2]);

    const std::array urgencies{30.0, 50.0};
    const std::array markov{theory::class_of_service{30, 0.01, 2e-4}, theory::class_of_service{50, 0.01, 2e-4}};
    for (std::size_t i = 0; i < 2; ++i)
        CHECK(theory::cobham(urgencies, 0.01, 1)[i] == Approx(theory::cobham(markov)[i]));
    const theory::markov_queue all{.arrivals = 80, .service = 0.03, .servers = 3};
    const std::vector<double> shared = theory::cobham(urgencies, 0.03, 3);
    CHECK((30 * shared[0] + 50 * shared[1]) / 80 == Approx(all.mean_wait()));
}

TEST_CASE("arrivals of any gap: exponential ones give M/M/1, even ones the root in print") {
    const theory::renewal_queue poisson{[](double s) { return 70 / (70 + s); }, 0.01};
    CHECK(poisson.waits() == Approx(0.7));
    CHECK(poisson.mean_wait() == Approx(0.07 / 3));
    const theory::renewal_queue even{[](double s) { return std::exp(-s * 0.02); }, 0.01};
    CHECK(even.waits() == Approx(0.2032).epsilon(0.001));
    CHECK(even.sojourn_exceeds(0) == 1);
    CHECK_THROWS_AS((theory::renewal_queue{[](double s) { return 110 / (110 + s); }, 0.01}), std::invalid_argument);
}

TEST_CASE("a bounded queue loses what a hand count says") {
    for (const double load : {0.5, 0.8, 1.0, 1.5}) {
        INFO("load " << load);
        const auto constant = theory::during_constant(load, 1);
        CHECK(theory::bounded_queue(load, constant, 1).lost() == Approx(load / (1 + load)));
        CHECK(theory::bounded_queue(load, constant, 2).lost() == Approx(1 - 1 / (std::exp(-load) + load)));
        const auto exponential = theory::during_exponential(load, 1);
        for (const unsigned room : {1U, 2U, 5U, 10U}) {
            const theory::bounded_queue embedded{load, exponential, room};
            const theory::bounded_markov_queue markov{load, 1, 1, room};
            CHECK(embedded.lost() == Approx(markov.lost()));
            CHECK(embedded.mean_wait() == Approx(markov.mean_wait()).margin(1e-12));
        }
    }
    CHECK(theory::bounded_markov_queue(3, 1, 4, 4).lost() == Approx(theory::erlang_b(4, 3)));
    const theory::markov_queue endless{.arrivals = 3, .service = 1, .servers = 4};
    CHECK(theory::bounded_markov_queue(3, 1, 4, 300).mean_wait() == Approx(endless.mean_wait()));
    CHECK(theory::bounded_queue(0.5, theory::during_constant(0.5, 1), 60).mean_wait() == Approx(0.5));
}

TEST_CASE("impatience lies between losing all that would wait and losing none") {
    for (const unsigned servers : {1U, 3U}) {
        const double arrivals = 80.0 * servers;
        CHECK(theory::impatient_queue(arrivals, 0.01, servers, 0).lost() ==
              Approx(theory::erlang_b(servers, arrivals * 0.01)));
        const theory::impatient_queue endless{arrivals, 0.01, servers, 5};
        CHECK(endless.lost() == Approx(0).margin(1e-12));
        CHECK(endless.mean_wait() ==
              Approx(theory::markov_queue{.arrivals = arrivals, .service = 0.01, .servers = servers}.mean_wait()));
    }
    // (1 - load) load x / (1 - load^2 x), x = exp(-(1 - load) patience / service); at load 1, 1 / (2 + patience / service)
    const double x = std::exp(-0.2 * 5);
    CHECK(theory::impatient_queue(80, 0.01, 1, 0.05).lost() == Approx(0.2 * 0.8 * x / (1 - 0.64 * x)));
    CHECK(theory::impatient_queue(100, 0.01, 1, 0.05).lost() == Approx(1.0 / 7));
    CHECK(theory::impatient_queue(100.0001, 0.01, 1, 0.05).mean_wait() ==
          Approx(theory::impatient_queue(100, 0.01, 1, 0.05).mean_wait()).epsilon(1e-3));
    const theory::impatient_queue over{200, 0.01, 1, 0.05};
    CHECK(over.utilisation() <= 1);
    CHECK(over.lost() > 0.5);
}

TEST_CASE("a closed queue of one client never waits, and servers for all never make anybody wait") {
    const theory::closed_queue one{1, 0.03, 0.01, 1};
    CHECK(one.utilisation() == Approx(0.25));
    CHECK(one.mean_sojourn() == Approx(0.01));
    const theory::closed_queue wide{8, 0.03, 0.01, 8};
    CHECK(wide.throughput() == Approx(8 / 0.04));
    CHECK(wide.mean_sojourn() == Approx(0.01));
    const theory::closed_queue crowd{1000, 0.03, 0.01, 1};
    CHECK(crowd.throughput() == Approx(100));
}

TEST_CASE("groups that arrive together wait for each other") {
    CHECK(theory::bulk_arrivals_wait(50, 1, 0.01, 2e-4) == Approx(theory::pollaczek_khinchine(50, 0.01, 2e-4)));
    // M^[X]/M/1: in the system are load (1 + size) / (2 (1 - load)) on the mean.
    const double sojourn = 0.6 * (1 + 4) / (2 * 0.4) / 60;
    CHECK(theory::bulk_arrivals_wait(15, 4, 0.01, 2e-4) == Approx(sojourn - 0.01));
}

TEST_CASE("a server of batches is the queues it contains") {
    const auto single = [](std::size_t) { return std::size_t{1}; };
    const auto constant = [](std::size_t) { return theory::during_constant(70, 0.01); };
    const auto exponential = [](std::size_t) { return theory::during_exponential(70, 0.01); };
    const theory::bulk_service one = theory::bulk_queue(70, 1, single, constant);
    CHECK(one.mean_wait == Approx(theory::pollaczek_khinchine(70, 0.01, 1e-4)));
    CHECK(one.mean_sojourn == Approx(one.mean_wait + 0.01));
    CHECK(one.utilisation == Approx(0.7));
    CHECK(one.held_back == 0);
    CHECK(theory::bulk_queue(70, 1, single, exponential).mean_wait ==
          Approx(theory::pollaczek_khinchine(70, 0.01, 2e-4)));

    // Only full batches: their leaving for the server is GI/M/1 with gaps that are sums of 3, and forming one takes its
    // members one gap on the mean.
    const auto three = [](std::size_t) { return std::size_t{3}; };
    const auto slow = [](std::size_t) { return theory::during_exponential(240, 0.01); };
    const theory::renewal_queue batches{[](double s) { return std::pow(240 / (240 + s), 3); }, 0.01};
    CHECK(theory::bulk_queue(240, 3, three, slow).mean_wait == Approx(batches.mean_wait() + 1.0 / 240));

    // What leaves has come.
    const auto upto = [](std::size_t n) { return n < 8 ? n : std::size_t{8}; };
    const auto affine = [](std::size_t n) {
        return theory::during_constant(300, 0.01 + 0.001 * static_cast<double>(n));
    };
    const theory::bulk_service affinity = theory::bulk_queue(300, 2, upto, affine);
    CHECK(affinity.utilisation == Approx(300 * (0.01 / affinity.mean_batch + 0.001)));
    CHECK(affinity.mean_batch > 2);
    CHECK(affinity.held_back > 0);
    CHECK(affinity.held_back < 1 - affinity.utilisation);
    CHECK(affinity.mean_batch < 8);
    CHECK_THROWS_AS(theory::bulk_queue(120, 1, single, [](std::size_t) { return theory::during_constant(120, 0.01); }),
                    std::invalid_argument);
}

TEST_CASE("a collector of two, counted by hand") {
    const theory::collector pairs{100, 2, 0.02};
    const double alone = std::exp(-2.0);
    CHECK(pairs.batch_is(1) == Approx(alone));
    CHECK(pairs.batch_is(2) == Approx(1 - alone));
    CHECK(pairs.mean_batch() == Approx(2 - alone));
    // The first of each batch waits min(gap, delay), the second not at all.
    CHECK(pairs.mean_wait() == Approx((1 - alone) / 100 / (2 - alone)));
    // It waits for that long in each batch, and one gap lies between two.
    CHECK(pairs.held_back() == Approx((1 - alone) / (2 - alone)));
    CHECK(pairs.wait_exceeds(0.01) == Approx(std::exp(-1.0) / (2 - alone)));

    const theory::collector endless{100, 200, 0.02};
    CHECK(endless.mean_batch() == Approx(3));
    CHECK(endless.mean_wait() == Approx(0.02 * 2 / 3));
    const theory::collector single{100, 1, 0.02};
    CHECK(single.mean_batch() == 1);
    CHECK(single.mean_wait() == 0);
    CHECK(single.wait_exceeds(0.001) == 0);
}
