// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/slot_heap.hpp>
#include <forebay/time.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace forebay::inline v0::detail {

/// Requests, by slot of a table, that wait until they are let into the queue: the earliest first, of one instant the one
/// that came first.
///
/// cost    add, pop, erase O(log size); all else O(1), but `last` once O(size log size)
/// memory  28 bytes a slot of the table, all of it at construction
class waiting_room {
public:
    /// For slots 0 .. slots-1.
    explicit waiting_room(std::size_t slots) : places_(slots, absent) { heap_.reserve(slots); }

    /// Puts in a slot that is not in.
    void add(std::uint32_t slot, time_point until, std::int64_t cost) noexcept {
        heap_.push({until, sequence_++}, slot, places_.data());
        cost_ += cost;
        sorted_ = false;
    }
    /// Takes out a slot that is in; `cost` is what it was put in with.
    void erase(std::uint32_t slot, std::int64_t cost) noexcept {
        sorted_ = sorted_ && places_[slot] + std::size_t{1} == heap_.size();
        heap_.erase(slot, places_.data());
        places_[slot] = absent;
        cost_ -= cost;
    }

    [[nodiscard]] bool contains(std::uint32_t slot) const noexcept { return places_[slot] != absent; }
    [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
    /// Sum of the costs. [host's unit]
    [[nodiscard]] std::int64_t cost() const noexcept { return cost_; }
    /// When the first is to be let in; `no_deadline` if there is none.
    [[nodiscard]] time_point next() const noexcept { return heap_.empty() ? no_deadline : heap_.top_rank().until; }
    /// Only when not empty.
    [[nodiscard]] std::uint32_t first() const noexcept { return heap_.top_slot(); }
    /// The one that would be let in last. Only when not empty.
    [[nodiscard]] std::uint32_t last() noexcept {
        if (!sorted_) heap_.sort(places_.data());
        sorted_ = true;
        return heap_.slot_at(heap_.size() - 1);
    }

private:
    struct rank {
        time_point until;
        std::uint64_t sequence;
        friend bool operator<(const rank& a, const rank& b) noexcept {
            return a.until < b.until || (a.until == b.until && a.sequence < b.sequence);
        }
    };
    static constexpr std::uint32_t absent = ~std::uint32_t{0};

    slot_heap<rank> heap_;
    std::vector<std::uint32_t> places_;
    std::int64_t cost_{0};
    std::uint64_t sequence_{0};
    bool sorted_{false};
};

/// Stands where nobody waits.
struct no_waiting_room {
    explicit constexpr no_waiting_room(std::size_t) noexcept {}
    static constexpr bool empty() noexcept { return true; }
    static constexpr std::size_t size() noexcept { return 0; }
    static constexpr std::int64_t cost() noexcept { return 0; }
    static constexpr time_point next() noexcept { return no_deadline; }
};

}  // namespace forebay::inline v0::detail
