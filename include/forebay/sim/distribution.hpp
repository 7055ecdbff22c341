// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/random.hpp>
#include <forebay/sim/real.hpp>
#include <forebay/sim/variates.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace forebay::inline v0::sim {

/// The shape k of the Weibull distribution that has this coefficient of variation:
/// cv^2 = Gamma(1 + 2/k) / Gamma(1 + 1/k)^2 - 1. [0.01 <= cv <= 100]
/// errors  std::invalid_argument
[[nodiscard]] constexpr real weibull_shape(real cv) {
    if (cv < real{1} / 100 || cv > 100) {
        throw std::invalid_argument(
            "forebay: a Weibull distribution needs a coefficient of variation from 0.01 to 100");
    }
    const real wanted = ln(real{1} + cv * cv);
    real low = real{1} / 200;  // of 1 / k
    real high = 10;
    for (int step = 0; step < 60; ++step) {
        const real middle = (low + high) / 2;
        const real found = ln_gamma(real{1} + 2 * middle) - 2 * ln_gamma(real{1} + middle);
        (found < wanted ? low : high) = middle;
    }
    return real{2} / (low + high);
}

/// How sizes, costs and times vary: a whole number >= 0, drawn from a random_stream. A copyable value.
///
/// Draws are rounded to the nearest whole number and held within 0 .. 2^63 - 1. Where a draw is a duration, it is in
/// nanoseconds; means and bounds are then given as durations. The formulas for mean and cv (coefficient of variation:
/// deviation / mean) are those before rounding.
/// errors   std::invalid_argument for parameters that cannot be; it says what was expected
/// cost     draw: O(1), O(log n) for `empirical`; allocates nothing
///
///     auto tokens = sim::distribution::lognormal(350, 1.2);
///     auto think = sim::distribution::exponential(2s);
class distribution {
public:
    /// A size, or a duration in nanoseconds. [>= 0]
    struct amount {
        std::int64_t value;

        template <std::integral Whole>
        constexpr amount(Whole whole) : value{static_cast<std::int64_t>(whole)} {  // NOLINT: stands for it
            if (value < 0 || std::cmp_not_equal(whole, value)) {
                throw std::invalid_argument("forebay: a distribution needs amounts >= 0");
            }
        }
        template <class Rep, class Period>
        constexpr amount(std::chrono::duration<Rep, Period> time) : amount{duration{time}.count()} {}  // NOLINT
    };
    /// A value and how often it comes, relative to the others.
    struct weighted {
        amount value;
        std::uint64_t weight{1};
    };

    /// Always `value`: mean value, cv 0.
    [[nodiscard]] static distribution constant(amount value) { return distribution{fixed{value.value}}; }

    /// Each whole number in low .. high alike: mean (low + high) / 2, variance ((high - low + 1)^2 - 1) / 12.
    /// [low <= high]
    [[nodiscard]] static distribution uniform(amount low, amount high) {
        if (low.value > high.value) throw std::invalid_argument("forebay: a uniform distribution needs low <= high");
        return distribution{evenly{low.value, static_cast<std::uint64_t>(high.value - low.value) + 1}};
    }

    /// cv 1.
    [[nodiscard]] static distribution exponential(amount mean) { return distribution{memoryless{mean.value}}; }

    /// Draws below 0 count as 0, so that mean and cv are those stated only where deviation is well below mean (at a
    /// deviation of mean / 3, one draw in 741 is held and the mean rises by 0.013 %).
    [[nodiscard]] static distribution normal(amount mean, amount deviation) {
        return distribution{bell{mean.value, deviation.value}};
    }

    /// exp(mu + sigma Z) with sigma^2 = ln(1 + cv^2) and mu = ln(mean) - sigma^2 / 2: mean and cv are those of the draws,
    /// not of their logarithms. The median is mean / sqrt(1 + cv^2). [0 <= cv <= 1000]
    [[nodiscard]] static distribution lognormal(amount mean, double cv) {
        const real spread = checked(cv, 0, 1000, "forebay: a lognormal distribution needs a cv from 0 to 1000");
        if (mean.value == 0 || spread.is_zero()) return constant(mean);
        const real square = ln(real{1} + spread * spread);
        return distribution{exponential_of_normal{ln(real{mean.value}) - square / 2, sqrt(square)}};
    }

    /// Shape 1 / cv^2: many draws close to 0 and few large ones where cv > 1. [0 <= cv <= 100]
    [[nodiscard]] static distribution gamma(amount mean, double cv) {
        const real spread = checked(cv, 0, 100, "forebay: a gamma distribution needs a cv from 0 to 100");
        if (spread.is_zero()) return constant(mean);
        const real square = spread * spread;
        return distribution{gamma_of{gamma_variate{real{1} / square}, square * mean.value}};
    }

    /// Scale * E^(1 / k), E exponential; k from cv by `weibull_shape`, scale = mean / Gamma(1 + 1 / k). cv 1 is the
    /// exponential. [cv 0, or 0.01 .. 100]
    [[nodiscard]] static distribution weibull(amount mean, double cv) {
        const real spread = checked(cv, 0, 100, "forebay: a Weibull distribution needs a cv of 0, or from 0.01 to 100");
        if (mean.value == 0 || spread.is_zero()) return constant(mean);
        const real inverse = real{1} / weibull_shape(spread);
        return distribution{power_of_exponential{ln(real{mean.value}) - ln_gamma(real{1} + inverse), inverse}};
    }

