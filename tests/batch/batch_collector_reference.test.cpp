// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "queue/reference.hpp"
#include <forebay/batch/batch_collector.hpp>
#include <forebay/batch/size_or_delay.hpp>

#include <memory>

namespace fb = forebay;
using namespace reference;

namespace {

using payload = std::unique_ptr<std::uint64_t>;
using plan_in_words = std::function<fb::batch_plan(const fb::waiting_group&)>;

// size_or_delay as its documentation says it.
plan_in_words words_of(std::size_t most, fb::duration delay, std::vector<std::size_t> preferred = {}) {
    return [=](const fb::waiting_group& group) -> fb::batch_plan {
        if (group.count >= most) return {fb::time_point::min(), most, fb::dispatch_cause::full};
        for (auto size = preferred.rbegin(); size != preferred.rend(); ++size) {
            if (*size <= group.count) return {fb::time_point::min(), *size, fb::dispatch_cause::preferred};
        }
        return {group.oldest_arrival + delay, group.count,
                delay == 0ns ? fb::dispatch_cause::idle : fb::dispatch_cause::delay};
    };
}

// A policy of the host's, by cost, that sometimes never plans and sometimes asks for a size that cannot be.
struct by_cost {
    std::size_t max_batch_size{5};
    fb::batch_plan plan(const fb::waiting_group& group) const noexcept {
        if (group.key == 5 && group.count < 3) return {fb::no_deadline, 1, fb::dispatch_cause::idle};
        if (group.cost >= 25) return {fb::time_point::min(), 99, fb::dispatch_cause::full};
        if (group.cost % 7 == 0) return {group.oldest_arrival + 3ns, 0, fb::dispatch_cause::deadline};
        return {group.oldest_arrival + 15ns, group.count / 2, fb::dispatch_cause::delay};
    }
};

template <class Order, class Policy>
void follows_the_reference(const Order& order, const order_in_words& words, const Policy& policy,
                           const plan_in_words& plan, std::uint64_t seed, int steps) {
    INFO("seed " << seed);
    constexpr fb::capacity bounds{.max_requests = 24, .max_cost = 100};
    const std::size_t most = policy.max_batch_size;
    const std::size_t in_hand = 2 * most;
    fb::batch_collector<payload, Order, Policy> collector{order, bounds, policy, in_hand};
    auto& real = collector.queue();
    queue model{words, bounds, in_hand, [plan](const fb::waiting_group& group) { return plan(group).due; }};
    source random{seed};
    std::vector<fb::ticket> gone(1);
    fb::time_point now = at(-500);
    std::size_t batches = 0, full_ones = 0, drained = 0;

    for (int step = 0; step < steps; ++step) {
        random.move(now);
        const bool filling = (step / 300) % 2 == 0;
        const std::uint64_t choice = random.below(100);
        if (choice < (filling ? 60 : 35)) {
            const fb::request_info info = random.request(now);
            const fb::verdict said = real.check(info, now);
            same(said == model.check(info, now), "the verdict of check");
            if (said) {
                model.push(info, now, real.push(info, now, std::make_unique<std::uint64_t>(model.next_number())));
            }
        } else if (choice < 75) {
            if (model.held.size() > in_hand - most) continue;
            const bool draining = random.below(20) == 0;
            const auto due_one = model.best(now);
            std::vector<fb::ticket> members;
            const auto batch = collector.collect(now, draining, [&](fb::ticket id) { members.push_back(id); });
            same(batch.has_value() == (due_one || (draining && !model.items.empty())), "whether a batch is due");
            if (!batch) continue;
            same(members.size() == batch->size, "the size told");
            const std::uint64_t key = real.info(members.front()).info.key;
            const fb::waiting_group group = *model.group(key);
            const fb::batch_plan planned = plan(group);
            const std::size_t limit = std::min(group.count, most);
            if (due_one) {
                same(members.front() == model.items[*due_one].id, "the best of the groups that are due leads");
                same(batch->size == std::clamp(planned.size, std::size_t{1}, limit), "the size of a due batch");
                same(batch->cause == planned.cause, "the cause of a due batch");
            } else {
                for (const std::uint64_t other : model.keys()) {
                    same(model.opens(key) <= model.opens(other), "draining, the batch that is due first");
                }
                same(batch->size == limit && batch->cause == fb::dispatch_cause::drain, "a batch of the drain");
                ++drained;
            }
            for (const fb::ticket id : members) {
                const std::size_t index = *model.best_of_key(key);
                same(model.items[index].id == id, "best first, of one key");
                model.hold(index);
            }
            model.forget();
            ++batches;
            full_ones += batch->size == most;
        } else if (choice < 82) {
            if (model.items.empty()) continue;
            const waiting item = random.any(model.items);
            same(real.erase(item.id), "a waiting request can be erased");
            gone.push_back(item.id);
            model.remove(*model.find(item.id));
            model.forget();
        } else if (choice < 86) {
            const fb::ticket id = random.any(gone);
            same(!real.erase(id) && !real.holds(id), "an old ticket is dead");
        } else if (choice < 93) {
            if (model.held.size() > in_hand) continue;
            std::vector<fb::ticket> taken;
            const std::size_t max_work = random.below(4);
            same(real.expire(now, max_work, [&](fb::ticket id) { taken.push_back(id); }) == taken.size(),
                 "how many expired");
            model.expire(now, max_work, taken);
        }
        while (!model.held.empty() && (model.held.size() > in_hand || random.below(3) == 0)) {
            const waiting item = model.held.back();
            model.held.pop_back();
            same(*real.value(item.id) == item.number, "the value of a running request");
            real.release(item.id);
            gone.push_back(item.id);
        }
        model.compare(real);
        same(collector.next_due() == model.next_opening(), "next_due");
        if (!model.items.empty()) model.compare_one(real, random.any(model.items));
    }
    while (collector.collect(now, true, [&](fb::ticket id) {
        same(real.info(id).info == model.items[*model.find(id)].info, "what a drain hands out waits");
        model.remove(*model.find(id));
    })) {
    }
    CHECK(model.items.empty());
    CHECK(real.size() == 0);
    CHECK(real.cost() == 0);
    CHECK(real.next_event() == fb::no_deadline);
    CHECK(batches > std::size_t(steps) / 100);
    CHECK(full_ones > 0);
    CHECK((drained > 0) == (most > 1));  // alone, a request is due at once
}

}  // namespace

