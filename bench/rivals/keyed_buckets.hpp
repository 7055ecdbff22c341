// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <tbb/concurrent_hash_map.h>

namespace rival {

/// The quota that all tenants have. Kept once, so that a tenant's own part is as small as it can be.
struct shared_quota {
    double tokens_per_nanosecond;
    double burst;
};

/// A tenant's bucket in doubles, 16 bytes. As made, it is full.
struct small_bucket {
    double level{std::numeric_limits<double>::infinity()};
    std::int64_t last{0};

    bool try_acquire(const shared_quota& quota, double cost, std::int64_t now) noexcept {
        if (now > last) {
            level += static_cast<double>(now - last) * quota.tokens_per_nanosecond;
            last = now;
        }
        level = std::min(level, quota.burst);
        if (level < cost) return false;
        level -= cost;
        return true;
    }
};

/// A bucket for each tenant the way people build it: 64 maps, each under a mutex of its own. Grows as long as tenants come
/// and forgets nobody.
///
/// Map  from std::uint64_t to small_bucket
template <class Map>
class sharded_buckets {
public:
    sharded_buckets(shared_quota quota, std::size_t tenants) : quota_{quota} {
        for (shard& each : shards_) each.buckets.reserve(tenants / shards_.size());
    }

    bool try_acquire(std::uint64_t tenant, std::int64_t now) {
        shard& home = shards_[tenant >> 58];  // identifiers are evenly spread
        const std::lock_guard lock{home.mutex};
        return home.buckets[tenant].try_acquire(quota_, 1, now);
    }

private:
    struct alignas(64) shard {
        std::mutex mutex;
        Map buckets;
    };
    shared_quota quota_;
    std::array<shard, 64> shards_;
};

/// The same in a map that threads share, with a lock in each element.
class concurrent_buckets {
public:
    concurrent_buckets(shared_quota quota, std::size_t tenants) : quota_{quota}, buckets_{tenants} {}

    bool try_acquire(std::uint64_t tenant, std::int64_t now) {
        map::accessor found;
        buckets_.insert(found, tenant);
        return found->second.try_acquire(quota_, 1, now);
    }

private:
    using map = tbb::concurrent_hash_map<std::uint64_t, small_bucket>;
    shared_quota quota_;
    map buckets_;
};

}  // namespace rival
