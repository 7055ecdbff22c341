// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/halving.hpp>
#include <forebay/detail/slot_stamps.hpp>
#include <forebay/detail/wide_heap.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace forebay::inline v0::detail {

/// Slots by rank, and those of equal rank by stamp, sorted no further than has been asked for.
///
/// The first few stand in a heap. All others lie in one array, in chunks: no slot of a chunk comes before one of a chunk
/// nearer to the front, but within a chunk they lie in no order. When the heap is used up, the nearest chunk is halved
/// until what comes first is a few again. A new slot is put into the chunk it belongs to by moving one slot of each chunk
/// beyond. So memory is read and written in sequence, or where it was a moment ago.
///
/// An erased slot is not looked for: what is left of it is recognised by its stamp, and dropped when it is met, or when
/// more of that has come together than there are slots.
///
/// memory  32 bytes a slot of the most that were in at once, and 32 KB once there have been more than 256
/// cost    push, and settle with pop: O(log size) expected, amortised; erase O(1). A single call may have to go through
///         all slots twice: about 20 ms for a million
/// stamps  every call must be given the same; several orders may share them, if each slot is in one of them at a time
/// source  Navarro, Paredes: On Sorting, Heaps, and Minimum Spanning Trees, Algorithmica 57, 2010 (there without the heap,
///         in halves down to one, and with erasure in place)
class slot_order {
public:
    /// Takes the memory for this many slots. While no more are in, `push` will not throw.
    void reserve(std::size_t slots) {
        near_.reserve(most_near);
        chunks_.reserve(most_chunks);
        grow_far(2 * slots + slack + most_near);
        room_ = slack;
    }

    [[nodiscard]] std::size_t size() const noexcept { return live_; }
    [[nodiscard]] bool empty() const noexcept { return live_ == 0; }

    /// Puts in a slot that is not in, and stamps it. Strong guarantee.
    void push(std::uint64_t rank, std::uint32_t slot, slot_stamps& stamps) {
        const item added = item_of(rank, stamps.next(), slot);
        if (added >= limit_ && end_ < room_) [[likely]] {
            push_far(added);
        } else {
            push_other(added, stamps);
        }
        stamps.mark(slot);
        ++live_;
    }
    /// Takes out a slot that is in.
    void erase(std::uint32_t slot, slot_stamps& stamps) noexcept {
        stamps.clear(slot);
        if (--live_ == 0) forget();
    }

    /// Brings the first slot to the top, unless there is none, or its rank is beyond `until`. returns  whether it is there
    bool settle(const slot_stamps& stamps, std::uint64_t until = std::numeric_limits<std::uint64_t>::max()) noexcept {
        if (live_ == 0) return false;
        for (;;) {
            for (int stale = 0; !near_.empty(); ++stale) {
                if (rank_of(near_.top()) > until) return false;
                if (is_in(near_.top(), stamps)) [[likely]]
                    return true;
                // After some in a row there are probably many.
                stale < 2 ? near_.pop() : filter_near(stamps);
            }
            if (rank_of(limit_) > until) return false;
            refill(stamps);
        }
    }
    /// What settle brought there. Stays until the slot is erased or one before it is put in.
    [[nodiscard]] std::uint32_t top_slot() const noexcept { return slot_of(near_.top()); }
    [[nodiscard]] std::uint64_t top_rank() const noexcept { return rank_of(near_.top()); }
    /// Its rank and stamp, as one number of 96 bits.
    [[nodiscard]] wide_rank top_standing() const noexcept { return near_.top() >> 32; }
    /// Takes out the slot at the top. Only after `settle`.
    void pop(slot_stamps& stamps) noexcept {
        const std::uint32_t slot = top_slot();
        near_.pop();
        erase(slot, stamps);
    }

