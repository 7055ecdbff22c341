// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/arrival.hpp>
#include <forebay/time.hpp>

#include <concepts>
#include <string>
#include <vector>

namespace forebay::inline v0::sim {

/// Where the requests of one run come from, in order of time.
///
/// 1. `source.peek()` returns the next request, or nullptr if none is left. It stays where it is, and the same, until
///    `pop()`; peeking again changes nothing.
/// 2. `source.pop()` is called after a peek that was not null, and goes on to the next.
/// 3. No request is earlier than the one before it. Those of one instant arrive in the order in which they come out.
/// 4. `tenants()` and `kinds()` name what `arrival::tenant` and `arrival::kind` of every request seen so far stand for.
///    The lists may grow from one request to the next; what they hold stays in its place.
/// 5. The requests depend on nothing but the source: not on the policy, nor on when they are asked for.
///
/// Smallest model:
///
///     class every_second {
///     public:
///         const forebay::sim::arrival* peek() { return left_ == 0 ? nullptr : &next_; }
///         void pop() { --left_, next_.at += 1s; }
///         const std::vector<std::string>& tenants() const { return names_; }
///         const std::vector<std::string>& kinds() const { return names_; }
///
///     private:
///         int left_{3600};
///         forebay::sim::arrival next_;
///         std::vector<std::string> names_{"default"};
///     };
template <class Source>
concept arrival_source = std::movable<Source> && requires(Source& source, const Source& named) {  // clang-format off
    { source.peek() } -> std::same_as<const arrival*>;
    source.pop();
    { named.tenants() } -> std::same_as<const std::vector<std::string>&>;
    { named.kinds() } -> std::same_as<const std::vector<std::string>&>;
};  // clang-format on

/// An arrival source whose requests wait for answers to earlier ones: a closed loop.
///
/// 1. `source.ended(request, now)` is called for every request that came out of it as soon as that has its outcome, a
///    refusal too. [now >= request.at]
/// 2. That may give `peek()` a request where it had none, or an earlier one than it had, but none before `now`.
///    While requests are out, a null `peek()` does not mean that none is left.
template <class Source>
concept answered_source = arrival_source<Source> && requires(Source& source, const arrival& request, time_point now) {
    source.ended(request, now);
};

/// The description of a workload, from which every run opens its own source.
///
/// 1. `model.open()` on a const object returns an arrival_source that begins at the first request: the same requests
///    every time. What is drawn at random is drawn from a seed that is part of the description.
/// 2. Sources are independent of each other. They may refer to the model, which outlives them.
template <class Model>
concept workload_model = std::movable<Model> && requires(const Model& model) {  // clang-format off
    { model.open() } -> arrival_source;
};  // clang-format on

}  // namespace forebay::inline v0::sim
