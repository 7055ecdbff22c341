// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/doorway.hpp>
#include <forebay/sync.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace fb = forebay;

namespace {

using door = fb::detail::doorway<fb::single_threaded::mutex>;
constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();
constexpr fb::time_point start{};

std::vector<std::uint32_t> fetched(door& from, const door::allowance& next) {
    const auto came = from.fetch(next);
    return {came.begin(), came.end()};
}
bool comes(door& by, const fb::request_info& info, std::uint32_t slot = 0, fb::time_point now = start) {
    if (!by.lets_in(info, now)) return false;
    by.add(info, slot);
    return true;
}

}  // namespace

TEST_CASE("a door is shut until its owner opens it, and hands over who came, in order") {
    door by;
    CHECK_FALSE(comes(by, {}));
    CHECK(fetched(by, {3, no_limit, 0, fb::no_deadline}).empty());
    for (std::uint32_t slot = 5; slot < 8; ++slot) CHECK(comes(by, {}, slot));
    CHECK_FALSE(comes(by, {}));
    CHECK(by.count() == 3);
    CHECK(fetched(by, {0, 0, 0, fb::no_deadline}) == std::vector<std::uint32_t>{5, 6, 7});
    CHECK(by.count() == 0);
    CHECK_FALSE(comes(by, {}));
}

TEST_CASE("what was fetched stays as it is while others come in") {
    door by;
    by.fetch({10, no_limit, 0, fb::no_deadline});
    CHECK(comes(by, {}, 1));
    const auto came = by.fetch({10, no_limit, 0, fb::no_deadline});
    CHECK(comes(by, {}, 2));
    REQUIRE(came.size() == 1);
    CHECK(came[0] == 1);
}

TEST_CASE("no more come in between two fetches than there are places") {
    door by;
    by.fetch({100'000, no_limit, 0, fb::no_deadline});
    std::size_t count = 0;
    while (comes(by, {})) ++count;
    CHECK(count == door::most);
}

TEST_CASE("the room by cost is used up, also by those fetched and not yet counted by the owner") {
    door by;
    by.fetch({10, 100, 0, fb::no_deadline});
    CHECK_FALSE(comes(by, {.cost = 101}));
    CHECK_FALSE(comes(by, {.cost = -1}));
    CHECK(comes(by, {.cost = 60}));
    CHECK_FALSE(comes(by, {.cost = 41}));
    by.fetch({10, 100, 0, fb::no_deadline});  // the owner has not seen the 60 when it says 100
    CHECK_FALSE(comes(by, {.cost = 41}));
    CHECK(comes(by, {.cost = 40}));
    by.fetch({10, 40, 0, fb::no_deadline});  // now it has; the other 40 are on the way
    CHECK_FALSE(comes(by, {.cost = 1}));
    by.fetch({10, 100, 0, fb::no_deadline});  // and all have left
    CHECK(comes(by, {.cost = 100}));
    CHECK(comes(by, {.cost = 0}));
}

TEST_CASE("so many new keys come in, and that of the last request as often as it likes") {
    door by;
    by.fetch({100, no_limit, 2, fb::no_deadline});
    CHECK(comes(by, {.key = 0}));
    CHECK(comes(by, {.key = 1}));
    CHECK(comes(by, {.key = 1}));
    CHECK(comes(by, {.key = 2}));
    CHECK_FALSE(comes(by, {.key = 1}));
    CHECK(comes(by, {.key = 2}));
    by.fetch({100, no_limit, 2, fb::no_deadline});  // those on the way may need what there is
    CHECK_FALSE(comes(by, {.key = 1}));
    CHECK(comes(by, {.key = 2}));
    by.fetch({100, no_limit, 1, fb::no_deadline});
    CHECK(comes(by, {.key = 1}));
    by.fetch({100, no_limit, 0, fb::no_deadline});  // fewer than are on the way
    CHECK_FALSE(comes(by, {.key = 3}));
    CHECK(comes(by, {.key = 1}));
}

TEST_CASE("nobody comes in past a deadline, his own or that of one who waits or has come in") {
    using namespace std::chrono_literals;
    door by;
    by.fetch({100, no_limit, 0, start + 10ns});
    CHECK_FALSE(comes(by, {.deadline = start}));
    CHECK_FALSE(comes(by, {}, 0, start + 10ns));
    CHECK(comes(by, {.deadline = start + 5ns}, 0, start + 4ns));
    CHECK_FALSE(comes(by, {}, 0, start + 5ns));
    by.fetch({100, no_limit, 0, fb::no_deadline});  // the one on the way still counts
    CHECK_FALSE(comes(by, {}, 0, start + 5ns));
    by.fetch({100, no_limit, 0, fb::no_deadline});
    CHECK(comes(by, {}, 0, start + 5ns));
    CHECK_FALSE(comes(by, {}, 0, fb::no_deadline));  // the last instant is for the owner to judge
}
