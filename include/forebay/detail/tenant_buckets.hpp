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
/// threads  all that takes a group's lock is of that group's places; all that takes a shard, under its lock
template <class Sync>
class tenant_buckets {
public:
    using group = tenant_group<Sync>;
    using lock = typename group::lock;
    using shard = tenant_shard<Sync>;

    tenant_buckets(std::size_t max_tenants, std::optional<std::uint64_t> seed) : places{max_tenants, seed} {}

    const tenant_places<Sync> places;
    tier_table<Sync> tiers;

    [[nodiscard]] tenant_notes& notes(const lock& in, unsigned its) const noexcept {
        return places.notes(places.place_of(in, its));
    }
    /// Where all have the same terms, as is usual, a place's notes need not be looked up for them.
    [[nodiscard]] const bucket_terms& terms_of(const lock& in, unsigned its) const noexcept {
        const std::uint32_t sole = tiers.sole();
        return tiers[sole != tiers.none ? sole : notes(in, its).tier];
    }
    /// Whether any place may be promised something beyond what its refill says.
    [[nodiscard]] bool promising() const noexcept { return promising_.load(std::memory_order_relaxed) != 0; }

    /// promises  whether it may be about to promise a slot, though none is promised yet
    [[nodiscard]] refill_time bucket_of(const lock& in, unsigned its, const bucket_terms& terms,
                                        bool promises = false) const noexcept {
        refill_time bucket{in.full_at(its)};
        if (terms.per_ns > 1) bucket.excess = notes(in, its).excess;
        if (promising()) {
            const tenant_notes& its_notes = notes(in, its);
            bucket.promised = its_notes.promised;
            bucket.waiting = static_cast<std::uint8_t>(its_notes.waiting);
        }
        if (promises || bucket.promised != refill_time::earliest) bucket.turn = places.turn(places.place_of(in, its));
        return bucket;
    }
    void keep(lock& in, unsigned its, const refill_time& bucket, const bucket_terms& terms) noexcept {
        in.set_full_at(its, bucket.full_at);
        if (terms.per_ns > 1) notes(in, its).excess = static_cast<std::uint32_t>(bucket.excess);
        if (bucket.promised == refill_time::earliest && !promising()) return;
        tenant_notes& its_notes = notes(in, its);
        drop_promise(its_notes);
        if (bucket.promised == refill_time::earliest) return;
        its_notes.promised = bucket.promised;
        its_notes.waiting = static_cast<std::uint16_t>(bucket.waiting & refill_time::too_many);
        places.turn(places.place_of(in, its)) = bucket.turn;
        promising_.fetch_add(1, std::memory_order_relaxed);
    }
    /// The bucket of one who is not remembered.
    [[nodiscard]] static refill_time newcomer(const shard& home, const bucket_terms& terms) noexcept {
        return {terms.per_ns == 0 ? refill_time::earliest : refill_time::clock(terms, home.forgotten)};
    }

    [[nodiscard]] bool is_free(const lock& in, unsigned its, time_point now) const noexcept {
        if (!places.taken(in, its)) return true;
        const tenant_notes& of = notes(in, its);
        return of.live == 0 && !of.tightened && refill_time{in.full_at(its), 0, of.promised}.full(tiers[of.tier], now);
    }
    /// Calls visit(lock, place) where the tenant is, if it is remembered. Under its shard's lock. returns  whether it is
    template <class Visit>
    bool visit(std::uint64_t hash, tenant_id tenant, Visit&& visit) const noexcept {
        const tenant_place its = places.find(hash, tenant);
        if (!its) return false;
        lock in = places.lock_of(its);
        visit(in, places.index_of(its));
        return true;
    }
    /// Calls use(lock, place) for a free place of one whose hash this is, if there is one, or can be: sooner one that is
    /// nobody's, sooner one of the first group. returns  whether there was one
    template <class Use>
    [[nodiscard]] bool give_place(std::uint64_t hash, shard& home, time_point now, Use use) noexcept {
        const std::uint32_t groups[] = {places.first_group(hash), places.second_group(hash)};
        for (const std::uint32_t g : groups) {
            if (give_vacancy(g, use)) return true;
        }
        for (const std::uint32_t g : groups) {
            if (give_free(g, now, use)) return true;
        }
        if (home.renewing != 0) return false;
        for (const std::uint32_t g : groups) {
            for (unsigned i = 0; i < group::size; ++i) {
                if (move_away(g, i, home, now, use)) return true;
            }
        }
        // One more has to make room. Of eight who may, one can: nearly always.
        const auto leave_it = [](lock&, unsigned) {};
        for (const std::uint32_t g : groups) {
            for (unsigned i = 0; i < group::size; ++i) {
                const std::uint32_t other = other_group(g, i);
                for (unsigned j = 0; other != g && j < group::size; ++j) {
                    if (move_away(other, j, home, now, leave_it)) return move_away(g, i, home, now, use);
                }
            }
        }
        return false;
    }
    /// Whether there is, or can be.
    [[nodiscard]] bool has_place(std::uint64_t hash, const shard& home, time_point now) const noexcept {
        const unsigned moves = home.renewing == 0 ? 2 : 0;
        return has_room(places.first_group(hash), now, moves) || has_room(places.second_group(hash), now, moves);
    }
    /// Empties a free place.
    void forget(lock& in, unsigned its, shard& home, time_point now) noexcept {
        if (!places.taken(in, its)) return;
        home.forget(now);
        drop_promise(notes(in, its));
        tiers.release(notes(in, its).tier);
        places.empty(in, its);
    }
    /// Gives a free place to a tenant under these terms; its bucket is yet to be kept. False if there are too many different
    /// ones.
    [[nodiscard]] bool settle(lock& in, unsigned its, shard& home, tenant_id tenant, const bucket_terms& terms,
                              time_point now) noexcept {
        tenant_notes& its_notes = notes(in, its);
        std::uint32_t tier = its_notes.tier;
        if (places.taken(in, its) && tiers[tier] == terms) {  // as usual; so newcomers do not meet at its count
            home.forget(now);
            drop_promise(its_notes);
        } else {
            tier = tiers.claim(terms);
            if (tier == tiers.none) return false;
            forget(in, its, home, now);
        }
        in.set_name(its, static_cast<std::uint64_t>(tenant));
        its_notes = {};
        its_notes.set_tier(tier, false);
        return true;
    }

