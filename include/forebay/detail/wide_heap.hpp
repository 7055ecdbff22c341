// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

namespace forebay::inline v0::detail {

/// What comes first in its upper bits: two words in one comparison.
__extension__ using wide_rank = unsigned __int128;

/// A min-heap of numbers of two words. Four children a node: they are a cache line.
///
/// cost    push O(1) on average, O(log size) at worst; pop O(log size); within `room()` nothing allocates
class wide_heap {
public:
    /// Strong guarantee.
    void reserve(std::size_t room) {
        auto more = std::make_unique_for_overwrite<wide_rank[]>(room);
        std::copy(values_.get(), values_.get() + size_, more.get());
        values_ = std::move(more);
        room_ = room;
    }
    [[nodiscard]] std::size_t room() const noexcept { return room_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// The least. Only when not empty.
    [[nodiscard]] wide_rank top() const noexcept { return values_[0]; }
    /// Only when there is room.
    void push(wide_rank value) noexcept {
        std::size_t hole = size_++;
        while (hole > 0) {
            const std::size_t above = (hole - 1) / 4;
            if (!(value < values_[above])) break;
            values_[hole] = values_[above];
            hole = above;
        }
        values_[hole] = value;
    }
    void pop() noexcept {
        if (--size_ > 0) sift_down(0, values_[size_]);
    }

    /// For going through all of them, and for changing them: then `assume` says how many there are now.
    [[nodiscard]] wide_rank* data() noexcept { return values_.get(); }
    /// The first `size` of data() are the heap now, whatever their order.
    void assume(std::size_t size) noexcept {
        size_ = size;
        if (size < 2) return;
        for (std::size_t hole = (size - 2) / 4 + 1; hole-- > 0;) sift_down(hole, values_[hole]);
    }
    void clear() noexcept { size_ = 0; }

private:
    void sift_down(std::size_t hole, wide_rank value) noexcept {
        wide_rank* const values = values_.get();
        const std::size_t size = size_;
        for (std::size_t child; (child = 4 * hole + 1) < size; hole = child) {
            if (child + 4 <= size) {
                const wide_rank* const of = values + child;
                // Arithmetic, because compilers turn the conditional into a jump that is mispredicted every other time.
                const std::size_t left = static_cast<std::size_t>(of[1] < of[0]);
                const std::size_t right = 2 + static_cast<std::size_t>(of[3] < of[2]);
                child += left + (right - left) * static_cast<std::size_t>(of[right] < of[left]);
            } else {
                for (std::size_t other = child + 1; other < size; ++other) {
                    if (values[other] < values[child]) child = other;
                }
            }
            if (!(values[child] < value)) break;
            values[hole] = values[child];
        }
        values[hole] = value;
    }

    std::unique_ptr<wide_rank[]> values_;
    std::size_t size_{0};
    std::size_t room_{0};
};

}  // namespace forebay::inline v0::detail
