// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sync.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstdint>

namespace forebay::inline v0::detail {

/// What the tenants of one shard have in common: their lock, and what happened to them. In a cache line of its own.
template <class Sync>
struct alignas(Sync::concurrent ? 64 : 8) tenant_shard {
    typename Sync::word_lock lock;
    /// How many are changing quotas: nobody's place is moved then, lest it is missed.
    std::uint32_t renewing{0};
    /// Places of which something is promised beyond what their refill says.
    std::uint32_t promising{0};
    /// The latest time at which anything was taken here.
    time_point seen{time_point::min()};
    /// The latest time by which a bucket was found full and forgotten here. Newcomers count as full from then on, so that a
    /// clock that went back does not let one that was forgotten have the same time twice.
    time_point forgotten{time_point::min()};
    /// How often quotas were changed; raised without the lock.
    typename Sync::template atomic<std::uint64_t> changes{0};

    void forget(time_point now) noexcept { forgotten = std::max(forgotten, now); }

    /// The lock, while this lives.
    class held {
    public:
        explicit held(tenant_shard& shard) noexcept : lock_{shard.lock} { lock_.lock(); }
        held(const held&) = delete;
        held& operator=(const held&) = delete;
        ~held() { lock_.unlock(); }

    private:
        typename Sync::word_lock& lock_;
    };
};

}  // namespace forebay::inline v0::detail