    /// Drops what is left of erased slots.
    void sweep(const slot_stamps& stamps) noexcept {
        filter_near(stamps);
        sweep_far(stamps);
    }
    /// Follows a change of the stamps. Only after `sweep`.
    void restamp(const slot_stamps& stamps) noexcept {
        const auto restamped = [&](item each) { return item_of(rank_of(each), stamps[slot_of(each)], slot_of(each)); };
        std::transform(near_.data(), near_.data() + near_.size(), near_.data(), restamped);
        near_.assume(near_.size());
        std::transform(far_.get(), far_.get() + end_, far_.get(), restamped);
        // The chunks began with old stamps.
        chunks_.clear();
        if (end_ > 0) chunks_.push_back({*std::min_element(far_.get(), far_.get() + end_), 0});
        limit_ = end_ > 0 ? chunks_.back().from : last_item;
    }

private:
    // Rank, stamp, slot: a total order.
    using item = wide_rank;
    struct chunk {
        item from;  // none of it is less; whatever is less is nearer
        std::size_t begin;
    };
    static constexpr item last_item = ~item{0};
    static constexpr std::size_t most_near = 256;   // a heap of so many is still a few cache lines a path
    static constexpr std::size_t refill_size = 64;  // below this a heap costs less than another halving
    static constexpr std::size_t most_chunks = 64;  // a few more than halvings of 2^32
    static constexpr std::size_t slack = 1024;      // so many may be stale whatever the size

    static item item_of(std::uint64_t rank, std::uint32_t stamp, std::uint32_t slot) noexcept {
        return item{rank} << 64 | (std::uint64_t{stamp} << 32 | slot);
    }
    static std::uint64_t rank_of(item of) noexcept { return static_cast<std::uint64_t>(of >> 64); }
    static std::uint32_t slot_of(item of) noexcept { return static_cast<std::uint32_t>(of); }
    static bool is_in(item each, const slot_stamps& stamps) noexcept {
        return stamps[slot_of(each)] == static_cast<std::uint32_t>(each >> 32);
    }

    // Near, or after some tidying.
    [[gnu::noinline]] void push_other(item added, const slot_stamps& stamps) {
        if (live_ == 0 && room_ > 0) {  // those that come in order go to the end of a chunk, the cheapest place
            limit_ = added + 1;
            chunks_.push_back({limit_, 0});
        }
        if (added < limit_ && near_.size() == near_.room()) relieve_near(stamps);
        if (added < limit_) return near_.push(added);
        if (end_ >= room_) make_room(stamps);
        push_far(added);
    }
    void filter_near(const slot_stamps& stamps) noexcept {
        item* const near = near_.data();
        std::size_t kept = 0;
        for (std::size_t i = 0; i < near_.size(); ++i) {
            const item each = near[i];
            near[kept] = each;
            kept += is_in(each, stamps) ? 1 : 0;
        }
        near_.assume(kept);
    }
    // Makes room for one more near, or lowers the limit.
    void relieve_near(const slot_stamps& stamps) {
        if (stale() > 0) {
            filter_near(stamps);
            if (near_.size() < near_.room() / 2) return;
        }
        if (near_.room() < most_near) return near_.reserve(near_.room() == 0 ? 16 : 4 * near_.room());
        if (end_ >= room_) make_room(stamps);
        item* const near = near_.data();
        const std::size_t size = near_.size();
        std::nth_element(near, near + refill_size, near + size);
        limit_ = near[refill_size];
        if (!chunks_.empty() && end_of(chunks_.size() - 1) - chunks_.back().begin < slack) {
            chunks_.back().from = limit_;
        } else {
            add_chunk({limit_, chunks_.empty() ? end_ : chunks_.back().begin});
        }
        for (std::size_t i = refill_size; i < size; ++i) push_far(near[i]);
        near_.assume(refill_size);
    }

