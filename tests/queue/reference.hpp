// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catch.hpp"
#include <forebay/queue/capacity.hpp>
#include <forebay/queue/discipline.hpp>
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

/// What a queue with groups must answer, written again as one vector and linear scans: slow, and hard to get wrong.
namespace reference {

namespace fb = forebay;
using namespace std::chrono_literals;

/// Catch's assertions cost more than the step they check.
inline void same(bool equal, const char* what) {
    if (!equal) FAIL("differs from the reference: " << what);
}
inline fb::time_point at(std::int64_t nanoseconds) {
    return fb::time_point{fb::duration{nanoseconds}};
}

/// Compared from left to right; order of acceptance decides among equals.
using rank = std::array<std::int64_t, 3>;

/// An order in words of its own: where a request stands, and whether it has a place at all.
struct order_in_words {
    std::function<rank(const fb::request_info&, fb::time_point arrival)> rank_of;
    std::function<bool(const fb::request_info&)> has_place = [](const fb::request_info&) { return true; };
};

struct waiting {
    fb::request_info info;
    fb::time_point arrival;
    std::uint64_t number;
    rank key;
    fb::ticket id;
};

class queue {
public:
    using opening = std::function<fb::time_point(const fb::waiting_group&)>;

    queue(order_in_words order, fb::capacity bounds, std::size_t in_hand, opening opens)
        : order_{std::move(order)}, bounds_{bounds}, slots_{bounds.max_requests + in_hand}, opens_{std::move(opens)} {}

    std::vector<waiting> items;  // in order of acceptance
    std::vector<waiting> held;

    std::int64_t cost() const {
        std::int64_t sum = 0;
        for (const waiting& item : items) sum += item.info.cost;
        return sum;
    }
    fb::verdict check(const fb::request_info& info, fb::time_point now) const {
        if (info.cost < 0) return fb::never(fb::limit::bad_cost);
        if (!order_.has_place(info)) return fb::never(fb::limit::bad_priority);
        if (info.deadline <= now) return fb::never(fb::limit::deadline);
        if (info.cost > bounds_.max_cost) return fb::never(fb::limit::queued_cost, info.cost - bounds_.max_cost);
        if (items.size() >= bounds_.max_requests || items.size() + held.size() >= slots_) {
            return fb::retry_at(now, fb::limit::queued_requests, 1, fb::certainty::on_completion);
        }
        if (cost() + info.cost > bounds_.max_cost) {
            return fb::retry_at(now, fb::limit::queued_cost, cost() + info.cost - bounds_.max_cost,
                                fb::certainty::on_completion);
        }
        return fb::admitted(now);
    }
    void push(const fb::request_info& info, fb::time_point now, fb::ticket id) {
        items.push_back({info, now, numbers_++, order_.rank_of(info, now), id});
        forget();
    }
    std::uint64_t next_number() const { return numbers_; }

    std::optional<fb::waiting_group> group(std::uint64_t key) const {
        std::optional<fb::waiting_group> found;
        for (const waiting& item : items) {
            if (item.info.key != key) continue;
            if (!found) found = fb::waiting_group{key, 0, 0, item.arrival};
            ++found->count;
            found->cost += item.info.cost;
        }
        return found;
    }
    std::vector<std::uint64_t> keys() const {
        std::vector<std::uint64_t> found;
        for (const waiting& item : items) {
            if (std::find(found.begin(), found.end(), item.info.key) == found.end()) found.push_back(item.info.key);
        }
        return found;
    }
    fb::time_point opens(std::uint64_t key) const { return opens_(*group(key)); }

    fb::time_point next_deadline() const {
        fb::time_point next = fb::no_deadline;
        for (const waiting& item : items) next = std::min(next, item.info.deadline);
        return next;
    }
    fb::time_point next_opening() const {
        fb::time_point next = fb::no_deadline;
        for (const std::uint64_t key : keys())
            next = std::min(next, open_.count(key) ? fb::time_point::min() : opens(key));
        return next;
    }

