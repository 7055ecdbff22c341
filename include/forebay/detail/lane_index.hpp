// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/key_index.hpp>
#include <forebay/detail/lane_order.hpp>
#include <forebay/detail/slot_heap.hpp>
#include <forebay/detail/slot_stamps.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace forebay::inline v0::detail {

/// The requests of one key in one queue.
template <class Order, class Entry>
struct lane {
    lane_order<Order, Entry> order;
    std::uint32_t id;
    std::uint64_t key{0};
    std::size_t count{0};
    std::int64_t cost{0};
    time_point oldest_arrival{};
    std::uint32_t oldest{no_slot};
    time_point opens{};  // where it stands in the index
    bool placed{false};  // stands there at all
    bool open{false};    // among the open
};

/// Lanes by rank, best first. While there are few, which is the rule, they stand in no order and the best is searched
/// for; beyond that in a heap.
///
/// cost  push, erase, update O(1) while few, else O(log lanes); best O(few), else O(1); within reserve() nothing throws
template <class Rank>
class ranked_lanes {
public:
    void reserve(std::size_t lanes) {
        few_.reserve(most_few);
        many_.reserve(lanes);
    }
    [[nodiscard]] bool empty() const noexcept { return few_.empty() && many_.empty(); }
    /// Only when not empty.
    [[nodiscard]] std::uint32_t best() const noexcept {
        if (!many_.empty()) return many_.top_slot();
        const standing* first = few_.data();
        for (const standing& other : few_) {
            if (other.rank < first->rank) first = &other;
        }
        return first->id;
    }
    void push(Rank rank, std::uint32_t id, std::uint32_t* positions) noexcept {
        if (many_.empty() && few_.size() < most_few) {
            positions[id] = static_cast<std::uint32_t>(few_.size());
            few_.push_back({rank, id});
            return;
        }
        for (const standing& each : few_) many_.push(each.rank, each.id, positions);
        few_.clear();
        many_.push(rank, id, positions);
    }
    void erase(std::uint32_t id, std::uint32_t* positions) noexcept {
        if (many_.empty()) {
            few_[positions[id]] = few_.back();
            positions[few_.back().id] = positions[id];
            few_.pop_back();
            return;
        }
        many_.erase(id, positions);
        if (many_.size() > most_few / 2) return;
        for (std::size_t place = 0; place < many_.size(); ++place) {
            positions[many_.slot_at(place)] = static_cast<std::uint32_t>(place);
            few_.push_back({many_.rank_at(place), many_.slot_at(place)});
        }
        many_.clear();
    }
    void update(Rank rank, std::uint32_t id, std::uint32_t* positions) noexcept {
        if (many_.empty()) [[likely]] {
            few_[positions[id]].rank = rank;
        } else {
            update_many(rank, id, positions);
        }
    }

private:
    static constexpr std::size_t most_few = 16;
    // On its own, so that the rest is small enough to stand where it is called.
    [[gnu::noinline]] void update_many(Rank rank, std::uint32_t id, std::uint32_t* positions) noexcept {
        many_.update(rank, id, positions);
    }
    struct standing {
        Rank rank;
        std::uint32_t id;
    };
    std::vector<standing> few_;
    slot_heap<Rank> many_;
};

/// Which lanes there are, by key; which of them are open, best first; and when the others open.
///
/// cost    find O(1); place O(log lanes), and O(1) when nothing changed
/// memory  grows to the most keys in use at once, and stays
template <class Order, class Entry>
class lane_index {
public:
    using lane_type = lane<Order, Entry>;
    using rank_type = typename lane_order<Order, Entry>::rank_type;
    static constexpr std::uint32_t none = key_index::absent;

    /// Of requests in slots 0 .. slots-1. Stamps go up to `highest_stamp`, which is more than there are slots.
    explicit lane_index(std::size_t slots, std::uint32_t highest_stamp = std::numeric_limits<std::uint32_t>::max())
        : stamps_{lane_order<Order, Entry>::uses_stamps ? slots : 0, highest_stamp} {}

    /// What the lanes know their slots by.
    [[nodiscard]] slot_stamps& stamps() noexcept { return stamps_; }
    /// Sees to it that there is a stamp for one more slot. Strong guarantee.
    void make_stamp() {
        if constexpr (lane_order<Order, Entry>::uses_stamps) {
            if (stamps_.used_up()) [[unlikely]]
                renumber();
        }
    }

    [[nodiscard]] lane_type& operator[](std::uint32_t id) noexcept { return lanes_[id]; }
    [[nodiscard]] const lane_type& operator[](std::uint32_t id) const noexcept { return lanes_[id]; }

