// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sync.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstdint>

namespace forebay::inline v0::detail {

/// What decides who is remembered in one shard: most calls can do without. In a cache line of its own.
template <class Sync>
struct alignas(Sync::concurrent ? 64 : 8) tenant_shard {
    /// Nobody is met, moved or forgotten, and no quota changed, but by who holds this. It is taken before a group's lock.
    typename Sync::word_lock lock;
    /// How many are changing quotas: nobody's place is moved then, lest it is missed.
    std::uint32_t renewing{0};
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

    /// Nobody's place is moved while this lives.
    class renewal {
    public:
        explicit renewal(tenant_shard& shard) noexcept : shard_{shard} { add(1); }
        renewal(const renewal&) = delete;
        renewal& operator=(const renewal&) = delete;
        ~renewal() { add(~std::uint32_t{0}); }

    private:
        void add(std::uint32_t more) noexcept {
            const held hold{shard_};
            shard_.renewing += more;
        }

        tenant_shard& shard_;
    };
};

}  // namespace forebay::inline v0::detail