    /// P(X > x) = (least / x)^alpha for x >= least. Mean alpha least / (alpha - 1) for alpha > 1, else infinite;
    /// cv 1 / sqrt(alpha (alpha - 2)) for alpha > 2, else infinite. [least > 0, 0.01 <= alpha <= 1000]
    [[nodiscard]] static distribution pareto(amount least, double alpha) {
        return distribution{power_law{positive(least), tail(alpha), 0}};
    }

    /// The same, given that X <= most: P(X > x) = ((least / x)^alpha - r) / (1 - r) with r = (least / most)^alpha.
    /// Mean alpha least / (alpha - 1) * (1 - (least / most)^(alpha - 1)) / (1 - r); for alpha = 1, least ln(most / least)
    /// / (1 - r). [0 < least <= most]
    [[nodiscard]] static distribution bounded_pareto(amount least, amount most, double alpha) {
        const real low = positive(least);
        if (most.value < least.value) throw std::invalid_argument("forebay: a bounded Pareto needs least <= most");
        if (most.value == least.value) return constant(least);
        const real inverse = tail(alpha);
        return distribution{power_law{low, inverse, pow(real{least.value} / real{most.value}, real{1} / inverse)}};
    }

    /// A rank in 1 .. count with probability k^-exponent / H, H = the sum of all k^-exponent. [count >= 1, 0 .. 64]
    [[nodiscard]] static distribution zipf(std::int64_t count, double exponent) {
        return distribution{ranked{zipf_variate{count, real{exponent}}}};
    }

    /// One of the values given, as likely as its weight says; without weights, as often as it stands there: sizes of a
    /// trace, drawn again. Mean and cv are those of the values. [at least one weight > 0, their sum within 64 bits]
    [[nodiscard]] static distribution empirical(const std::vector<weighted>& values) {
        auto table = std::make_shared<std::vector<step>>();
        std::uint64_t sum = 0;
        for (const weighted& each : values) {
            if (each.weight == 0) continue;
            if (each.weight > std::numeric_limits<std::uint64_t>::max() - sum) {
                throw std::invalid_argument("forebay: the weights' sum must fit 64 bits");
            }
            table->push_back({sum += each.weight, each.value.value});
        }
        if (table->empty()) throw std::invalid_argument("forebay: an empirical distribution needs a weight > 0");
        return distribution{resampled{std::move(table)}};
    }
    [[nodiscard]] static distribution empirical(const std::vector<std::int64_t>& values) {
        std::vector<weighted> all;
        all.reserve(values.size());
        for (const std::int64_t value : values) all.push_back({value, 1});
        return empirical(all);
    }

    [[nodiscard]] std::int64_t draw(random_stream& from) const {
        return std::visit([&](const auto& kind) { return kind.draw(from); }, kind_);
    }

private:
    static real checked(double value, real low, real high, const char* message) {
        const real exact{value};
        if (exact < low || exact > high) throw std::invalid_argument(message);
        return exact;
    }
    static real positive(amount least) {
        if (least.value == 0) throw std::invalid_argument("forebay: a Pareto distribution needs a least value > 0");
        return least.value;
    }
    static real tail(double alpha) {
        return real{1} /
               checked(alpha, real{1} / 100, 1000, "forebay: a Pareto distribution needs an alpha from 0.01 to 1000");
    }
    static std::int64_t held(real value) { return std::max<std::int64_t>(value.rounded(), 0); }

    struct fixed {
        std::int64_t value;
        std::int64_t draw(random_stream&) const noexcept { return value; }
    };
    struct evenly {
        std::int64_t low;
        std::uint64_t count;
        std::int64_t draw(random_stream& from) const { return low + static_cast<std::int64_t>(from.below(count)); }
    };
    struct memoryless {
        std::int64_t mean;
        std::int64_t draw(random_stream& from) const { return from.exponential(duration{mean}).count(); }
    };
    struct bell {
        real mean;
        real deviation;
        std::int64_t draw(random_stream& from) const { return held(mean + deviation * normal_draw(from)); }
    };
    struct exponential_of_normal {
        real mu;
        real sigma;
        std::int64_t draw(random_stream& from) const { return held(exp(mu + sigma * normal_draw(from))); }
    };
    struct gamma_of {
        gamma_variate plain;
        real scale;
        std::int64_t draw(random_stream& from) const { return held(scale * plain(from)); }
    };
    struct power_of_exponential {
        real ln_scale;
        real power;
        std::int64_t draw(random_stream& from) const {
            const real plain = exponential_draw(from);
            return plain.is_zero() ? 0 : held(exp(ln_scale + power * ln(plain)));
        }
    };
    struct power_law {
        real least;
        real inverse_alpha;
        real beyond;  // P(X > most) of the unbounded law
        std::int64_t draw(random_stream& from) const {
            const real share = beyond + uniform_draw(from) * (real{1} - beyond);
            return held(least * exp(-inverse_alpha * ln(share)));
        }
    };
    struct step {
        std::uint64_t below;
        std::int64_t value;
    };
    struct resampled {
        std::shared_ptr<const std::vector<step>> table;
        std::int64_t draw(random_stream& from) const {
            const std::uint64_t place = from.below(table->back().below);
            return std::upper_bound(table->begin(), table->end(), place,
                                    [](std::uint64_t at, const step& each) { return at < each.below; })
                ->value;
        }
    };
    struct ranked {
        zipf_variate plain;
        std::int64_t draw(random_stream& from) const { return plain(from); }
    };
    using kinds = std::variant<fixed, evenly, memoryless, bell, exponential_of_normal, gamma_of, power_of_exponential,
                               power_law, ranked, resampled>;

    explicit distribution(kinds kind) : kind_{std::move(kind)} {}

    kinds kind_;
};

}  // namespace forebay::inline v0::sim
