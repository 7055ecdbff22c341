// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/policy.hpp>
#include <forebay/detail/joint_states.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

namespace forebay::inline v0 {

template <class Sync, class... Limits>
class all_of_state;

/// Several limits at once: a request gets in if each of them lets it in, and if one does not, none has moved.
///
/// Requests a minute AND tokens a minute AND in flight; a tenant's share AND everybody's together. A refusal names the
/// limit that binds (`verdict::member`, in the order given here) and the earliest time at which all of them say yes: the
/// latest that any of them said.
///
///     .admission = all_of{per_tenant{quota{rate::per_minute(60), 10}},
///                         per_tenant{quota{rate::per_minute(90'000), 90'000}, by_cost},
///                         concurrency_limit{32}}
template <class... Limits>
class all_of {
public:
    static_assert(sizeof...(Limits) >= 1 && sizeof...(Limits) <= 255, "forebay: all_of takes 1 to 255 limits");
    static_assert((admission_policy<Limits> && ...),
                  "forebay: all_of takes admission policies, such as per_tenant{...} and concurrency_limit{...}");

    constexpr explicit all_of(Limits... limits) : limits_{std::move(limits)...} {}

    [[nodiscard]] constexpr const std::tuple<Limits...>& limits() const noexcept { return limits_; }

    /// errors  what a limit's own build throws
    template <class Sync>
    [[nodiscard]] all_of_state<Sync, Limits...> build() const {
        return all_of_state<Sync, Limits...>{*this};
    }

private:
    std::tuple<Limits...> limits_;
};

namespace detail {

/// Which of two refusals binds: what never helps, before what helps later, before what helps sooner. What the two are sure
/// of together is what the less sure one is.
[[nodiscard]] constexpr verdict binding(const verdict& a, const verdict& b) noexcept {
    if (a) return b;
    if (b) return a;
    verdict result =
        (b.kind == answer::never) > (a.kind == answer::never) || (a.kind == b.kind && b.when > a.when) ? b : a;
    if (result.kind == answer::retry_at) {
        const auto sure = [](certainty how) {
            return how == certainty::exact ? 0 : how == certainty::estimate ? 1 : 2;
        };
        result.how_sure = sure(a.how_sure) >= sure(b.how_sure) ? a.how_sure : b.how_sure;
    }
    return result;
}

}  // namespace detail

/// The limits' states, and one lock for all.
///
/// cost     that of all its limits, once; a refusal costs what undoing costs besides
/// threads  safe with multi_threaded: one lock for all limits, so that nobody sees one taken and another not; with
///          single_threaded the owner serialises
template <class Sync, class... Limits>
class all_of_state {
    using states = detail::joint_states<Limits...>;
    template <class Limit>
    using state_of = decltype(std::declval<const Limit&>().template build<single_threaded>());
    template <class State>
    static constexpr bool has_slots = reserves_at<std::remove_reference_t<State>>;
    /// Whether all limits can be kept while a request waits for a slot, and one of them may promise one.
    static constexpr bool waits = ((has_slots<state_of<Limits>> || limits_in_flight<state_of<Limits>>)&&...) &&
                                  (has_slots<state_of<Limits>> || ...);

public:
    static constexpr bool settles = (needs_settling<state_of<Limits>> || ...);
    static constexpr bool counts_in_flight = (limits_in_flight<state_of<Limits>> && ...);

    /// What each limit handed out, in order.
    struct permit_type {
        std::tuple<permit_of<state_of<Limits>>...> each;
        bool live{false};
    };

    explicit all_of_state(const all_of<Limits...>& chosen)
        : states_{std::apply([](const Limits&... limits) { return states{limits...}; }, chosen.limits())} {}

    /// See admission_state. Where the clock goes back to before a refusal, a limit in time that would have let it in is as if
    /// it had been full just then.
    [[nodiscard]] verdict try_acquire(const request_info& info, time_point now, permit_type& taken) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        permit_type now_taken;
        verdict said = admitted(now);
        // All are asked, also after a refusal: the answer is the latest of all.
        states_.each(
            [&](auto& state, auto& part, std::uint8_t number) noexcept {
                verdict its = state.try_acquire(info, now, part);
                if (its) return;
                its.member = number;
                said = detail::binding(said, its);
            },
            now_taken.each);
        return ended(said, now_taken, now, taken);
    }

    /// See admission_state: in the slot of the limit that has it latest; all others keep what they let in, for that slot.
    /// Needs limits that can (demand 11 of admission_state), or that limit what is in flight: those count a request from
    /// now on, so they have to be larger than what may wait.
    ///
    /// Where two of them count in one bucket, what `ask` says and a refusal's time are estimates.
    ///
    /// A limit that tenants share goes on letting in the others, as long as its burst is more than comes in during a wait:
    /// until the slot it is as used as if it were full just then.
    ///
    /// cost  that of asking all its limits, and of taking from them
    [[nodiscard]] verdict reserve(const request_info& info, time_point now, duration max_wait,
                                  permit_type& taken) noexcept requires waits {
        const typename Sync::scoped_lock hold{mutex_};
        permit_type mine;
        max_wait = std::max(max_wait, duration::zero());
        verdict said = ask_each(info, now, max_wait, mine);
        if (said) said = keep_each(info, now, said.when, max_wait, mine);
        return ended(said, mine, now, taken);
    }
    /// See admission_state.
    [[nodiscard]] verdict ask(const request_info& info, time_point now, duration max_wait) noexcept requires waits {
        const typename Sync::scoped_lock hold{mutex_};
        permit_type mine;
        const verdict said = ask_each(info, now, std::max(max_wait, duration::zero()), mine);
        undo_each(mine, now);
        return said;
    }
    /// See admission_state.
    [[nodiscard]] verdict reserve_at(const request_info& info, time_point now, time_point slot,
                                     permit_type& taken) noexcept requires waits {
        const typename Sync::scoped_lock hold{mutex_};
        permit_type mine;
        verdict said = ask_each(info, now, std::max(saturating_sub(slot, now), duration::zero()), mine);
        if (said) said = take_each(info, now, slot, mine);
        return ended(said, mine, now, taken);
    }

