// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/deadline_radix.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace forebay::inline v0::detail {

/// Which slots are due when. Deadlines that come in order, as they do from one timeout for all, are kept in a sorted list;
/// the others in a deadline_radix.
///
/// memory  52 bytes a slot, all of it at construction
/// cost    in order: insert, erase and next O(1); else as of deadline_radix
class deadline_index {
public:
    /// For slots 0 .. slots-1.
    explicit deadline_index(std::size_t slots)
        : ring_{static_cast<std::uint32_t>(slots)}, run_(slots + 1), others_{slots} {
        run_[ring_] = {0, ring_, ring_};  // due before all, so that an empty list takes any
    }

    /// Puts in a slot that is not in. [deadline < no_deadline]
    void insert(std::uint32_t slot, time_point deadline) noexcept {
        const std::uint64_t due = ordered(deadline);
        const std::uint32_t last = run_[ring_].prev;
        if (run_[last].due > due) return others_.insert(slot, due);
        run_[slot] = {due, ring_, last};
        run_[last].next = slot;
        run_[ring_].prev = slot;
        ++in_run_;
    }
    /// Takes out a slot that is in.
    void erase(std::uint32_t slot) noexcept {
        if (run_[slot].next == nowhere) return others_.erase(slot);
        const auto [due, next, prev] = run_[slot];
        run_[next].prev = prev;
        run_[prev].next = next;
        run_[slot].next = nowhere;
        --in_run_;
    }

    [[nodiscard]] bool contains(std::uint32_t slot) const noexcept {
        return run_[slot].next != nowhere || others_.contains(slot);
    }
    [[nodiscard]] std::size_t size() const noexcept { return in_run_ + others_.size(); }

    /// The earliest deadline, exactly; no_deadline if there is none.
    [[nodiscard]] time_point next() noexcept {
        std::uint64_t first = in_run_ > 0 ? run_[run_[ring_].next].due : none;
        if (others_.size() > 0) first = std::min(first, others_.earliest());
        return instant(first);
    }

    /// Takes out slots with a deadline at or before `now`, earliest first, and calls `sink(slot)` for each, which may
    /// insert and erase.
    ///
    /// max_work  how many at most
    /// returns   how many
    /// cost      O(1) when nothing is due
    template <class Sink>
    std::size_t expire(time_point now, std::size_t max_work, Sink&& sink) {
        const std::uint64_t until = ordered(now);
        for (std::size_t done = 0; done < max_work; ++done) {
            const std::uint32_t in_order = run_[ring_].next;
            const std::uint64_t first = in_run_ > 0 ? run_[in_order].due : none;
            if (others_.may_be_due(std::min(first, until)) && others_.earliest() <= std::min(first, until)) {
                sink(others_.pop_earliest());
            } else if (first <= until && in_run_ > 0) {
                erase(in_order);
                sink(in_order);
            } else {
                return done;
            }
        }
        return max_work;
    }

private:
    static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();  // no_deadline, in order
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

    struct node {
        std::uint64_t due{0};
        std::uint32_t next{nowhere};
        std::uint32_t prev{nowhere};
    };

    // int64 in the order of uint64.
    static constexpr std::uint64_t sign = std::uint64_t{1} << 63;
    static std::uint64_t ordered(time_point t) noexcept {
        return static_cast<std::uint64_t>(t.time_since_epoch().count()) ^ sign;
    }
    static time_point instant(std::uint64_t due) noexcept {
        return time_point{duration{static_cast<std::int64_t>(due ^ sign)}};
    }

    std::uint32_t ring_;
    std::size_t in_run_{0};
    std::vector<node> run_;  // of the slots, then of the list itself
    deadline_radix others_;
};

}  // namespace forebay::inline v0::detail
