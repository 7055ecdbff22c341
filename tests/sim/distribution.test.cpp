// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/distribution.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;
using sim::distribution;

namespace {

constexpr std::uint64_t seed = 20231116;
constexpr int count = 1'000'000;
constexpr double infinite = std::numeric_limits<double>::infinity();

double bell_below(double z) {
    return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

/// P(a, x), the regularised lower incomplete Gamma function, by its series.
double gamma_below(double a, double x) {
    if (x <= 0) return 0;
    if (x > a + 50 * std::sqrt(a) + 50) return 1;
    double term = std::exp(a * std::log(x) - x - std::lgamma(a + 1));
    double sum = term;
    for (double n = 1; term > sum * 1e-16; ++n) sum += term *= x / (a + n);
    return sum;
}

struct law {
    std::string name;
    distribution drawn;
    double mean;
    double deviation;
    /// P(X <= x), before rounding.
    std::function<double(double)> below;
    /// Whether the fourth moment is small enough for a bound on the deviation: 2 % is then above five errors.
    bool light{true};
};

/// Everything within four standard errors: of the mean, and of the share below each of many points.
void check_law(const law& of) {
    INFO(of.name << ", seed " << seed);
    sim::random_stream draw{seed};
    std::vector<double> points;
    for (const double share : {0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0}) {
        points.push_back(std::floor(of.mean * share) + 0.5);  // nothing is rounded to between two whole numbers
    }
    std::vector<int> found(points.size());
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < count; ++i) {
        const auto x = static_cast<double>(of.drawn.draw(draw));
        sum += x;
        squares += (x - of.mean) * (x - of.mean);
        for (std::size_t j = 0; j < points.size(); ++j) found[j] += x < points[j];
    }
    if (of.deviation < infinite) {
        CHECK(std::abs(sum / count - of.mean) < 4 * of.deviation / 1000 + 1e-9);
    }
    for (std::size_t j = 0; j < points.size(); ++j) {
        const double p = of.below(points[j]);
        INFO("P(X < " << points[j] << ")");
        CHECK(std::abs(found[j] / double{count} - p) < 4 * std::sqrt(p * (1 - p)) / 1000 + 2e-6);
    }
    if (of.light && of.deviation < 1.2 * of.mean) {
        CHECK(std::sqrt(squares / count) == Approx(of.deviation).epsilon(0.02));
    }
}

}  // namespace

TEST_CASE("a constant is always the same and durations are nanoseconds") {
    sim::random_stream draw{1};
    CHECK(distribution::constant(7).draw(draw) == 7);
    CHECK(distribution::constant(2ms).draw(draw) == 2'000'000);
    for (const auto& none : {distribution::constant(0), distribution::exponential(0), distribution::lognormal(0, 2),
                             distribution::gamma(0, 2), distribution::weibull(0, 2), distribution::normal(0, 0)}) {
        CHECK(none.draw(draw) == 0);
    }
    for (const auto& even : {distribution::lognormal(9, 0), distribution::gamma(9, 0), distribution::weibull(9, 0),
                             distribution::bounded_pareto(9, 9, 2), distribution::uniform(9, 9)}) {
        CHECK(even.draw(draw) == 9);
    }
}

TEST_CASE("uniform, exponential and normal draws follow their law") {
    check_law({"uniform", distribution::uniform(50, 1049), 549.5, std::sqrt((1e6 - 1) / 12),
               [](double x) { return std::min(1.0, std::max(0.0, (x - 49.5) / 1000)); }});
    check_law(
        {"exponential", distribution::exponential(1ms), 1e6, 1e6, [](double x) { return -std::expm1(-x / 1e6); }});
    check_law({"normal", distribution::normal(100'000, 20'000), 1e5, 2e4,
               [](double x) { return bell_below((x - 1e5) / 2e4); }});
    // Held at 0 where the bell goes on: mean m Phi(m / s) + s phi(m / s).
    const double phi = std::exp(-0.5) / std::sqrt(2 * 3.14159265358979323846);
    sim::random_stream draw{seed};
    double sum = 0;
    int zeros = 0;
    for (int i = 0; i < count; ++i) {
        const std::int64_t x = distribution::normal(100'000, 100'000).draw(draw);
        sum += static_cast<double>(x);
        zeros += x == 0;
    }
    CHECK(sum / count == Approx(1e5 * bell_below(1) + 1e5 * phi).epsilon(0.004));
    CHECK(zeros / double{count} == Approx(bell_below(-1)).epsilon(0.01));
}

