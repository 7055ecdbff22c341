// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/policy.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <tuple>
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

/// The states of several policies, one after the other. They need not be movable: each is built in its place.
template <class... Limits>
struct joint_states {
    explicit joint_states(const auto&...) noexcept {}
    void each(auto&&, auto&, std::uint8_t) noexcept {}
};
template <class First, class... Rest>
struct joint_states<First, Rest...> {
    using state_type = decltype(std::declval<const First&>().template build<single_threaded>());

    explicit joint_states(const First& first, const Rest&... rest)
        : state{first.template build<single_threaded>()}, others{rest...} {}

    /// visit(state, its permit, its number) for each, in order.
    template <class Visit, class Permits>
    void each(Visit&& visit, Permits& permits, std::uint8_t number = 0) noexcept {
        visit(state, std::get<std::tuple_size_v<Permits> - 1 - sizeof...(Rest)>(permits), number);
        others.each(visit, permits, static_cast<std::uint8_t>(number + 1));
    }

    state_type state;
    [[no_unique_address]] joint_states<Rest...> others;
};

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

public:
    static constexpr bool settles =
        (needs_settling<decltype(std::declval<const Limits&>().template build<single_threaded>())> || ...);

    /// What each limit handed out, in order.
    struct permit_type {
        std::tuple<permit_of<decltype(std::declval<const Limits&>().template build<single_threaded>())>...> each;
        bool live{false};
    };

    explicit all_of_state(const all_of<Limits...>& chosen)
        : states_{std::apply([](const Limits&... limits) { return states{limits...}; }, chosen.limits())} {}

    /// See admission_state.
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
        if (said) {
            now_taken.live = true;
            taken = now_taken;
        } else {
            states_.each([&](auto& state, auto& part, std::uint8_t) noexcept { detail::undo(state, part, now); },
                         now_taken.each);
        }
        return said;
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
        states_.each([&](auto& state, auto& part, std::uint8_t) noexcept { detail::undo(state, part, now); },
                     taken.each);
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
