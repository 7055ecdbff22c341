// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/tenant_buckets.hpp>
#include <forebay/detail/tenant_places.hpp>
#include <forebay/detail/tenant_shard.hpp>
#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace forebay::inline v0::detail {

/// How new terms are put in force while requests come.
///
/// Terms are asked for outside the locks, of who may just be changing them. So each shard counts the changes: one who asks
/// reads the count before, and what the answer is used for compares it under the lock. If it has changed, the answer may
/// be from before, and is asked for again.
template <class Sync>
class tenant_renewal {
public:
    using shard = tenant_shard<Sync>;
    using counter = typename Sync::template atomic<std::uint64_t>;

    /// tightened  counts those who were put under tighter terms than their own
    tenant_renewal(tenant_buckets<Sync>& buckets, shard* shards, counter& tightened) noexcept
        : buckets_{buckets}, shards_{shards}, tightened_{tightened} {}

    /// Asks for this tenant's terms and puts them in force; true if it has a bucket that is not full, under other terms
    /// than before.
    template <class Ask>
    bool one(tenant_id tenant, time_point now, inherit what, Ask& ask) noexcept {
        const std::uint64_t hash = buckets_.places.hash_of(tenant);
        shard& home = shards_[buckets_.places.shard_of(hash)];
        std::uint64_t changes = home.changes.fetch_add(1, std::memory_order_acq_rel) + 1;
        for (;;) {
            const bucket_terms terms = ask(tenant);
            const held hold{home};
            if (const std::uint64_t since = home.changes.load(std::memory_order_acquire); since != changes) {
                changes = since;
                continue;
            }
            bool renewed = false;
            buckets_.visit(hash, tenant,
                           [&](lock& in, unsigned its) { renewed = renew(in, its, home, terms, now, what); });
            return renewed;
        }
    }
    /// The same for all tenants whose terms are wanted; how many it was true for. Who asks while another renews, too, asks
    /// again for up to 32 tenants.
    template <class Wanted, class Ask>
    std::size_t all(time_point now, inherit what, Wanted& wanted, Ask& ask) noexcept {
        const std::uint32_t count = buckets_.places.shards();
        for (std::uint32_t s = 0; s < count; ++s) shards_[s].changes.fetch_add(1, std::memory_order_acq_rel);
        std::size_t renewed = 0;
        for (std::uint32_t s = 0; s < count; ++s) {
            const typename shard::renewal stay{shards_[s]};
            const std::uint32_t begin = buckets_.places.begin_of(s);
            const std::uint32_t end = begin + buckets_.places.groups_each();
            for (std::uint32_t g = begin; g < end; g += at_once) {
                renewed += part(shards_[s], g, std::min(g + at_once, end), now, what, wanted, ask);
            }
        }
        return renewed;
    }

private:
    using group = typename tenant_buckets<Sync>::group;
    using lock = typename group::lock;
    using held = typename shard::held;
    /// Groups renewed in one go: their shard's lock is held for a microsecond, twice.
    static constexpr std::uint32_t at_once = 8;

    bool renew(lock& in, unsigned its, shard& home, const bucket_terms& terms, time_point now, inherit what) noexcept {
        using renewed = typename tenant_buckets<Sync>::renewed;
        const renewed came = buckets_.renew(in, its, home, terms, now, what);
        if (came == renewed::tighter) tightened_.fetch_add(1, std::memory_order_relaxed);
        return came != renewed::not_at_all;
    }
    /// Groups begin .. end-1 of a shard.
    template <class Wanted, class Ask>
    std::size_t part(shard& home, std::uint32_t begin, std::uint32_t end, time_point now, inherit what, Wanted& wanted,
                     Ask& ask) noexcept {
        const auto& places = buckets_.places;
        struct {
            tenant_place where;
            tenant_id tenant;
            bucket_terms terms;
        } list[at_once * group::size];
        for (;;) {
            std::size_t count = 0;
            std::uint64_t changes = 0;
            {
                const held hold{home};
                changes = home.changes.load(std::memory_order_acquire);
                for (std::uint32_t g = begin; g < end; ++g) {
                    lock in = places.lock_of(g);
                    for (unsigned its = 0; its < group::size; ++its) {
                        if (!places.taken(in, its) || !wanted(buckets_.tiers[buckets_.notes(in, its).tier])) continue;
                        if (buckets_.is_free(in, its, now)) {
                            buckets_.forget(in, its, home, now);
                        } else {
                            list[count].where = places.place_of(g, its);
                            list[count++].tenant = tenant_id{in.name(its)};
                        }
                    }
                }
            }
            for (std::size_t i = 0; i < count; ++i) list[i].terms = ask(list[i].tenant);
            const held hold{home};
            if (home.changes.load(std::memory_order_relaxed) != changes) continue;
            std::size_t renewed = 0;
            for (std::size_t i = 0; i < count; ++i) {
                lock in = places.lock_of(list[i].where);
                const unsigned its = places.index_of(list[i].where);
                if (tenant_id{in.name(its)} == list[i].tenant) {
                    renewed += renew(in, its, home, list[i].terms, now, what) ? 1U : 0U;
                }
            }
            return renewed;
        }
    }

    tenant_buckets<Sync>& buckets_;
    shard* shards_;
    counter& tightened_;
};

}  // namespace forebay::inline v0::detail
