// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/arrival_process.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;
using fb::rate;
using sim::arrival_process;

namespace {

constexpr std::uint64_t seed = 86420;

sim::arrival_times open(const arrival_process& process) {
    return {process, seed, fb::tenant_of("acme"), 4};
}

struct gaps {
    double rate;
    double cv;
};
gaps gaps_of(const arrival_process& process, int count = 1'000'000) {
    auto times = open(process);
    fb::time_point last{};
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < count; ++i) {
        const fb::time_point at = times.next();
        if (at < last) FAIL("arrivals out of order");
        const double gap = std::chrono::duration<double>(at - last).count();
        sum += gap;
        squares += gap * gap;
        last = at;
    }
    const double mean = sum / count;
    return {1 / mean, std::sqrt(squares / count - mean * mean) / mean};
}

/// How many arrive in each of `bins` parts of every period, until `end`.
std::vector<int> counts_by_phase(const arrival_process& process, fb::duration period, std::size_t bins,
                                 fb::duration end) {
    auto times = open(process);
    std::vector<int> counts(bins);
    for (fb::time_point at = times.next(); at < fb::time_point{end}; at = times.next()) {
        const auto within = at.time_since_epoch() % period;
        ++counts[static_cast<std::size_t>(within.count() * static_cast<std::int64_t>(bins) / period.count())];
    }
    return counts;
}

}  // namespace

TEST_CASE("deterministic arrivals do not drift") {
    auto times = open(arrival_process::deterministic(rate::per_second(3)));
    CHECK(times.next() == fb::time_point{333'333'333ns});
    CHECK(times.next() == fb::time_point{666'666'666ns});
    CHECK(times.next() == fb::time_point{1s});
    fb::time_point at{};
    for (int i = 3; i < 3'000'000; ++i) at = times.next();
    CHECK(at == fb::time_point{1'000'000s});
}

TEST_CASE("renewal processes have the rate and the coefficient of variation that were asked for") {
    INFO("seed " << seed);
    const rate a_thousand = rate::per_second(1000);
    const rate odd = rate::per(802, 100s);
    // Standard error of the rate: cv / 1000. Of the cv, more where the tail is heavy.
    for (const rate r : {a_thousand, odd}) {
        const double per_second = r == odd ? 8.02 : 1000;
        const auto poisson = gaps_of(arrival_process::poisson(r));
        CHECK(poisson.rate == Approx(per_second).epsilon(0.004));
        CHECK(poisson.cv == Approx(1).epsilon(0.006));
        for (const double cv : {0.2, 1.0, 3.0, 13.2}) {
            INFO("cv " << cv);
            const auto gamma = gaps_of(arrival_process::gamma(r, cv));
            CHECK(gamma.rate == Approx(per_second).epsilon(0.004 * cv));
            CHECK(gamma.cv == Approx(cv).epsilon(0.01 + 0.004 * cv));
        }
        for (const double cv : {0.2, 1.0, 3.0}) {
            INFO("cv " << cv);
            const auto weibull = gaps_of(arrival_process::weibull(r, cv));
            CHECK(weibull.rate == Approx(per_second).epsilon(0.004 * cv));
            CHECK(weibull.cv == Approx(cv).epsilon(0.01 + 0.015 * cv));
        }
    }
}

TEST_CASE("gaps of a few hundred nanoseconds keep their rate") {
    INFO("seed " << seed);
    const rate fast = rate::per_second(3'000'000);
    CHECK(gaps_of(arrival_process::poisson(fast)).rate == Approx(3e6).epsilon(0.005));
    CHECK(gaps_of(arrival_process::gamma(fast, 2)).rate == Approx(3e6).epsilon(0.01));
    CHECK(gaps_of(arrival_process::weibull(fast, 1)).rate == Approx(3e6).epsilon(0.005));
}