    /// See admission_state: each limit makes of the true cost what it counts.
    void settle(permit_type& taken, std::int64_t actual, time_point now) noexcept {
        const auto each = [&] {
            states_.each([&](auto& state, auto& part, std::uint8_t) noexcept { state.settle(part, actual, now); },
                         taken.each);
        };
        if constexpr (settles) {
            const typename Sync::scoped_lock hold{mutex_};
            each();
        } else {
            each();
        }
        taken.live = false;
    }
    /// See admission_state.
    void give_back(permit_type& taken, time_point now) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        states_.each([&](auto& state, auto& part, std::uint8_t) noexcept { state.give_back(part, now); }, taken.each);
        taken.live = false;
    }
    /// See admission_state.
    void undo(permit_type& taken, time_point now) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        undo_each(taken, now);
        taken.live = false;
    }
    /// Told to those of the limits that want to know.
    void batch_done(std::size_t size, duration service, bool failed, time_point now) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        permit_type none;
        states_.each(
            [&](auto& state, auto&, std::uint8_t) noexcept {
                if constexpr (watches_batches<std::remove_reference_t<decltype(state)>>) {
                    state.batch_done(size, service, failed, now);
                }
            },
            none.each);
    }

    /// The state of limit `Number`, in the order given. Its owner sees to it that nobody changes it meanwhile.
    template <std::size_t Number>
    [[nodiscard]] auto& member() noexcept {
        return nth<Number>(states_);
    }

private:
    /// From the last to the first: limits may share what they count in.
    void undo_each(permit_type& taken, time_point now) noexcept {
        states_.each_backwards([&](auto& state, auto& part) noexcept { detail::undo(state, part, now); }, taken.each);
    }
    /// The verdict, for who took what it says: what was taken of a refused one is given back.
    [[nodiscard]] verdict ended(const verdict& said, permit_type& mine, time_point now, permit_type& taken) noexcept {
        if (said) {
            mine.live = true;
            taken = mine;
        } else {
            undo_each(mine, now);
        }
        return said;
    }
    /// Asks those that have slots, and takes from those that limit what is in flight. returns  admitted in the slot that all
    /// can keep, or the refusal. [max_wait >= 0]
    [[nodiscard]] verdict ask_each(const request_info& info, time_point now, duration max_wait,
                                   permit_type& taken) noexcept {
        verdict latest = admitted(now);  // of those that can name the slot
        verdict said = admitted(now);    // of the others, and of who can never let it in
        states_.each(
            [&](auto& state, auto& part, std::uint8_t number) noexcept {
                constexpr bool names_slot = has_slots<decltype(state)>;
                verdict its;
                if constexpr (names_slot) {
                    its = state.ask(info, now, duration::zero());
                } else {
                    its = state.try_acquire(info, now, part);
                }
                if (its) return;
                its.member = number;
                const bool named =
                    names_slot && its.kind == answer::retry_at && its.how_sure != certainty::on_completion;
                verdict& worst = named ? latest : said;
                worst = detail::binding(worst, its);
            },
            taken.each);
        const time_point slot = latest ? now : latest.when;
        const bool in_time = saturating_sub(slot, now) <= max_wait;
        if (said && in_time) return admitted(slot);
        if (!latest) latest.when = in_time ? now : saturating_add(slot, -max_wait);
        return detail::binding(said, latest);
    }
    /// Takes for the slot from those that have been asked; from none, if one of them refuses.
    [[nodiscard]] verdict take_each(const request_info& info, time_point now, time_point slot,
                                    permit_type& taken) noexcept {
        verdict said = admitted(slot);
        states_.each(
            [&](auto& state, auto& part, std::uint8_t number) noexcept {
                if constexpr (has_slots<decltype(state)>) {
                    if (!said) return;
                    const verdict its = state.reserve_at(info, now, slot, part);
                    if (its) return;
                    said = its;
                    said.member = number;
                }
            },
            taken.each);
        if (said) return said;
        states_.each_backwards(
            [&](auto& state, auto& part) noexcept {
                if constexpr (has_slots<decltype(state)>) detail::undo(state, part, now);
            },
            taken.each);
        return said;
    }
    /// The same for the first slot that all keep: later than asked for where two count in one bucket, or others came between.
    [[nodiscard]] verdict keep_each(const request_info& info, time_point now, time_point slot, duration max_wait,
                                    permit_type& taken) noexcept {
        for (std::size_t round = 0;; ++round) {
            verdict said = take_each(info, now, slot, taken);
            if (said || said.kind != answer::retry_at || said.how_sure == certainty::on_completion || said.when <= slot)
                return said;
            slot = said.when;
            if (saturating_sub(slot, now) <= max_wait && round <= sizeof...(Limits)) continue;
            said.when = std::max(saturating_add(slot, -max_wait), now);
            if (round != 0) said.how_sure = certainty::estimate;
            return said;
        }
    }
    template <std::size_t Number, class States>
    static auto& nth(States& all) noexcept {
        if constexpr (Number == 0) {
            return all.state;
        } else {
            return nth<Number - 1>(all.others);
        }
    }

    typename Sync::mutex mutex_;
    states states_;
};

}  // namespace forebay::inline v0
