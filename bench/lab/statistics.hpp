// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <vector>

namespace lab {

/// Mean of independent runs, and half the width of its 95 % interval; 0 of a single run.
struct estimate {
    double mean{0};
    double margin{0};
};

/// Quantile 0.975 of Student's t. Between the degrees tabulated the lower one's, which is wider.
[[nodiscard]] inline double student_t(std::size_t degrees) {
    constexpr std::array<double, 30> small{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                           2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                           2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
    if (degrees <= small.size()) return small[std::max<std::size_t>(degrees, 1) - 1];
    if (degrees < 40) return small.back();
    return degrees < 60 ? 2.021 : degrees < 120 ? 2.000 : 1.980;
}

[[nodiscard]] inline estimate estimated(const std::vector<double>& values) {
    estimate result;
    if (values.empty()) return result;
    const auto count = static_cast<double>(values.size());
    for (const double value : values) result.mean += value;
    result.mean /= count;
    if (values.size() == 1) return result;
    double squares = 0;
    for (const double value : values) squares += (value - result.mean) * (value - result.mean);
    result.margin = student_t(values.size() - 1) * std::sqrt(squares / (count - 1) / count);
    return result;
}

}  // namespace lab
