// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "queue/reference.hpp"
#include <forebay/detail/lane_index.hpp>

#include <map>

namespace fb = forebay;
using namespace reference;

namespace {

struct entry : fb::queued {
    std::uint32_t next;
    std::uint32_t previous;
};
using index = fb::detail::lane_index<fb::fifo, entry>;

}  // namespace

TEST_CASE("a lane is made for a new key, found again, and empty ones are used again for other keys") {
    index lanes{0};
    CHECK(lanes.find(1) == index::none);
    const std::uint32_t one = lanes.find_or_make({}, 1).id;
    const std::uint32_t two = lanes.find_or_make({}, 2).id;
    CHECK(one != two);
    CHECK(lanes[one].key == 1);
    CHECK(lanes.find_or_make({}, 1).id == one);
    CHECK(lanes.find(2) == two);
    lanes.rest(lanes[one]);
    CHECK(lanes.find(1) == one);  // until the next one rests
    lanes.rest(lanes[two]);
    CHECK(lanes.find(1) == index::none);
    CHECK(lanes.find(2) == two);
    CHECK(lanes.find_or_make({}, 3).id == one);
    CHECK(lanes[one].key == 3);
}

TEST_CASE("a lane that rested and is in use again keeps its key when another rests") {
    index lanes{0};
    const std::uint32_t one = lanes.find_or_make({}, 1).id;
    const std::uint32_t two = lanes.find_or_make({}, 2).id;
    lanes.rest(lanes[one]);
    CHECK(lanes.find_or_make({}, 1).id == one);
    lanes[one].count = 1;
    lanes.rest(lanes[two]);
    CHECK(lanes.find(1) == one);
    lanes[one].count = 0;
    lanes.rest(lanes[one]);
    CHECK(lanes.find(1) == one);
    CHECK(lanes.find(2) == index::none);
}

TEST_CASE("lanes open when they say, the best of the open ones is known, and so is the next to open") {
    constexpr std::uint64_t seed = 70;
    INFO("seed " << seed);
    source random{seed};
    index lanes{0};
    std::map<std::uint32_t, std::pair<fb::time_point, std::uint64_t>> shut;  // opens, rank
    std::map<std::uint32_t, std::pair<fb::time_point, std::uint64_t>> open;
    for (std::int64_t step = 0; step < 50'000; ++step) {
        const std::uint64_t choice = random.below(10);
        if (choice < 6) {
            const std::uint32_t id = lanes.find_or_make({}, random.below(40)).id;
            lanes[id].count = 1;
            const fb::time_point opens =
                random.below(4) == 0 ? fb::time_point::min() : at(step + random.between(-2, 20));
            const std::uint64_t rank = random.below(1'000'000'000);
            const bool stays_open = open.count(id) != 0 && open[id].first == opens;
            lanes.place(lanes[id], opens, true, [&] { return index::rank_type{rank}; });
            const auto before = shut.find(id);
            const std::uint64_t kept = rank;
            if (before != shut.end()) shut.erase(before);
            open.erase(id);
            (stays_open || opens == fb::time_point::min() ? open : shut)[id] = {opens, kept};
        } else if (choice < 8) {
            const std::uint32_t id = lanes.find(random.below(40));
            if (id == index::none) continue;
            lanes[id].count = 0;
            lanes.rest(lanes[id]);
            shut.erase(id);
            open.erase(id);
        } else {
            lanes.open_due(at(step), [&](std::uint32_t id) { return index::rank_type{shut.at(id).second}; });
            for (auto it = shut.begin(); it != shut.end();) {
                if (it->second.first > at(step)) {
                    ++it;
                    continue;
                }
                open.insert(*it);
                it = shut.erase(it);
            }
        }
        const auto best = std::min_element(
            open.begin(), open.end(), [](const auto& a, const auto& b) { return a.second.second < b.second.second; });
        same(lanes.best_open() == (open.empty() ? index::none : best->first), "the best open lane");
        fb::time_point next = open.empty() ? fb::no_deadline : fb::time_point::min();
        for (const auto& [id, lane] : shut) next = std::min(next, lane.first);
        same(lanes.next_opening() == next, "the next opening");
        same((lanes.any() == index::none) == (open.empty() && shut.empty()), "any");
    }
    CHECK(lanes.best_open() != index::none);
}

TEST_CASE("when the stamps are used up the order of every lane stays, also of lanes that lie still") {
    using ranked_index = fb::detail::lane_index<fb::earliest_deadline, entry>;
    constexpr std::uint32_t slots = 300;
    constexpr std::uint64_t seed = 71;
    INFO("seed " << seed);
    source random{seed};
    const fb::earliest_deadline order;
    ranked_index lanes{slots, 2'000};
    std::vector<entry> entries(slots);
    std::vector<std::uint64_t> key(slots);
    std::vector<bool> in(slots);
    const auto standing = [&](std::uint32_t slot) {
        return std::pair{entries[slot].info.deadline, entries[slot].sequence};
    };
    for (std::uint64_t step = 0; step < 40'000; ++step) {
        const auto slot = static_cast<std::uint32_t>(random.below(slots));
        // Lane 3 is used at first only: most of its slots go to others, by way of erasure.
        if (in[slot]) {
            lanes[lanes.find(key[slot])].order.erase(order, entries.data(), slot, lanes.stamps());
            in[slot] = false;
        } else {
            key[slot] = random.below(step < 1'000 ? 4 : 3);
            static_cast<fb::queued&>(entries[slot]) = {
                {.key = key[slot], .deadline = at(random.between(0, 50))}, at(0), step};
            lanes.make_stamp();
            lanes.find_or_make(order, key[slot]).order.push(order, entries.data(), slot, lanes.stamps());
            in[slot] = true;
        }
        for (std::uint64_t each = 0; each < 4; ++each) {
            std::uint32_t best = fb::detail::no_slot;
            for (std::uint32_t other = 0; other < slots; ++other) {
                if (!in[other] || key[other] != each) continue;
                if (best == fb::detail::no_slot || standing(other) < standing(best)) best = other;
            }
            if (best == fb::detail::no_slot) continue;
            same(lanes[lanes.find(each)].order.best() == best, "the best of a lane");
        }
    }
}
