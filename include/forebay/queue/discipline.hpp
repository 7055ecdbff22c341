// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>
#include <forebay/time.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace forebay::inline v0 {

/// A queued request as a discipline sees it. One cache line with the queue's own few bytes.
struct queued {
    request_info info;
    time_point arrival;
    /// Order of acceptance, unique in its queue; ends every rank, so that an order is total and a replay repeats itself.
    std::uint64_t sequence;
};

/// The queued requests that may share a batch (equal `request_info::key`), as a batch policy sees them.
struct waiting_group {
    std::uint64_t key;
    /// Requests waiting. [>= 1]
    std::size_t count;
    /// Sum of their costs, in the host's unit.
    std::int64_t cost;
    /// Arrival of the one that has waited longest, wherever it stands in the order.
    time_point oldest_arrival;
};

/// A gate that lets every group of requests through at any time: what a queue has that does not batch.
struct always_open {
    [[nodiscard]] constexpr time_point opens(const waiting_group&) const noexcept { return time_point::min(); }
};

/// A leaf of a discipline: ranks the requests that reach it.
///
/// 1. Copyable value.
/// 2. `leaf.rank(const queued&)` on a const object returns std::uint64_t and is noexcept; the smallest is served first,
///    equal ranks in order of acceptance.
/// 3. It depends on its argument only: a rank is read once, when the request is queued, and stays. (A priority that
///    grows with waiting at one common rate is such a rank too: arrival minus head start.)
/// 4. It is quick and does not call back: it runs under the scheduler's lock.
///
/// Smallest model:
///
///     struct cheapest_first {
///         std::uint64_t rank(const forebay::queued& r) const noexcept { return std::uint64_t(r.info.cost); }
///     };
template <class Leaf>
concept leaf = std::copy_constructible<Leaf> && requires(const Leaf& order, const queued& request) {
    { order.rank(request) }
    noexcept->std::same_as<std::uint64_t>;
};

/// What `child_of` answers for a request that has no place in the order; the request is refused with
/// `limit::bad_priority`.
inline constexpr std::uint32_t no_child = ~std::uint32_t{0};

/// An inner node of a discipline: sends each request to one of at most 64 children, of which the first that is not
/// empty is served.
///
/// 1. Copyable value.
/// 2. `selector.width()` is the number of children, 1 to 64, and does not change.
/// 3. `selector.child_of(const request_info&)` is the child's number, below width(), or `no_child`; it depends on its
///    argument only.
/// 4. `selector.child` is the discipline below, a leaf or a selector; every child has its own state of it.
/// 5. Both functions are noexcept, quick, and do not call back.
///
/// Smallest model:
///
///     template <class Child = forebay::fifo>
///     struct paying_first {
///         Child child{};
///         std::uint32_t width() const noexcept { return 2; }
///         std::uint32_t child_of(const forebay::request_info& r) const noexcept { return r.cost > 0 ? 0 : 1; }
///     };
template <class Selector>
concept selector = std::copy_constructible<Selector> && requires(const Selector& node, const request_info& info) {
    { node.width() }
    noexcept->std::same_as<std::uint32_t>;
    { node.child_of(info) }
    noexcept->std::same_as<std::uint32_t>;
    node.child;
};

namespace detail {

template <class Order>
consteval bool is_discipline() {
    if constexpr (leaf<Order>) {
        return true;
    } else if constexpr (selector<Order>) {
        return is_discipline<decltype(Order::child)>();
    } else {
        return false;
    }
}

/// Throws std::invalid_argument if a node of the tree has knobs that cannot be.
template <class Order>
void validate(const Order& order) {
    if constexpr (requires { order.validate(); }) order.validate();
    if constexpr (selector<Order>) {
        if (order.width() < 1 || order.width() > 64) {
            throw std::invalid_argument("forebay: a selector's width (strict_priority: levels) must be 1 to 64");
        }
        validate(order.child);
    }
}

}  // namespace detail

/// A tree of selectors that ends in a leaf, fixed at compile time: the order of a queue.
/// A node may also have `validate() const`, which throws std::invalid_argument for knobs that cannot be; it is called
/// when a queue is built.
template <class Order>
concept discipline = detail::is_discipline<Order>();

}  // namespace forebay::inline v0
