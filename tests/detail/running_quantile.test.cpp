// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/running_quantile.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

using forebay::detail::cost_scale;
using forebay::detail::running_quantile;

static_assert(sizeof(running_quantile) <= 8 && std::is_trivially_copyable_v<running_quantile>);

namespace {

constexpr std::int64_t million = 1'000'000;

/// Costs from 1 to a million.
struct draws {
    std::mt19937_64 random;

    double unit() { return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53; }
    double normal() {
        const double radius = std::sqrt(-2 * std::log(unit()));
        return radius * std::cos(6.283185307179586 * unit());
    }
    static std::int64_t whole(double cost) { return static_cast<std::int64_t>(std::clamp(cost, 1.0, 1e6)); }
    std::int64_t lognormal(double median, double sigma) { return whole(median * std::exp(sigma * normal())); }
    std::int64_t pareto(double least, double alpha) { return whole(least * std::pow(unit(), -1 / alpha)); }
    std::int64_t bimodal(double small, double large, double share) {
        return lognormal(unit() < share ? large : small, 0.2);
    }
};

struct kind {
    std::string name;
    std::function<std::int64_t(draws&)> draw;
    double low, high;  // in 90 of 100 cases the estimate over the quantile is between
};

}  // namespace

TEST_CASE("A cost and its level: monotone, exact where a step is finer than a unit, never above") {
    for (std::int64_t cost = 1; cost < 100'000; ++cost) {
        REQUIRE(cost_scale::cost_of(cost_scale::level_of(cost)) == cost);
        REQUIRE(cost_scale::level_of(cost) < cost_scale::level_of(cost + 1));
    }
    for (int exponent = 0; exponent <= 60; ++exponent) {
        const std::int64_t power = std::int64_t{1} << exponent;
        CHECK(cost_scale::level_of(power) == std::int64_t{exponent} << cost_scale::bits);
        CHECK(cost_scale::cost_of(cost_scale::level_of(power)) == power);
        CHECK(cost_scale::cost_of(cost_scale::level_of(power + power / 3)) <= power + power / 3);
        CHECK(cost_scale::cost_of(cost_scale::level_of(power + power / 3)) >= power + power / 3 - (power >> 24));
    }
}

TEST_CASE("Of any costs whatever, no more exceed the running quantile than its share and a bounded number") {
    const auto seed = GENERATE(1, 2, 3, 4);
    const auto percent = GENERATE(50, 95, 99);
    INFO("seed " << seed << ", percent " << percent);
    draws random{std::mt19937_64{static_cast<std::uint64_t>(seed)}};
    running_quantile q{1000};
    std::int64_t seen = 0;
    std::int64_t exceeded = 0;
    const std::int64_t slack = 8 * 20 + 2;  // log2 of a million
    for (int i = 0; i < 20'000; ++i) {
        // Who wants it to fail asks for one more than the estimate, for as long as that may last, or jumps about.
        const std::int64_t estimate = q.value(million);
        const int mood = seed == 1 ? 0 : i / 500 % 4;
        const std::int64_t cost = mood == 0   ? estimate + 1
                                  : mood == 1 ? million
                                  : mood == 2 ? 1
                                              : random.pareto(1, 0.2);
        if (i >= 120) {
            ++seen;
            exceeded += std::min(cost, million) > estimate ? 1 : 0;
            REQUIRE(exceeded * 100 <= seen * (100 - percent) + slack * 100);
        }
        q.see(cost, percent, million);
        REQUIRE((q.value(million) >= 1 && q.value(million) <= million));
    }
}

TEST_CASE("Where costs keep to one distribution, the running quantile stays near that of it") {
    const std::vector<kind> kinds{
        {"lognormal, sigma 0.5", [](draws& d) { return d.lognormal(400, 0.5); }, 0.83, 1.25},
        {"lognormal, sigma 1", [](draws& d) { return d.lognormal(400, 1); }, 0.75, 1.40},
        {"lognormal, sigma 2", [](draws& d) { return d.lognormal(400, 2); }, 0.65, 1.50},
        {"Pareto 1.5", [](draws& d) { return d.pareto(100, 1.5); }, 0.72, 1.45},
        {"Pareto 1.1", [](draws& d) { return d.pareto(100, 1.1); }, 0.70, 1.55},
        {"one in ten 40 times as large", [](draws& d) { return d.bimodal(100, 4000, 0.10); }, 0.78, 1.25},
        {"always 700", [](draws&) { return std::int64_t{700}; }, 0.99, 1.15},
    };
    for (const kind& each : kinds) {
        draws random{std::mt19937_64{7}};
        std::vector<std::int64_t> all(40'000);
        for (auto& one : all) one = each.draw(random);
        std::nth_element(all.begin(), all.begin() + 38'000, all.end());
        const auto exact = static_cast<double>(all[38'000]);
        std::vector<double> found;
        int exceeded = 0;
        running_quantile q{1000};
        for (int i = 0; i < 40'000; ++i) {
            const std::int64_t cost = each.draw(random);
            if (i >= 500) {
                found.push_back(static_cast<double>(q.value(million)) / exact);
                exceeded += cost > q.value(million) ? 1 : 0;
            }
            q.see(cost, 95, million);
        }
        const auto at = [&](double share) {
            const auto place = found.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(found.size()));
            std::nth_element(found.begin(), place, found.end());
            return *place;
        };
        const double low = at(0.05);
        const double high = at(0.95);
        const double share = exceeded / 395.0;
        INFO(each.name << ": quantile " << exact << ", estimate over it " << low << " to " << high << ", exceeded "
                       << share << " %");
        CHECK(low >= each.low);
        CHECK(high <= each.high);
        CHECK((share > 4.96 && share < 5.04));
    }
}

TEST_CASE("A running quantile follows when all costs become ten times as large, or a tenth") {
    for (const double to : {10.0, 0.1}) {
        std::vector<int> needed;
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            draws random{std::mt19937_64{seed}};
            running_quantile q{1000};
            for (int i = 0; i < 1000; ++i) q.see(random.lognormal(1000, 1), 95, million);
            const double exact = 1000 * to * std::exp(1.6449);
            int count = 0;
            for (double found = 0; found < exact / 1.25 || found > exact * 1.25; ++count) {
                q.see(random.lognormal(1000 * to, 1), 95, million);
                found = static_cast<double>(q.value(million));
            }
            needed.push_back(count);
        }
        std::sort(needed.begin(), needed.end());
        INFO("to " << to << ": within a quarter after " << needed[20] << " costs, at most " << needed.back());
        CHECK(needed[20] <= (to > 1 ? 160 : 620));
        CHECK(needed.back() <= (to > 1 ? 350 : 800));
    }
}

TEST_CASE("A running quantile forgets where it started: within a factor of two after a hundred costs") {
    for (const std::int64_t start : {1, 1000, 5000}) {
        int near = 0;
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            draws random{std::mt19937_64{seed}};
            running_quantile q{start};
            for (int i = 0; i < 100; ++i) q.see(random.lognormal(400, 1), 95, million);
            const double off = static_cast<double>(q.value(million)) / (400 * std::exp(1.6449));
            near += off > 0.5 && off < 2 ? 1 : 0;
        }
        INFO("start " << start << ": " << near << " of 40");
        CHECK(near >= 36);
    }
}