TEST_CASE("on/off arrivals come at their two rates, each for its share of the time") {
    INFO("seed " << seed);
    const auto silent = open(arrival_process::on_off(rate::per_second(1000), rate::zero(), 10ms, 30ms));
    auto times = silent;
    // Gaps longer than 20 ms are (almost) all silences: exponential of mean 30 ms, seen with what is left of the gaps.
    double silences = 0;
    int arrivals = 0;
    fb::time_point last{};
    for (; last < fb::time_point{20'000s}; ++arrivals) {
        const fb::time_point at = times.next();
        silences += at - last > 20ms;
        last = at;
    }
    // 500,000 cycles of 40 ms with 10 arrivals each; the number of arrivals varies by about sqrt(2 * 110 * 500,000).
    CHECK(arrivals == Approx(5'000'000).epsilon(0.01));
    CHECK(silences / 500'000 == Approx(std::exp(-20.0 / 30)).epsilon(0.06));

    const auto mixed = arrival_process::on_off(rate::per_second(3000), rate::per_second(500), 1s, 3s);
    CHECK(gaps_of(mixed).rate == Approx((3000.0 + 3 * 500) / 4).epsilon(0.15));
    CHECK(gaps_of(mixed).cv > 1.2);
    const auto same = gaps_of(arrival_process::on_off(rate::per_second(500), rate::per_second(500), 1ms, 3ms));
    CHECK(same.rate == Approx(500).epsilon(0.004));
    CHECK(same.cv == Approx(1).epsilon(0.006));
}

TEST_CASE("on/off arrivals begin in either state as likely as it is found there") {
    int first = 0;
    for (std::uint64_t i = 0; i < 4000; ++i) {
        sim::arrival_times times{arrival_process::on_off(rate::per_second(1000), rate::zero(), 1s, 3s), i, {}, 0};
        first += times.next() < fb::time_point{20ms};
    }
    CHECK(first == Approx(1000).epsilon(0.12));
}

TEST_CASE("a sinusoid's arrivals follow its tide") {
    INFO("seed " << seed);
    constexpr std::size_t bins = 20;
    constexpr double pi = 3.14159265358979323846;
    for (const double amplitude : {0.0, 0.5, 1.0}) {
        for (const double phase : {0.0, 0.25}) {
            const auto process = arrival_process::sinusoid(rate::per_second(1000), amplitude, 10s, phase);
            const auto counts = counts_by_phase(process, 10s, bins, 1000s);
            for (std::size_t i = 0; i < bins; ++i) {
                const double from = 2 * pi * (static_cast<double>(i) / bins + phase);
                const double until = from + 2 * pi / bins;
                const double expected = 1e6 * (1.0 / bins + amplitude * (std::cos(from) - std::cos(until)) / (2 * pi));
                INFO("amplitude " << amplitude << ", phase " << phase << ", bin " << i);
                CHECK(std::abs(counts[i] - expected) < 4.5 * std::sqrt(expected) + 1);
            }
        }
    }
}

TEST_CASE("a rate in steps holds each for its time, and begins again") {
    INFO("seed " << seed);
    const auto process =
        arrival_process::steps({{rate::per_second(100), 1s}, {rate::zero(), 2s}, {rate::per_second(2000), 1s}});
    const auto counts = counts_by_phase(process, 4s, 4, 2000s);
    CHECK(counts[0] == Approx(50'000).epsilon(0.02));
    CHECK(counts[1] == 0);
    CHECK(counts[2] == 0);
    CHECK(counts[3] == Approx(1'000'000).epsilon(0.005));
    auto once = open(arrival_process::steps({{rate::zero(), 5s}, {rate::per_second(10), fb::duration::max()}}));
    CHECK(once.next() > fb::time_point{5s});
    const auto flat = gaps_of(arrival_process::steps({{rate::per_second(500), 3ms}}));
    CHECK(flat.rate == Approx(500).epsilon(0.004));
    CHECK(flat.cv == Approx(1).epsilon(0.006));
}

TEST_CASE("bulks come at one instant, those of 0 as one") {
    auto times = open(arrival_process::deterministic(rate::per_second(10)).in_bulk(sim::distribution::constant(3)));
    for (int i = 0; i < 30; ++i) CHECK(times.next() == fb::time_point{(i / 3 + 1) * 100ms});
    auto single = open(arrival_process::deterministic(rate::per_second(10)).in_bulk(sim::distribution::constant(0)));
    for (int i = 0; i < 30; ++i) CHECK(single.next() == fb::time_point{(i + 1) * 100ms});
    const auto drawn = arrival_process::poisson(rate::per_second(100)).in_bulk(sim::distribution::uniform(1, 9));
    CHECK(gaps_of(drawn).rate == Approx(500).epsilon(0.02));
}

TEST_CASE("another rate of the states' streams moves no state, and tenants and variables go their own ways") {
    const auto process = arrival_process::poisson(rate::per_second(100));
    sim::arrival_times base{process, 1, fb::tenant_id{2}, 3};
    sim::arrival_times same{process, 1, fb::tenant_id{2}, 3};
    sim::arrival_times other{process, 1, fb::tenant_id{2}, 4};
    int met = 0;
    for (int i = 0; i < 100; ++i) {
        const fb::time_point at = base.next();
        CHECK(at == same.next());
        met += at == other.next();
    }
    CHECK(met == 0);
}

TEST_CASE("time ends at its end") {
    auto times = open(arrival_process::poisson(rate::one_every(fb::duration::max())));
    fb::time_point at{};
    for (int i = 0; i < 100; ++i) at = times.next();
    CHECK(at == fb::time_point::max());
    auto tide = open(arrival_process::sinusoid(rate::one_every(fb::duration::max() / 4), 1, 1s));
    for (int i = 0; i < 100; ++i) at = tide.next();
    CHECK(at == fb::time_point::max());
    auto off = open(arrival_process::on_off(rate::one_every(fb::duration::max()), rate::zero(), 100'000h, 100'000h));
    for (int i = 0; i < 10; ++i) at = off.next();
    CHECK(at == fb::time_point::max());
}

TEST_CASE("arrival processes that cannot be are refused") {
    const rate some = rate::per_second(1);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(arrival_process::deterministic(rate::zero()), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::poisson(rate::zero()), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::gamma(rate::zero(), 1), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::weibull(rate::zero(), 1), std::invalid_argument);
    for (const double cv : {0.0, -1.0, nan, 101.0}) {
        CHECK_THROWS_AS(arrival_process::gamma(some, cv), std::invalid_argument);
        CHECK_THROWS_AS(arrival_process::weibull(some, cv), std::invalid_argument);
    }
    CHECK_THROWS_AS(arrival_process::on_off(rate::zero(), rate::zero(), 1s, 1s), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::on_off(some, some, 0s, 1s), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::on_off(some, some, 1s, -1s), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::on_off(some, some, 1s, fb::duration::max()), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::sinusoid(rate::zero(), 0.5, 1s), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::sinusoid(some, 1.1, 1s), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::sinusoid(some, -0.1, 1s), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::sinusoid(some, nan, 1s), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::sinusoid(some, 0.5, 0s), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::sinusoid(some, 0.5, 1s, 1), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::steps({}), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::steps({{rate::zero(), 1s}}), std::invalid_argument);
    CHECK_THROWS_AS(arrival_process::steps({{some, 0s}}), std::invalid_argument);
}
