// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/arrivals.hpp>
#include <forebay/detail/prefetch.hpp>
#include <forebay/detail/slot_order.hpp>
#include <forebay/detail/slot_stamps.hpp>
#include <forebay/detail/slot_table.hpp>
#include <forebay/detail/wide_heap.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace forebay::inline v0::detail {

/// The slots of a lane in order of acceptance, linked through their entries. All O(1).
class acceptance_list {
public:
    [[nodiscard]] std::uint32_t front() const noexcept { return head_; }
    [[nodiscard]] bool empty() const noexcept { return head_ == no_slot; }

    template <class Entry>
    void push_back(Entry* entries, std::uint32_t slot) noexcept {
        entries[slot].next = no_slot;
        entries[slot].previous = tail_;
        (head_ == no_slot ? head_ : entries[tail_].next) = slot;
        tail_ = slot;
    }
    template <class Entry>
    void erase(Entry* entries, std::uint32_t slot) noexcept {
        const std::uint32_t next = entries[slot].next;
        const std::uint32_t previous = entries[slot].previous;
        (slot == head_ ? head_ : entries[previous].next) = next;
        (slot == tail_ ? tail_ : entries[next].previous) = previous;
    }

    /// Only when not empty.
    template <class Entry>
    std::uint32_t pop_front(Entry* entries) noexcept {
        const std::uint32_t slot = head_;
        const std::uint32_t next = entries[slot].next;
        head_ = next;
        if (next == no_slot) return slot;
        if (const std::uint32_t second = entries[next].next; second != no_slot) prefetch(entries[second]);
        return slot;
    }

private:
    std::uint32_t head_{no_slot};
    std::uint32_t tail_{no_slot};  // only where there is a head; nor has that one a neighbour before it
};

template <class Order>
concept accepts_in_order = requires {
    requires Order::in_order_of_acceptance;
};
template <class Order>
concept has_children = requires(const Order& order) {
    order.child;
};

/// The order of the requests of one key, by the discipline `Order`. `Entry` is what the discipline ranks.
///
/// A slot is in one lane at a time, so all lanes of a queue share the stamps of its slots.
///
/// best_rank  how the best of a lane compares with that of another: lexicographic, ends in the order of acceptance
/// push   strong guarantee: only a ranked leaf allocates, before it changes anything
/// sweep  with restamp: see slot_stamps
template <class Order, class Entry>
class lane_order;

template <accepts_in_order Order, class Entry>
class lane_order<Order, Entry> {
public:
    using rank_type = wide_rank;
    static constexpr unsigned path_shift = 64;  // from here on the rank has room for the selectors above
    static constexpr bool uses_stamps = false;

    explicit lane_order(const Order&) {}

    [[nodiscard]] static bool has_place(const Order&, const auto&) noexcept { return true; }

    void push(const Order&, Entry* entries, std::uint32_t slot, slot_stamps&) noexcept {
        list_.push_back(entries, slot);
    }
    void erase(const Order&, Entry* entries, std::uint32_t slot, slot_stamps&) noexcept { list_.erase(entries, slot); }
    std::uint32_t pop_best(const Order&, Entry* entries, slot_stamps&) noexcept { return list_.pop_front(entries); }
    [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
    [[nodiscard]] std::uint32_t best() const noexcept { return list_.front(); }
    [[nodiscard]] rank_type best_rank(const Entry* entries) const noexcept { return entries[list_.front()].sequence; }
    [[nodiscard]] std::uint32_t oldest(const Entry*, const slot_stamps&) const noexcept { return list_.front(); }
    void sweep(const slot_stamps&) noexcept {}
    void restamp(const slot_stamps&) noexcept {}

private:
    acceptance_list list_;
};

template <class Order, class Entry>
requires(!accepts_in_order<Order> && !has_children<Order>) class lane_order<Order, Entry> {
public:
    using rank_type = wide_rank;
    static constexpr unsigned path_shift = 96;
    static constexpr bool uses_stamps = true;

    explicit lane_order(const Order&) {}

    [[nodiscard]] static bool has_place(const Order&, const auto&) noexcept { return true; }

    void push(const Order& order, Entry* entries, std::uint32_t slot, slot_stamps& stamps) {
        arrivals_.make_room(order_.size(), stamps);
        order_.push(order.rank(entries[slot]), slot, stamps);
        arrivals_.push(slot, stamps[slot]);
    }
    void erase(const Order&, Entry*, std::uint32_t slot, slot_stamps& stamps) noexcept {
        order_.erase(slot, stamps);
        order_.settle(stamps);
    }
    std::uint32_t pop_best(const Order&, Entry* entries, slot_stamps& stamps) noexcept {
        const std::uint32_t slot = order_.top_slot();
        order_.pop(stamps);
        if (order_.settle(stamps)) prefetch(entries[order_.top_slot()]);
        return slot;
    }
    [[nodiscard]] bool empty() const noexcept { return order_.empty(); }
    [[nodiscard]] std::uint32_t best() const noexcept { return order_.top_slot(); }
    [[nodiscard]] rank_type best_rank(const Entry*) const noexcept { return order_.top_standing(); }
    [[nodiscard]] std::uint32_t oldest(const Entry*, const slot_stamps& stamps) const noexcept {
        return arrivals_.oldest(stamps);
    }
    void sweep(const slot_stamps& stamps) noexcept {
        order_.sweep(stamps);
        arrivals_.sweep(stamps);
    }
    void restamp(const slot_stamps& stamps) noexcept {
        order_.restamp(stamps);
        arrivals_.restamp(stamps);
        order_.settle(stamps);
    }

private:
    slot_order order_;  // settled
    arrivals arrivals_;
};

template <has_children Order, class Entry>
class lane_order<Order, Entry> {
    using child_order = decltype(Order::child);
    using child_lane = lane_order<child_order, Entry>;
    // A selector has at most 64 children: six bits, in front of the rank below.
    static constexpr bool fits = child_lane::path_shift + 6 <= 128;
    struct longer {
        std::uint32_t child;
        typename child_lane::rank_type below;
        friend bool operator<(const longer& a, const longer& b) noexcept {
            return a.child < b.child || (a.child == b.child && a.below < b.below);
        }
    };

public:
    using rank_type = std::conditional_t<fits, wide_rank, longer>;
    static constexpr unsigned path_shift = fits ? child_lane::path_shift + 6 : 128;
    static constexpr bool uses_stamps = child_lane::uses_stamps;

