// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/bucket_pair.hpp>
#include <forebay/detail/overflow_bucket.hpp>
#include <forebay/detail/tenant_places.hpp>
#include <forebay/detail/tenant_shard.hpp>
#include <forebay/detail/tier_table.hpp>
#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>

namespace forebay::inline v0::detail {

/// Buckets by tenant, each with its own terms.
///
/// A place is free when nothing would be lost with it: its bucket is full and, if permits pin, none is out. They pin where
/// one may yet charge more than it took. One that can only give back finds its tenant by name: giving back to whom was
/// forgotten is giving to a full bucket. Shards have a lock each, held for a tenant's every change.
///
/// Terms are asked for outside the locks, of who may just be changing them. So each shard counts the changes: one who asks
/// reads the count before, and what the answer is used for compares it under the lock. If it has changed, the answer may
/// be from before, and is asked for again.
template <class Sync, bool PermitsPin>
class tenant_table {
public:
    tenant_table(std::size_t max_tenants, std::optional<std::uint64_t> seed)
        : places_{max_tenants, seed}, shards_{std::make_unique<shard[]>(places_.shards())} {}

    /// Where a request was admitted from, beside the numbers of places.
    static constexpr std::uint32_t overflow = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::uint32_t unknown = overflow - 1;
    static constexpr std::uint32_t outdated = overflow - 2;

    /// Takes `cost` from the bucket of a tenant that is remembered, or promises a slot; says which bucket it is.
    [[gnu::always_inline]] std::uint32_t take(tenant_id tenant, std::int64_t cost, time_point now, duration max_wait,
                                              verdict& answer) noexcept {
        const std::uint64_t hash = places_.hash_of(tenant);
        const held lock{shards_[places_.shard_of(hash)]};
        place* const its = places_.find(hash, tenant);
        if (its == nullptr) [[unlikely]]
            return unknown;
        return take_from(*its, cost, now, max_wait, answer);
    }

    /// To be read before a newcomer's terms are asked for.
    [[nodiscard]] std::uint64_t changes(tenant_id tenant) const noexcept {
        return shards_[places_.shard_of(places_.hash_of(tenant))].changes.load(std::memory_order_acquire);
    }
    /// As take, for a tenant that was not remembered a moment ago. `outdated`: its terms may have changed since.
    [[nodiscard]] std::uint32_t take_new(tenant_id tenant, std::int64_t cost, time_point now, duration max_wait,
                                         const bucket_terms& terms, std::uint64_t changes, verdict& answer) noexcept {
        const std::uint64_t hash = places_.hash_of(tenant);
        shard& home = shards_[places_.shard_of(hash)];
        const held lock{home};
        if (home.changes.load(std::memory_order_relaxed) != changes) return outdated;
        if (place* const since = places_.find(hash, tenant)) return take_from(*since, cost, now, max_wait, answer);
        bucket_pair fresh{0, home.forgotten};
        fresh.change(terms, now, [&](const bucket_terms&, auto used, auto tau) {
            return terms.take(used, tau, cost, now, answer);
        });
        if (!answer) return overflow;
        place* const its = places_.vacancy(hash, [&](const place& p) { return is_free(p, now); });
        const std::uint32_t tier = its == nullptr ? place::nobody : vacate(*its, home, terms, now);
        if (tier == place::nobody) {
            overflow_.take(terms, cost, now, max_wait, answer);
            return overflow;
        }
        *its = {static_cast<std::uint64_t>(tenant), fresh, PermitsPin, tier};
        return places_.number_of(*its);
    }

