// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/refill_time.hpp>
#include <forebay/detail/tenant_places.hpp>
#include <forebay/detail/tenant_shard.hpp>
#include <forebay/detail/tier_table.hpp>
#include <forebay/rate.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace forebay::inline v0::detail {

/// The buckets in the places, each with its own terms: how they are read and written, and who may have a place.
///
/// A place is free when nothing would be lost with it: its bucket is full and no permit that could charge it is out.
///
/// threads  all that takes a shard, or a place, under that shard's lock
template <class Sync>
class tenant_buckets {
public:
    using place = tenant_place;
    using shard = tenant_shard<Sync>;

    tenant_buckets(std::size_t max_tenants, std::optional<std::uint64_t> seed) : places{max_tenants, seed} {}

    const tenant_places<Sync::concurrent> places;
    tier_table<Sync> tiers;

    [[nodiscard]] tenant_notes& notes(const place& of) const noexcept { return places.notes(of); }
    /// Where all have the same terms, as is usual, a place's notes need not be looked up for them.
    [[nodiscard]] const bucket_terms& terms_of(const place& its) const noexcept {
        const std::uint32_t sole = tiers.sole();
        return tiers[sole != tiers.none ? sole : notes(its).tier];
    }
    [[nodiscard]] refill_time bucket_of(const place& its, shard& home, const bucket_terms& terms,
                                        time_point now) const noexcept {
        refill_time bucket{its.full_at};
        if (terms.per_ns > 1) bucket.excess = notes(its).excess;
        if (home.promising != 0) [[unlikely]] {
            if (notes(its).promised <= refill_time::clock(terms, now)) drop_promise(its, home);
            bucket.promised = notes(its).promised;
            bucket.waiting = static_cast<std::uint8_t>(notes(its).waiting);
        }
        return bucket;
    }
    void keep(place& its, shard& home, const refill_time& bucket, const bucket_terms& terms) const noexcept {
        its.full_at = bucket.full_at;
        if (terms.per_ns > 1) notes(its).excess = static_cast<std::uint32_t>(bucket.excess);
        if (bucket.promised == refill_time::earliest && home.promising == 0) [[likely]]
            return;
        drop_promise(its, home);
        if (bucket.promised == refill_time::earliest) return;
        notes(its).promised = bucket.promised;
        notes(its).waiting = static_cast<std::uint16_t>(bucket.waiting & refill_time::too_many);
        ++home.promising;
    }
    /// The bucket of one who is not remembered.
    [[nodiscard]] static refill_time newcomer(const shard& home, const bucket_terms& terms) noexcept {
        return {terms.per_ns == 0 ? refill_time::earliest : refill_time::clock(terms, home.forgotten)};
    }

    [[nodiscard]] bool is_free(const place& p, time_point now) const noexcept {
        if (!p.taken()) return true;
        const tenant_notes& its = notes(p);
        return its.live == 0 && !its.tightened && refill_time{p.full_at, 0, its.promised}.full(tiers[its.tier], now);
    }
    /// A free place for a newcomer, if there is one, or can be.
    [[nodiscard]] place* room_for(std::uint64_t hash, shard& home, time_point now) noexcept {
        const auto free = [&](const place& p) { return is_free(p, now); };
        if (place* const vacancy = places.vacancy(hash, free)) return vacancy;
        if (home.renewing != 0) return nullptr;
        const auto way = places.way_out(hash, free);
        if (!way) return nullptr;
        forget(*way->to, home, now);
        *way->to = *way->from;
        notes(*way->to) = notes(*way->from);
        places.empty(*way->from);
        return way->from;
    }
    /// Empties a free place.
    void forget(place& its, shard& home, time_point now) noexcept {
        if (!its.taken()) return;
        home.forget(now);
        drop_promise(its, home);
        tiers.release(notes(its).tier);
        places.empty(its);
    }
    /// The number of these terms for who gets a free place; none if there is no number left.
    [[nodiscard]] std::uint32_t vacate(place& its, shard& home, const bucket_terms& terms, time_point now) noexcept {
        if (its.taken() && tiers[notes(its).tier] == terms) {  // as usual; so newcomers do not meet at its count
            home.forget(now);
            drop_promise(its, home);
            return notes(its).tier;
        }
        forget(its, home, now);
        return tiers.claim(terms);
    }

    /// What came of new terms.
    enum class renewed : std::uint8_t { not_at_all, as_wanted, tighter };
    /// Puts terms in force for one who is remembered. A full bucket is forgotten: when met again, it is full.
    renewed renew(place& its, shard& home, const bucket_terms& terms, time_point now, inherit what) noexcept {
        if (is_free(its, now)) {
            forget(its, home, now);
            return renewed::not_at_all;
        }
        tenant_notes& its_notes = notes(its);
        const bucket_terms old = tiers[its_notes.tier];
        const refill_time before = bucket_of(its, home, old, now);
        const bool was_full = before.full(old, now) && !its_notes.tightened;
        if (old == terms) {
            its_notes.tightened = 0;
            return renewed::not_at_all;
        }
        const std::uint32_t was = its_notes.tier;
        const std::uint32_t tier = tiers.claim_within(terms);
        const bucket_terms& next = tiers[tier];
        const bool tighter = next != terms;
        its_notes.set_tier(tier, tighter);
        keep(its, home, before.under(old, next, now, was_full ? inherit::full : what), next);
        tiers.release(was);
        return tighter ? renewed::tighter : renewed::as_wanted;
    }

private:
    void drop_promise(const place& its, shard& home) const noexcept {
        if (notes(its).promised == refill_time::earliest) return;
        notes(its).promised = refill_time::earliest;
        --home.promising;
    }
};

}  // namespace forebay::inline v0::detail
