// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/contract.hpp>
#include <forebay/detail/slot_table.hpp>
#include <forebay/detail/waiting_line.hpp>
#include <forebay/queue/capacity.hpp>
#include <forebay/queue/discipline.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace forebay::inline v0 {

/// Bounded queue in an order of the host's choosing, with a ticket for each request, expiry, and an index by key.
///
/// Requests of equal key form a group. A group can be taken from once its gate is open: `Gate::opens(waiting_group)`
/// says from when on, as a pure function of the group. Among the open groups the best request by `Order` decides.
///
/// Value    what travels with a request; nothrow move constructible
/// Order    a discipline
/// memory   taken at construction for capacity.max_requests + in_hand requests; afterwards only the number of keys in use at
///          once and the length of a ranked leaf can grow it
/// cost     push, pop, expire of one O(log n) expected, amortised (fifo under selectors: push, pop O(1)); best, erase by
///          ticket O(1); n = requests of one key, plus O(log k) over k keys when a group's best changes
/// threads  none: the host serialises
template <class Value, class Order = fifo, class Gate = always_open>
class priority_queue {
    static_assert(
        discipline<Order>,
        "forebay: the order must be a discipline: a leaf with rank(queued), or selectors that end in one; copy a "
        "model in <forebay/queue/discipline.hpp>");
    static_assert(std::is_nothrow_move_constructible_v<Value>, "forebay: a queued value must be nothrow movable");

    using slots_type = detail::slot_table<queued, Value>;
    using entry = typename slots_type::entry;
    using line_type = detail::waiting_line<Order, Gate, entry, waiting_group>;

public:
    /// Number of a group while it has requests.
    using group_id = std::uint32_t;

    /// So many requests, that cost so much together.
    struct load {
        std::size_t requests{0};
        std::int64_t cost{0};
    };

    struct item {
        request_info info;
        time_point arrival;
        Value value;
    };

    /// bounds   how much waits at most
    /// in_hand  how many requests taken but not yet released there may be beside those that wait
    /// errors   std::invalid_argument for bounds or an order that cannot be
    explicit priority_queue(Order order = {}, capacity bounds = {}, Gate gate = {}, std::size_t in_hand = 0)
        : bounds_{detail::checked(bounds)},
          slots_{needed(bounds, in_hand)},
          line_{(detail::validate(order), std::move(order)), std::move(gate), slots_.data(), slots_.size()} {}

    [[nodiscard]] std::size_t size() const noexcept { return line_.size(); }
    [[nodiscard]] bool empty() const noexcept { return line_.size() == 0; }
    /// Sum of the costs of the requests that wait. [host's unit]
    [[nodiscard]] std::int64_t cost() const noexcept { return line_.cost(); }

    /// Whether `push` would take such a request at `now`. O(1), changes nothing.
    /// parked  what counts against the bounds beside
    [[nodiscard]] verdict check(const request_info& info, time_point now, load parked = {}) const noexcept {
        if (info.cost < 0) return never(limit::bad_cost);
        if (!line_.has_place(info)) return never(limit::bad_priority);
        if (is_past(info.deadline, now)) return never(limit::deadline);
        if (info.cost > bounds_.max_cost) return never(limit::queued_cost, info.cost - bounds_.max_cost);
        if (vacant(parked.requests) == 0) {
            return retry_at(now, limit::queued_requests, 1, certainty::on_completion);
        }
        if (const std::int64_t left = room() - parked.cost; info.cost > left) {
            return retry_at(now, limit::queued_cost, info.cost - left, certainty::on_completion);
        }
        return admitted(now);
    }

    /// Queues a request that `check` admits, with a Value made from `parts`. Strong guarantee if memory runs out: nothing
    /// is moved from.
    template <class... Parts>
    ticket push(const request_info& info, time_point arrival, Parts&&... parts) {
        static_assert(std::is_nothrow_constructible_v<Value, Parts...>,
                      "forebay: making a queued value must not throw: copy before, move in");
        FOREBAY_EXPECTS(slots_.vacant() > 0, "push only what check() admits");
        const std::uint32_t slot = slots_.next_free();
        entry& added = slots_[slot];
        static_cast<queued&>(added) = {info, arrival, 0};
        line_.add(slot);
        slots_.take_free(added, std::forward<Parts>(parts)...);
        return {slot, added.generation};
    }