    /// What came of new terms.
    enum class renewed : std::uint8_t { not_at_all, as_wanted, tighter };
    /// Puts terms in force for one who is remembered. A full bucket is forgotten: when met again, it is full.
    renewed renew(lock& in, unsigned its, shard& home, const bucket_terms& terms, time_point now,
                  inherit what) noexcept {
        if (is_free(in, its, now)) {
            forget(in, its, home, now);
            return renewed::not_at_all;
        }
        tenant_notes& its_notes = notes(in, its);
        const bucket_terms old = tiers[its_notes.tier];
        const refill_time before = bucket_of(in, its, old);
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
        keep(in, its, before.under(old, next, now, was_full ? inherit::full : what), next);
        tiers.release(was);
        return tighter ? renewed::tighter : renewed::as_wanted;
    }

private:
    template <class Use>
    [[nodiscard]] bool give_vacancy(std::uint32_t of, Use& use) noexcept {
        const unsigned its = places.vacancy(of);
        if (its == group::size) return false;
        lock in = places.lock_of(of);
        use(in, its);
        return true;
    }
    template <class Use>
    [[nodiscard]] bool give_free(std::uint32_t of, time_point now, Use& use) noexcept {
        lock in = places.lock_of(of);
        for (unsigned its = 0; its < group::size; ++its) {
            if (!is_free(in, its, now)) continue;
            use(in, its);
            return true;
        }
        return false;
    }
    /// Whether a place of the group is free, or can be, if so many move.
    [[nodiscard]] bool has_room(std::uint32_t in_group, time_point now, unsigned moves) const noexcept {
        if (places.vacancy(in_group) != group::size) return true;
        {
            const lock in = places.lock_of(in_group);
            for (unsigned its = 0; its < group::size; ++its) {
                if (is_free(in, its, now)) return true;
            }
        }
        for (unsigned its = 0; moves != 0 && its < group::size; ++its) {
            const std::uint32_t other = other_group(in_group, its);
            if (other != in_group && has_room(other, now, moves - 1)) return true;
        }
        return false;
    }
    /// Where else who has this place could be.
    [[nodiscard]] std::uint32_t other_group(std::uint32_t from, unsigned its) const noexcept {
        const std::uint64_t hash = places.hash_of(places.tenant_at(from, its));
        const std::uint32_t first = places.first_group(hash);
        return first != from ? first : places.second_group(hash);
    }
    /// Moves who has a place to a free one in its other group, and gives the place away.
    template <class Use>
    [[nodiscard]] bool move_away(std::uint32_t from, unsigned its, shard& home, time_point now, Use& use) noexcept {
        const tenant_id who = places.tenant_at(from, its);
        const std::uint32_t other = other_group(from, its);
        if (other == from) return false;
        const auto move = [&](lock& into, unsigned at) {
            forget(into, at, home, now);
            lock in = places.lock_of(from);  // as who holds the shard's lock alone holds two
            into.set_name(at, static_cast<std::uint64_t>(who));
            into.set_full_at(at, in.full_at(its));
            notes(into, at) = notes(in, its);
            places.turn(places.place_of(into, at)) = places.turn(places.place_of(in, its));
            places.empty(in, its);
            use(in, its);
        };
        return give_vacancy(other, move) || give_free(other, now, move);
    }
    void drop_promise(tenant_notes& of) noexcept {
        if (of.promised == refill_time::earliest) return;
        of.promised = refill_time::earliest;
        promising_.fetch_add(~std::uint32_t{0}, std::memory_order_relaxed);
    }

    /// Places that are promised something.
    typename Sync::template atomic<std::uint32_t> promising_{0};
};

}  // namespace forebay::inline v0::detail
