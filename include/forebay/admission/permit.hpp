// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>
#include <forebay/time.hpp>

#include <cstdint>
#include <limits>
#include <type_traits>

namespace forebay::inline v0 {

/// Settles with what was charged: what a request that ran cost, where nobody says so.
inline constexpr std::int64_t as_charged = std::numeric_limits<std::int64_t>::min();

/// What admission took for one request. It travels with the request and is settled once, at the state that filled it:
/// `settle` with the true cost if the request ran, `give_back` if it never did. Either empties it; an empty one is
/// settled without effect.
///
/// Names the tenant, not a place in a table, so that it outlives the table's changes. A plain value: whoever copies it
/// sees to it that one copy only is settled.
struct permit {
    /// Taken, in the unit of the limit that took it. [>= 0]
    std::int64_t charged{0};
    /// Whose bucket it was taken from.
    tenant_id tenant{};
    /// When its turn is, if it was promised a slot.
    time_point slot{};
    /// For the state's own use: which of its buckets, and what it has to know to take a promise back.
    std::int64_t idle{-1};
    std::uint32_t bucket{0};
    std::uint32_t turn{0};
    std::uint32_t excess{0};
    /// Whether there is something to settle.
    bool live{false};
};

static_assert(sizeof(permit) <= 48 && std::is_trivially_copyable_v<permit>);

}  // namespace forebay::inline v0
