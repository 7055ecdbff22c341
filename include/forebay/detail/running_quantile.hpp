// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace forebay::inline v0::detail {

/// A cost on a scale where equal steps are about equal factors: the exponent, and the mantissa as its fraction. Integers,
/// monotone, exact both ways for costs below 2^24.
class cost_scale {
public:
    /// Levels in a factor of two.
    static constexpr int bits = 24;

    /// level_of(cost_of(l)) <= l. cost >= 1
    [[nodiscard]] static constexpr std::int64_t level_of(std::int64_t cost) noexcept {
        const auto bare = static_cast<std::uint64_t>(cost);
        const int exponent = 63 - std::countl_zero(bare);
        const std::uint64_t rest = bare - (std::uint64_t{1} << exponent);
        const std::uint64_t part = exponent <= bits ? rest << (bits - exponent) : rest >> (exponent - bits);
        return (std::int64_t{exponent} << bits) + static_cast<std::int64_t>(part);
    }
    /// The largest cost at or below a level. 0 <= level < 62 factors of two
    [[nodiscard]] static constexpr std::int64_t cost_of(std::int64_t level) noexcept {
        const auto exponent = static_cast<int>(level >> bits);
        const std::int64_t part = level & ((std::int64_t{1} << bits) - 1);
        return (std::int64_t{1} << exponent) +
               (exponent <= bits ? part >> (bits - exponent) : part << (exponent - bits));
    }
};

/// A running quantile of costs in five bytes: a level that climbs when a cost exceeds it and sinks when none does, in
/// steps whose ratio is that of the shares wanted.
///
/// The steps are fixed and the level is bounded, so in the long run the share that exceeds it is no larger than wanted,
/// whatever the costs are, in whatever order: of n in a row, at most (100 - percent) % and 8 log2(most) + 2 more (after the
/// first 120, in which the steps are larger, so that the start is soon forgotten). Where costs keep to one distribution the
/// level stays near its quantile; how near, is measured in tests/detail/running_quantile.test.cpp.
///
/// source  Robbins, Monro: A stochastic approximation method, Annals of Mathematical Statistics 22(3), 1951. Like Ma,
///         Muthukrishnan, Sandler: Frugal streaming for estimating quantiles, LNCS 8066, 2013, it needs no more than a
///         word or two; their steps do not scale with what is counted. The bound is that of Gibbs, Candes: Adaptive
///         conformal inference under distribution shift, NeurIPS 2021
class running_quantile {
public:
    running_quantile() = default;
    explicit running_quantile(std::int64_t cost) noexcept
        : level_{static_cast<std::int32_t>(cost_scale::level_of(cost))} {}
    /// One that starts where another is.
    [[nodiscard]] running_quantile heir() const noexcept {
        running_quantile next = *this;
        next.seen_ = 0;
        return next;
    }

    /// What is exceeded in (100 - percent) % of the cases. [1 .. most]
    [[nodiscard]] std::int64_t value(std::int64_t most) const noexcept {
        return std::min(cost_scale::cost_of(level_), most);
    }
    /// percent  share that is to stay at or below `value` [1 .. 99]
    /// most     value is never more [1 .. 2^60]
    void see(std::int64_t cost, std::int32_t percent, std::int64_t most) noexcept {
        const std::int32_t step = usual_step * boldness() / 16;
        if (seen_ < settled) ++seen_;
        // Above `most` by one step at the most, so that no step is cut short, which would cost the long run its share.
        if (std::min(cost, most) > value(most)) {
            level_ += step * percent;
        } else {
            level_ = std::max(0, level_ - step * (100 - percent));
        }
    }

private:
    /// An eighth of a factor of two, for a hundred of them. A larger one follows sooner and scatters more.
    static constexpr std::int32_t usual_step = (std::int32_t{1} << cost_scale::bits) / 800;
    static constexpr std::uint8_t settled = 120;

    /// From sixteen usual steps down to one, in sixteenths: as 1/n, which forgets the start fastest.
    [[nodiscard]] std::int32_t boldness() const noexcept { return seen_ >= settled ? 16 : 16 * 128 / (8 + seen_); }

    std::int32_t level_{0};
    std::uint8_t seen_{0};
};

}  // namespace forebay::inline v0::detail
