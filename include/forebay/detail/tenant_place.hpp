// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_pair.hpp>

#include <cstdint>
#include <limits>
#include <type_traits>

namespace forebay::inline v0::detail {

/// Where a tenant_table keeps a tenant. Four of them, side by side, are a group.
struct tenant_place {
    /// As `tier`: the place was never taken.
    static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

    std::uint64_t tenant;
    bucket_pair bucket{};
    std::uint32_t live{0};
    std::uint32_t tier{nobody};

    /// The one place of a group that may be the tenant's, if its name is in no more than one. Which of the first three it
    /// is cannot be predicted, and a processor that guesses wrong while it waits for memory loses what it has begun of the
    /// calls that follow: so no branch decides between them. Few tenants are in the fourth.
    [[nodiscard]] static tenant_place* candidate(tenant_place* group, std::uint64_t tenant) noexcept {
        const unsigned at_1 = group[1].tenant == tenant;
        const unsigned at_2 = group[2].tenant == tenant;
        if (group[3].tenant == tenant) [[unlikely]]
            return group + 3;
        return group + (at_1 + 2 * at_2);
    }
};

static_assert(sizeof(tenant_place) == 32 && std::is_trivially_destructible_v<tenant_place>);

}  // namespace forebay::inline v0::detail
