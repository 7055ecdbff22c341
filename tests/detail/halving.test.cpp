// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/halving.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace {

using forebay::detail::wide_rank;

// Different numbers, of which many have the same upper word.
std::vector<wide_rank> different(std::size_t size, std::mt19937_64& random) {
    std::vector<wide_rank> values;
    for (std::size_t i = 0; i < size; ++i) values.push_back(wide_rank{random() % 3} << 64 | i);
    std::shuffle(values.begin(), values.end(), random);
    return values;
}

}  // namespace

TEST_CASE("what is less than the pivot comes to stand in front, and nothing is lost") {
    std::mt19937_64 random{4};
    for (std::size_t size = 0; size < 300; ++size) {
        std::vector<wide_rank> values = different(size, random);
        std::vector<wide_rank> before = values;
        const wide_rank pivot = wide_rank{random() % 4} << 64 | random() % 300;
        const std::size_t less = forebay::detail::halve(values.data(), size, pivot);
        REQUIRE(less <= size);
        for (std::size_t i = 0; i < size; ++i) REQUIRE(bool((values[i] < pivot) == (i < less)));
        std::sort(values.begin(), values.end());
        std::sort(before.begin(), before.end());
        REQUIRE(std::equal(values.begin(), values.end(), before.begin()));
    }
}

TEST_CASE("about the median is one of them, with more than a few on either side") {
    std::mt19937_64 random{5};
    std::uint64_t chance = 0;
    for (std::size_t size = 9; size < 2'000; size += 1 + size / 10) {
        std::vector<wide_rank> values = different(size, random);
        std::size_t lopsided = 0;
        for (int i = 0; i < 100; ++i) {
            const wide_rank pivot = forebay::detail::about_median(values.data(), size, chance);
            REQUIRE(std::find(values.begin(), values.end(), pivot) != values.end());
            const auto less = static_cast<std::size_t>(
                std::count_if(values.begin(), values.end(), [&](wide_rank value) { return value < pivot; }));
            REQUIRE(less >= 4);
            REQUIRE(size - less >= 5);
            lopsided += less * 10 < size || less * 10 > 9 * size;
        }
        CHECK(lopsided < 10);
    }
}