TEST_CASE("lognormal draws have the mean and cv that were asked for") {
    for (const double cv : {0.2, 1.0, 3.0}) {
        const double square = std::log(1 + cv * cv);
        const double mu = std::log(1e6) - square / 2;
        check_law({"lognormal, cv " + std::to_string(cv), distribution::lognormal(1'000'000, cv), 1e6, cv * 1e6,
                   [=](double x) { return x <= 0 ? 0 : bell_below((std::log(x) - mu) / std::sqrt(square)); }});
    }
}

TEST_CASE("gamma draws follow their law at shapes above and below 1") {
    for (const double cv : {0.1, 0.5, 1.0, 2.0, 5.0, 13.2}) {
        const double shape = 1 / (cv * cv);
        const double scale = 1e6 / shape;
        check_law({"gamma, cv " + std::to_string(cv), distribution::gamma(1'000'000, cv), 1e6, cv * 1e6,
                   [=](double x) { return gamma_below(shape, x / scale); }});
    }
}

TEST_CASE("Weibull draws have the mean and cv that were asked for") {
    for (const double cv : {0.3, 1.0, 2.5}) {
        const double shape = static_cast<double>(sim::weibull_shape(sim::real{cv}));
        const double scale = 1e6 / std::tgamma(1 + 1 / shape);
        const double square = std::tgamma(1 + 2 / shape) / std::pow(std::tgamma(1 + 1 / shape), 2) - 1;
        CHECK(std::sqrt(square) == Approx(cv).epsilon(1e-9));
        check_law({"Weibull, cv " + std::to_string(cv), distribution::weibull(1'000'000, cv), 1e6, cv * 1e6,
                   [=](double x) { return -std::expm1(-std::pow(x / scale, shape)); }});
    }
    CHECK(static_cast<double>(sim::weibull_shape(1)) == Approx(1).epsilon(1e-9));
    for (const double cv : {0.01, 0.1, 10.0, 100.0}) {
        const double shape = static_cast<double>(sim::weibull_shape(sim::real{cv}));
        const double growth = std::lgamma(1 + 2 / shape) - 2 * std::lgamma(1 + 1 / shape);
        CHECK(std::sqrt(std::expm1(growth)) == Approx(cv).epsilon(1e-8));
    }
}

TEST_CASE("Pareto draws follow their law, bounded or not") {
    for (const double alpha : {0.7, 1.0, 1.5, 2.5, 4.0}) {
        const double mean = alpha > 1 ? alpha * 1e6 / (alpha - 1) : 3e6;  // where there is none, any point of reference
        const double deviation = alpha > 2 ? mean / std::sqrt(alpha * (alpha - 2)) : infinite;
        check_law({"Pareto, alpha " + std::to_string(alpha), distribution::pareto(1'000'000, alpha), mean, deviation,
                   [=](double x) { return x <= 1e6 ? 0 : 1 - std::pow(1e6 / x, alpha); }, false});
        const double rest = std::pow(1e-3, alpha);
        const double bounded_mean =
            (alpha == 1.0 ? 1e4 * std::log(1e3) : 1e4 * alpha / (alpha - 1) * (1 - std::pow(1e-3, alpha - 1))) /
            (1 - rest);
        const double second = alpha / (2 - alpha) * 1e8 * (std::pow(1e3, 2 - alpha) - 1) / (1 - rest);
        check_law({"bounded Pareto, alpha " + std::to_string(alpha),
                   distribution::bounded_pareto(10'000, 10'000'000, alpha), bounded_mean,
                   std::sqrt(second - bounded_mean * bounded_mean),
                   [=](double x) {
                       if (x <= 1e4) return 0.0;
                       return x >= 1e7 ? 1.0 : (1 - std::pow(1e4 / x, alpha)) / (1 - rest);
                   },
                   false});
    }
}

TEST_CASE("Zipf ranks come as often as they should, also at exponents around 1 and at 0") {
    for (const double exponent : {0.0, 0.5, 1.0, 1.0 + 1e-9, 1.5, 3.0}) {
        constexpr int ranks = 100;
        double all = 0;
        for (int k = 1; k <= ranks; ++k) all += std::pow(k, -exponent);
        INFO("exponent " << exponent << ", seed " << seed);
        sim::random_stream draw{seed};
        const distribution zipf = distribution::zipf(ranks, exponent);
        std::vector<int> found(ranks + 1);
        for (int i = 0; i < count; ++i) ++found.at(static_cast<std::size_t>(zipf.draw(draw)));
        CHECK(found[0] == 0);
        for (int k = 1; k <= ranks; ++k) {
            const double p = std::pow(k, -exponent) / all;
            INFO("rank " << k);
            CHECK(std::abs(found[static_cast<std::size_t>(k)] / double{count} - p) < 4.5 * std::sqrt(p) / 1000);
        }
    }
    sim::random_stream draw{seed};
    const distribution vast = distribution::zipf(std::int64_t{1} << 60, 0.9);
    for (int i = 0; i < 10'000; ++i) {
        const std::int64_t rank = vast.draw(draw);
        if (rank < 1 || rank > std::int64_t{1} << 60) FAIL(rank);
    }
}

TEST_CASE("empirical draws are values that were given, as often as they were") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    const distribution sizes = distribution::empirical(std::vector<std::int64_t>{5, 1, 5, 9});
    const distribution weighted =
        distribution::empirical(std::vector<distribution::weighted>{{7, 3}, {100ns, 0}, {2, 1}});
    std::vector<int> plain(10);
    std::vector<int> by_weight(10);
    for (int i = 0; i < count; ++i) {
        ++plain.at(static_cast<std::size_t>(sizes.draw(draw)));
        ++by_weight.at(static_cast<std::size_t>(weighted.draw(draw)));
    }
    CHECK(plain[5] == Approx(count / 2).epsilon(0.005));
    CHECK(plain[1] == Approx(count / 4).epsilon(0.01));
    CHECK(plain[1] + plain[5] + plain[9] == count);
    CHECK(by_weight[7] == Approx(count * 3 / 4).epsilon(0.005));
    CHECK(by_weight[2] + by_weight[7] == count);
}

