// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/contract.hpp>
#include <forebay/detail/deadline_index.hpp>
#include <forebay/detail/key_index.hpp>
#include <forebay/detail/lane_order.hpp>
#include <forebay/detail/slot_heap.hpp>
#include <forebay/queue/capacity.hpp>
#include <forebay/queue/discipline.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace forebay::inline v0 {

/// A gate that lets every group of requests through at any time: what a queue has that does not batch.
struct always_open {
    [[nodiscard]] constexpr time_point opens(const waiting_group&) const noexcept { return time_point::min(); }
};

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

    struct entry : queued {
        std::uint32_t lane;
        std::uint32_t generation;
    };
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
          entries_(slots(bounds, in_hand)),
          values_{std::make_unique_for_overwrite<storage[]>(entries_.size())},
          deadlines_{entries_.size()} {
        places_.links.resize(entries_.size());
        places_.heap.resize(entries_.size());
        free_.reserve(entries_.size());
        for (std::size_t slot = entries_.size(); slot-- > 0;) {
            entries_[slot].lane = free_slot;
            entries_[slot].generation = 1;
            free_.push_back(static_cast<std::uint32_t>(slot));
        }
    }
    priority_queue(const priority_queue&) = delete;
    priority_queue& operator=(const priority_queue&) = delete;
    ~priority_queue() {
        for (std::size_t slot = 0; slot < entries_.size(); ++slot) {
            if (entries_[slot].lane != free_slot) std::destroy_at(at(slot));
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Sum of the costs of the requests that wait. [host's unit]
    [[nodiscard]] std::int64_t cost() const noexcept { return cost_; }

    /// Whether `push` would take such a request at `now`. O(1), changes nothing.
    [[nodiscard]] verdict check(const request_info& info, time_point now) const noexcept {
        if (info.cost < 0) [[unlikely]]
            return never(limit::bad_cost);
        if (!order_type::has_place(order_, info)) [[unlikely]]
            return never(limit::bad_priority);
        if (info.deadline <= now) [[unlikely]]
            return never(limit::deadline);
        if (info.cost > bounds_.max_cost) [[unlikely]]
            return never(limit::queued_cost, info.cost - bounds_.max_cost);
        if (size_ >= bounds_.max_requests || free_.empty()) [[unlikely]] {
            return retry_at(now, limit::queued_requests, 1, certainty::on_completion);
        }
        if (const std::int64_t room = bounds_.max_cost - cost_; info.cost > room) [[unlikely]] {
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
        FOREBAY_EXPECTS(!free_.empty(), "push only what check() admits");
        const std::uint32_t slot = free_.back();
        entry& added = entries_[slot];
        added.info = info;
        added.arrival = arrival;
        added.sequence = sequence_;
        const group_id group = lane_of(info.key);
        lane& into = lanes_[group];
        const std::uint32_t best = into.count == 0 ? detail::no_slot : into.order.best();
        try {
            into.order.push(order_, entries_.data(), slot, places_);
        } catch (...) {
            if (into.count == 0) rest(group);
            throw;
        }
        std::construct_at(reinterpret_cast<Value*>(&values_[slot]), std::forward<Parts>(parts)...);
        free_.pop_back();
        ++sequence_;
        added.lane = group;
        if (info.deadline != no_deadline) deadlines_.insert(slot, info.deadline);
        ++size_;
        cost_ += info.cost;
        if (into.count++ == 0) into.oldest = slot;
        into.cost += info.cost;
        const std::uint32_t now_best = into.order.best();
        regate(group, now_best != best);
        return {slot, added.generation};
    }

    /// Whether the ticket's request still waits.
    [[nodiscard]] bool contains(ticket t) const noexcept { return holds(t) && entries_[t.slot].lane < held_slot; }
    /// Whether the ticket's request waits, or was taken and not released.
    [[nodiscard]] bool holds(ticket t) const noexcept {
        return t.slot < entries_.size() && entries_[t.slot].generation == t.generation &&
               entries_[t.slot].lane != free_slot;
    }
    [[nodiscard]] const queued& info(ticket t) const noexcept { return entries_[t.slot]; }
    [[nodiscard]] Value& value(ticket t) noexcept { return *at(t.slot); }

    /// The group whose gate is open at `now` and that holds the best request of all such groups. O(1) amortised.
    [[nodiscard]] std::optional<group_id> best_group(time_point now) noexcept {
        while (!shut_.empty() && shut_.top_rank().opens <= now) {
            const group_id group = shut_.top_slot();
            shut_.pop(lane_places_.data());
            lanes_[group].open = true;
            open_.push(rank_of(group), group, lane_places_.data());
        }
        if (open_.empty()) return std::nullopt;
        return open_.top_slot();
    }
    /// The best request of the open groups. Of a queue that does not batch: the best of all.
    [[nodiscard]] std::optional<ticket> best(time_point now) noexcept {
        const auto group = best_group(now);
        if (!group) return std::nullopt;
        return ticket_of(lanes_[*group].order.best());
    }
    [[nodiscard]] waiting_group group(group_id id) const noexcept { return view(lanes_[id]); }
    [[nodiscard]] group_id group_of(ticket t) const noexcept { return entries_[t.slot].lane; }
    /// Some group that has requests, open or not.
    [[nodiscard]] std::optional<group_id> any_group() const noexcept {
        if (!open_.empty()) return open_.top_slot();
        if (!shut_.empty()) return shut_.top_slot();
        return std::nullopt;
    }

    /// Takes the best `count` requests of a group, best first, and calls sink(ticket) for each. They stay alive until
    /// `release`d. The sink must not call back.
    template <class Sink>
    void take(group_id id, std::size_t count, Sink&& sink) noexcept {
        lane& from = lanes_[id];
        FOREBAY_EXPECTS(count <= from.count, "take no more than the group holds");
        for (; count > 0; --count) {
            const std::uint32_t slot = from.order.best();
            detach(slot, from);
            sink(ticket_of(slot));
        }
        settle(id);
    }
    /// Takes one request out of the order, wherever it stands; it stays alive until `release`d.
    /// returns  false, and nothing changes, if the ticket's request does not wait (any more)
    bool withdraw(ticket t) noexcept {
        if (!contains(t)) return false;
        const group_id id = entries_[t.slot].lane;
        detach(t.slot, lanes_[id]);
        settle(id);
        return true;
    }
    /// Ends a request that was taken or withdrawn. Its ticket matches nothing more, until its place has been used 2^32
    /// times.
    void release(ticket t) noexcept {
        FOREBAY_EXPECTS(holds(t) && entries_[t.slot].lane == held_slot, "release what was taken, once");
        std::destroy_at(at(t.slot));
        entries_[t.slot].lane = free_slot;
        if (++entries_[t.slot].generation == 0) entries_[t.slot].generation = 1;  // 0 names no request
        free_.push_back(t.slot);
    }

    /// Takes and returns the best request of the open groups.
    std::optional<item> pop(time_point now) noexcept {
        const auto id = best_group(now);
        return id ? pop_from(*id) : std::nullopt;
    }
    /// Takes and returns the best request of one key, gate open or not.
    std::optional<item> pop_key(std::uint64_t key) noexcept {
        const group_id id = keys_.find(key);
        return id == detail::key_index::absent || lanes_[id].count == 0 ? std::nullopt : pop_from(id);
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
        return deadlines_.expire(now, max_work, [&](std::uint32_t slot) {
            const group_id id = entries_[slot].lane;
            detach(slot, lanes_[id], false);
            settle(id);
            sink(ticket_of(slot));
        });
    }

    /// Earliest deadline of a waiting request, exact; `no_deadline` if there is none.
    [[nodiscard]] time_point next_deadline() noexcept { return deadlines_.next(); }
    /// When the next gate opens, exact; time_point::min() if one is known to be open; `no_deadline` if nothing waits.
    [[nodiscard]] time_point next_opening() const noexcept {
        if (!open_.empty()) return time_point::min();
        return shut_.empty() ? no_deadline : shut_.top_rank().opens;
    }
    /// The earliest instant at which an answer of this queue can change by itself, exact.
    [[nodiscard]] time_point next_event() noexcept {
        const time_point deadline = next_deadline();
        const time_point opens = next_opening();
        return deadline < opens ? deadline : opens;
    }

private:
    static constexpr std::uint32_t free_slot = ~std::uint32_t{0};
    static constexpr std::uint32_t held_slot = free_slot - 1;
    static constexpr group_id no_lane = detail::key_index::absent;

    struct lane {
        order_type order;
        std::uint64_t key;
        std::size_t count{0};
        std::int64_t cost{0};
        time_point opens{};
        std::uint32_t oldest{detail::no_slot};
        bool open{false};
        bool placed{false};  // stands in open_ or shut_
    };
    struct opening {
        time_point opens;
        group_id group;
        friend bool operator<(const opening& a, const opening& b) noexcept {
            return a.opens < b.opens || (a.opens == b.opens && a.group < b.group);
        }
    };

    static std::size_t slots(const capacity& bounds, std::size_t in_hand) {
        if (in_hand > (std::size_t{1} << 30)) {
            throw std::invalid_argument("forebay: a queue's in_hand (scheduler: requests in batches) must be <= 2^30");
        }
        return bounds.max_requests + in_hand;
    }

    struct alignas(Value) storage {
        std::byte raw[sizeof(Value)];
    };
    [[nodiscard]] Value* at(std::size_t slot) noexcept {
        return std::launder(reinterpret_cast<Value*>(&values_[slot]));
    }

    [[nodiscard]] ticket ticket_of(std::uint32_t slot) const noexcept { return {slot, entries_[slot].generation}; }
    [[nodiscard]] waiting_group view(const lane& of) const noexcept {
        return {of.key, of.count, of.cost, entries_[of.oldest].arrival};
    }
    [[nodiscard]] typename order_type::rank_type rank_of(group_id id) const noexcept {
        return order_type::rank(order_, entries_[lanes_[id].order.best()]);
    }

    std::optional<item> pop_from(group_id id) noexcept {
        std::optional<item> popped;
        take(id, 1, [&](ticket t) {
            popped.emplace(entries_[t.slot].info, entries_[t.slot].arrival, std::move(*at(t.slot)));
            release(t);
        });
        return popped;
    }

    /// The key's lane; makes one if there is none. Strong guarantee.
    group_id lane_of(std::uint64_t key) {
        if (recent_ != no_lane && lanes_[recent_].key == key) [[likely]] {
            if (resting_ == recent_) resting_ = no_lane;
            return recent_;
        }
        group_id id = keys_.find(key);
        if (id == no_lane) {
            if (spare_lanes_.empty()) {
                if (lanes_.size() == lane_places_.size()) make_places(2 * lanes_.size() + 4);
                const auto fresh = static_cast<group_id>(lanes_.size());
                lanes_.push_back(lane{order_type{order_}, key});
                spare_lanes_.push_back(fresh);
            }
            id = spare_lanes_.back();
            keys_.insert(key, id);
            spare_lanes_.pop_back();
            lanes_[id].key = key;
        } else if (resting_ == id) {
            resting_ = no_lane;
        }
        recent_ = id;
        return id;
    }
    /// Memory for this many lanes, so that none is needed where an exception would come too late. Doubling, like the
    /// lanes themselves, keeps the price of a new key constant.
    void make_places(std::size_t lanes) {
        open_.reserve(lanes);
        shut_.reserve(lanes);
        spare_lanes_.reserve(lanes);
        lane_places_.resize(lanes);
    }
    /// An empty lane keeps its key until the next one empties, so that a queue of one key that runs dry between
    /// requests does not take it out and in again each time.
    void rest(group_id id) noexcept {
        if (resting_ != no_lane && resting_ != id) {
            keys_.erase(lanes_[resting_].key);
            spare_lanes_.push_back(resting_);
            if (recent_ == resting_) recent_ = no_lane;
        }
        resting_ = id;
    }

    void detach(std::uint32_t slot, lane& from, bool indexed = true) noexcept {
        entry& out = entries_[slot];
        from.order.erase(order_, entries_.data(), slot, places_);
        if (indexed && out.info.deadline != no_deadline) deadlines_.erase(slot);
        out.lane = held_slot;
        --size_;
        cost_ -= out.info.cost;
        --from.count;
        from.cost -= out.info.cost;
        if (from.oldest == slot) from.oldest = detail::no_slot;
    }
    /// Brings a lane's oldest request, gate and rank up to date after some left it.
    void settle(group_id id) noexcept {
        lane& changed = lanes_[id];
        if (changed.count == 0) {
            displace(id);
            rest(id);
            return;
        }
        if (changed.oldest == detail::no_slot) changed.oldest = changed.order.oldest(entries_.data());
        regate(id, true);
    }
    void displace(group_id id) noexcept {
        lane& out = lanes_[id];
        if (!out.placed) return;
        if (out.open) {
            open_.erase(id, lane_places_.data());
        } else {
            shut_.erase(id, lane_places_.data());
        }
        out.placed = false;
    }
    void regate(group_id id, bool best_changed) noexcept {
        lane& changed = lanes_[id];
        const time_point opens = gate_.opens(view(changed));
        if (changed.placed && opens == changed.opens) {
            if (changed.open && best_changed) open_.update(rank_of(id), id, lane_places_.data());
            return;
        }
        displace(id);
        changed.opens = opens;
        changed.open = opens == time_point::min();
        changed.placed = true;
        if (changed.open) {
            open_.push(rank_of(id), id, lane_places_.data());
        } else {
            shut_.push(opening{opens, id}, id, lane_places_.data());
        }
    }

    Order order_;
    Gate gate_;
    capacity bounds_;
    std::vector<entry> entries_;
    std::unique_ptr<storage[]> values_;
    std::vector<std::uint32_t> free_;
    detail::slot_places places_;
    detail::deadline_index deadlines_;
    std::size_t size_{0};
    std::int64_t cost_{0};
    std::uint64_t sequence_{0};

    std::vector<lane> lanes_;
    std::vector<std::uint32_t> lane_places_;
    std::vector<group_id> spare_lanes_;
    detail::key_index keys_;
    group_id recent_{no_lane};
    group_id resting_{no_lane};
    detail::slot_heap<typename order_type::rank_type> open_;
    detail::slot_heap<opening> shut_;
};

}  // namespace forebay::inline v0
