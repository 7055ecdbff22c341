// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/key_index.hpp>

#include <cstdint>
#include <limits>
#include <random>
#include <unordered_map>
#include <vector>

namespace fb = forebay;
using fb::detail::key_index;

TEST_CASE("an index of keys finds what was put in, nothing else, and forgets what was erased") {
    key_index index;
    CHECK(index.find(0) == key_index::absent);
    index.insert(0, 7);
    index.insert(std::numeric_limits<std::uint64_t>::max(), 8);
    CHECK(index.find(0) == 7);
    CHECK(index.find(std::numeric_limits<std::uint64_t>::max()) == 8);
    CHECK(index.find(1) == key_index::absent);
    index.erase(0);
    CHECK(index.find(0) == key_index::absent);
    CHECK(index.find(std::numeric_limits<std::uint64_t>::max()) == 8);
}

TEST_CASE("an index of keys follows a map through growth and erasure") {
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
        INFO("seed " << seed);
        std::mt19937_64 random{seed};
        key_index index;
        std::unordered_map<std::uint64_t, std::uint32_t> map;
        // Dense keys, strided ones, and any.
        const auto key = [&]() -> std::uint64_t {
            const std::uint64_t number = random() % 300;
            return seed == 1   ? number
                   : seed == 2 ? number << 32
                   : seed == 3 ? number * 4096
                               : number * 0x9e3779b97f4a7c15;
        };
        for (std::uint32_t step = 0; step < 100'000; ++step) {
            const std::uint64_t one = key();
            const auto found = map.find(one);
            if (found != map.end()) {
                if (index.find(one) != found->second) FAIL("a key is lost");
                if (random() % ((step / 1000) % 2 == 0 ? 4 : 2) == 0) {
                    index.erase(one);
                    map.erase(found);
                }
            } else {
                if (index.find(one) != key_index::absent) FAIL("a key was never put in");
                if (random() % 2 == 0) {
                    index.insert(one, step);
                    map.emplace(one, step);
                }
            }
        }
        for (std::uint64_t number = 0; number < 300; ++number) {
            for (const std::uint64_t one : {number, number << 32, number * 4096, number * 0x9e3779b97f4a7c15}) {
                const auto found = map.find(one);
                CHECK(index.find(one) == (found == map.end() ? key_index::absent : found->second));
            }
        }
    }
}
