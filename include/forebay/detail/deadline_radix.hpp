// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/contract.hpp>
#include <forebay/detail/slot_heap.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace forebay::inline v0::detail {

/// Which slots are due when, in any order of coming, for many deadlines of which most are erased long before they are
/// due.
///
/// An instant `base_` splits time. What is due by then is near and stands in a heap; the rest is far and lies in
/// unordered lists, by the highest digit (of 4 bits) in which a deadline differs from `base_`: which digit, and what it
/// is. So lists are in order of time, a deadline's list is found in a few instructions, and when the near is used up,
/// the first list alone is split further (a radix heap; unlike there, deadlines may also lie before the last one asked
/// for).
///
/// memory  36 bytes a slot, all of it at construction, 16 of them touched only by slots that are near
/// cost    insert and erase of a far slot O(1), of a near one as a heap's; next and expire also reorganise: over any
///         sequence of calls a slot is moved O(16) times on average (the digits of a deadline), and not at all if it is
///         erased long before it is due. A single call may have to move many.
/// source  Ahuja, Mehlhorn, Orlin, Tarjan: Faster algorithms for the shortest path problem, J. ACM 37, 1990
class deadline_radix {
public:
    /// For slots 0 .. slots-1.
    explicit deadline_radix(std::size_t slots) : slots_{slots}, nodes_(slots + list_count), position_(slots) {
        FOREBAY_EXPECTS(slots <= std::numeric_limits<std::uint32_t>::max() - list_count,
                        "a deadline index has 32-bit slots; use several");
        for (unsigned list = 0; list < list_count; ++list) nodes_[head(list)] = {absent, head(list), head(list)};
        near_.reserve(slots);
    }

    /// Puts in a slot that is not in. [due < 2^64 - 1]
    void insert(std::uint32_t slot, std::uint64_t due) noexcept {
        if (size_++ == 0) base_ = due;  // any instant will do, and a near one keeps later deadlines far
        nodes_[slot].due = due;
        if (due > base_) return push_far(slot, due);
        near_.push(due, slot, position_.data());
        ++near_inserts_;
        if (near_.size() > heap_limit && near_inserts_ >= size_ / 4) move_base_back();
    }

    /// Takes out a slot that is in.
    void erase(std::uint32_t slot) noexcept {
        --size_;
        if (nodes_[slot].due <= base_) {
            near_.erase(slot, position_.data());
        } else {
            unlink(slot);
        }
        nodes_[slot].due = absent;
    }

