// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

/// What two translation units of one program must agree on: sizes of types, addresses of inline entities.
struct facts {
    std::array<std::size_t, 8> sizes;
    std::array<const void*, 2> addresses;

    friend bool operator==(const facts&, const facts&) = default;
};

facts forward();
facts backward();
