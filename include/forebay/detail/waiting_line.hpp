// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/contract.hpp>
#include <forebay/detail/deadline_index.hpp>
#include <forebay/detail/lane_index.hpp>
#include <forebay/detail/lane_order.hpp>
#include <forebay/detail/prefetch.hpp>
#include <forebay/detail/slot_table.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace forebay::inline v0::detail {

/// The slots of requests that wait: by key, within a key by the order, and by deadline. What a priority_queue is beside
/// its memory and its bounds; it says what the calls cost.
///
/// Entry  what is known of the request in a slot, with the links of a slot_table
/// Group  what a gate is shown of the requests of one key
template <class Order, class Gate, class Entry, class Group>
class waiting_line {
    using lanes_type = lane_index<Order, Entry>;
    using order_type = lane_order<Order, Entry>;

public:
    using lane = typename lanes_type::lane_type;
    static constexpr std::uint32_t none = lanes_type::none;
    /// Whether `add` may need memory for a request whose key is known.
    static constexpr bool grows = order_type::uses_stamps;

    waiting_line(Order order, Gate gate, Entry* entries, std::size_t slots)
        : order_{std::move(order)},
          gate_{std::move(gate)},
          entries_{entries},
          deadlines_{slots, {entries}},
          lanes_{slots} {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::int64_t cost() const noexcept { return cost_; }
    /// Touches nothing that changes.
    [[nodiscard]] bool has_place(const auto& info) const noexcept { return order_type::has_place(order_, info); }

    /// Makes room for requests of so many new keys. Strong guarantee.
    void prepare(std::size_t keys) { lanes_.prepare(order_, keys); }
    /// For how many new keys there is room.
    [[nodiscard]] std::size_t prepared() const noexcept { return lanes_.prepared(); }

    /// Puts in a slot whose header is filled in. Strong guarantee; where there is room for its key and the line does not
    /// grow, nothing throws.
    void add(std::uint32_t slot) {
        lane& into = lanes_.find_or_make(order_, entries_[slot].info.key);
        join(into, slot);
        place(into, into.open && into.order.best() == slot);
    }
    /// The same for several, for which there is room. Requests of one key in a row cost less.
    void add(std::span<const std::uint32_t> slots) noexcept {
        Entry* const entries = entries_;
        const std::uint32_t* const end = slots.data() + slots.size();
        const std::uint32_t* const near_end = end - std::min(slots.size(), ahead);
        for (const std::uint32_t* at = slots.data(); at != end;) {
            const std::uint64_t key = entries[*at].info.key;
            lane& into = lanes_.find_or_make(order_, key);
            const std::uint32_t* const first = at;
            const std::uint32_t id = into.id;
            std::uint64_t sequence = sequence_;
            std::int64_t cost = 0;
            time_point earliest = no_deadline;
            do {
                const std::uint32_t slot = *at;
                // Another CPU may have written what comes next.
                prefetch(entries[at < near_end ? at[ahead] : slot]);
                Entry& added = entries[slot];
                cost += added.info.cost;
                added.lane = id;
                added.sequence = sequence++;
                lanes_.make_stamp();
                into.order.push(order_, entries, slot, lanes_.stamps());
                earliest = std::min(earliest, added.info.deadline);
            } while (++at != end && entries[*at].info.key == key);
            sequence_ = sequence;
            note_deadlines({first, at}, earliest);
            if (into.count == 0) set_oldest(into, *first);
            gain(into, static_cast<std::size_t>(at - first), cost);
            place(into, true);
        }
    }

    /// Number of the lane whose gate is open and that holds the best of all such, or none.
    [[nodiscard]] std::uint32_t best_lane(time_point now) noexcept {
        lanes_.open_due(now, [&](std::uint32_t id) { return rank_of(lanes_[id]); });
        return lanes_.best_open();
    }
    [[nodiscard]] std::uint32_t any_lane() const noexcept { return lanes_.any(); }
    [[nodiscard]] std::uint32_t lane_of_key(std::uint64_t key) const noexcept {
        const std::uint32_t id = lanes_.find(key);
        return id == none || lanes_[id].count == 0 ? none : id;
    }
    [[nodiscard]] std::uint32_t best_in(std::uint32_t id) const noexcept { return lanes_[id].order.best(); }
    [[nodiscard]] Group group(std::uint32_t id) const noexcept { return view(lanes_[id]); }

    /// Takes the best `count` of a lane, best first, and calls sink(slot, entry) for each.
    template <class Sink>
    void take(std::uint32_t id, std::size_t count, Sink&& sink) noexcept {
        lane& from = lanes_[id];
        FOREBAY_EXPECTS(count <= from.count, "take no more than the group holds");
        Entry* const entries = entries_;
        std::int64_t cost = 0;
        for (std::size_t left = count; left > 0; --left) {
            const std::uint32_t slot = from.order.pop_best(order_, entries, lanes_.stamps());
            Entry& out = entries[slot];
            deadlines_.erase(slot);
            if (slot == from.oldest) from.oldest = no_slot;
            cost += out.info.cost;
            sink(slot, out);
        }
        forget(from, count, cost);
        settle(from);
    }
    /// Takes out a slot that is in.
    void erase(std::uint32_t slot) noexcept {
        deadlines_.erase(slot);
        leave(slot);
    }
    /// Takes out at most `most` slots whose deadline is at or before `now`, earliest first, and calls sink(slot) for each.
    template <class Sink>
    std::size_t expire(time_point now, std::size_t most, Sink&& sink) noexcept {
        if (expires_from_ > now) return 0;
        const std::size_t expired = deadlines_.expire(now, most, [&](std::uint32_t slot) {
            leave(slot);
            sink(slot);
        });
        expires_from_ = deadlines_.next();
        return expired;
    }
    /// No deadline is earlier; `no_deadline` if there is none. O(1).
    [[nodiscard]] time_point expires_from() const noexcept { return expires_from_; }

    /// Earliest deadline, exact.
    [[nodiscard]] time_point next_deadline() noexcept { return deadlines_.next(); }
    /// The slot that has it. Only when `next_deadline` has just said that there is one.
    [[nodiscard]] std::uint32_t first_to_expire() const noexcept { return deadlines_.first(); }
    [[nodiscard]] time_point next_opening() const noexcept { return lanes_.next_opening(); }

private:
    static constexpr std::size_t ahead = 6;  // entries, by which time one is there
    struct due_of {
        const Entry* entries;
        [[nodiscard]] time_point operator()(std::uint32_t slot) const noexcept { return entries[slot].info.deadline; }
    };

    [[nodiscard]] static Group view(const lane& of) noexcept { return {of.key, of.count, of.cost, of.oldest_arrival}; }
    [[nodiscard]] typename lanes_type::rank_type rank_of(const lane& of) const noexcept {
        return of.order.best_rank(entries_);
    }

    void join(lane& into, std::uint32_t slot) {
        Entry& added = entries_[slot];
        added.sequence = sequence_;
        try {
            lanes_.make_stamp();
            into.order.push(order_, entries_, slot, lanes_.stamps());
        } catch (...) {
            if (into.count == 0) lanes_.rest(into);
            throw;
        }
        note_deadlines({&slot, 1}, added.info.deadline);
        ++sequence_;
        added.lane = into.id;
        if (into.count == 0) set_oldest(into, slot);
        gain(into, 1, added.info.cost);
    }
    void note_deadlines(std::span<const std::uint32_t> slots, time_point earliest) noexcept {
        if (earliest == no_deadline) return;
        deadlines_.insert(slots);
        expires_from_ = std::min(expires_from_, earliest);
    }
    void gain(lane& into, std::size_t count, std::int64_t cost) noexcept {
        into.count += count;
        into.cost += cost;
        size_ += count;
        cost_ += cost;
    }
    void leave(std::uint32_t slot) noexcept {
        lane& from = lanes_[entries_[slot].lane];
        from.order.erase(order_, entries_, slot, lanes_.stamps());
        forget(from, 1, entries_[slot].info.cost);
        if (from.oldest == slot) from.oldest = no_slot;
        settle(from);
    }
    void forget(lane& from, std::size_t count, std::int64_t cost) noexcept {
        size_ -= count;
        cost_ -= cost;
        from.count -= count;
        from.cost -= cost;
    }
    void set_oldest(lane& of, std::uint32_t slot) noexcept {
        of.oldest = slot;
        of.oldest_arrival = entries_[slot].arrival;
    }
    /// Brings a lane's oldest request, gate and rank up to date after some left it. In every pop: worth a copy each.
    [[gnu::always_inline]] void settle(lane& changed) noexcept {
        if (changed.count == 0) return lanes_.rest(changed);
        if (changed.oldest == no_slot) set_oldest(changed, changed.order.oldest(entries_, lanes_.stamps()));
        place(changed, true);
    }
    void place(lane& changed, bool best_changed) noexcept {
        lanes_.place(changed, gate_.opens(view(changed)), best_changed, [&] { return rank_of(changed); });
    }

    const Order order_;
    const Gate gate_;
    Entry* const entries_;
    deadline_index<due_of> deadlines_;
    lanes_type lanes_;
    time_point expires_from_{no_deadline};
    std::size_t size_{0};
    std::int64_t cost_{0};
    std::uint64_t sequence_{0};
};

}  // namespace forebay::inline v0::detail
