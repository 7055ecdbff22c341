// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/cost_source.hpp>
#include <forebay/admission/on_refusal.hpp>
#include <forebay/admission/permit.hpp>
#include <forebay/admission/policy.hpp>
#include <forebay/batch/batch_collector.hpp>
#include <forebay/detail/doorway.hpp>
#include <forebay/detail/waiting_room.hpp>
#include <forebay/policies.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace forebay::inline v0::detail {

/// What comes of a request at the door.
enum class at_the_door : std::uint8_t {
    let_in,
    refused,    ///< by admission
    undecided,  ///< nothing has happened; the owner of the queue has to be asked
};

/// The way of a request to its place in the queue: admission, bounds, a slot. Under a lock of its own it may come in while
/// the owner of the queue forms and ends batches; it is lined up when the owner next looks.
///
/// Where policies say to delay, whoever admission promises a slot in the future waits in a room beside the queue until
/// then. The door is shut from the first such slot on, so that nobody passes who is due.
///
/// Job      what travels with a request; made from a payload, its permit and further parts
/// threads  `enter` at any time, by anyone; all else one at a time. The door's lock guards what those two share: admission,
///          the vacant slots, and who has come in.
template <class Job, class Policies>
class reception {
    using sync = typename Policies::sync_type;
    using door_type = doorway<typename sync::mutex>;
    using door_lock = typename sync::scoped_lock;

public:
    /// Whether there is a room to wait in.
    static constexpr bool delays = decltype(Policies::on_refusal)::waits;

    using collector_type = batch_collector<Job, decltype(Policies::order), decltype(Policies::batching)>;
    using queue_type = typename collector_type::queue_type;
    using admission_type = decltype(std::declval<const Policies&>().admission.template build<single_threaded>());
    using costs_type = decltype(std::declval<const Policies&>().costs.template build<sync>());

    /// errors  std::invalid_argument for policies that cannot be
    reception(Policies&& chosen, std::size_t in_hand)
        : admission_(chosen.admission.template build<single_threaded>()),
          collector_{std::move(chosen.order), chosen.capacity, std::move(chosen.batching), in_hand},
          patience_{checked(chosen.on_refusal)},
          room_{queue().slots()},
          costs_(chosen.costs.template build<sync>()) {
        if constexpr (!queue_type::grows) queue().prepare(new_keys);
    }
    reception(const reception&) = delete;
    reception& operator=(const reception&) = delete;
    ~reception() { arrive(false); }

    [[nodiscard]] collector_type& collector() noexcept { return collector_; }
    [[nodiscard]] queue_type& queue() noexcept { return collector_.queue(); }
    [[nodiscard]] const queue_type& queue() const noexcept { return collector_.queue(); }

    /// Takes a request in by the door, if that is open for it.
    template <class Info = const request_info, class Request, class... Parts>
    [[nodiscard]] at_the_door enter(ticket& id, verdict& said, time_point now, Info& info, Request&& request,
                                    Parts&&... parts) noexcept {
        const door_lock held{door_.lock};
        if (!door_.lets_in(info, now) || !queue().has_place(info)) return at_the_door::undecided;
        permit_of<admission_type> taken;
        const verdict answer = possible(info, [&] { return admission_.try_acquire(info, now, taken); });
        if (!answer) {
            said = answer;
            return delays ? at_the_door::undecided : at_the_door::refused;
        }
        said = admitted(now);  // which that is; made here, it need not be carried along
        id = queue().enter(info, now, std::move(request), taken, std::forward<Parts>(parts)...);
        door_.add(info, id.slot);
        return at_the_door::let_in;
    }

    /// Lines up who has come in by the door, and says whether more may. returns their slots, until the next call
    std::span<const std::uint32_t> arrive(bool open) noexcept {
        open_ = open && !queue_type::grows;
        return arrive();
    }
    /// The same, without a word on that.
    std::span<const std::uint32_t> arrive() noexcept {
        const auto came = [&] {
            const door_lock held{door_.lock};
            queue().recover();
            return door_.fetch(allowed());
        }();
        queue().line_up(came);
        return came;
    }

    /// Takes a request in, or says why not; where there is a room it may have to wait there, until verdict::when. Strong
    /// guarantee if memory runs out. Only after `arrive(false)`.
    template <class Info = const request_info, class Request, class... Parts>
    verdict admit(ticket& id, time_point now, Info& info, Request&& request, Parts&&... parts) {
        verdict said = possible(info, [&] { return check(info, now); });
        if (!said) return said;
        permit_of<admission_type> taken{};
        said = possible(info, [&] { return ask(info, now, taken); });
        if (!said) return said;
        if constexpr (delays) {
            if (said.when > now) {
                id = queue().park(info, said.when, std::move(request), taken, std::forward<Parts>(parts)...);
                room_.add(id.slot, said.when, info.cost);
                return said;
            }
        }
        try {
            if constexpr (!queue_type::grows) {
                if (queue().prepared() < new_keys / 2) queue().prepare(new_keys);
            }
            id = queue().push(info, now, std::move(request), taken, std::forward<Parts>(parts)...);
        } catch (...) {
            admission_.give_back(taken, now);
            throw;
        }
        return said;
    }

    // ---- what a refused request is told. Only after `arrive(false)`.