    /// The best item of all, or of one key. An index into items.
    std::optional<std::size_t> best_of(const std::function<bool(std::uint64_t)>& counts) const {
        std::optional<std::size_t> best;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (!counts(items[i].info.key)) continue;
            if (!best || items[i].key < items[*best].key) best = i;
        }
        return best;
    }
    std::optional<std::size_t> best_of_key(std::uint64_t key) const {
        return best_of([&](std::uint64_t other) { return other == key; });
    }
    /// The best item of the groups that are open. A gate seen open stays open until the group's opening changes.
    std::optional<std::size_t> best(fb::time_point now) {
        for (const std::uint64_t key : keys()) {
            if (opens(key) <= now) open_[key] = opens(key);
        }
        return best_of([&](std::uint64_t key) { return open_.count(key) != 0; });
    }
    std::optional<std::size_t> find(fb::ticket id) const {
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (items[i].id == id) return i;
        }
        return std::nullopt;
    }
    bool holds(fb::ticket id) const {
        return find(id) || std::any_of(held.begin(), held.end(), [&](const waiting& item) { return item.id == id; });
    }
    waiting remove(std::size_t index) {
        const waiting gone = items[index];
        items.erase(items.begin() + static_cast<std::ptrdiff_t>(index));
        return gone;
    }
    void hold(std::size_t index) { held.push_back(remove(index)); }
    /// To be called when a change is complete: what is known of a gate ends with its opening.
    void forget() {
        for (auto it = open_.begin(); it != open_.end();) {
            const auto now = group(it->first);
            it = !now || opens_(*now) != it->second ? open_.erase(it) : std::next(it);
        }
    }
    /// Follows what `expire` took: the earliest deadline each time, all of them up to the bound.
    void expire(fb::time_point now, std::size_t max_work, const std::vector<fb::ticket>& taken) {
        for (const fb::ticket id : taken) {
            const auto index = find(id);
            same(index.has_value(), "expire took what does not wait");
            same(items[*index].info.deadline == next_deadline(), "expire takes the earliest deadline first");
            same(items[*index].info.deadline <= now, "expire took what is not due");
            hold(*index);
            forget();
        }
        same(taken.size() <= max_work, "expire obeys its bound");
        same(taken.size() == max_work || next_deadline() > now || items.empty() || next_deadline() == fb::no_deadline,
             "expire stops at its bound only");
    }

    /// All that can be asked without changing anything.
    template <class Queue>
    void compare(Queue& real) const {
        same(real.size() == items.size(), "size");
        same(real.empty() == items.empty(), "empty");
        same(real.cost() == cost(), "cost");
        same(real.next_deadline() == next_deadline(), "next_deadline");
        same(real.next_opening() == next_opening(), "next_opening");
        same(real.next_event() == std::min(next_deadline(), next_opening()), "next_event");
        same(real.any_group().has_value() == !items.empty(), "any_group");
    }
    template <class Queue>
    void compare_one(Queue& real, const waiting& item) const {
        same(real.contains(item.id) && real.holds(item.id), "a waiting ticket is contained");
        same(real.info(item.id).info == item.info && real.info(item.id).arrival == item.arrival, "info of a ticket");
        const fb::waiting_group seen = real.group(real.group_of(item.id));
        const fb::waiting_group expected = *group(item.info.key);
        same(seen.key == expected.key && seen.count == expected.count, "count of a group");
        same(seen.cost == expected.cost, "cost of a group");
        same(seen.oldest_arrival == expected.oldest_arrival, "oldest arrival of a group");
    }

private:
    order_in_words order_;
    fb::capacity bounds_;
    std::size_t slots_;
    opening opens_;
    std::uint64_t numbers_{0};
    std::map<std::uint64_t, fb::time_point> open_;  // groups whose gate was seen open, and the opening it had
};

