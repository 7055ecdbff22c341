// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/contract.hpp>
#include <forebay/detail/slot_order.hpp>
#include <forebay/detail/slot_stamps.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

namespace forebay::inline v0::detail {

/// Which slots are due when, for many deadlines of which most are erased long before they are due: so what comes in is
/// only written down, and put in order once somebody asks, or the page is full. Most have left by then.
///
/// DueOf   due_of(slot), its deadline: stays the same while the slot is in. One with `no_deadline` is never due
/// memory  36 bytes a slot and 1 KB, all of it at construction
/// cost    insert, and next with expire of one: O(log slots) expected, amortised; erase O(1); see slot_order
template <class DueOf>
class deadline_index {
public:
    /// For slots 0 .. slots-1. Insertions are counted up to `most_counted`, which is more than there are slots; then what is in
    /// is counted anew.
    deadline_index(std::size_t slots, DueOf due_of,
                   std::uint32_t most_counted = std::numeric_limits<std::uint32_t>::max())
        : due_of_{std::move(due_of)}, stamps_{slots, std::min(most_counted, on_page - 1)} {
        FOREBAY_EXPECTS(slots < most_counted, "a deadline index has 32-bit slots; use several");
        order_.reserve(slots);
    }
    deadline_index(const deadline_index&) = delete;
    deadline_index& operator=(const deadline_index&) = delete;

    /// Puts in slots that are not in.
    void insert(std::span<const std::uint32_t> slots) noexcept {
        for (std::size_t room = free_on_page(); room < slots.size(); room = free_on_page()) {
            write_down(slots.first(room));
            put_in_order();
            slots = slots.subspan(room);
        }
        write_down(slots);
    }
    /// Takes out a slot, if it is in.
    void erase(std::uint32_t slot) noexcept {
        if (stamps_[slot] != on_page) {
            if (contains(slot)) order_.erase(slot, stamps_);
            return;
        }
        stamps_.clear(slot);
        if (--left_on_page_ == 0) [[unlikely]]
            written_ = 0;
    }

    [[nodiscard]] bool contains(std::uint32_t slot) const noexcept { return stamps_[slot] != slot_stamps::absent; }
    /// How many are in. One that is never due may count until somebody asks for the next.
    [[nodiscard]] std::size_t size() const noexcept { return order_.size() + left_on_page_; }

    /// The earliest deadline, exactly; no_deadline if there is none.
    [[nodiscard]] time_point next() noexcept {
        if (left_on_page_ > 0) put_in_order();
        return order_.settle(stamps_) ? instant(order_.top_rank()) : no_deadline;
    }

    /// The slot that has it. Only when `next` has just said that there is one.
    [[nodiscard]] std::uint32_t first() const noexcept { return order_.top_slot(); }

    /// Takes out slots with a deadline at or before `now`, earliest first, and calls `sink(slot)` for each, which may
    /// insert and erase.
    ///
    /// max_work  how many at most
    /// returns   how many
    /// cost      O(1) when nothing is due and nothing new has come in
    template <class Sink>
    std::size_t expire(time_point now, std::size_t max_work, Sink&& sink) {
        const std::uint64_t until = ordered(now);
        for (std::size_t done = 0; done < max_work; ++done) {
            if (left_on_page_ > 0) put_in_order();
            if (!order_.settle(stamps_, until)) return done;
            const std::uint32_t slot = order_.top_slot();
            order_.pop(stamps_);
            sink(slot);
        }
        return max_work;
    }

private:
    // The stamp of slots that are written down. Those of slots in order are less.
    static constexpr std::uint32_t on_page = std::numeric_limits<std::uint32_t>::max();

    // int64 in the order of uint64.
    static constexpr std::uint64_t sign = std::uint64_t{1} << 63;
    static std::uint64_t ordered(time_point t) noexcept {
        return static_cast<std::uint64_t>(t.time_since_epoch().count()) ^ sign;
    }
    static time_point instant(std::uint64_t due) noexcept {
        return time_point{duration{static_cast<std::int64_t>(due ^ sign)}};
    }
    [[nodiscard]] std::size_t free_on_page() const noexcept { return page_.size() - written_; }
    void write_down(std::span<const std::uint32_t> slots) noexcept {
        std::uint32_t* to = page_.data() + written_;
        for (const std::uint32_t slot : slots) {
            *to++ = slot;
            stamps_.mark(slot, on_page);
        }
        written_ += slots.size();
        left_on_page_ += slots.size();
    }
    // Drops what has left the page, and puts in order what has not.
    [[gnu::noinline]] void put_in_order() noexcept {
        // A slot may have left and come in again: the last time counts.
        std::size_t kept = written_;
        for (std::size_t i = written_; i-- > 0;) {
            const std::uint32_t slot = page_[i];
            if (stamps_[slot] != on_page) continue;
            stamps_.clear(slot);
            page_[--kept] = slot;
        }
        for (; kept < written_; ++kept) {
            const time_point due = due_of_(page_[kept]);
            if (due == no_deadline) continue;
            if (stamps_.used_up()) [[unlikely]]
                count_anew();
            order_.push(ordered(due), page_[kept], stamps_);
        }
        written_ = 0;
        left_on_page_ = 0;
    }
    // What is in order. Meanwhile no slot has the stamp of the page.
    [[gnu::noinline]] void count_anew() noexcept {
        order_.sweep(stamps_);
        stamps_.level();
        order_.restamp(stamps_);
    }

    const DueOf due_of_;
    slot_stamps stamps_;
    slot_order order_;
    std::size_t written_{0};       // on the page
    std::size_t left_on_page_{0};  // of those
    std::array<std::uint32_t, 256> page_;
};

}  // namespace forebay::inline v0::detail