TEST_CASE("draws never leave 0 to the largest number") {
    sim::random_stream draw{seed};
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (const auto& wide :
         {distribution::exponential(most), distribution::normal(most, most), distribution::lognormal(most, 1000),
          distribution::gamma(most, 100), distribution::weibull(most, 100), distribution::pareto(most, 0.01),
          distribution::bounded_pareto(1, most, 0.01), distribution::uniform(0, most), distribution::lognormal(1, 1000),
          distribution::gamma(1, 100)}) {
        for (int i = 0; i < 10'000; ++i) {
            if (wide.draw(draw) < 0) FAIL("a draw below 0");
        }
    }
}

TEST_CASE("parameters that cannot be are refused") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(distribution::constant(-1), std::invalid_argument);
    CHECK_THROWS_AS(distribution::constant(~std::uint64_t{0}), std::invalid_argument);
    CHECK_THROWS_AS(distribution::constant(-1ns), std::invalid_argument);
    CHECK_THROWS_AS(distribution::uniform(2, 1), std::invalid_argument);
    CHECK_THROWS_AS(distribution::normal(1, -1), std::invalid_argument);
    for (const double cv : {-0.1, nan, infinite, 1001.0}) {
        CHECK_THROWS_AS(distribution::lognormal(1, cv), std::invalid_argument);
        CHECK_THROWS_AS(distribution::gamma(1, cv), std::invalid_argument);
        CHECK_THROWS_AS(distribution::weibull(1, cv), std::invalid_argument);
    }
    CHECK_THROWS_AS(distribution::weibull(1, 0.001), std::invalid_argument);
    for (const double alpha : {0.0, -1.0, nan, infinite, 1001.0}) {
        CHECK_THROWS_AS(distribution::pareto(1, alpha), std::invalid_argument);
        CHECK_THROWS_AS(distribution::bounded_pareto(1, 2, alpha), std::invalid_argument);
    }
    CHECK_THROWS_AS(distribution::pareto(0, 1), std::invalid_argument);
    CHECK_THROWS_AS(distribution::bounded_pareto(0, 1, 1), std::invalid_argument);
    CHECK_THROWS_AS(distribution::bounded_pareto(2, 1, 1), std::invalid_argument);
    CHECK_THROWS_AS(distribution::zipf(0, 1), std::invalid_argument);
    CHECK_THROWS_AS(distribution::zipf(10, -0.1), std::invalid_argument);
    CHECK_THROWS_AS(distribution::zipf(10, nan), std::invalid_argument);
    CHECK_THROWS_AS(distribution::empirical(std::vector<std::int64_t>{}), std::invalid_argument);
    CHECK_THROWS_AS(distribution::empirical(std::vector<std::int64_t>{-1}), std::invalid_argument);
    CHECK_THROWS_AS(distribution::empirical(std::vector<distribution::weighted>{{1, 0}}), std::invalid_argument);
    CHECK_THROWS_AS(distribution::empirical(std::vector<distribution::weighted>{{1, ~std::uint64_t{0}}, {2, 1}}),
                    std::invalid_argument);
}
