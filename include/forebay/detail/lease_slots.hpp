// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/use_window.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace forebay::inline v0::detail {

/// The leases that a host holds, the one that ends first in front; what is taken comes from the front.
///
/// Four places. A fifth lease joins the two that end first into one, which ends with the earlier: tokens may end early,
/// never late. Each has a number, later leases higher ones, by which what was taken finds its way back: to a lease that ends
/// no later than the one it came from, or nowhere. A lease whose tokens are spent keeps its place for that until it ends.
class lease_slots {
public:
    /// Tokens that can still be spent at `at`.
    [[nodiscard]] std::int64_t left(time_point at) const noexcept {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < size_; ++i) {
            if (slots_[i].until > at) sum = capped_sum(sum, slots_[i].left);
        }
        return sum;
    }

    /// Numbers of leases are 1 to this; another user of the same field may have the one above.
    static constexpr std::uint32_t last_number = 0xffff'fffe;

    /// Removes what has ended by `now`. Returns how many tokens of it were not spent.
    std::int64_t expire(time_point now) noexcept {
        std::size_t ended = 0;
        std::int64_t unspent = 0;
        for (; ended < size_ && slots_[ended].until <= now; ++ended) {
            unspent = capped_sum(unspent, slots_[ended].left);
            if (later(slots_[ended].number, gone_)) gone_ = slots_[ended].number;
        }
        std::copy(slots_.begin() + static_cast<std::ptrdiff_t>(ended),
                  slots_.begin() + static_cast<std::ptrdiff_t>(size_), slots_.begin());
        size_ -= ended;
        return unspent;
    }

    /// A new lease of `amount`. [amount > 0; ends after the last expire()]
    void put(std::int64_t amount, time_point until) noexcept {
        if (size_ == slots_.size()) {
            slots_[0].left = capped_sum(slots_[0].left, slots_[1].left);
            if (later(slots_[1].number, slots_[0].number)) slots_[0].number = slots_[1].number;
            std::copy(slots_.begin() + 2, slots_.end(), slots_.begin() + 1);
            --size_;
        }
        number_ = number_ >= last_number ? 1 : number_ + 1;
        std::size_t at = size_++;
        slots_[at] = {amount, until, number_};
        for (; at > 0 && slots_[at - 1].until > until; --at) std::swap(slots_[at - 1], slots_[at]);
    }

    /// Takes up to `amount` of what is held. Nothing that has ended may be held: expire() first.
    /// returns  how many were taken, and the number of the lease in front that gave; 0 if none did
    std::pair<std::int64_t, std::uint32_t> take(std::int64_t amount) noexcept {
        std::int64_t taken = 0;
        std::uint32_t number = 0;
        for (std::size_t i = 0; i < size_ && taken < amount; ++i) {
            const std::int64_t part = std::min(amount - taken, slots_[i].left);
            if (part == 0) continue;
            if (taken == 0) number = slots_[i].number;
            slots_[i].left -= part;
            taken += part;
        }
        return {taken, number};
    }

    /// Puts back what was taken with `number`. False: that lease has ended.
    bool refund(std::uint32_t number, std::int64_t amount) noexcept {
        if (!later(number, gone_)) return false;
        for (std::size_t i = 0; i < size_; ++i) {
            if (later(number, slots_[i].number)) continue;
            slots_[i].left = capped_sum(slots_[i].left, amount);
            return true;
        }
        return false;
    }

private:
    struct slot {
        std::int64_t left{0};
        time_point until{};
        std::uint32_t number{0};
    };

    /// Numbers go round: 2^31 leases are more than any request lives through.
    [[nodiscard]] static bool later(std::uint32_t a, std::uint32_t b) noexcept {
        return static_cast<std::int32_t>(a - b) > 0;
    }

    std::array<slot, 4> slots_{};
    std::size_t size_{0};
    std::uint32_t number_{0};
    std::uint32_t gone_{0};
};

}  // namespace forebay::inline v0::detail