    [[nodiscard]] std::uint32_t find(std::uint64_t key) const noexcept { return keys_.find(key); }
    /// Makes lanes for so many more keys, so that `find_or_make` does not throw for them. Strong guarantee.
    void prepare(const Order& order, std::size_t keys) {
        keys_.reserve(keys);
        while (spare_.size() < keys) grow(order);
        std::sort(spare_.begin(), spare_.end(),
                  std::greater<>{});  // used from the back: lanes are numbered as they come
    }
    /// For how many keys lanes are prepared, whichever they are.
    [[nodiscard]] std::size_t prepared() const noexcept { return std::min(spare_.size(), keys_.room()); }

    /// The key's lane; makes one if there is none. Strong guarantee.
    [[nodiscard]] lane_type& find_or_make(const Order& order, std::uint64_t key) {
        if (recent_ != none && lanes_[recent_].key == key) [[likely]]
            return lanes_[recent_];
        std::uint32_t id = keys_.find(key);
        if (id == none) {
            if (spare_.empty()) grow(order);
            id = spare_.back();
            keys_.insert(key, id);
            spare_.pop_back();
            lanes_[id].key = key;
        }
        recent_ = id;
        return lanes_[id];
    }
    /// Takes an empty lane out of the index. Its key stays until the next one empties, so that a queue of one key that
    /// runs dry between requests does not forget it each time.
    void rest(lane_type& empty) noexcept {
        const std::uint32_t id = empty.id;
        displace(empty);
        if (resting_ != none && resting_ != id && lanes_[resting_].count == 0) {
            keys_.erase(lanes_[resting_].key);
            spare_.push_back(resting_);
            if (recent_ == resting_) recent_ = none;
        }
        resting_ = id;
    }

    /// Puts a lane where its gate and its best request say; `rank()` is asked only if it has to stand among the open.
    template <class Rank>
    void place(lane_type& changed, time_point opens, bool best_changed, Rank&& rank) noexcept {
        if (changed.placed && opens == changed.opens) [[likely]] {
            if (changed.open && best_changed) open_.update(rank(), changed.id, positions_.data());
            return;
        }
        displace(changed);
        changed.placed = true;
        changed.opens = opens;
        changed.open = opens == time_point::min();
        if (changed.open) {
            open_.push(rank(), changed.id, positions_.data());
        } else {
            shut_.push(opening{opens, changed.id}, changed.id, positions_.data());
        }
    }
    /// Opens what opens at or before `now`; `rank(id)` says how a lane compares.
    template <class Rank>
    void open_due(time_point now, Rank&& rank) noexcept {
        while (!shut_.empty() && shut_.top_rank().at <= now) {
            const std::uint32_t id = shut_.top_slot();
            shut_.pop(positions_.data());
            lanes_[id].open = true;
            open_.push(rank(id), id, positions_.data());
        }
    }
    [[nodiscard]] std::uint32_t best_open() const noexcept { return open_.empty() ? none : open_.best(); }
    /// Some lane that has requests, open or not.
    [[nodiscard]] std::uint32_t any() const noexcept {
        if (!open_.empty()) return open_.best();
        return shut_.empty() ? none : shut_.top_slot();
    }
    [[nodiscard]] time_point next_opening() const noexcept {
        if (!open_.empty()) return time_point::min();
        return shut_.empty() ? no_deadline : shut_.top_rank().at;
    }

private:
    struct opening {
        time_point at;
        std::uint32_t id;
        friend bool operator<(const opening& a, const opening& b) noexcept {
            return a.at < b.at || (a.at == b.at && a.id < b.id);
        }
    };

    void grow(const Order& order) {
        if (lanes_.size() == positions_.size()) {
            const std::size_t more = 2 * lanes_.size() + 4;
            open_.reserve(more);
            shut_.reserve(more);
            spare_.reserve(more);
            positions_.resize(more);
        }
        const auto id = static_cast<std::uint32_t>(lanes_.size());
        lanes_.push_back(lane_type{lane_order<Order, Entry>{order}, id});
        spare_.push_back(id);
    }
    // Once in 2^32 requests. O(n log n), in all lanes.
    [[gnu::noinline]] void renumber() {
        const std::vector<std::uint32_t> in_order = stamps_.in_order();
        for (lane_type& each : lanes_) each.order.sweep(stamps_);
        stamps_.renumber(in_order);
        for (lane_type& each : lanes_) each.order.restamp(stamps_);
    }
    void displace(lane_type& out) noexcept {
        if (!out.placed) return;
        out.placed = false;
        if (out.open) {
            open_.erase(out.id, positions_.data());
        } else {
            shut_.erase(out.id, positions_.data());
        }
    }

    std::vector<lane_type> lanes_;
    std::vector<std::uint32_t> positions_;  // in open_ or shut_
    std::vector<std::uint32_t> spare_;
    key_index keys_;
    std::uint32_t recent_{none};
    std::uint32_t resting_{none};
    ranked_lanes<rank_type> open_;
    slot_heap<opening> shut_;
    slot_stamps stamps_;
};

}  // namespace forebay::inline v0::detail
