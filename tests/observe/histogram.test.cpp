// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/observe/histogram.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

namespace fb = forebay;

namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

static_assert(sizeof(fb::histogram) <= 15 * 1024 + 64);

// The value of nearest rank, by sorting. The share is given in thousandths, so that the rank is exact.
std::uint64_t exact_quantile(std::vector<std::uint64_t> values, std::uint64_t thousandths) {
    std::sort(values.begin(), values.end());
    const std::uint64_t rank = (thousandths * values.size() + 999) / 1000;
    return values[static_cast<std::size_t>(std::max<std::uint64_t>(rank, 1) - 1)];
}

void within_a_thirtysecond(const std::vector<std::uint64_t>& values) {
    const auto seen = std::make_unique<fb::histogram>();
    for (const std::uint64_t value : values) seen->record(value);
    for (const unsigned thousandths : {0U, 1U, 10U, 70U, 250U, 290U, 500U, 570U, 900U, 990U, 999U, 1000U}) {
        const std::uint64_t exact = exact_quantile(values, thousandths);
        const std::uint64_t answer = seen->quantile(thousandths / 1000.0);
        INFO("of " << values.size() << " values, share " << thousandths << "/1000: exact " << exact << ", answer "
                   << answer);
        REQUIRE(exact <= answer);
        REQUIRE(answer - exact <= exact / 32);
    }
    REQUIRE(seen->count() == values.size());
    REQUIRE(seen->min() == *std::min_element(values.begin(), values.end()));
    REQUIRE(seen->max() == *std::max_element(values.begin(), values.end()));
}

}  // namespace

TEST_CASE("an empty histogram answers zero") {
    constexpr fb::histogram none;
    STATIC_REQUIRE(none.count() == 0);
    STATIC_REQUIRE(none.sum() == 0);
    STATIC_REQUIRE(none.min() == 0);
    STATIC_REQUIRE(none.max() == 0);
    STATIC_REQUIRE(none.quantile(0.5) == 0);
    STATIC_REQUIRE(none.count_at_most(most) == 0);
}

TEST_CASE("a histogram can be filled at compile time") {
    constexpr auto filled = [] {
        fb::histogram seen;
        seen.record(10);
        seen.record(20, 3);
        return seen;
    }();
    STATIC_REQUIRE(filled.count() == 4);
    STATIC_REQUIRE(filled.sum() == 70);
    STATIC_REQUIRE(filled.quantile(0.25) == 10);
    STATIC_REQUIRE(filled.quantile(0.26) == 20);
}

TEST_CASE("a single value comes back to 1/32, whatever it is") {
    std::vector<std::uint64_t> values{0, most, most - 1};
    for (unsigned bit = 0; bit < 64; ++bit) {
        const std::uint64_t power = std::uint64_t{1} << bit;
        for (const std::uint64_t value : {power - 1, power, power + 1, power + power / 2, power + power / 32}) {
            values.push_back(value);
        }
    }
    for (const std::uint64_t value : values) {
        fb::histogram seen;
        seen.record(value);
        INFO("value " << value);
        REQUIRE(seen.quantile(0.5) == value);  // the greatest is exact
        if (value == most) continue;
        seen.record(most);
        const std::uint64_t answer = seen.quantile(0.5);
        REQUIRE(value <= answer);
        REQUIRE(answer - value <= value / 32);
        REQUIRE(seen.quantile(1) == most);
    }
}

TEST_CASE("values below 64 are exact") {
    fb::histogram seen;
    for (std::uint64_t value = 0; value < 64; ++value) seen.record(value);
    for (std::uint64_t value = 0; value < 64; ++value) {
        REQUIRE(seen.quantile(static_cast<double>(value + 1) / 64) == value);
        REQUIRE(seen.count_at_most(value) == value + 1);
    }
}