    /// Asks for this tenant's terms and puts them in force; true if it has a bucket that is not full, under other terms
    /// than before.
    template <class Ask>
    bool renew(tenant_id tenant, time_point now, inherit what, Ask ask) noexcept {
        const std::uint64_t hash = places_.hash_of(tenant);
        shard& home = shards_[places_.shard_of(hash)];
        std::uint64_t changes = home.changes.fetch_add(1, std::memory_order_acq_rel) + 1;
        for (;;) {
            const bucket_terms terms = ask(tenant);
            const held lock{home};
            if (const std::uint64_t since = home.changes.load(std::memory_order_acquire); since != changes) {
                changes = since;
                continue;
            }
            place* const its = places_.find(hash, tenant);
            return its != nullptr && renew(*its, home, terms, now, what);
        }
    }
    /// The same for all tenants whose terms are wanted; how many it was true for. Who asks while another renews, too, asks
    /// again for up to 32 tenants.
    template <class Wanted, class Ask>
    std::size_t renew_all(time_point now, inherit what, Wanted wanted, Ask ask) noexcept {
        const std::size_t count = places_.shards();
        for (std::size_t s = 0; s < count; ++s) shards_[s].changes.fetch_add(1, std::memory_order_acq_rel);
        std::size_t renewed = 0;
        for (std::size_t s = 0; s < count; ++s) {
            for (std::span<place> rest = places_.of_shard(s); !rest.empty();) {
                const std::size_t part = std::min(rest.size(), at_once);
                renewed += renew_part(shards_[s], rest.first(part), now, what, wanted, ask);
                rest = rest.subspan(part);
            }
        }
        return renewed;
    }

    /// Ends a permit: `surplus` > 0 is given back, < 0 is charged.
    void finish(tenant_id tenant, std::uint32_t number, std::int64_t surplus, time_point now) noexcept {
        end(tenant, number, now, [&](const bucket_terms& terms, std::int64_t used, std::int64_t) {
            if (surplus >= 0) return terms.refund(used, surplus);
            std::int64_t charged = 0;
            const std::int64_t next = terms.charge(used, -surplus, charged);
            if (charged != -surplus) {
                uncharged_.fetch_add(static_cast<std::uint64_t>(-surplus - charged), std::memory_order_relaxed);
            }
            return next;
        });
    }
    /// Ends the permit of a slot: gives back what no later slot relies on.
    void cancel(tenant_id tenant, std::uint32_t number, std::int64_t cost, time_point slot, bool delayed,
                time_point now) noexcept {
        end(tenant, number, now, [&](const bucket_terms& terms, std::int64_t used, std::int64_t tau) {
            return terms.cancel(used, tau, cost, slot, delayed);
        });
    }

    /// Whole tokens left, if the tenant is remembered.
    [[nodiscard]] std::optional<std::int64_t> available(tenant_id tenant, time_point now) noexcept {
        const std::uint64_t hash = places_.hash_of(tenant);
        const held lock{shards_[places_.shard_of(hash)]};
        const place* const its = places_.find(hash, tenant);
        if (its == nullptr) return std::nullopt;
        const bucket_terms& terms = tiers_[its->tier];
        return terms.level(its->bucket.at(terms, now));
    }