/// A leaf as a host writes it.
struct cheapest_first {
    std::uint64_t rank(const fb::queued& request) const noexcept { return std::uint64_t(request.info.cost); }
};
/// A selector as a host writes it: tenant 0 before 1 before 2, nobody else.
template <class Child>
struct by_tenant {
    Child child{};
    std::uint32_t width() const noexcept { return 3; }
    std::uint32_t child_of(const fb::request_info& info) const noexcept {
        const auto tenant = static_cast<std::uint64_t>(info.tenant);
        return tenant < 3 ? std::uint32_t(tenant) : fb::no_child;
    }
};

inline std::int64_t due(const fb::request_info& info, fb::time_point arrival, fb::duration patience) {
    return (info.deadline == fb::no_deadline ? fb::saturating_add(arrival, patience) : info.deadline)
        .time_since_epoch()
        .count();
}
inline bool below(const fb::request_info& info, std::int32_t levels) {
    return info.priority >= 0 && info.priority < levels;
}

/// Every kind of order there is, with what it means.
template <class Visit>
void for_each_order(Visit visit) {
    visit("fifo", fb::fifo{}, order_in_words{[](auto&, auto) { return rank{}; }});
    visit("earliest_deadline", fb::earliest_deadline{20ns},
          order_in_words{[](auto& info, auto arrival) { return rank{due(info, arrival, 20ns)}; }});
    visit("strict_priority of fifo", fb::strict_priority{fb::fifo{}, 4},
          order_in_words{[](auto& info, auto) { return rank{info.priority}; },
                         [](auto& info) { return below(info, 4); }});
    visit("strict_priority of earliest_deadline", fb::strict_priority{fb::earliest_deadline{}, 3},
          order_in_words{[](auto& info, auto arrival) {
                             return rank{info.priority, due(info, arrival, 10s)};
                         },
                         [](auto& info) { return below(info, 3); }});
    visit("strict_priority of strict_priority of fifo", fb::strict_priority{fb::strict_priority{fb::fifo{}, 5}, 4},
          order_in_words{[](auto& info, auto) {
                             return rank{info.priority, info.priority};
                         },
                         [](auto& info) { return below(info, 4); }});
    visit("a leaf of the host's", cheapest_first{}, order_in_words{[](auto& info, auto) { return rank{info.cost}; }});
    visit("a selector of the host's", by_tenant<fb::strict_priority<cheapest_first>>{{{}, 4}},
          order_in_words{[](auto& info, auto) {
                             return rank{static_cast<std::int64_t>(info.tenant), info.priority, info.cost};
                         },
                         [](auto& info) { return below(info, 4) && static_cast<std::uint64_t>(info.tenant) < 3; }});
}

/// Requests of every kind, of which most are in order, and a clock that mostly goes forward.
class source {
public:
    explicit source(std::uint64_t seed) : random_{seed} {}

    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
    }
    void move(fb::time_point& now) {
        const std::uint64_t how = below(200);
        if (how == 0) {
            now += fb::duration{between(-1000, 1000)};
        } else if (how < 6) {
            now -= fb::duration{between(0, 40)};
        } else if (how < 120) {
            now += fb::duration{between(0, 4)};
        }
    }
    fb::request_info request(fb::time_point now) {
        fb::request_info info;
        info.tenant = fb::tenant_id{below(40) == 0 ? 9 : below(3)};
        info.priority = static_cast<std::int32_t>(below(30) == 0 ? between(-2, 9) : between(0, 2));
        if (below(500) == 0) info.priority = std::numeric_limits<std::int32_t>::min();
        // One key is popular, some are rare, and now and then comes one never seen before.
        info.key = below(2) == 0 ? 0 : below(100) == 0 ? random_() : below(6);
        info.cost = below(60) == 0 ? between(-2, 120) : between(0, 9);
        if (below(3) != 0) info.deadline = now + fb::duration{between(below(10) == 0 ? -3 : 1, 60)};
        return info;
    }
    template <class Items>
    const auto& any(const Items& items) {
        return items[below(items.size())];
    }

private:
    std::mt19937_64 random_;
};

}  // namespace reference
