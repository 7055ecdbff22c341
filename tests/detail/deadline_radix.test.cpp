// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/deadline_radix.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace {

using forebay::detail::deadline_radix;

TEST_CASE("a deadline_radix gives back slots in the order of their instants, whatever order they came in") {
    const std::uint32_t seed = GENERATE(1U, 2U, 3U);
    // From all alike to spread over every bit.
    const unsigned bits = GENERATE(0U, 3U, 17U, 40U, 63U);
    CAPTURE(seed, bits);
    std::mt19937_64 random{seed};
    const std::uint64_t spread = bits == 0 ? 0 : ~std::uint64_t{0} >> (64 - bits);

    constexpr std::uint32_t slots = 500;
    deadline_radix index{slots};
    std::map<std::uint32_t, std::uint64_t> model;  // slot -> due
    std::multiset<std::uint64_t> dues;
    for (int step = 0; step < 20'000; ++step) {
        const auto slot = static_cast<std::uint32_t>(random() % slots);
        const auto found = model.find(slot);
        if (found == model.end()) {
            const std::uint64_t due = random() & spread;
            index.insert(slot, due);
            model.emplace(slot, due);
            dues.insert(due);
        } else if (random() % 3 != 0) {
            index.erase(slot);
            dues.erase(dues.find(found->second));
            model.erase(found);
        } else {
            REQUIRE(index.earliest() == *dues.begin());
            REQUIRE(index.may_be_due(*dues.begin()));
            const std::uint32_t first = index.pop_earliest();
            REQUIRE(model.at(first) == *dues.begin());
            dues.erase(dues.begin());
            model.erase(first);
        }
        REQUIRE(index.size() == model.size());
        REQUIRE(index.contains(slot) == (model.count(slot) == 1));
    }
    while (!dues.empty()) {
        REQUIRE(index.earliest() == *dues.begin());
        REQUIRE(model.at(index.pop_earliest()) == *dues.begin());
        dues.erase(dues.begin());
    }
    CHECK(index.size() == 0);
    CHECK_FALSE(index.may_be_due(~std::uint64_t{0}));
}

TEST_CASE("what may be due is said without touching the lists, and never denied wrongly") {
    deadline_radix index{4};
    CHECK_FALSE(index.may_be_due(~std::uint64_t{0}));
    index.insert(0, 1'000);
    index.insert(1, 5'000'000);
    CHECK(index.may_be_due(1'000));
    CHECK_FALSE(index.may_be_due(999));
    index.erase(0);
    CHECK(index.may_be_due(5'000'000));
    CHECK_FALSE(index.may_be_due(1));
}

}  // namespace
