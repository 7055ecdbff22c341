// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <concepts>
#include <cstdint>
#include <optional>

namespace forebay::inline v0 {

/// What a store grants a host: tokens that nobody else is granted, for a time.
struct lease {
    /// How many; the store has taken them from its quota. [0 .. what was asked for]
    std::int64_t granted{0};
    /// From this instant on they are not spent any more; on the host's own line. Reckoned from before the store was asked,
    /// it never comes later than the store thinks, however slow the answer. Also with nothing granted: until then the host
    /// knows that it may spend nothing.
    time_point valid_until{};
};

/// What a host is to ask its store for.
struct lease_ask {
    std::uint64_t key{0};     ///< which quota
    std::int64_t amount{0};   ///< how many tokens [>= 1]
    std::uint64_t number{0};  ///< of this ask, for its answer
};

/// Where several hosts meet to share a quota: a server, a database, a file.
///
/// 1. Copyable value (a handle); used by one thread at a time.
/// 2. `store.ask(key, amount, now)` takes up to `amount` tokens from that quota, all at once for all who ask, and returns the
///    lease; or nothing, if there was no answer. It may wait and may throw, which is no answer either. `now` is when it was
///    called.
/// 3. Tokens of an answer that was lost are lost; of a lease that ends unspent too, unless
/// 4. it has `store.give_back(key, amount, now)`: tokens that a host was granted and did not spend.
///
/// Smallest model, for hosts within one process:
///
///     struct one_process {
///         forebay::token_bucket<forebay::multi_threaded>* bucket;
///         std::optional<forebay::lease> ask(std::uint64_t, std::int64_t amount, forebay::time_point now) {
///             return forebay::lease{bucket->acquire_up_to(amount, now), now + std::chrono::seconds{1}};
///         }
///     };
template <class Store>
concept quota_store = std::copy_constructible<Store> &&
    requires(Store& store, std::uint64_t key, std::int64_t amount, time_point now) {
    { store.ask(key, amount, now) } -> std::same_as<std::optional<lease>>;
};

/// Whether a store takes back what was not spent: demand 4 above.
template <class Store>
concept takes_back = requires(Store& store, std::uint64_t key, std::int64_t amount, time_point now) {
    store.give_back(key, amount, now);
};

/// No store: the host carries what `quota_lease_state::wanted` says by itself, without waiting for instance.
struct asked_by_host {};

}  // namespace forebay::inline v0
