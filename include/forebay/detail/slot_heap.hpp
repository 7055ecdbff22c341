// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace forebay::inline v0::detail {

/// A min-heap of slots by rank in which any slot can be erased or re-ranked. Where each slot stands is kept in an array
/// of the caller's, indexed by slot, so that many heaps over one table of slots share one array.
///
/// Rank     trivially copyable, ordered by `<`; smallest first. Slots of equal rank leave in an order that depends on
///          the calls alone. A pair of words is best kept as two (24 bytes an entry) and compared as one unsigned
///          __int128, which takes no branch.
/// Arity    children of a node, a power of two: wider is shallower. 4 entries of 16 bytes are a cache line.
/// cost     push O(1) on average, O(log size) at worst; pop, erase, update O(log size)
/// position  every call must be given the same array; the entries of slots that are not in are free for other use
template <class Rank, unsigned Arity = 4>
class slot_heap {
    static_assert(std::is_trivially_copyable_v<Rank>);
    static_assert(Arity >= 2 && (Arity & (Arity - 1)) == 0);

public:
    void reserve(std::size_t slots) { entries_.reserve(slots); }

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    /// The slot of least rank. Only when not empty.
    [[nodiscard]] std::uint32_t top_slot() const noexcept { return entries_.front().slot; }
    [[nodiscard]] Rank top_rank() const noexcept { return entries_.front().rank; }

    /// The slot at a place in the array: the whole heap, in heap order, is at 0 .. size()-1.
    [[nodiscard]] std::uint32_t slot_at(std::size_t place) const noexcept { return entries_[place].slot; }
    [[nodiscard]] Rank rank_at(std::size_t place) const noexcept { return entries_[place].rank; }

    /// Puts in a slot that is not in. If growing throws, nothing has changed; within reserve() it cannot.
    void push(Rank rank, std::uint32_t slot, std::uint32_t* position) {
        entries_.push_back({rank, slot});
        sift_up(entries_.size() - 1, {rank, slot}, position);
    }

    /// Removes the slot of least rank. Only when not empty.
    void pop(std::uint32_t* position) noexcept { remove(0, position); }

    /// Removes a slot that is in.
    void erase(std::uint32_t slot, std::uint32_t* position) noexcept { remove(position[slot], position); }

    /// Gives a slot that is in another rank.
    void update(Rank rank, std::uint32_t slot, std::uint32_t* position) noexcept {
        settle(position[slot], {rank, slot}, position);
    }

    void clear() noexcept { entries_.clear(); }

    /// Sorts the array, which leaves it a heap: `slot_at` then tells them by rank, until a slot comes in or one leaves that
    /// is not the last.
    void sort(std::uint32_t* position) noexcept {
        std::sort(entries_.begin(), entries_.end(), [](const entry& a, const entry& b) { return a.rank < b.rank; });
        for (std::size_t place = 0; place < entries_.size(); ++place) {
            position[entries_[place].slot] = static_cast<std::uint32_t>(place);
        }
    }

private:
    struct entry {
        Rank rank;
        std::uint32_t slot;
    };

    static std::size_t parent(std::size_t place) noexcept { return (place - 1) / Arity; }
    static std::size_t first_child(std::size_t place) noexcept { return place * Arity + 1; }

    void put(std::size_t place, const entry& value, std::uint32_t* position) noexcept {
        entries_[place] = value;
        position[value.slot] = static_cast<std::uint32_t>(place);
    }

    void remove(std::size_t place, std::uint32_t* position) noexcept {
        const entry last = entries_.back();
        entries_.pop_back();
        if (place < entries_.size()) settle(place, last, position);
    }

    void settle(std::size_t hole, const entry& value, std::uint32_t* position) noexcept {
        if (hole > 0 && value.rank < entries_[parent(hole)].rank) {
            sift_up(hole, value, position);
        } else {
            sift_down(hole, value, position);
        }
    }

    void sift_up(std::size_t hole, entry value, std::uint32_t* position) noexcept {
        while (hole > 0) {
            const std::size_t above = parent(hole);
            if (!(value.rank < entries_[above].rank)) break;
            put(hole, entries_[above], position);
            hole = above;
        }
        put(hole, value, position);
    }

    void sift_down(std::size_t hole, entry value, std::uint32_t* position) noexcept {
        for (;;) {
            const std::size_t child = least_child(hole);
            if (child >= entries_.size() || !(entries_[child].rank < value.rank)) break;
            put(hole, entries_[child], position);
            hole = child;
        }
        put(hole, value, position);
    }

    // size() or more if there is none.
    [[nodiscard]] std::size_t least_child(std::size_t place) const noexcept {
        const std::size_t first = first_child(place);
        if (first + Arity <= entries_.size()) return first + least<Arity>(entries_.data() + first);
        std::size_t best = first;
        for (std::size_t child = first + 1; child < entries_.size(); ++child) {
            if (entries_[child].rank < entries_[best].rank) best = child;
        }
        return best;
    }

    // A tournament: the comparisons of one round do not wait for each other.
    template <unsigned Width>
    [[nodiscard]] static std::size_t least(const entry* first) noexcept {
        if constexpr (Width == 1) {
            return 0;
        } else {
            const std::size_t left = least<Width / 2>(first);
            const std::size_t right = Width / 2 + least<Width / 2>(first + Width / 2);
            // Arithmetic, because compilers turn the conditional into a jump that is mispredicted every other time.
            return left + (right - left) * static_cast<std::size_t>(first[right].rank < first[left].rank);
        }
    }

    std::vector<entry> entries_;
};

}  // namespace forebay::inline v0::detail