    /// Whether the ticket's request still waits.
    [[nodiscard]] bool contains(ticket t) const noexcept {
        return holds(t) && slots_[t.slot].lane < slots_type::is_held;
    }
    /// Whether the ticket's request waits, or was taken and not released.
    [[nodiscard]] bool holds(ticket t) const noexcept { return slots_.holds(t); }
    [[nodiscard]] const queued& info(ticket t) const noexcept { return slots_[t.slot]; }
    [[nodiscard]] ticket ticket_of(std::uint32_t slot) const noexcept { return slots_.ticket_of(slot); }
    /// Slots, of requests that wait or are in hand.
    [[nodiscard]] std::size_t slots() const noexcept { return slots_.size(); }
    [[nodiscard]] Value& value(ticket t) noexcept { return slots_[t.slot].value(); }
    /// The value of the request that this is known of. Only of a reference that `info` or the sink of `take` was given.
    [[nodiscard]] static Value& value_of(const queued& about) noexcept { return slots_type::value_beside(about); }

    /// The group whose gate is open at `now` and that holds the best request of all such groups. O(1) amortised.
    [[nodiscard]] std::optional<group_id> best_group(time_point now) noexcept { return present(line_.best_lane(now)); }
    /// The best request of the open groups. Of a queue that does not batch: the best of all.
    [[nodiscard]] std::optional<ticket> best(time_point now) noexcept {
        const auto id = best_group(now);
        if (!id) return std::nullopt;
        return slots_.ticket_of(line_.best_in(*id));
    }
    [[nodiscard]] waiting_group group(group_id id) const noexcept { return line_.group(id); }
    [[nodiscard]] group_id group_of(ticket t) const noexcept { return slots_[t.slot].lane; }
    /// The best request of a group.
    [[nodiscard]] ticket best_of(group_id id) const noexcept { return slots_.ticket_of(line_.best_in(id)); }
    /// Some group that has requests: the best of those known to be open, or else one that opens first.
    [[nodiscard]] std::optional<group_id> any_group() const noexcept { return present(line_.any_lane()); }

    /// Takes the best `count` requests of a group, best first, and calls sink(ticket), or sink(ticket, const queued&,
    /// Value&), for each. They stay alive until
    /// `release`d. The sink must not call back.
    template <class Sink>
    void take(group_id id, std::size_t count, Sink&& sink) noexcept {
        line_.take(id, count, [&](std::uint32_t slot, entry& out) {
            out.lane = slots_type::is_held;
            if constexpr (std::is_invocable_v<Sink&, ticket, const queued&, Value&>) {
                sink(ticket{slot, out.generation}, std::as_const(out), out.value());
            } else {
                sink(ticket{slot, out.generation});
            }
        });
    }
    /// Takes one request out of the order, wherever it stands; it stays alive until `release`d.
    /// returns  false, and nothing changes, if the ticket's request does not wait (any more)
    bool withdraw(ticket t) noexcept {
        if (!contains(t)) return false;
        line_.erase(t.slot);
        slots_[t.slot].lane = slots_type::is_held;
        return true;
    }
    /// Ends a request that was taken or withdrawn. Its ticket matches nothing more, until its place has been used 2^32
    /// times.
    void release(ticket t) noexcept {
        FOREBAY_EXPECTS(slots_.is_out(t), "release what was taken, once");
        end(t);
        recover();
    }

    /// Takes and returns the best request of the open groups.
    std::optional<item> pop(time_point now) noexcept {
        const auto id = best_group(now);
        return id ? pop_from(*id) : std::nullopt;
    }
    /// Takes and returns the best request of one key, gate open or not.
    std::optional<item> pop_key(std::uint64_t key) noexcept {
        const auto id = present(line_.lane_of_key(key));
        return id ? pop_from(*id) : std::nullopt;
    }
    /// Removes a waiting request. True exactly once.
    bool erase(ticket t) noexcept {
        if (!withdraw(t)) return false;
        release(t);
        return true;
    }

