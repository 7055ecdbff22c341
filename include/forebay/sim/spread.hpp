// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/observe/histogram.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace forebay::inline v0::sim {

/// Place, from 0, of the value at rank ceil(q * n) of n sorted ones: nearest rank, so a value that occurred.
/// parts, of  q = parts / of, in thousandths where nothing else is said
[[nodiscard]] constexpr std::size_t nearest_rank(std::size_t n, std::size_t parts, std::size_t of = 1000) noexcept {
    const std::size_t rank = (n * parts + of - 1) / of;
    return rank == 0 ? 0 : rank - 1;
}

/// How durations are spread: of all values, exact unless the run was told to keep histograms (`percentiles`).
struct spread {
    std::size_t count{0};
    double mean_seconds{0};
    duration p50{0};
    duration p90{0};
    duration p95{0};
    duration p99{0};
    duration max{0};
    /// The whole curve, for plots: the values at the shares `curve_share(0)` to `curve_share(curve_points - 1)`, by
    /// nearest rank. Empty unless the run was told to keep it (`run_options::curves`).
    std::vector<duration> quantiles{};

    /// Steps of 1/500 up to 0.998, of 1/5000 from there, where the tail is.
    static constexpr std::size_t curve_points = 510;
    /// Share of all values that do not exceed quantiles[index]. [index < curve_points]
    [[nodiscard]] static constexpr double curve_share(std::size_t index) noexcept {
        return static_cast<double>(curve_rank(index)) / 5000.0;
    }

    /// values  [each >= 0]
    /// curve   whether `quantiles` is wanted
    /// cost    O(n); with the curve O(n log n)
    [[nodiscard]] static spread of(std::vector<duration> values, bool curve = false) {
        spread result;
        if (values.empty()) return result;
        wide sum = 0;  // a long overload adds up to more than 292 years
        for (const duration value : values) sum += static_cast<wide>(value.count());
        result.count = values.size();
        result.mean_seconds = static_cast<double>(sum) / 1e9 / static_cast<double>(values.size());
        const auto rank = [&](std::size_t permille) { return nearest_rank(result.count, permille); };
        std::array<std::size_t, 5> ranks{rank(500), rank(900), rank(950), rank(990), rank(1000)};
        if (curve) {
            std::sort(values.begin(), values.end());
            for (std::size_t i = 0; i < curve_points; ++i) {
                result.quantiles.push_back(values[nearest_rank(values.size(), curve_rank(i), 5000)]);
            }
        } else if (values.size() >= 4096) {
            thin_out(values, ranks);
        }
        auto from = values.begin();  // what stands before is smaller than all that follows
        const auto at = [&](std::size_t place_in_order) {
            const auto place = values.begin() + static_cast<std::ptrdiff_t>(place_in_order);
            if (!curve) std::nth_element(from, place, values.end());
            from = place;
            return *place;
        };
        result.p50 = at(ranks[0]);
        result.p90 = at(ranks[1]);
        result.p95 = at(ranks[2]);
        result.p99 = at(ranks[3]);
        result.max = at(ranks[4]);
        return result;
    }
    /// The same of values that were only counted: percentiles and curve are at most 1/32 too high.
    /// values  in nanoseconds
    /// sum     of them, exact
    [[nodiscard]] static spread of(const histogram& values, wide sum, bool curve = false) {
        const auto at = [&](double share) {
            constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
            return duration{static_cast<std::int64_t>(std::min(values.quantile(share), most))};
        };
        spread result;
        if (values.count() == 0) return result;
        result.count = values.count();
        result.mean_seconds = static_cast<double>(sum) / 1e9 / static_cast<double>(values.count());
        result.p50 = at(0.5);
        result.p90 = at(0.9);
        result.p95 = at(0.95);
        result.p99 = at(0.99);
        result.max = at(1);
        for (std::size_t i = 0; i < curve_points && curve; ++i) result.quantiles.push_back(at(curve_share(i)));
        return result;
    }

private:
    /// Keeps only the values that may stand at one of the ranks (ascending), and moves the ranks to where they stand among
    /// those. Values are counted by their leading 7 bits, so that few share a bucket with a value that is looked for:
    /// two passes without comparisons, a third of what selecting among all takes.
    static void thin_out(std::vector<duration>& values, std::span<std::size_t> ranks) {
        constexpr unsigned linear_bits = 6;
        const auto bucket_of = [](duration value) {
            const auto bits = static_cast<std::uint64_t>(value.count());
            const auto shift = static_cast<unsigned>(std::bit_width(bits | 64)) - (linear_bits + 1);
            return static_cast<std::size_t>((shift << linear_bits) + (bits >> shift));
        };
        std::vector<std::uint64_t> counts((64 - linear_bits + 1) << linear_bits);
        for (const duration value : values) ++counts[bucket_of(value)];
        std::vector<bool> wanted(counts.size());
        std::size_t below = 0;  // values in earlier buckets, and of those the ones that stay
        std::size_t kept = 0;
        std::size_t next = 0;
        for (std::size_t i = 0; i < counts.size(); ++i) {
            for (; next < ranks.size() && ranks[next] < below + counts[i]; ++next) {
                wanted[i] = true;
                ranks[next] -= below - kept;
            }
            below += counts[i];
            if (wanted[i]) kept += counts[i];
        }
        std::erase_if(values, [&](duration value) { return !wanted[bucket_of(value)]; });
    }
    static constexpr std::size_t curve_rank(std::size_t index) noexcept {
        return index < 500 ? 10 * index : 4990 + (index - 499);
    }
};

}  // namespace forebay::inline v0::sim
