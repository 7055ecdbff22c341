// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "queue/reference.hpp"
#include <forebay/detail/lane_order.hpp>

#include <type_traits>

namespace fb = forebay;
using namespace reference;

namespace {

struct entry : fb::queued {
    std::uint32_t next;
    std::uint32_t previous;
};

}  // namespace

TEST_CASE("an acceptance list keeps its order whichever slot leaves") {
    std::vector<entry> entries(6);
    fb::detail::acceptance_list list;
    CHECK(list.empty());
    for (std::uint32_t slot = 0; slot < 6; ++slot) list.push_back(entries.data(), slot);
    list.erase(entries.data(), 0);
    list.erase(entries.data(), 3);
    list.erase(entries.data(), 5);
    list.push_back(entries.data(), 0);
    for (const std::uint32_t slot : {1U, 2U, 4U, 0U}) {
        REQUIRE(list.front() == slot);
        REQUIRE(list.pop_front(entries.data()) == slot);
    }
    CHECK(list.empty());
    list.push_back(entries.data(), 3);
    CHECK(list.front() == 3);
    list.erase(entries.data(), 3);
    CHECK(list.empty());
}

TEST_CASE("a lane's best and oldest are those of linear scans, under every order") {
    for_each_order([](const char* name, const auto& order, const order_in_words& words) {
        INFO(name);
        using order_type = std::decay_t<decltype(order)>;
        using lane = fb::detail::lane_order<order_type, entry>;
        constexpr std::uint32_t slots = 40;
        constexpr std::uint64_t seed = 44;
        INFO("seed " << seed);
        source random{seed};
        std::vector<entry> entries(slots);
        fb::detail::slot_stamps stamps{slots, 1'000};
        std::vector<std::uint32_t> in, out;
        for (std::uint32_t slot = 0; slot < slots; ++slot) out.push_back(slot);
        lane lane_under_test{order};
        const auto standing = [&](std::uint32_t slot) {
            return std::pair{words.rank_of(entries[slot].info, entries[slot].arrival), entries[slot].sequence};
        };
        for (std::uint64_t step = 0; step < 30'000; ++step) {
            const fb::request_info info = random.request(at(static_cast<std::int64_t>(step)));
            same(lane::has_place(order, info) == words.has_place(info), "whether a request has a place");
            const std::uint64_t choice = random.below(8);
            if (choice < ((step / 100) % 2 == 0 ? 5U : 3U)) {
                if (out.empty() || !words.has_place(info) || info.cost < 0) continue;
                const std::uint32_t slot = out.back();
                out.pop_back();
                if (stamps.used_up()) {
                    const auto in_order = stamps.in_order();
                    lane_under_test.sweep(stamps);
                    stamps.renumber(in_order);
                    lane_under_test.restamp(stamps);
                }
                static_cast<fb::queued&>(entries[slot]) = {info, at(static_cast<std::int64_t>(step)), step};
                lane_under_test.push(order, entries.data(), slot, stamps);
                in.push_back(slot);
            } else if (!in.empty()) {
                std::size_t index = random.below(in.size());
                if (choice < 6) {
                    lane_under_test.erase(order, entries.data(), in[index], stamps);
                } else {
                    const std::uint32_t slot = lane_under_test.pop_best(order, entries.data(), stamps);
                    for (const std::uint32_t other : in) same(standing(slot) <= standing(other), "pop_best");
                    index = static_cast<std::size_t>(std::find(in.begin(), in.end(), slot) - in.begin());
                }
                out.push_back(in[index]);
                in.erase(in.begin() + static_cast<std::ptrdiff_t>(index));
            }
            same(lane_under_test.empty() == in.empty(), "empty");
            if (in.empty()) continue;
            const std::uint32_t best = lane_under_test.best();
            const std::uint32_t oldest = lane_under_test.oldest(entries.data(), stamps);
            for (const std::uint32_t slot : in) {
                same(standing(best) <= standing(slot), "best");
                same(entries[oldest].sequence <= entries[slot].sequence, "oldest");
            }
        }
    });
}

TEST_CASE("the best of two lanes compare as the requests do, under every order") {
    for_each_order([](const char* name, const auto& order, const order_in_words& words) {
        INFO(name);
        using order_type = std::decay_t<decltype(order)>;
        using lane = fb::detail::lane_order<order_type, entry>;
        constexpr std::uint32_t slots = 40;
        constexpr std::uint64_t seed = 45;
        INFO("seed " << seed);
        source random{seed};
        std::vector<entry> entries(slots);
        fb::detail::slot_stamps stamps{slots};
        std::vector<lane> lanes;
        lanes.emplace_back(order);
        lanes.emplace_back(order);
        std::vector<std::uint32_t> in[2];
        const auto standing = [&](std::uint32_t slot) {
            return std::pair{words.rank_of(entries[slot].info, entries[slot].arrival), entries[slot].sequence};
        };
        const auto before = [&](std::uint32_t a, std::uint32_t b) { return standing(a) < standing(b); };
        for (std::uint64_t step = 0; step < 20'000; ++step) {
            const std::size_t which = random.below(2);
            const auto slot = static_cast<std::uint32_t>(2 * random.below(slots / 2) + which);
            const auto found = std::find(in[which].begin(), in[which].end(), slot);
            if (found != in[which].end()) {
                lanes[which].erase(order, entries.data(), slot, stamps);
                in[which].erase(found);
            } else {
                const fb::request_info info = random.request(at(static_cast<std::int64_t>(step)));
                if (!words.has_place(info) || info.cost < 0) continue;
                static_cast<fb::queued&>(entries[slot]) = {info, at(static_cast<std::int64_t>(step)), step};
                lanes[which].push(order, entries.data(), slot, stamps);
                in[which].push_back(slot);
            }
            if (in[0].empty() || in[1].empty()) continue;
            const bool expected = before(*std::min_element(in[0].begin(), in[0].end(), before),
                                         *std::min_element(in[1].begin(), in[1].end(), before));
            same((lanes[0].best_rank(entries.data()) < lanes[1].best_rank(entries.data())) == expected, "best_rank");
        }
    });
}

TEST_CASE("an order of acceptance alone needs no heap, at the end of a tree too") {
    using fb::detail::lane_order;
    static_assert(!lane_order<fb::fifo, entry>::uses_stamps);
    static_assert(!lane_order<fb::strict_priority<>, entry>::uses_stamps);
    static_assert(lane_order<fb::earliest_deadline, entry>::uses_stamps);
    static_assert(std::is_nothrow_move_constructible_v<lane_order<fb::strict_priority<fb::earliest_deadline>, entry>>);
    CHECK(lane_order<fb::strict_priority<cheapest_first>, entry>::uses_stamps);
}
