// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/slot_stamps.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace forebay::inline v0::detail {

/// Slots in order of arrival, of which any may leave: what a slot left behind is recognised by its stamp, and dropped when
/// it is met or when room is needed. A list through the slots would have to go to two neighbours, somewhere in memory.
///
/// memory  16 bytes a slot of the most that were in at once
/// cost    O(1) amortised
class arrivals {
public:
    /// Makes room for one more than `live`, which is how many are in. Strong guarantee.
    void make_room(std::size_t live, const slot_stamps& stamps) {
        if (live == 0) {
            all_.clear();
            first_ = 0;
        }
        if (all_.size() < all_.capacity()) [[likely]]
            return;
        sweep(stamps);
        if (live >= all_.capacity() / 4 * 3) all_.reserve(2 * live + 16);
    }
    /// Only when there is room.
    void push(std::uint32_t slot, std::uint32_t stamp) noexcept { all_.push_back({slot, stamp}); }

    /// The slot that came first of those that are in. Only when there is one.
    [[nodiscard]] std::uint32_t oldest(const slot_stamps& stamps) const noexcept {
        while (stamps[all_[first_].slot] != all_[first_].stamp) ++first_;
        return all_[first_].slot;
    }

    /// Drops what is left of slots that are not in.
    void sweep(const slot_stamps& stamps) noexcept {
        std::size_t kept = 0;
        for (std::size_t i = first_; i < all_.size(); ++i) {
            const arrival each = all_[i];
            all_[kept] = each;
            kept += stamps[each.slot] == each.stamp ? 1 : 0;
        }
        all_.resize(kept);
        first_ = 0;
    }
    /// Follows a change of the stamps. Only after `sweep`.
    void restamp(const slot_stamps& stamps) noexcept {
        for (arrival& each : all_) each.stamp = stamps[each.slot];
    }

private:
    struct arrival {
        std::uint32_t slot;
        std::uint32_t stamp;
    };
    std::vector<arrival> all_;
    mutable std::size_t first_{0};  // all before it have left
};

}  // namespace forebay::inline v0::detail
