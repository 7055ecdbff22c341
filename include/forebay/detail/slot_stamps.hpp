// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace forebay::inline v0::detail {

/// Which slots are in, each with the number it got when it came in, its stamp: later ones are larger. Whoever has written
/// down a slot with its stamp can see whether that is still so, and need not be told when a slot leaves.
///
/// When the numbers are used up, all who have written some down must drop what is no longer so; then what is left is
/// numbered anew.
class slot_stamps {
public:
    static constexpr std::uint32_t absent = 0;

    /// For slots 0 .. slots-1. Numbers go up to `highest`, which is more than there are slots.
    explicit slot_stamps(std::size_t slots, std::uint32_t highest = std::numeric_limits<std::uint32_t>::max())
        : highest_{highest}, stamps_(slots, absent) {}

    [[nodiscard]] std::uint32_t operator[](std::uint32_t slot) const noexcept { return stamps_[slot]; }

    /// What the next slot gets. Only when not used up.
    [[nodiscard]] std::uint32_t next() const noexcept { return last_ + 1; }
    [[nodiscard]] bool used_up() const noexcept { return last_ == highest_; }
    void mark(std::uint32_t slot) noexcept { stamps_[slot] = ++last_; }
    /// Gives a slot a number of the caller's own choice, beyond all that are counted.
    void mark(std::uint32_t slot, std::uint32_t stamp) noexcept { stamps_[slot] = stamp; }
    void clear(std::uint32_t slot) noexcept { stamps_[slot] = absent; }

    /// The slots that are in, by stamp. Takes memory for them.
    [[nodiscard]] std::vector<std::uint32_t> in_order() const {
        std::vector<std::uint32_t> in;
        for (std::uint32_t slot = 0; slot < stamps_.size(); ++slot) {
            if (stamps_[slot] != absent) in.push_back(slot);
        }
        std::sort(in.begin(), in.end(), [this](std::uint32_t a, std::uint32_t b) { return stamps_[a] < stamps_[b]; });
        return in;
    }
    /// Numbers anew, in the order of `in_order`.
    void renumber(const std::vector<std::uint32_t>& in) noexcept {
        last_ = 0;
        for (const std::uint32_t slot : in) mark(slot);
    }
    /// Numbers anew, all alike: where it is of no account which came first.
    void level() noexcept {
        last_ = 1;
        for (std::uint32_t& stamp : stamps_) stamp = stamp == absent ? absent : last_;
    }

private:
    std::uint32_t highest_;
    std::uint32_t last_{0};
    std::vector<std::uint32_t> stamps_;
};

}  // namespace forebay::inline v0::detail