    /// What the queue says, whatever admission does.
    [[nodiscard]] verdict check(const request_info& info, time_point now) const noexcept {
        return queue().check(info, now, {room_.size(), room_.cost()});
    }
    /// What more may wait, by cost. [host's unit]
    [[nodiscard]] std::int64_t room() const noexcept { return queue().room() - room_.cost(); }
    /// What admission says, whatever the queue does. Leaves it as it was.
    template <class Info>
    [[nodiscard]] verdict asked(Info info, time_point now) noexcept {
        if constexpr (reserves_at<admission_type>) {
            return possible(info, [&] { return admission_.ask(info, now, patience(info, now)); });
        } else {
            permit_of<admission_type> taken{};
            const verdict said = possible(info, [&] { return ask(info, now, taken); });
            if (said) undo(admission_, taken, now);
            return said;
        }
    }

    // ---- who waits beside the queue. Only after `arrive(false)`, but for those that change nothing.

    /// How many wait.
    [[nodiscard]] std::size_t waiting() const noexcept { return room_.size(); }
    /// When the first of them is to be lined up, exact; `no_deadline` if nobody waits.
    [[nodiscard]] time_point next_slot() const noexcept { return room_.next(); }
    /// Lines up those whose slot has come, in the order of the slots. returns  how many. Where memory runs out the others
    /// stay, and are due again.
    std::size_t seat(time_point now) noexcept requires delays {
        const std::size_t before = room_.size();
        while (!room_.empty() && room_.next() <= now) {
            const std::uint32_t slot = room_.first();
            try {
                queue().admit(slot);
            } catch (...) {
                break;
            }
            room_.erase(slot, queue().info({slot, 0}).info.cost);
        }
        return before - room_.size();
    }
    /// Takes out one that waits. returns  false, and nothing changes, if the ticket's request does not wait there
    bool leave(ticket id) noexcept requires delays {
        if (!queue().holds(id) || !room_.contains(id.slot)) return false;
        room_.erase(id.slot, queue().info(id).info.cost);
        return true;
    }
    /// Takes out the one with the last slot. Only where somebody waits.
    ticket leave_last() noexcept requires delays {
        const ticket id = queue().ticket_of(room_.last());
        leave(id);
        return id;
    }

    /// Admission, for as long as the result lives; nobody comes in meanwhile.
    [[nodiscard]] auto admission() noexcept {
        struct held {
            door_lock lock;
            admission_type& state;
            [[nodiscard]] admission_type* operator->() const noexcept { return &state; }
        };
        return held{door_lock{door_.lock}, admission_};
    }

    /// See cost_source_state. At any time, by anyone.
    [[nodiscard]] std::int64_t estimate(const request_info& info) noexcept { return costs_.estimate(info); }
    /// Of a request that ran: what it cost, if that was said.
    void observe(const request_info& info, std::int64_t actual) noexcept {
        if (actual != as_charged) costs_.observe(info, actual);
    }

private:
    /// Requests of so many keys not in use may come in before the owner makes room for more.
    static constexpr std::size_t new_keys = 16;

    template <class OnRefusal>
    [[nodiscard]] static auto checked(const OnRefusal& chosen) {
        if constexpr (delays) {
            chosen.validate();
            return chosen.max_wait;
        } else {
            return nobody{};
        }
    }
    /// The verdict. An estimate alone makes no request impossible: where it is more than could ever be admitted, it is
    /// lowered to that, for as many limits as have to say so.
    template <class Info, class Verdict>
    [[nodiscard]] static verdict possible(Info& info, Verdict&& ask) noexcept {
        verdict said = ask();
        if constexpr (std::is_same_v<Info, estimated_info>) {
            for (int lowered = 0; lowered < 8 && said.kind == answer::never; ++lowered) {
                if (said.missing <= 0 || said.missing >= info.cost) break;  // to nothing is no estimate
                info.cost -= said.missing;
                said = ask();
            }
        }
        return said;
    }
    /// How long it may wait for a slot. Who has a deadline waits less long: a slot at it, or after, is of no use.
    [[nodiscard]] duration patience(const request_info& info, time_point now) const noexcept {
        if constexpr (delays) {
            return std::min(patience_, saturating_sub(info.deadline, now) - duration{1});
        } else {
            return duration::zero();
        }
    }
    /// Not inlined: what grows here would keep compilers from inlining try_acquire at the door.
    [[nodiscard, gnu::noinline]] verdict ask(const request_info& info, time_point now,
                                             permit_of<admission_type>& taken) noexcept {
        if constexpr (delays) {
            return admission_.reserve(info, now, patience(info, now), taken);
        } else {
            return admission_.try_acquire(info, now, taken);
        }
    }
    [[nodiscard]] typename door_type::allowance allowed() const noexcept {
        const std::size_t keys = queue().prepared();
        if (!open_ || keys == 0) return {0, 0, 0, no_deadline};
        return {queue().vacant(door_.count() + room_.size()), room(), keys - 1,
                std::min(queue().expires_from(), room_.next())};
    }

    door_type door_;
    admission_type admission_;
    collector_type collector_;
    struct nobody {};
    [[no_unique_address]] std::conditional_t<delays, duration, nobody> patience_;
    [[no_unique_address]] std::conditional_t<delays, waiting_room, no_waiting_room> room_;
    costs_type costs_;  // built in its place: it need not be movable
    bool open_{false};
};

}  // namespace forebay::inline v0::detail
