// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/prefetch.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <numeric>

namespace fb = forebay;

TEST_CASE("an object that is fetched beforehand is as it was, whatever its size and wherever it ends") {
    const auto check = []<std::size_t Size>() {
        const auto object = std::make_unique<std::array<unsigned char, Size>>();
        std::iota(object->begin(), object->end(), static_cast<unsigned char>(1));
        const auto before = *object;
        fb::detail::prefetch(*object);
        CHECK(*object == before);
    };
    check.operator()<1>();
    check.operator()<64>();
    check.operator()<65>();
    check.operator()<1000>();
}