    // far: chunks_[0] is the farthest; the nearest begins at limit_
    [[nodiscard]] std::size_t end_of(std::size_t number) const noexcept {
        return number == 0 ? end_ : chunks_[number - 1].begin;
    }
    [[nodiscard]] std::size_t stale() const noexcept {
        return near_.size() + (chunks_.empty() ? 0 : end_ - chunks_.back().begin) - live_;
    }
    void sweep_far(const slot_stamps& stamps) noexcept {
        item* const far = far_.get();
        if (stale() == 0 && !chunks_.empty()) {
            const std::size_t head = chunks_.back().begin;
            std::copy(far + head, far + end_, far);
            for (chunk& each : chunks_) each.begin -= head;
            end_ -= head;
            return;
        }
        std::size_t to = 0;
        for (std::size_t i = chunks_.size(); i-- > 0;) {
            const std::size_t end = end_of(i);
            std::size_t from = std::exchange(chunks_[i].begin, to);
            for (; from < end; ++from) {
                const item each = far[from];
                far[to] = each;
                to += is_in(each, stamps) ? 1 : 0;
            }
        }
        end_ = to;
    }
    void add_chunk(chunk nearest) noexcept {
        if (chunks_.size() == most_chunks) chunks_.erase(chunks_.begin());  // the two farthest become one
        chunks_.push_back(nearest);
    }
    void push_far(item added) noexcept {
        item* const far = far_.get();
        std::size_t hole = end_++;
        for (chunk* into = chunks_.data(); added < into->from; ++into) {
            far[hole] = far[into->begin];
            hole = into->begin++;
        }
        far[hole] = added;
    }
    // What is left when nothing is in.
    [[gnu::noinline]] void forget() noexcept {
        near_.clear();
        chunks_.clear();
        end_ = 0;
        limit_ = last_item;
    }
    // Fills the empty near. Only if there is a chunk.
    [[gnu::noinline]] void refill(const slot_stamps& stamps) noexcept {
        for (;;) {
            const std::size_t end = end_of(chunks_.size() - 1);
            if (const std::size_t size = end - chunks_.back().begin; 4 * stale() > size) drop_stale(end, stamps);
            const std::size_t begin = chunks_.back().begin;
            if (end - begin <= refill_size) {
                std::copy(far_.get() + begin, far_.get() + end, near_.data());
                near_.assume(end - begin);
                chunks_.pop_back();
                if (chunks_.empty()) end_ = 0;
                limit_ = chunks_.empty() ? last_item : chunks_.back().from;
                return;
            }
            item* const first = far_.get() + begin;
            const item pivot = about_median(first, end - begin, chance_);
            chunks_.back() = {pivot, begin + halve(first, end - begin, pivot)};
            add_chunk({limit_, begin});
        }
    }
    // Of the nearest chunk. What is left moves to its end.
    void drop_stale(std::size_t end, const slot_stamps& stamps) noexcept {
        std::size_t to = end;
        for (std::size_t from = end; from-- > chunks_.back().begin;) {
            const item each = far_[from];
            far_[to - 1] = each;
            to -= is_in(each, stamps) ? 1 : 0;
        }
        chunks_.back().begin = to;
    }
    void grow_far(std::size_t room) {
        auto more = std::make_unique_for_overwrite<item[]>(room);
        std::copy(far_.get(), far_.get() + end_, more.get());
        far_ = std::move(more);
        far_room_ = room;
    }
    // Makes room for as many more as there are, and beyond that for all that are near.
    [[gnu::noinline]] void make_room(const slot_stamps& stamps) {
        chunks_.reserve(most_chunks);
        sweep_far(stamps);
        if (end_ + end_ / 2 + slack + most_near > far_room_) grow_far(2 * end_ + slack + most_near);
        room_ = std::min(2 * end_ + slack, far_room_ - most_near);
    }

    wide_heap near_;
    std::size_t live_{0};
    item limit_{last_item};  // near: less than this
    std::unique_ptr<item[]> far_;
    std::size_t end_{0};
    std::size_t room_{0};  // when end_ is there, something must be done first
    std::vector<chunk> chunks_;
    std::size_t far_room_{0};
    std::uint64_t chance_{0};
};

}  // namespace forebay::inline v0::detail
