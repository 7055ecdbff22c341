// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace forebay::inline v0::detail {

/// What is known of how a queue empties if nobody else comes: what a refused request is told of the time is made of this.
/// What leaves is counted in the unit of the bound that is short: requests, or their cost.
struct outlook {
    time_point now{};
    /// From when on a batch may leave if an executor is free. [>= now; no_deadline = not before the queue changes]
    time_point due{no_deadline};
    /// How many executors there are, and how many could take a batch now.
    std::int64_t executors{1};
    std::int64_t free{0};
    /// When the next batch is expected back, and how long one is usually out: see batches_out.
    time_point next_back{no_deadline};
    std::optional<duration> usual{};
    /// The first deadline of a request that waits [>= now; no_deadline = none], and what leaves with that request.
    time_point next_deadline{no_deadline};
    std::int64_t by_deadline{0};
    /// What leaves with the next batch at least, what with one on the average [>= 1], and how many batches wait [>= 1].
    std::int64_t by_next_batch{0};
    std::int64_t by_batch{1};
    std::int64_t batches{1};
    /// When a request that waits for its slot joins the queue, which may make a batch due; `no_deadline` = none does.
    time_point next_slot{no_deadline};

    /// When the k-th batch from now leaves, as far as one can tell. [k >= 1] `no_deadline` = one cannot.
    [[nodiscard]] constexpr time_point departure(std::int64_t k) const noexcept {
        const time_point soonest = std::max(now, std::min(due, next_slot));
        if (k <= free || soonest == no_deadline) return soonest;
        if (!usual) return no_deadline;
        // The others leave as executors come back, one after the other.
        const time_point first =
            next_back == no_deadline ? saturating_add(soonest, *usual) : std::max(next_back, soonest);
        std::int64_t later = 0;
        if (__builtin_mul_overflow(k - free - 1, usual->count() / executors, &later)) return no_deadline;
        return saturating_add(first, duration{later});
    }

    /// When something that was admitted ends, as far as one can tell: a batch, or a request by its deadline.
    [[nodiscard]] constexpr time_point next_end() const noexcept {
        time_point batch = next_back;
        if (batch == no_deadline && usual) batch = saturating_add(departure(1), *usual);
        return std::min(batch, next_deadline);
    }
};

/// A refusal by a full queue, with the time at which it has room.
///
/// returns  exact          what happens next frees enough: a deadline, or a batch for which an executor is free
///          estimate       an executor has to come back first, or more than one batch has to leave
///          on_completion  as it was: nothing is known of what runs
[[nodiscard]] constexpr verdict with_time(const verdict& full, const outlook& of) noexcept {
    const time_point leaves = of.departure(1);
    const bool deadline_suffices = of.by_deadline >= full.missing;
    // At one instant what expires goes first, and may leave a group behind that is not due any more.
    const bool by_deadline = deadline_suffices && of.next_deadline <= leaves;
    const bool by_batch = leaves < of.next_deadline && of.by_next_batch >= full.missing;
    if (by_deadline || by_batch) {
        const time_point when = by_deadline ? of.next_deadline : leaves;
        // While all executors are busy, one may come back early. Who gets a slot meanwhile may fill a batch.
        const bool sure = of.free > 0 && when < of.next_slot;
        return retry_at(when, full.which, full.missing, sure ? certainty::exact : certainty::estimate);
    }
    time_point when = of.departure(std::min((full.missing - 1) / of.by_batch + 1, of.batches));
    if (deadline_suffices) when = std::min(when, of.next_deadline);
    return when == no_deadline ? full : retry_at(when, full.which, full.missing, certainty::estimate);
}

/// What admission says, with the time at which something that was admitted may have ended, if it waits for that.
[[nodiscard]] constexpr verdict with_end(verdict said, const outlook& of) noexcept {
    const time_point ends = of.next_end();
    if (said.kind != answer::retry_at || said.how_sure != certainty::on_completion || ends == no_deadline) return said;
    said.when = std::max(said.when, ends);
    said.how_sure = certainty::estimate;
    return said;
}

}  // namespace forebay::inline v0::detail
