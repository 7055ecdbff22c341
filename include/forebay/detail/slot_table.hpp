// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/contract.hpp>
#include <forebay/detail/prefetch.hpp>
#include <forebay/request.hpp>

#include <algorithm>
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
/// Header   what is known of the request; trivially copyable
/// Value    what the host put in
/// cost     all O(1), `recover` O(released since); allocates at construction only
/// threads  one may `take_free` while another does all else, except `recover`: what they write lies in different cache lines
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

    explicit slot_table(std::size_t slots)
        : size_{slots},
          entries_{std::make_unique_for_overwrite<entry[]>(slots)},
          free_{std::make_unique<std::uint32_t[]>(slots + ahead)},
          free_count_{slots},
          released_{std::make_unique_for_overwrite<std::uint32_t[]>(slots)} {
        for (std::size_t slot = 0; slot < slots; ++slot) {
            entries_[slot].lane = is_free;
            entries_[slot].generation = 1;
            free_[ahead + slots - 1 - slot] = static_cast<std::uint32_t>(slot);
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
    [[nodiscard]] entry* data() noexcept { return entries_.get(); }
    [[nodiscard]] entry& operator[](std::uint32_t slot) noexcept { return entries_[slot]; }
    [[nodiscard]] const entry& operator[](std::uint32_t slot) const noexcept { return entries_[slot]; }

    /// The value of the entry that this is the header of.
    [[nodiscard]] static Value& value_beside(const Header& header) noexcept { return entry_of(header).value(); }
    [[nodiscard]] ticket ticket_of(std::uint32_t slot) const noexcept { return {slot, entries_[slot].generation}; }
    [[nodiscard]] bool holds(ticket id) const noexcept {
        return id.slot < size_ && entries_[id.slot].generation == id.generation && entries_[id.slot].lane != is_free;
    }
    [[nodiscard]] bool is_out(ticket id) const noexcept {
        return id.slot < size_ && entries_[id.slot].generation == id.generation && entries_[id.slot].lane == is_held;
    }

    /// Slots that can be filled.
    [[nodiscard]] std::size_t vacant() const noexcept { return free_count_; }
    /// The slot that is taken next: its header may be filled in before. Only where one is vacant.
    [[nodiscard]] std::uint32_t next_free() const noexcept { return free_[ahead + free_count_ - 1]; }
    /// Takes it. Its `lane` is for whoever looks after the slots in use to write.
    template <class... Parts>
    void take_free(entry& next, Parts&&... parts) noexcept {
        prefetch(entries_[free_[--free_count_]]);  // another CPU may have released it
        std::construct_at(reinterpret_cast<Value*>(next.raw), std::forward<Parts>(parts)...);
    }

    /// Ends the use of a slot. It is vacant again from the next `recover` on.
    void release(std::uint32_t slot, entry& left) noexcept {
        leave(left);
        released_[released_count_++] = slot;
    }
    /// Ends the use of several: those whose entries have the headers `*header_of(each)`.
    template <class Range, class HeaderOf>
    void release_all(Range& several, HeaderOf&& header_of) noexcept {
        std::uint32_t* to = released_.get() + released_count_;
        const entry* const entries = entries_.get();
        for (const auto& each : several) {
            entry& left = entry_of(*header_of(each));
            leave(left);
            *to++ = static_cast<std::uint32_t>(&left - entries);
        }
        released_count_ = static_cast<std::size_t>(to - released_.get());
    }
    void recover() noexcept {
        std::copy_n(released_.get(), released_count_, free_.get() + ahead + free_count_);
        free_count_ += std::exchange(released_count_, 0);
    }

private:
    [[nodiscard]] static entry& entry_of(const Header& header) noexcept {
        return static_cast<entry&>(const_cast<Header&>(header));
    }
    static void leave(entry& left) noexcept {
        std::destroy_at(&left.value());
        left.lane = is_free;
        if (++left.generation == 0) [[unlikely]]
            left.generation = 1;  // 0 names no request
    }

    /// So many slots before it is taken one is fetched. (The stack stands on as many that are never taken.)
    static constexpr std::size_t ahead = 4;

    const std::size_t size_;
    const std::unique_ptr<entry[]> entries_;
    const std::unique_ptr<std::uint32_t[]> free_;  // a stack, so that the slot last used is used next
    std::size_t free_count_;
    alignas(64) const std::unique_ptr<std::uint32_t[]> released_;
    std::size_t released_count_{0};
};

}  // namespace forebay::inline v0::detail