TEST_CASE("B-1 B-9 B-11 B-12 I26 under every order a collector answers as linear scans do") {
    for_each_order([](const char* name, const auto& order, const order_in_words& words) {
        INFO(name);
        follows_the_reference(order, words, fb::size_or_delay{4, 10ns, {}}, words_of(4, 10ns), 1, 80'000);
        follows_the_reference(order, words, fb::size_or_delay{8, 20ns, {2, 5}}, words_of(8, 20ns, {2, 5}), 2, 80'000);
        follows_the_reference(order, words, fb::size_or_delay{3, 0ns, {}}, words_of(3, 0ns), 3, 40'000);
    });
}

TEST_CASE("a collector follows a policy of the host's, also where it asks for what cannot be") {
    const by_cost policy;
    for_each_order([&](const char* name, const auto& order, const order_in_words& words) {
        INFO(name);
        follows_the_reference(
            order, words, policy, [&](const auto& group) { return policy.plan(group); }, 4, 60'000);
    });
}

TEST_CASE("without batching a collector hands out each request alone, best first") {
    const auto alone = [](const fb::waiting_group&) -> fb::batch_plan {
        return {fb::time_point::min(), 1, fb::dispatch_cause::idle};
    };
    for_each_order([&](const char* name, const auto& order, const order_in_words& words) {
        INFO(name);
        follows_the_reference(order, words, fb::one_by_one{}, alone, 5, 30'000);
    });
}
