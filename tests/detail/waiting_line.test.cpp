// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/waiting_line.hpp>
#include <forebay/queue/discipline.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/queue/strict_priority.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace fb = forebay;

namespace {

using slots_type = fb::detail::slot_table<fb::queued, int>;
using entry = slots_type::entry;

/// Opens when three wait.
struct in_threes {
    [[nodiscard]] fb::time_point opens(const fb::waiting_group& group) const noexcept {
        return group.count >= 3 ? fb::time_point::min() : group.oldest_arrival + fb::duration{100};
    }
};
using order = fb::strict_priority<fb::fifo>;
using line = fb::detail::waiting_line<order, in_threes, entry, fb::waiting_group>;

constexpr std::size_t slot_count = 300;

struct room {
    slots_type slots{slot_count};
    line waits{order{}, in_threes{}, slots.data(), slot_count};

    std::uint32_t fill(const fb::request_info& info, std::int64_t arrival) {
        const std::uint32_t slot = slots.next_free();
        entry& next = slots[slot];
        next.info = info;
        next.arrival = fb::time_point{fb::duration{arrival}};
        slots.take_free(next, 0);
        next.lane = slots_type::is_held;
        return slot;
    }
    /// All that waits, in the order in which it is served.
    std::vector<std::uint32_t> served(fb::time_point now) {
        std::vector<std::uint32_t> slots_served;
        for (std::uint32_t id = waits.best_lane(now); id != line::none; id = waits.best_lane(now)) {
            waits.take(id, 1, [&](std::uint32_t slot, entry&) { slots_served.push_back(slot); });
        }
        return slots_served;
    }
};

}  // namespace

TEST_CASE("what joins the line together stands as if it had come one by one") {
    const std::uint64_t seed = GENERATE(1U, 2U, 3U, 4U, 5U);
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    room together;
    room alone;
    std::vector<std::uint32_t> slots;
    const std::size_t count = 1 + random() % slot_count;
    for (std::size_t i = 0; i < count; ++i) {
        const fb::request_info info{
            .priority = static_cast<std::int32_t>(random() % 3),
            .key = random() % 4 / 2 + random() % 2,
            .cost = static_cast<std::int64_t>(random() % 5),
            .deadline = random() % 2 == 0 ? fb::no_deadline : fb::time_point{fb::duration{1000 + random() % 9}}};
        slots.push_back(together.fill(info, static_cast<std::int64_t>(i)));
        alone.waits.add(alone.fill(info, static_cast<std::int64_t>(i)));
    }
    together.waits.prepare(3);
    CHECK(together.waits.prepared() >= 3);
    const std::size_t half = slots.size() / 2;
    together.waits.add(std::span{slots}.first(half));
    together.waits.add(std::span{slots}.subspan(half));

    CHECK(together.waits.size() == alone.waits.size());
    CHECK(together.waits.cost() == alone.waits.cost());
    CHECK(together.waits.next_opening() == alone.waits.next_opening());
    CHECK(together.waits.expires_from() == alone.waits.expires_from());
    CHECK(together.waits.next_deadline() == alone.waits.next_deadline());
    CHECK(together.served(fb::time_point{fb::duration{10'000}}) == alone.served(fb::time_point{fb::duration{10'000}}));
}

TEST_CASE("who joined together is known by arrival and by deadline until he is taken") {
    const auto at = [](std::int64_t ns) { return fb::time_point{fb::duration{ns}}; };
    room of;
    const std::vector<std::uint32_t> slots{of.fill({.deadline = at(40)}, 10), of.fill({.deadline = at(20)}, 11),
                                           of.fill({}, 12), of.fill({.deadline = at(30)}, 13)};
    of.waits.prepare(1);
    of.waits.add(slots);
    CHECK(of.waits.expires_from() == at(20));
    CHECK(of.waits.next_deadline() == at(20));
    CHECK(of.waits.first_to_expire() == slots[1]);
    const std::uint32_t id = of.waits.lane_of_key(0);
    CHECK(of.waits.group(id).oldest_arrival == at(10));
    of.waits.take(id, 2, [](std::uint32_t, entry&) {});
    CHECK(of.waits.next_deadline() == at(30));
    CHECK(of.waits.first_to_expire() == slots[3]);
    CHECK(of.waits.group(id).oldest_arrival == at(12));
    of.waits.erase(slots[3]);
    CHECK(of.waits.next_deadline() == fb::no_deadline);
    of.waits.erase(slots[2]);
    CHECK(of.waits.size() == 0);
}

TEST_CASE("no deadline is earlier than the bound, which is exact after expiry") {
    room one;
    const auto at = [](std::int64_t ns) { return fb::time_point{fb::duration{ns}}; };
    CHECK(one.waits.expires_from() == fb::no_deadline);
    for (const std::int64_t due : {30, 10, 20}) one.waits.add(one.fill({.deadline = at(due)}, 0));
    CHECK(one.waits.expires_from() == at(10));
    std::size_t sunk = 0;
    CHECK(one.waits.expire(at(9), 10, [&](std::uint32_t) { ++sunk; }) == 0);
    CHECK(one.waits.expire(at(20), 10, [&](std::uint32_t) { ++sunk; }) == 2);
    CHECK(sunk == 2);
    CHECK(one.waits.expires_from() == at(30));
    CHECK(one.waits.size() == 1);
}
