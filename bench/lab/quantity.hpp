// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/time.hpp>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lab {

/// A text that is not what it should be. `what()` says what was expected ("a duration, such as 5ms"); who knows where
/// the text stood adds that, and what was found.
struct unexpected : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A number as it was written, exactly: numerator / denominator, the denominator a power of ten.
struct fraction {
    std::int64_t numerator{0};
    std::int64_t denominator{1};

    [[nodiscard]] double value() const noexcept {
        return static_cast<double>(numerator) / static_cast<double>(denominator);
    }
};

/// 3, 0.25, 1e-3. Digits beyond nine after the point (ten thousand million for the whole) are rounded away, as programs
/// that print every digit of a binary fraction write them. [>= 0]
[[nodiscard]] fraction to_fraction(std::string_view text);

/// 5ms, 20us, 1.5s, 250ns, 2m (minutes), 1h; 0 needs no unit. [>= 0, to the nanosecond]
[[nodiscard]] forebay::duration to_duration(std::string_view text);

/// Per second, decimals allowed. [> 0, <= 1e9]
[[nodiscard]] forebay::rate to_rate(std::string_view text);
/// The rate that was written like this. [numerator > 0]
[[nodiscard]] forebay::rate to_rate(fraction per_second);

/// RATE:BURST, a second and at once.
/// key  of which this is the value, for the message
[[nodiscard]] forebay::quota to_quota(std::string_view text, const std::string& key = {});

/// A whole number in [least, most].
[[nodiscard]] std::int64_t to_whole(std::string_view text, std::int64_t least = 0,
                                    std::int64_t most = std::numeric_limits<std::int64_t>::max());

/// The parts between the separators; one empty part for an empty text.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

/// The same time as a text that to_duration reads: 5ms, 1500us.
[[nodiscard]] std::string to_text(forebay::duration time);

}  // namespace lab