    [[nodiscard]] bool contains(std::uint32_t slot) const noexcept { return nodes_[slot].due != absent; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Whether something may be due by then; false is certain. O(1).
    [[nodiscard]] bool may_be_due(std::uint64_t until) const noexcept {
        return size_ > 0 && (near_.empty() ? first_far() : near_.top_rank()) <= until;
    }

    /// The earliest deadline, exactly. Only when not empty.
    [[nodiscard]] std::uint64_t earliest() noexcept {
        if (near_.empty()) refill();
        return near_.top_rank();
    }
    /// Takes out a slot of the earliest deadline. Only after `earliest`.
    std::uint32_t pop_earliest() noexcept {
        const std::uint32_t slot = near_.top_slot();
        near_.pop(position_.data());
        nodes_[slot].due = absent;
        --size_;
        return slot;
    }

private:
    static constexpr unsigned digit_bits = 4;
    static constexpr unsigned digits = 1U << digit_bits;
    static constexpr unsigned list_count = 64 / digit_bits * digits;
    // Below this a heap is a few cache lines, cheaper than another split.
    static constexpr std::size_t refill_size = 64;
    // The heap may grow beyond a refill before it is worth putting its later part back into lists.
    static constexpr std::size_t heap_limit = 256;
    static constexpr std::uint64_t absent = std::numeric_limits<std::uint64_t>::max();

    struct node {
        std::uint64_t due{absent};
        std::uint32_t next{0};
        std::uint32_t prev{0};
    };

    // Each list is a ring through a node of its own, so that unlinking asks nothing, and one of two nodes is the last
    // slot.
    std::uint32_t head(unsigned list) const noexcept { return static_cast<std::uint32_t>(slots_ + list); }
    unsigned list_of(std::uint64_t due) const noexcept {
        const unsigned shift = static_cast<unsigned>(63 - std::countl_zero(due ^ base_)) & ~(digit_bits - 1);
        return shift / digit_bits * digits + static_cast<unsigned>((due >> shift) & (digits - 1));
    }

    void mark(unsigned list) noexcept {
        filled_[list / digits] = static_cast<std::uint16_t>(filled_[list / digits] | 1U << list % digits);
        levels_ = static_cast<std::uint16_t>(levels_ | 1U << list / digits);
    }
    void unmark(unsigned list) noexcept {
        std::uint16_t& level = filled_[list / digits];
        level = static_cast<std::uint16_t>(level & ~(1U << list % digits));
        if (level == 0) levels_ = static_cast<std::uint16_t>(levels_ & ~(1U << list / digits));
    }
    // Of the lists that are not empty. Only if there is one.
    unsigned first_list() const noexcept {
        const auto level = static_cast<unsigned>(std::countr_zero(levels_));
        return level * digits + static_cast<unsigned>(std::countr_zero(filled_[level]));
    }
    // No far deadline is earlier: the first instant of the first list's range. Only if there is one.
    std::uint64_t first_far() const noexcept {
        const unsigned list = first_list();
        const unsigned shift = list / digits * digit_bits;
        const std::uint64_t above = std::uint64_t{digits - 1} << shift | ((std::uint64_t{1} << shift) - 1);
        return (base_ & ~above) | std::uint64_t{list % digits} << shift;
    }

    void push_far(std::uint32_t slot, std::uint64_t due) noexcept {
        const unsigned list = list_of(due);
        const std::uint32_t ring = head(list);
        const std::uint32_t last = nodes_[ring].prev;
        nodes_[slot].next = ring;
        nodes_[slot].prev = last;
        nodes_[last].next = slot;
        nodes_[ring].prev = slot;
        mark(list);
    }

    void unlink(std::uint32_t slot) noexcept {
        const std::uint32_t next = nodes_[slot].next;
        const std::uint32_t prev = nodes_[slot].prev;
        nodes_[next].prev = prev;
        nodes_[prev].next = next;
        if (next == prev) unmark(static_cast<unsigned>(next - slots_));
    }

    // Fills the empty near from the first list. Only if there is one. The base moves within that list's range, so every
    // other list stays as it is.
    void refill() noexcept {
        const unsigned list = first_list();
        const std::uint32_t ring = head(list);
        std::uint64_t first = absent;
        std::uint64_t latest = 0;
        std::size_t count = 0;
        for (std::uint32_t slot = nodes_[ring].next; slot != ring; slot = nodes_[slot].next) {
            const std::uint64_t due = nodes_[slot].due;
            first = due < first ? due : first;
            latest = due > latest ? due : latest;
            ++count;
        }
        std::uint32_t slot = nodes_[ring].next;
        nodes_[ring].next = nodes_[ring].prev = ring;
        unmark(list);
        // The earliest is always among the near, so each split ends, also when all deadlines are the same.
        base_ = count <= refill_size ? latest : first;
        while (slot != ring) {
            const std::uint32_t next = nodes_[slot].next;
            const std::uint64_t due = nodes_[slot].due;
            if (due <= base_) {
                near_.push(due, slot, position_.data());
            } else {
                push_far(slot, due);
            }
            slot = next;
        }
    }

    // The base was far ahead of what is coming in: makes the near small again. Called once in size/4 near inserts,
    // which pay for it.
    void move_base_back() noexcept {
        near_inserts_ = 0;
        const std::uint64_t first = near_.top_rank();
        if (first == base_) return;
        // Seen from an earlier base, all lists below the highest digit that changes are one: that of the old base's
        // digit.
        const std::uint64_t old = base_;
        base_ = first;
        const unsigned merged = list_of(old);
        for (unsigned list; levels_ != 0 && (list = first_list()) / digits < merged / digits;) splice(list, merged);
        std::uint32_t kept = head(0);  // ends a chain of those that stay near
        for (std::size_t place = 0; place < near_.size(); ++place) {
            const std::uint32_t slot = near_.slot_at(place);
            if (near_.rank_at(place) > base_) {
                push_far(slot, near_.rank_at(place));
            } else {
                nodes_[slot].next = std::exchange(kept, slot);
            }
        }
        near_.clear();
        while (kept < slots_) {
            near_.push(base_, kept, position_.data());
            kept = nodes_[kept].next;
        }
    }

    // Appends one list that is not empty to another.
    void splice(unsigned from, unsigned to) noexcept {
        const std::uint32_t source = head(from);
        const std::uint32_t target = head(to);
        const std::uint32_t first = nodes_[source].next;
        const std::uint32_t last = nodes_[source].prev;
        const std::uint32_t joint = nodes_[target].prev;
        nodes_[joint].next = first;
        nodes_[first].prev = joint;
        nodes_[last].next = target;
        nodes_[target].prev = last;
        nodes_[source].next = nodes_[source].prev = source;
        unmark(from);
        mark(to);
    }

    std::size_t slots_;
    std::size_t size_{0};
    std::uint64_t base_{0};                                // near: due <= base_
    std::uint16_t levels_{0};                              // bit l: filled_[l] is not 0
    std::array<std::uint16_t, 64 / digit_bits> filled_{};  // bit d: the list of digit d is not empty
    std::size_t near_inserts_{0};
    std::vector<node> nodes_;  // of the slots, then of the lists
    std::vector<std::uint32_t> position_;
    slot_heap<std::uint64_t> near_;
};

}  // namespace forebay::inline v0::detail
