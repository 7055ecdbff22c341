// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tenant_place.hpp>

using forebay::detail::tenant_place;

TEST_CASE("The candidate is the place of that name, wherever in the group it is") {
    tenant_place group[4] = {{.tenant = 10}, {.tenant = 11}, {.tenant = 12}, {.tenant = 13}};
    for (std::uint64_t i = 0; i < 4; ++i) CHECK(tenant_place::candidate(group, 10 + i) == group + i);
    CHECK(tenant_place::candidate(group, 14)->tenant != 14);
}