    /// Takes out at most `max_work` requests whose deadline is at or before `now`, earliest first, and calls sink(ticket) for
    /// each; they stay alive until `release`d. returns how many. The sink must not call back.
    template <class Sink>
    std::size_t expire(time_point now, std::size_t max_work, Sink&& sink) noexcept {
        if (!may_expire(now)) return 0;
        return line_.expire(now, max_work, [&](std::uint32_t slot) {
            slots_[slot].lane = slots_type::is_held;
            sink(slots_.ticket_of(slot));
        });
    }
    /// Whether `expire` may find something at `now`. O(1); false is certain.
    [[nodiscard]] bool may_expire(time_point now) const noexcept { return is_past(expires_from(), now); }
    /// No deadline is earlier. O(1)
    [[nodiscard]] time_point expires_from() const noexcept { return line_.expires_from(); }
    /// Earliest deadline of a waiting request, exact; `no_deadline` if there is none.
    [[nodiscard]] time_point next_deadline() noexcept { return line_.next_deadline(); }
    /// The request that has it. Only when `next_deadline` has just said that there is one.
    [[nodiscard]] ticket first_to_expire() const noexcept { return slots_.ticket_of(line_.first_to_expire()); }
    /// When the next gate opens, exact; time_point::min() if one is known to be open; `no_deadline` if nothing waits.
    [[nodiscard]] time_point next_opening() const noexcept { return line_.next_opening(); }
    /// The earliest instant at which an answer of this queue can change by itself, exact.
    [[nodiscard]] time_point next_event() noexcept { return std::min(next_deadline(), next_opening()); }

    // For two threads, one that brings requests and one that takes them: push and release in two steps each. `enter` may
    // run at the same time as all other members but those that say `both`.

    /// How many more may wait beside those `on_the_way` that have entered; and by cost. both
    [[nodiscard]] std::size_t vacant(std::size_t on_the_way = 0) const noexcept {
        return std::min(bounds_.max_requests - size() - on_the_way, slots_.vacant());
    }
    /// Whether `vacant` is zero for want of slots, whatever waits: those of requests in hand have to come back. both
    [[nodiscard]] bool out_of_slots() const noexcept { return slots_.vacant() == 0; }
    [[nodiscard]] std::int64_t room() const noexcept { return bounds_.max_cost - cost(); }
    [[nodiscard]] bool has_place(const request_info& info) const noexcept { return line_.has_place(info); }

    /// Gives a request its slot and its ticket. It waits once it is lined up.
    template <class... Parts>
    ticket enter(const request_info& info, time_point arrival, Parts&&... parts) noexcept {
        const std::uint32_t slot = slots_.next_free();
        entry& added = slots_[slot];
        slots_.take_free(added, std::forward<Parts>(parts)...);
        added.info = info;
        added.arrival = arrival;
        return {slot, added.generation};
    }
    /// Gives a request its slot and its ticket, as one that was taken: it waits once it is `admit`ted.
    template <class... Parts>
    ticket park(const request_info& info, time_point arrival, Parts&&... parts) noexcept {
        const ticket id = enter(info, arrival, std::forward<Parts>(parts)...);
        slots_[id.slot].lane = slots_type::is_held;
        return id;
    }
    /// Puts a request that was parked where it belongs. Strong guarantee if memory runs out.
    void admit(std::uint32_t slot) { line_.add(slot); }

    /// Whether lining up may need memory whatever is prepared, so that no request may enter.
    static constexpr bool grows = line_type::grows;
    /// For requests of how many new keys memory is at hand.
    [[nodiscard]] std::size_t prepared() const noexcept { return line_.prepared(); }
    void prepare(std::size_t keys) { line_.prepare(keys); }
    /// Puts requests that have entered where they belong, in this order. Of no more keys than were prepared.
    void line_up(std::span<const std::uint32_t> slots) noexcept { line_.add(slots); }

    /// Ends a request that was taken or withdrawn; its slot may be entered after `recover`.
    void end(ticket t) noexcept { slots_.release(t.slot, slots_[t.slot]); }
    /// The same for several: those of which `*about(each)`, see `value_of`, is known.
    template <class Range, class About>
    void end_all(Range& several, About&& about) noexcept {
        slots_.release_all(several, about);
    }
    /// both
    void recover() noexcept { slots_.recover(); }

private:
    static std::size_t needed(const capacity& bounds, std::size_t in_hand) {
        if (in_hand <= (std::size_t{1} << 30)) return bounds.max_requests + in_hand;
        throw std::invalid_argument("forebay: a queue's in_hand (scheduler: requests in batches) must be <= 2^30");
    }
    [[nodiscard]] static bool is_past(time_point deadline, time_point now) noexcept {
        return deadline <= now && deadline != no_deadline;
    }
    [[nodiscard]] static std::optional<group_id> present(group_id id) noexcept {
        return id == line_type::none ? std::nullopt : std::optional{id};
    }

    std::optional<item> pop_from(group_id id) noexcept {
        std::optional<item> popped;
        take(id, 1, [&](ticket t, const queued& about, Value& value) {
            popped.emplace(about.info, about.arrival, std::move(value));
            end(t);
        });
        recover();
        return popped;
    }

    const capacity bounds_;
    slots_type slots_;
    line_type line_;
};

}  // namespace forebay::inline v0
