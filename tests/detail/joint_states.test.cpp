// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/joint_states.hpp>

#include <cstdint>
#include <string>
#include <tuple>

using namespace forebay;

namespace {

/// Builds a state that cannot be moved.
struct named {
    std::string name;

    struct state {
        explicit state(const std::string& its) : name{its} {}
        state(const state&) = delete;
        state& operator=(const state&) = delete;
        std::string name;
    };
    template <class Sync>
    [[nodiscard]] state build() const {
        return state{name};
    }
};

}  // namespace

TEST_CASE("States are visited in order, each with its own part and number, and back from the last to the first") {
    detail::joint_states<named, named, named> all{named{"a"}, named{"b"}, named{"c"}};
    std::tuple<int, int, int> parts{1, 2, 3};
    std::string seen;
    all.each([&](named::state& state, int& part,
                 std::uint8_t number) { seen += state.name + std::to_string(part) + std::to_string(number); },
             parts);
    CHECK(seen == "a10b21c32");
    seen.clear();
    all.each_backwards([&](named::state& state, int& part) { seen += state.name + std::to_string(part++); }, parts);
    CHECK(seen == "c3b2a1");
    CHECK(parts == std::tuple{2, 3, 4});
}
