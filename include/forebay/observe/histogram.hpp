// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace forebay::inline v0 {

/// How often which value occurred: log-linear buckets, 32 to each power of two, over all of uint64. Values below 64 are
/// kept exactly, larger ones to 1/32 (3.2%) of themselves. Count, sum, least and greatest are exact.
///
/// memory   15 KiB, fixed; allocates nothing
/// threads  a value: whoever owns it serialises
class histogram {
public:
    /// Counts `value`, `times` times. O(1).
    constexpr void record(std::uint64_t value, std::uint64_t times = 1) noexcept {
        if (times == 0) return;
        counts_[index_of(value)] += times;
        count_ += times;
        sum_ = saturating_add(sum_, value > most / times ? most : value * times);
        min_ = std::min(min_, value);
        max_ = std::max(max_, value);
    }

    /// Adds what another has recorded, as if it had been recorded here.
    constexpr void merge(const histogram& other) noexcept {
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
        count_ += other.count_;
        sum_ = saturating_add(sum_, other.sum_);
        min_ = std::min(min_, other.min_);
        max_ = std::max(max_, other.max_);
    }

    /// Values recorded.
    [[nodiscard]] constexpr std::uint64_t count() const noexcept { return count_; }
    /// Their sum, held at the greatest uint64 instead of wrapping.
    [[nodiscard]] constexpr std::uint64_t sum() const noexcept { return sum_; }
    /// The least, 0 if there is none.
    [[nodiscard]] constexpr std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
    /// The greatest, 0 if there is none.
    [[nodiscard]] constexpr std::uint64_t max() const noexcept { return max_; }

    /// The value that a share of all values do not exceed, by nearest rank: the ceil(q * count)-th smallest, never
    /// interpolated.
    ///
    /// q        share; outside of [0, 1], or not a number, the nearer end counts    [0 .. 1]
    /// returns  x with v <= x <= v + v/32, where v is the exact answer; 0 if nothing was recorded
    /// cost     O(buckets), 1920
    [[nodiscard]] constexpr std::uint64_t quantile(double q) const noexcept {
        if (count_ == 0) return 0;
        const std::uint64_t rank = rank_of(q);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen >= rank) return std::min(upper_bound(i), max_);
        }
        return max_;
    }

    /// How many values are at most `value`, where values that share its bucket (less than 1/32 away) count as above,
    /// unless `value` is the last of the bucket.
    /// cost  O(buckets), 1920
    [[nodiscard]] constexpr std::uint64_t count_at_most(std::uint64_t value) const noexcept {
        if (value >= max_) return count_;
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size() && upper_bound(i) <= value; ++i) seen += counts_[i];
        return seen;
    }

    friend constexpr bool operator==(const histogram&, const histogram&) noexcept = default;

private:
    static constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    static constexpr unsigned linear_bits = 5;
    static constexpr std::uint64_t linear = std::uint64_t{1} << linear_bits;

    // How far the 6 leading bits of a value are from its right end; 0 for values below 64, which are their own bucket.
    static constexpr std::size_t index_of(std::uint64_t value) noexcept {
        const auto shift = static_cast<unsigned>(std::bit_width(value | linear)) - (linear_bits + 1);
        return static_cast<std::size_t>((shift << linear_bits) + (value >> shift));
    }
    // The greatest value of a bucket.
    static constexpr std::uint64_t upper_bound(std::size_t index) noexcept {
        if (index < 2 * linear) return index;
        const std::uint64_t shift = (index >> linear_bits) - 1;
        const std::uint64_t leading = index - (shift << linear_bits);
        return ((leading + 1) << shift) - 1;  // of the last bucket: 0 - 1, the greatest uint64
    }

    static constexpr std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) noexcept {
        return a > most - b ? most : a + b;
    }

    // ceil(q * count), between 1 and count. 0.07 is stored a little above 0.07; the factor keeps its share of 100 at
    // the 7th value.
    constexpr std::uint64_t rank_of(double q) const noexcept {
        if (!(q > 0)) return 1;
        if (q >= 1) return count_;
        const double exact = q * static_cast<double>(count_) * (1 - 1e-12);
        const auto below = static_cast<std::uint64_t>(exact);
        const std::uint64_t rank = static_cast<double>(below) < exact ? below + 1 : below;
        return std::clamp<std::uint64_t>(rank, 1, count_);
    }

    std::array<std::uint64_t, (64 - linear_bits + 1) * linear> counts_{};
    std::uint64_t count_{0};
    std::uint64_t sum_{0};
    std::uint64_t min_{most};
    std::uint64_t max_{0};
};

}  // namespace forebay::inline v0
