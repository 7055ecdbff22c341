// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "queue/reference.hpp"
#include <forebay/queue/priority_queue.hpp>

#include <memory>

namespace fb = forebay;
using namespace reference;

namespace {

using payload = std::unique_ptr<std::uint64_t>;

// Opens when three wait, or when the oldest has waited 12 ns, or for one key never.
struct at_three_or_late {
    fb::time_point opens(const fb::waiting_group& group) const noexcept {
        if (group.key == 5) return fb::no_deadline;
        return group.count >= 3 ? fb::time_point::min() : fb::saturating_add(group.oldest_arrival, 12ns);
    }
};

template <class Order, class Gate>
void follows_the_reference(const Order& order, const order_in_words& words, Gate gate, std::uint64_t seed, int steps) {
    INFO("seed " << seed);
    constexpr fb::capacity bounds{.max_requests = 24, .max_cost = 100};
    constexpr std::size_t in_hand = 6;
    fb::priority_queue<payload, Order, Gate> real{order, bounds, gate, in_hand};
    queue model{words, bounds, in_hand, [gate](const fb::waiting_group& group) { return gate.opens(group); }};
    source random{seed};
    std::vector<fb::ticket> gone(1);  // the first names nothing
    fb::time_point now = at(-500);
    std::uint64_t pushed = 0, popped = 0, erased = 0, expired = 0, refused = 0;

    const auto over = [&](fb::ticket id) {
        gone.size() < 500 ? gone.push_back(id) : void(gone[random.below(gone.size())] = id);
    };
    const auto same_item = [&](auto& seen, std::optional<std::size_t> expected) {
        same(seen.has_value() == expected.has_value(), "whether something is popped");
        if (!seen) return;
        const waiting item = model.remove(*expected);
        model.forget();
        same(*seen->value == item.number, "which request is popped");
        same(seen->info == item.info && seen->arrival == item.arrival, "what is told of it");
        over(item.id);
        ++popped;
    };

    for (int step = 0; step < steps; ++step) {
        random.move(now);
        const bool filling = (step / 400) % 2 == 0;
        const std::uint64_t choice = random.below(100);
        if (choice < (filling ? 50 : 25)) {
            const fb::request_info info = random.request(now);
            const fb::verdict said = real.check(info, now);
            same(said == model.check(info, now), "the verdict of check");
            if (said) {
                const fb::ticket id = real.push(info, now, std::make_unique<std::uint64_t>(model.next_number()));
                same(!model.holds(id), "a ticket is given to one request at a time");
                model.push(info, now, id);
                ++pushed;
            } else {
                ++refused;
            }
        } else if (choice < 62) {
            const auto expected = model.best(now);
            const auto seen = real.best(now);
            same(seen.has_value() == expected.has_value(), "whether there is a best");
            if (seen) same(*seen == model.items[*expected].id, "which is the best");
            auto item = real.pop(now);
            same_item(item, expected);
        } else if (choice < 67) {
            const std::uint64_t key = random.below(7);
            auto item = real.pop_key(key);
            same_item(item, model.best_of_key(key));
        } else if (choice < 73) {
            if (model.items.empty()) continue;
            const waiting item = random.any(model.items);
            same(real.erase(item.id), "a waiting request can be erased");
            model.remove(*model.find(item.id));
            model.forget();
            over(item.id);
            ++erased;
        } else if (choice < 78) {
            const fb::ticket id = random.any(gone);
            same(!real.erase(id) && !real.withdraw(id) && !real.holds(id) && !real.contains(id),
                 "an old ticket is dead");
        } else if (choice < 82) {
            if (model.items.empty() || model.held.size() > in_hand) continue;
            const waiting item = random.any(model.items);
            same(real.withdraw(item.id) && !real.withdraw(item.id) && !real.erase(item.id), "withdrawn once");
            same(real.holds(item.id) && !real.contains(item.id), "a withdrawn request is held");
            model.hold(*model.find(item.id));
            model.forget();
        } else if (choice < 89) {
            const std::size_t max_work = random.below(4) == 0 ? 1000 : random.below(4);
            std::vector<fb::ticket> taken;
            const std::size_t count = real.expire(now, max_work, [&](fb::ticket id) { taken.push_back(id); });
            same(count == taken.size(), "how many expired");
            model.expire(now, max_work, taken);
            expired += count;
        } else if (choice < 93) {
            const auto expected = model.best(now);
            const auto group = real.best_group(now);
            same(group.has_value() == expected.has_value(), "whether a group is open");
            if (!group || model.held.size() > in_hand) continue;
            const std::uint64_t key = model.items[*expected].info.key;
            const std::size_t count = random.below(model.group(key)->count + 1);
            std::vector<fb::ticket> taken;
            real.take(*group, count, [&](fb::ticket id) { taken.push_back(id); });
            same(taken.size() == count, "how many were taken");
            for (const fb::ticket id : taken) {
                const std::size_t index = *model.best_of_key(key);
                same(model.items[index].id == id, "best first, of one key");
                model.hold(index);
            }
            model.forget();
        }
        while (!model.held.empty() && (model.held.size() > in_hand || random.below(4) == 0)) {
            const waiting item = model.held.back();
            model.held.pop_back();
            same(*real.value(item.id) == item.number, "the value of a held request");
            real.release(item.id);
            same(!real.holds(item.id), "released");
            over(item.id);
        }
        model.compare(real);
        if (!model.items.empty()) model.compare_one(real, random.any(model.items));
    }
    // What remains leaves in order, and nothing of it is left behind.
    while (const auto id = real.any_group()) {
        const std::uint64_t key = real.group(*id).key;
        auto item = real.pop_key(key);
        same_item(item, model.best_of_key(key));
    }
    CHECK(real.size() == 0);
    CHECK(real.cost() == 0);
    CHECK(real.next_event() == fb::no_deadline);
    // The run went everywhere.
    CHECK(pushed > std::uint64_t(steps) / 10);
    CHECK(popped > std::uint64_t(steps) / 100);
    CHECK(erased > std::uint64_t(steps) / 100);
    CHECK(expired > std::uint64_t(steps) / 100);
    CHECK(refused > std::uint64_t(steps) / 100);
}

}  // namespace

TEST_CASE("Q-9 Q-10 Q-11 under every order a queue answers as a vector with linear scans does") {
    for_each_order([](const char* name, const auto& order, const order_in_words& words) {
        INFO(name);
        follows_the_reference(order, words, fb::always_open{}, 2026, 100'000);
    });
}

TEST_CASE("Q-16 Q-18 with gates under every order a queue answers as a vector with linear scans does") {
    for_each_order([](const char* name, const auto& order, const order_in_words& words) {
        INFO(name);
        follows_the_reference(order, words, at_three_or_late{}, 1123, 120'000);
    });
}