TEST_CASE("quantiles are within 1/32 above the nearest rank") {
    const std::uint64_t seed = 0x4157;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    for (const std::size_t size : {1U, 2U, 3U, 100U, 1000U, 20'000U}) {
        std::vector<std::uint64_t> uniform(size);
        std::vector<std::uint64_t> every_scale(size);
        std::vector<std::uint64_t> few(size);
        for (std::size_t i = 0; i < size; ++i) {
            uniform[i] = random() % 1'000'000'000;
            every_scale[i] = random() >> (random() % 64);
            few[i] = random() % 5;
        }
        within_a_thirtysecond(uniform);
        within_a_thirtysecond(every_scale);
        within_a_thirtysecond(few);
    }
}

TEST_CASE("the rank of a share that binary cannot hold is not off by one") {
    fb::histogram seen;
    for (std::uint64_t value = 1; value <= 50; ++value) seen.record(value);
    for (std::uint64_t percent = 2; percent <= 100; percent += 2) {
        INFO(percent);
        CHECK(seen.quantile(static_cast<double>(percent) / 100) == percent / 2);
    }
}

TEST_CASE("a share outside of 0 to 1 is the nearer end") {
    fb::histogram seen;
    seen.record(3);
    seen.record(9);
    CHECK(seen.quantile(-1) == 3);
    CHECK(seen.quantile(0) == 3);
    CHECK(seen.quantile(std::numeric_limits<double>::quiet_NaN()) == 3);
    CHECK(seen.quantile(1) == 9);
    CHECK(seen.quantile(17) == 9);
}

TEST_CASE("recording many at once equals recording them one by one") {
    fb::histogram once;
    fb::histogram singly;
    once.record(12'345, 1000);
    for (int i = 0; i < 1000; ++i) singly.record(12'345);
    CHECK(once == singly);
    once.record(1, 0);
    CHECK(once == singly);
}

TEST_CASE("merging equals recording both") {
    std::mt19937_64 random{0x3e46e};
    fb::histogram left;
    fb::histogram right;
    fb::histogram both;
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t value = random() >> (8 + random() % 56);
        (i % 3 == 0 ? left : right).record(value);
        both.record(value);
    }
    left.merge(right);
    CHECK(left == both);
    left.merge(fb::histogram{});
    CHECK(left == both);
    fb::histogram empty;
    empty.merge(both);
    CHECK(empty == both);
}

TEST_CASE("the sum stays at its end instead of wrapping") {
    fb::histogram seen;
    seen.record(most - 1);
    CHECK(seen.sum() == most - 1);
    seen.record(1);
    CHECK(seen.sum() == most);
    seen.record(5);
    CHECK(seen.sum() == most);
    fb::histogram many;
    many.record(most / 2, 3);
    CHECK(many.sum() == most);
    fb::histogram few;
    few.record(1);
    few.merge(many);
    CHECK(few.sum() == most);
    CHECK(few.count() == 4);
}

TEST_CASE("counting up to a value never counts one above it, and is exact at the end of a bucket") {
    std::mt19937_64 random{0xc0a7};
    std::vector<std::uint64_t> values(2000);
    fb::histogram seen;
    for (std::uint64_t& value : values) {
        value = random() % 100'000;
        seen.record(value);
    }
    const auto exact = [&](std::uint64_t bound) {
        return static_cast<std::uint64_t>(
            std::count_if(values.begin(), values.end(), [&](std::uint64_t value) { return value <= bound; }));
    };
    for (std::uint64_t bound = 0; bound < 100'000; bound += 977) {
        REQUIRE(seen.count_at_most(bound) <= exact(bound));
        REQUIRE(seen.count_at_most(bound) >= exact(bound - bound / 32));
    }
    for (std::uint64_t power = 64; power < 100'000; power *= 2) {
        CHECK(seen.count_at_most(power - 1) == exact(power - 1));
    }
    CHECK(seen.count_at_most(seen.max()) == values.size());
    CHECK(seen.count_at_most(most) == values.size());
}
