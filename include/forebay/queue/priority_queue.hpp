// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/contract.hpp>
#include <forebay/detail/deadline_index.hpp>
#include <forebay/detail/lane_index.hpp>
#include <forebay/detail/lane_order.hpp>
#include <forebay/detail/slot_table.hpp>
#include <forebay/queue/capacity.hpp>
#include <forebay/queue/discipline.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

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
/// cost     push O(log n) (fifo under selectors O(1)), best O(1), pop O(log n), erase by ticket O(log n),
///          expire O(log n) each; n = requests of one key, plus O(log k) over k keys when a group's best changes
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
    using lanes_type = detail::lane_index<Order, entry>;
    using lane = typename lanes_type::lane_type;
    using order_type = detail::lane_order<Order, entry>;

public:
    /// Number of a group while it has requests.
    using group_id = std::uint32_t;

    struct item {
        request_info info;
        time_point arrival;
        Value value;
    };

    /// bounds   how much waits at most
    /// in_hand  how many requests taken but not yet released there may be beside those that wait
    /// errors   std::invalid_argument for bounds or an order that cannot be
    explicit priority_queue(Order order = {}, capacity bounds = {}, Gate gate = {}, std::size_t in_hand = 0)
        : order_{(detail::validate(order), std::move(order))},
          gate_{std::move(gate)},
          bounds_{detail::checked(bounds)},
          slots_{slots(bounds, in_hand)},
          deadlines_{slots_.size()},
          positions_(order_type::uses_positions ? slots_.size() : 0) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Sum of the costs of the requests that wait. [host's unit]
    [[nodiscard]] std::int64_t cost() const noexcept { return cost_; }

    /// Whether `push` would take such a request at `now`. O(1), changes nothing.
    [[nodiscard]] verdict check(const request_info& info, time_point now) const noexcept {
        if (info.cost < 0) return never(limit::bad_cost);
        if (!order_type::has_place(order_, info)) return never(limit::bad_priority);
        if (is_past(info.deadline, now)) return never(limit::deadline);
        if (info.cost > bounds_.max_cost) return never(limit::queued_cost, info.cost - bounds_.max_cost);
        if (size_ >= bounds_.max_requests || slots_.full()) {
            return retry_at(now, limit::queued_requests, 1, certainty::on_completion);
        }
        if (const std::int64_t room = bounds_.max_cost - cost_; info.cost > room) {
            return retry_at(now, limit::queued_cost, info.cost - room, certainty::on_completion);
        }
        return admitted(now);
    }

    /// Queues a request that `check` admits, with a Value made from `parts`. Strong guarantee if memory runs out: nothing
    /// is moved from.
    template <class... Parts>
    ticket push(const request_info& info, time_point arrival, Parts&&... parts) {
        static_assert(std::is_nothrow_constructible_v<Value, Parts...>,
                      "forebay: making a queued value must not throw: copy before, move in");
        FOREBAY_EXPECTS(!slots_.full(), "push only what check() admits");
        const std::uint32_t slot = slots_.next_free();
        entry& added = slots_[slot];
        const std::uint32_t next_free = added.next;
        static_cast<queued&>(added) = {info, arrival, sequence_};
        lane& into = lanes_.find_or_make(order_, info.key);
        try {
            into.order.push(order_, slots_.data(), slot, positions_.data());
        } catch (...) {
            added.next = next_free;
            if (into.count == 0) lanes_.rest(into);
            throw;
        }
        slots_.take_free(into.id, next_free, std::forward<Parts>(parts)...);
        ++sequence_;
        if (info.deadline != no_deadline) {
            deadlines_.insert(slot, info.deadline);
            if (info.deadline < expires_from_) expires_from_ = info.deadline;
        }
        ++size_;
        cost_ += info.cost;
        if (into.count++ == 0) set_oldest(into, slot);
        into.cost += info.cost;
        lanes_.place(into, gate_.opens(view(into)), into.open && into.order.best() == slot,
                     [&] { return rank_of(into); });
        return {slot, added.generation};
    }

    /// Whether the ticket's request still waits.
    [[nodiscard]] bool contains(ticket t) const noexcept {
        return holds(t) && slots_[t.slot].lane < slots_type::is_held;
    }
    /// Whether the ticket's request waits, or was taken and not released.
    [[nodiscard]] bool holds(ticket t) const noexcept { return slots_.holds(t); }
    [[nodiscard]] const queued& info(ticket t) const noexcept { return slots_[t.slot]; }
    [[nodiscard]] Value& value(ticket t) noexcept { return slots_[t.slot].value(); }

    /// The group whose gate is open at `now` and that holds the best request of all such groups. O(1) amortised.
    [[nodiscard]] std::optional<group_id> best_group(time_point now) noexcept {
        lanes_.open_due(now, [&](group_id id) { return rank_of(lanes_[id]); });
        return present(lanes_.best_open());
    }
    /// The best request of the open groups. Of a queue that does not batch: the best of all.
    [[nodiscard]] std::optional<ticket> best(time_point now) noexcept {
        const auto id = best_group(now);
        if (!id) return std::nullopt;
        return slots_.ticket_of(lanes_[*id].order.best());
    }
    [[nodiscard]] waiting_group group(group_id id) const noexcept { return view(lanes_[id]); }
    [[nodiscard]] group_id group_of(ticket t) const noexcept { return slots_[t.slot].lane; }
    /// Some group that has requests, open or not.
    [[nodiscard]] std::optional<group_id> any_group() const noexcept { return present(lanes_.any()); }

    /// Takes the best `count` requests of a group, best first, and calls sink(ticket), or sink(ticket, const queued&,
    /// Value&), for each. They stay alive until
    /// `release`d. The sink must not call back.
    template <class Sink>
    void take(group_id id, std::size_t count, Sink&& sink) noexcept {
        lane& from = lanes_[id];
        FOREBAY_EXPECTS(count <= from.count, "take no more than the group holds");
        entry* const entries = slots_.data();
        std::int64_t cost = 0;
        for (std::size_t left = count; left > 0; --left) {
            const std::uint32_t slot = from.order.pop_best(order_, entries, positions_.data());
            entry& out = entries[slot];
            if (out.info.deadline != no_deadline) deadlines_.erase(slot);
            if (slot == from.oldest) from.oldest = detail::no_slot;
            out.lane = slots_type::is_held;
            cost += out.info.cost;
            if constexpr (std::is_invocable_v<Sink&, ticket, const queued&, Value&>) {
                sink(ticket{slot, out.generation}, std::as_const(out), out.value());
            } else {
                sink(ticket{slot, out.generation});
            }
        }
        forget(from, count, cost);
        settle(from);
    }
    /// Takes one request out of the order, wherever it stands; it stays alive until `release`d.
    /// returns  false, and nothing changes, if the ticket's request does not wait (any more)
    bool withdraw(ticket t) noexcept {
        if (!contains(t)) return false;
        lane& from = lanes_[slots_[t.slot].lane];
        if (slots_[t.slot].info.deadline != no_deadline) deadlines_.erase(t.slot);
        detach(t.slot, from);
        settle(from);
        return true;
    }
    /// Ends a request that was taken or withdrawn. Its ticket matches nothing more, until its place has been used 2^32
    /// times.
    void release(ticket t) noexcept {
        FOREBAY_EXPECTS(slots_.is_out(t), "release what was taken, once");
        slots_.release(t.slot);
    }

    /// Takes and returns the best request of the open groups.
    std::optional<item> pop(time_point now) noexcept {
        const auto id = best_group(now);
        return id ? pop_from(*id) : std::nullopt;
    }
    /// Takes and returns the best request of one key, gate open or not.
    std::optional<item> pop_key(std::uint64_t key) noexcept {
        const group_id id = lanes_.find(key);
        return id == lanes_type::none || lanes_[id].count == 0 ? std::nullopt : pop_from(id);
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
        const std::size_t expired = deadlines_.expire(now, max_work, [&](std::uint32_t slot) {
            lane& from = lanes_[slots_[slot].lane];
            detach(slot, from);
            settle(from);
            sink(slots_.ticket_of(slot));
        });
        expires_from_ = deadlines_.next();
        return expired;
    }

    /// Whether `expire` may find something at `now`. O(1); false is certain.
    [[nodiscard]] bool may_expire(time_point now) const noexcept { return is_past(expires_from_, now); }
    /// Earliest deadline of a waiting request, exact; `no_deadline` if there is none.
    [[nodiscard]] time_point next_deadline() noexcept { return deadlines_.next(); }
    /// When the next gate opens, exact; time_point::min() if one is known to be open; `no_deadline` if nothing waits.
    [[nodiscard]] time_point next_opening() const noexcept { return lanes_.next_opening(); }
    /// The earliest instant at which an answer of this queue can change by itself, exact.
    [[nodiscard]] time_point next_event() noexcept { return std::min(next_deadline(), next_opening()); }

private:
    static std::size_t slots(const capacity& bounds, std::size_t in_hand) {
        if (in_hand <= (std::size_t{1} << 30)) return bounds.max_requests + in_hand;
        throw std::invalid_argument("forebay: a queue's in_hand (scheduler: requests in batches) must be <= 2^30");
    }
    [[nodiscard]] static bool is_past(time_point deadline, time_point now) noexcept {
        return deadline <= now && deadline != no_deadline;
    }
    [[nodiscard]] static std::optional<group_id> present(group_id id) noexcept {
        return id == lanes_type::none ? std::nullopt : std::optional{id};
    }
    [[nodiscard]] static waiting_group view(const lane& of) noexcept {
        return {of.key, of.count, of.cost, of.oldest_arrival};
    }
    [[nodiscard]] typename lanes_type::rank_type rank_of(const lane& of) const noexcept {
        return order_type::rank(order_, slots_[of.order.best()]);
    }
    void set_oldest(lane& of, std::uint32_t slot) noexcept {
        of.oldest = slot;
        of.oldest_arrival = slots_[slot].arrival;
    }

    std::optional<item> pop_from(group_id id) noexcept {
        std::optional<item> popped;
        take(id, 1, [&](ticket t) {
            entry& out = slots_[t.slot];
            popped.emplace(out.info, out.arrival, std::move(out.value()));
            slots_.release(t.slot);
        });
        return popped;
    }
    void forget(lane& from, std::size_t count, std::int64_t cost) noexcept {
        size_ -= count;
        cost_ -= cost;
        from.count -= count;
        from.cost -= cost;
    }
    void detach(std::uint32_t slot, lane& from) noexcept {
        entry& out = slots_[slot];
        from.order.erase(order_, slots_.data(), slot, positions_.data());
        out.lane = slots_type::is_held;
        forget(from, 1, out.info.cost);
        if (from.oldest == slot) from.oldest = detail::no_slot;
    }
    /// Brings a lane's oldest request, gate and rank up to date after some left it.
    void settle(lane& changed) noexcept {
        if (changed.count == 0) return lanes_.rest(changed);
        if (changed.oldest == detail::no_slot) set_oldest(changed, changed.order.oldest(slots_.data()));
        lanes_.place(changed, gate_.opens(view(changed)), true, [&] { return rank_of(changed); });
    }

    Order order_;
    Gate gate_;
    capacity bounds_;
    slots_type slots_;
    detail::deadline_index deadlines_;
    std::vector<std::uint32_t> positions_;  // of slots in ranked leaves
    lanes_type lanes_;
    time_point expires_from_{no_deadline};  // nothing expires earlier
    std::size_t size_{0};
    std::int64_t cost_{0};
    std::uint64_t sequence_{0};
};

}  // namespace forebay::inline v0
