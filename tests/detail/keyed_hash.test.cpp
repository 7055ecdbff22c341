// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/keyed_hash.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace fb = forebay;
using fb::detail::mix;
using fb::detail::table_seed;

namespace {

// Also those that people write in tests.
constexpr table_seed seeds[] = {{0, 0}, {1, 2}, {~0ULL, ~0ULL}, {0x0123456789abcdefULL, 0xfedcba9876543210ULL}};

// Largest load of 2^bits places, hit once each on average, from the low or the high end of the hash.
std::uint32_t fullest(const std::vector<std::uint64_t>& keys, table_seed seed, bool low_end, int bits) {
    std::vector<std::uint32_t> load(std::size_t{1} << bits);
    for (const std::uint64_t key : keys) {
        const std::uint64_t hash = mix(key, seed);
        ++load[static_cast<std::size_t>(low_end ? hash & (load.size() - 1) : hash >> (64 - bits))];
    }
    return *std::max_element(load.begin(), load.end());
}

}  // namespace

TEST_CASE("half of the hash changes with each bit of the key") {
    for (const table_seed seed : seeds) {
        INFO("seed " << seed.a << ", " << seed.b);
        std::mt19937_64 random{0xa7a1};
        constexpr int keys = 4000;
        for (int bit = 0; bit < 64; ++bit) {
            int changed = 0;
            for (int i = 0; i < keys; ++i) {
                const std::uint64_t key = random();
                changed += std::popcount(mix(key, seed) ^ mix(key ^ (std::uint64_t{1} << bit), seed));
            }
            // The mean of 4000 sums of 64 fair coins has a standard deviation of 0.063: 0.5 is eight of them.
            INFO("bit " << bit);
            REQUIRE(std::abs(changed / double{keys} - 32) < 0.5);
        }
    }
}

TEST_CASE("each bit of the hash changes with each bit of the key about half the time") {
    const table_seed seed{0x0123456789abcdefULL, 0xfedcba9876543210ULL};
    std::mt19937_64 random{0xa7a2};
    constexpr int keys = 4000;
    for (int bit = 0; bit < 64; ++bit) {
        std::vector<int> changed(64);
        for (int i = 0; i < keys; ++i) {
            const std::uint64_t key = random();
            const std::uint64_t difference = mix(key, seed) ^ mix(key ^ (std::uint64_t{1} << bit), seed);
            for (unsigned out = 0; out < 64; ++out) changed[out] += static_cast<int>(difference >> out & 1);
        }
        for (const int count : changed) REQUIRE(std::abs(count / double{keys} - 0.5) < 0.1);
    }
}

TEST_CASE("a dense range of keys has no two equal hashes") {
    for (const table_seed seed : seeds) {
        INFO("seed " << seed.a << ", " << seed.b);
        std::vector<std::uint64_t> hashes(200'000);
        for (std::size_t key = 0; key < hashes.size(); ++key) hashes[key] = mix(key, seed);
        std::sort(hashes.begin(), hashes.end());
        CHECK(std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end());
    }
}

TEST_CASE("dense keys, strides and keys that differ in high bits spread over both ends of the hash") {
    constexpr int bits = 14;
    for (const table_seed seed : seeds) {
        for (const unsigned shift : {0U, 3U, 16U, 32U, 50U}) {
            INFO("seed " << seed.a << ", " << seed.b << ", shift " << shift);
            std::vector<std::uint64_t> keys(std::size_t{1} << bits);
            for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = std::uint64_t{i} << shift;
            // At random the fullest of 16384 places holds 7 or 8 of 16384; 14 is less likely than one in a million.
            CHECK(fullest(keys, seed, true, bits) < 14);
            CHECK(fullest(keys, seed, false, bits) < 14);
        }
    }
}

TEST_CASE("another seed puts the same keys elsewhere") {
    for (const table_seed one : seeds) {
        for (const table_seed other : seeds) {
            if (one == other) continue;
            int equal = 0;
            for (std::uint64_t key = 0; key < 1000; ++key) equal += mix(key, one) % 1024 == mix(key, other) % 1024;
            CHECK(equal < 20);
        }
    }
    int changed = 0;
    for (int bit = 0; bit < 64; ++bit) {
        changed += std::popcount(mix(7, {5, 6}) ^ mix(7, {5 ^ (std::uint64_t{1} << bit), 6}));
        changed += std::popcount(mix(7, {5, 6}) ^ mix(7, {5, 6 ^ (std::uint64_t{1} << bit)}));
    }
    CHECK(changed > 128 * 24);
}

TEST_CASE("keys that meet under one seed do not meet under another") {
    const table_seed known{11, 12};
    const table_seed secret{13, 14};
    std::vector<std::uint64_t> meeting;
    for (std::uint64_t key = 0; meeting.size() < 256; ++key) {
        if (mix(key, known) % 1024 == 0) meeting.push_back(key);
    }
    std::vector<int> load(1024);
    for (const std::uint64_t key : meeting) ++load[mix(key, secret) % 1024];
    CHECK(*std::max_element(load.begin(), load.end()) < 8);
}

TEST_CASE("a process has one seed") {
    const table_seed seed = fb::detail::process_seed();
    CHECK(seed == fb::detail::process_seed());
    CHECK(seed.a != 0);
    CHECK(seed.b != 0);
    CHECK(seed.a != seed.b);
}
