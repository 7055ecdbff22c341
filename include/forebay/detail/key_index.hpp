// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/keyed_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace forebay::inline v0::detail {

/// Which number belongs to a key: open addressing with linear probing, grown to hold the most keys ever present at
/// once. Its order shows nowhere, so the seed may differ between processes.
/// cost  find, insert, erase O(1) expected; insert allocates when it grows (strong guarantee)
class key_index {
public:
    static constexpr std::uint32_t absent = ~std::uint32_t{0};

    [[nodiscard]] std::uint32_t find(std::uint64_t key) const noexcept {
        for (std::size_t at = home(key);; at = (at + 1) & mask_) {
            if (cells_[at].number == absent || cells_[at].key == key) return cells_[at].number;
        }
    }
    /// Grows until so many more keys fit. Strong guarantee.
    void reserve(std::size_t more) {
        while (room() < more) grow();
    }
    /// How many more keys fit without growing.
    [[nodiscard]] std::size_t room() const noexcept { return cells_.size() / 2 - size_; }

    /// The key is not in.
    void insert(std::uint64_t key, std::uint32_t number) {
        if (room() == 0) grow();
        place({key, number});
        ++size_;
    }
    /// The key is in.
    void erase(std::uint64_t key) noexcept {
        std::size_t hole = home(key);
        while (cells_[hole].key != key || cells_[hole].number == absent) hole = (hole + 1) & mask_;
        // Close the gap: whoever probed past it moves up, so that no tombstone lengthens later searches.
        for (std::size_t at = (hole + 1) & mask_; cells_[at].number != absent; at = (at + 1) & mask_) {
            if (((at - home(cells_[at].key)) & mask_) >= ((at - hole) & mask_)) {
                cells_[hole] = cells_[at];
                hole = at;
            }
        }
        cells_[hole].number = absent;
        --size_;
    }

private:
    struct cell {
        std::uint64_t key{0};
        std::uint32_t number{absent};
    };

    [[nodiscard]] std::size_t home(std::uint64_t key) const noexcept {
        return static_cast<std::size_t>(mix_(key)) & mask_;
    }
    void place(cell entry) noexcept {
        std::size_t at = home(entry.key);
        while (cells_[at].number != absent) at = (at + 1) & mask_;
        cells_[at] = entry;
    }
    void grow() {
        std::vector<cell> bigger(cells_.size() * 2);
        bigger.swap(cells_);
        mask_ = cells_.size() - 1;
        for (const cell& old : bigger) {
            if (old.number != absent) place(old);
        }
    }

    std::vector<cell> cells_ = std::vector<cell>(16);
    std::size_t mask_{15};
    std::size_t size_{0};
    mixer mix_{process_seed()};
};

}  // namespace forebay::inline v0::detail
