// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sync.hpp>

#include <cstdint>
#include <tuple>
#include <utility>

namespace forebay::inline v0::detail {

/// The states of several policies, one after the other. They need not be movable: each is built in its place.
template <class... Limits>
struct joint_states {
    explicit joint_states(const auto&...) noexcept {}
    void each(auto&&, auto&, std::uint8_t) noexcept {}
    void each_backwards(auto&&, auto&) noexcept {}
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

    /// visit(state, its permit) for each, from the last to the first.
    template <class Visit, class Permits>
    void each_backwards(Visit&& visit, Permits& permits) noexcept {
        others.each_backwards(visit, permits);
        visit(state, std::get<std::tuple_size_v<Permits> - 1 - sizeof...(Rest)>(permits));
    }

    state_type state;
    [[no_unique_address]] joint_states<Rest...> others;
};

}  // namespace forebay::inline v0::detail
