// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>

#include <cstdint>

namespace forebay::inline v0::detail {

/// What giving back has to know of a reservation, beside what it took and when its slot is.
struct slot_trace {
    /// For how long the bucket would have been full before it. [nanoseconds] Below zero: it was taken at once.
    std::int64_t idle{-1};
    /// See refill_time: the bucket's just after, if anything was promised, and what it had in excess if it would have been full.
    std::uint32_t turn{0};
    std::uint32_t excess{0};
};

/// How much was taken, in shares of the burst, each time rounded up: so that a sum of them fits 32 bits, and is never too
/// low.
struct burst_shares {
    static constexpr std::int64_t in_all = 256;
    /// More than a bucket can hold and owe.
    static constexpr std::uint32_t beyond_debt = 4 * in_all;

    [[nodiscard]] static constexpr std::uint32_t of(const bucket_terms& terms, std::int64_t cost) noexcept {
        return static_cast<std::uint32_t>(ceil_div(cost, size(terms)));
    }
    /// No fewer ticks than so many shares are. returns  false if they are more than a bucket can hold and owe, or cannot be
    /// represented
    [[nodiscard]] static constexpr bool ticks(const bucket_terms& terms, std::uint32_t shares,
                                              std::int64_t& result) noexcept {
        return shares < beyond_debt && !__builtin_mul_overflow(shares * size(terms), terms.per_token, &result);
    }

private:
    [[nodiscard]] static constexpr std::int64_t size(const bucket_terms& terms) noexcept {
        return ceil_div(terms.burst, in_all);
    }
};

}  // namespace forebay::inline v0::detail
