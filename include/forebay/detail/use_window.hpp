// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace forebay::inline v0::detail {

/// `a + b`, held at the largest value. [a, b >= 0]
[[nodiscard]] constexpr std::int64_t capped_sum(std::int64_t a, std::int64_t b) noexcept {
    std::int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

/// How much is used in a stretch of time, judged by the last `length`: the present stretch counted whole, the one before
/// it by the part that `length` still reaches. Times must not go back.
class use_window {
public:
    /// length  [> 0, at most 4 h]
    explicit use_window(duration length) noexcept : length_{length} {}

    void add(std::int64_t amount, time_point now) noexcept {
        const duration since = saturating_sub(now, start_);
        if (since >= length_) {
            const bool next = since - length_ < length_;
            before_ = next ? present_ : 0;
            present_ = 0;
            start_ = next ? start_ + length_ : now;
        }
        present_ = capped_sum(present_, amount);
    }

    /// What `stretch` is likely to use, rounded up; 0 only if nothing was used in the last `length`. [stretch >= 0]
    [[nodiscard]] std::int64_t during(duration stretch, time_point now) const noexcept {
        const duration since = saturating_sub(now, start_);
        const wide_ticks length = length_.count();
        wide_ticks use = 0;
        if (since < length_) {
            use = present_ * length + before_ * (length - since.count());
        } else if (since - length_ < length_) {
            use = present_ * (2 * length - since.count());
        }
        use = (use + length - 1) / length;
        const wide_ticks expected = (use * stretch.count() + length - 1) / length;
        return static_cast<std::int64_t>(std::min<wide_ticks>(expected, std::numeric_limits<std::int64_t>::max()));
    }

private:
    duration length_;
    time_point start_{time_point::min()};
    std::int64_t present_{0};
    std::int64_t before_{0};
};

}  // namespace forebay::inline v0::detail
