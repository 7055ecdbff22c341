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
    // Aligned, so that what every operation touches is in the first line of an entry, and not in two.
    struct alignas(alignof(Value) > 64 ? alignof(Value) : 64) entry : Header {
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
        for (std::size_t slot = slots; slot-- > 0;) {
            entries_[slot].lane = is_free;
            entries_[slot].generation = 1;
            entries_[slot].next = first_free_;
            first_free_ = static_cast<std::uint32_t>(slot);
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
    [[nodiscard]] bool full() const noexcept { return first_free_ == no_slot; }
    [[nodiscard]] entry* data() noexcept { return entries_.get(); }
    [[nodiscard]] entry& operator[](std::uint32_t slot) noexcept { return entries_[slot]; }
    [[nodiscard]] const entry& operator[](std::uint32_t slot) const noexcept { return entries_[slot]; }

    [[nodiscard]] ticket ticket_of(std::uint32_t slot) const noexcept { return {slot, entries_[slot].generation}; }
    [[nodiscard]] bool holds(ticket id) const noexcept {
        return id.slot < size_ && entries_[id.slot].generation == id.generation && entries_[id.slot].lane != is_free;
    }

    [[nodiscard]] bool is_out(ticket id) const noexcept {
        return id.slot < size_ && entries_[id.slot].generation == id.generation && entries_[id.slot].lane == is_held;
    }

    /// The slot the next `take_free` takes: its header may be filled in before.
    [[nodiscard]] std::uint32_t next_free() const noexcept { return first_free_; }
    /// `after` is what stood in the slot's `next` before it was linked.
    template <class... Parts>
    void take_free(std::uint32_t lane, std::uint32_t after, Parts&&... parts) noexcept {
        entry& taken = entries_[first_free_];
        std::construct_at(reinterpret_cast<Value*>(taken.raw), std::forward<Parts>(parts)...);
        taken.lane = lane;
        first_free_ = after;
        if (after != no_slot) {  // the next request writes there, and another CPU may have been the last to
            __builtin_prefetch(&entries_[after], 1);
            __builtin_prefetch(entries_[after].raw, 1);
        }
    }
    void release(std::uint32_t slot) noexcept {
        entry& left = entries_[slot];
        std::destroy_at(&left.value());
        left.lane = is_free;
        if (++left.generation == 0) left.generation = 1;  // 0 names no request
        left.next = first_free_;
        first_free_ = slot;
    }

private:
    std::size_t size_;
    std::unique_ptr<entry[]> entries_;
    std::uint32_t first_free_{no_slot};  // a stack through `next`, so that the slot last used is used next
};

}  // namespace forebay::inline v0::detail