    explicit lane_order(const Order& order) {
        children_.reserve(order.width());
        while (children_.size() < order.width()) children_.emplace_back(order.child);
    }

    [[nodiscard]] static bool has_place(const Order& order, const auto& info) noexcept {
        return order.child_of(info) < order.width() && child_lane::has_place(order.child, info);
    }

    void push(const Order& order, Entry* entries, std::uint32_t slot, slot_stamps& stamps) {
        const std::uint32_t child = child_of(order, entries[slot]);
        children_[child].push(order.child, entries, slot, stamps);
        occupied_ |= std::uint64_t{1} << child;
    }
    void erase(const Order& order, Entry* entries, std::uint32_t slot, slot_stamps& stamps) noexcept {
        const std::uint32_t child = child_of(order, entries[slot]);
        children_[child].erase(order.child, entries, slot, stamps);
        if (children_[child].empty()) occupied_ &= ~(std::uint64_t{1} << child);
    }
    std::uint32_t pop_best(const Order& order, Entry* entries, slot_stamps& stamps) noexcept {
        child_lane& first = children_[first_child()];
        const std::uint32_t slot = first.pop_best(order.child, entries, stamps);
        if (first.empty()) occupied_ &= occupied_ - 1;
        return slot;
    }
    [[nodiscard]] bool empty() const noexcept { return occupied_ == 0; }
    [[nodiscard]] std::uint32_t best() const noexcept { return children_[first_child()].best(); }
    [[nodiscard]] rank_type best_rank(const Entry* entries) const noexcept {
        const auto below = children_[first_child()].best_rank(entries);
        if constexpr (fits) {
            return (wide_rank{first_child()} << child_lane::path_shift) | below;
        } else {
            return {first_child(), below};
        }
    }
    [[nodiscard]] std::uint32_t oldest(const Entry* entries, const slot_stamps& stamps) const noexcept {
        std::uint32_t found = no_slot;
        for (std::uint64_t rest = occupied_; rest != 0; rest &= rest - 1) {
            const std::uint32_t slot =
                children_[static_cast<std::size_t>(std::countr_zero(rest))].oldest(entries, stamps);
            if (found == no_slot || entries[slot].sequence < entries[found].sequence) found = slot;
        }
        return found;
    }
    void sweep(const slot_stamps& stamps) noexcept {
        for (child_lane& each : children_) each.sweep(stamps);
    }
    void restamp(const slot_stamps& stamps) noexcept {
        for (child_lane& each : children_) each.restamp(stamps);
    }

private:
    /// Of a request that has a place, of which the compiler is told.
    [[nodiscard]] static std::uint32_t child_of(const Order& order, const Entry& of) noexcept {
        const std::uint32_t child = order.child_of(of.info);
        if (child >= order.width()) __builtin_unreachable();
        return child;
    }
    [[nodiscard]] std::uint32_t first_child() const noexcept {
        return static_cast<std::uint32_t>(__builtin_ctzll(occupied_));  // which is not 0
    }

    std::uint64_t occupied_{0};
    std::vector<child_lane> children_;
};

}  // namespace forebay::inline v0::detail