    [[nodiscard]] std::uint64_t overflowed() const noexcept { return overflow_.drawn(); }
    [[nodiscard]] std::uint64_t uncharged() const noexcept { return uncharged_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t tightened() const noexcept { return tightened_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint32_t tiers() const noexcept { return tiers_.in_use(); }
    [[nodiscard]] std::size_t memory() const noexcept {
        return places_.memory() + sizeof(shard) * places_.shards() + tiers_.memory();
    }

private:
    using place = tenant_place;
    /// Places renewed in one go: their lock is held for a microsecond, twice.
    static constexpr std::size_t at_once = 32;

    using shard = tenant_shard<Sync>;
    using held = typename shard::held;

    /// Inlined where a compiler would rather call it from both callers: the one of them is the path of every request.
    [[gnu::always_inline]] std::uint32_t take_from(place& its, std::int64_t cost, time_point now, duration max_wait,
                                                   verdict& answer) noexcept {
        its.bucket.change(tiers_[its.tier], now, [&](const bucket_terms& terms, auto used, auto tau) {
            return terms.reserve(used, tau, cost, now, max_wait, answer);
        });
        if constexpr (PermitsPin) its.live += answer ? 1 : 0;
        return places_.number_of(its);
    }

    [[nodiscard]] bool is_free(const place& p, time_point now) const noexcept {
        return p.tier == place::nobody || (p.live == 0 && p.bucket.at(tiers_[p.tier], now) == 0);
    }
    /// Empties a free place.
    void forget(place& its, shard& home, time_point now) noexcept {
        if (its.tier == place::nobody) return;
        home.forget(now);
        tiers_.release(its.tier);
        places_.empty(its);
    }
    /// The number of these terms for who gets a free place; nobody if there is no number left.
    [[nodiscard]] std::uint32_t vacate(place& its, shard& home, const bucket_terms& terms, time_point now) noexcept {
        if (its.tier != place::nobody &&
            tiers_[its.tier] == terms) {  // as usual; so newcomers do not meet at its count
            home.forget(now);
            return its.tier;
        }
        forget(its, home, now);
        return tiers_.claim(terms);
    }

    /// Puts terms in force for one who is remembered. A full bucket is forgotten: when met again, it is full.
    bool renew(place& its, shard& home, const bucket_terms& terms, time_point now, inherit what) noexcept {
        if (is_free(its, now)) {
            forget(its, home, now);
            return false;
        }
        const bucket_terms old = tiers_[its.tier];
        const bool was_full = its.bucket.at(old, now) == 0 && (its.live & place::tightened) == 0;
        its.live &= ~place::tightened;
        if (old == terms) return false;
        const std::uint32_t tier = tiers_.claim_within(terms);
        const bucket_terms& next = tiers_[tier];
        if (next != terms) {
            its.live |= place::tightened;
            tightened_.fetch_add(1, std::memory_order_relaxed);
        }
        its.bucket = {was_full ? 0 : old.inherited(its.bucket.at(old, now), next, what),
                      std::max(its.bucket.last, now.time_since_epoch().count())};
        tiers_.release(its.tier);
        its.tier = tier;
        return true;
    }

    template <class Wanted, class Ask>
    std::size_t renew_part(shard& home, std::span<place> part, time_point now, inherit what, Wanted& wanted,
                           Ask& ask) noexcept {
        struct {
            place* where;
            tenant_id tenant;
            bucket_terms terms;
        } list[at_once];
        for (;;) {
            std::size_t count = 0;
            std::uint64_t changes = 0;
            {
                const held lock{home};
                changes = home.changes.load(std::memory_order_acquire);
                for (place& each : part) {
                    if (each.tier == place::nobody || !wanted(tiers_[each.tier])) continue;
                    if (is_free(each, now)) {
                        forget(each, home, now);
                    } else {
                        list[count].where = &each;
                        list[count++].tenant = tenant_id{each.tenant};
                    }
                }
            }
            for (std::size_t i = 0; i < count; ++i) list[i].terms = ask(list[i].tenant);
            const held lock{home};
            if (home.changes.load(std::memory_order_relaxed) != changes) continue;
            std::size_t renewed = 0;
            for (std::size_t i = 0; i < count; ++i) {
                place& its = *list[i].where;
                if (its.is_of(list[i].tenant)) renewed += renew(its, home, list[i].terms, now, what) ? 1U : 0U;
            }
            return renewed;
        }
    }

    /// Changes the bucket that a permit was taken from, which is out no longer.
    template <class Op>
    void end(tenant_id tenant, std::uint32_t number, time_point now, Op op) noexcept {
        if (number >= places_.size()) [[unlikely]] {
            if (number == overflow) overflow_.change(now, op);
            return;
        }
        const std::uint64_t hash = Sync::concurrent || !PermitsPin ? places_.hash_of(tenant) : 0;
        const held lock{shards_[places_.shard_of(hash)]};
        place* its = &places_[number];
        if constexpr (PermitsPin) {
            // A permit pins its place, so a place that is another's means a permit of another table.
            if (its->tenant != static_cast<std::uint64_t>(tenant) || (its->live & ~place::tightened) == 0) return;
            --its->live;
        } else {
            its = places_.find(hash, tenant);
            if (its == nullptr) return;
        }
        its->bucket.change(tiers_[its->tier], now, op);
    }

    const tenant_places<Sync::concurrent> places_;
    const std::unique_ptr<shard[]> shards_;
    tier_table<Sync> tiers_;
    overflow_bucket<Sync> overflow_;
    typename Sync::template atomic<std::uint64_t> uncharged_{0};
    typename Sync::template atomic<std::uint64_t> tightened_{0};
};

}  // namespace forebay::inline v0::detail
