// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/contract.hpp>
#include <forebay/request.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace forebay::inline v0::detail {

inline constexpr std::uint32_t no_slot = ~std::uint32_t{0};

/// A fixed number of slots for requests, each with a generation, so that a ticket of an earlier use never matches. What
/// an operation on one request touches lies together.
///
/// Header  what is known of the request; trivially copyable
/// Value   what the host put in
/// cost    all O(1); allocates at construction only
template <class Header, class Value>
class slot_table {
    static_assert(std::is_trivially_copyable_v<Header>);

public:
    struct entry : Header {
        std::uint32_t lane;  // of the queue, or one of the two states below
        std::uint32_t generation;
        std::uint32_t next;  // neighbours in a list of the lane
        std::uint32_t previous;
        alignas(Value) std::byte raw[sizeof(Value)];

        [[nodiscard]] Value& value() noexcept { return *std::launder(reinterpret_cast<Value*>(raw)); }
    };

    static constexpr std::uint32_t is_free = ~std::uint32_t{0};
    static constexpr std::uint32_t is_held = is_free - 1;  // out of the queue, not released

    explicit slot_table(std::size_t slots) : size_{slots}, entries_{std::make_unique_for_overwrite<entry[]>(slots)} {
        free_.reserve(slots);
        for (std::size_t slot = slots; slot-- > 0;) {
            entries_[slot].lane = is_free;
            entries_[slot].generation = 1;
            free_.push_back(static_cast<std::uint32_t>(slot));
        }
    }
    slot_table(const slot_table&) = delete;
    slot_table& operator=(const slot_table&) = delete;
    ~slot_table() {
        if constexpr (!std::is_trivially_destructible_v<Value>) {
            for (std::size_t slot = 0; slot < size_; ++slot) {
                if (entries_[slot].lane != is_free) std::destroy_at(&entries_[slot].value());
            }
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool full() const noexcept { return free_.empty(); }
    [[nodiscard]] entry* data() noexcept { return entries_.get(); }
    [[nodiscard]] entry& operator[](std::uint32_t slot) noexcept { return entries_[slot]; }
    [[nodiscard]] const entry& operator[](std::uint32_t slot) const noexcept { return entries_[slot]; }

    [[nodiscard]] ticket ticket_of(std::uint32_t slot) const noexcept { return {slot, entries_[slot].generation}; }
    [[nodiscard]] bool holds(ticket id) const noexcept {
        return id.slot < size_ && entries_[id.slot].generation == id.generation && entries_[id.slot].lane != is_free;
    }

    /// The slot the next `take_free` takes: its header may be filled in before.
    [[nodiscard]] std::uint32_t next_free() const noexcept { return free_.back(); }
    template <class... Parts>
    void take_free(std::uint32_t lane, Parts&&... parts) noexcept {
        entry& taken = entries_[free_.back()];
        std::construct_at(reinterpret_cast<Value*>(taken.raw), std::forward<Parts>(parts)...);
        taken.lane = lane;
        free_.pop_back();
    }
    void release(std::uint32_t slot) noexcept {
        entry& left = entries_[slot];
        std::destroy_at(&left.value());
        left.lane = is_free;
        if (++left.generation == 0) left.generation = 1;  // 0 names no request
        free_.push_back(slot);
    }

private:
    std::size_t size_;
    std::unique_ptr<entry[]> entries_;
    std::vector<std::uint32_t> free_;
};

}  // namespace forebay::inline v0::detail
