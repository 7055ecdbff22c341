// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/overflow_bucket.hpp>
#include <forebay/detail/refill_time.hpp>
#include <forebay/detail/tenant_buckets.hpp>
#include <forebay/detail/tenant_places.hpp>
#include <forebay/detail/tenant_shard.hpp>
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
/// Permits pin their tenant's place where one may yet charge more than it took. One that can only give back does not: giving
/// back to whom was forgotten is giving to a full bucket. Shards have a lock each, held for a tenant's every change.
///
/// Terms are asked for outside the locks, of who may just be changing them. So each shard counts the changes: one who asks
/// reads the count before, and what the answer is used for compares it under the lock. If it has changed, the answer may
/// be from before, and is asked for again.
template <class Sync, bool PermitsPin>
class tenant_table {
public:
    tenant_table(std::size_t max_tenants, std::optional<std::uint64_t> seed)
        : buckets_{max_tenants, seed}, shards_{std::make_unique<shard[]>(buckets_.places.shards())} {}

    /// Where a request was admitted from, beside the numbers of places.
    static constexpr std::uint32_t overflow = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::uint32_t unknown = overflow - 1;
    static constexpr std::uint32_t outdated = overflow - 2;

    /// Takes from the bucket of a tenant that is remembered; says which bucket it is.
    /// op  (bucket, terms) -> verdict; a refusal leaves the bucket as it was
    template <class Op>
    [[gnu::always_inline]] std::uint32_t take(tenant_id tenant, time_point now, Op op, verdict& answer) noexcept {
        const std::uint64_t hash = buckets_.places.hash_of(tenant);
        shard& home = shards_[buckets_.places.shard_of(hash)];
        const held lock{home};
        place* const its = buckets_.places.find(hash, tenant);
        if (its == nullptr) [[unlikely]]
            return unknown;
        return take_from(*its, home, now, op, answer);
    }

    /// To be read before a newcomer's terms are asked for.
    [[nodiscard]] std::uint64_t changes(tenant_id tenant) const noexcept {
        return shards_[buckets_.places.shard_of(buckets_.places.hash_of(tenant))].changes.load(
            std::memory_order_acquire);
    }
    /// As take, for a tenant that was not remembered a moment ago. `outdated`: its terms may have changed since.
    template <class Op>
    [[nodiscard]] std::uint32_t take_new(tenant_id tenant, std::int64_t cost, time_point now, Op op,
                                         const bucket_terms& terms, std::uint64_t changes, verdict& answer) noexcept {
        const std::uint64_t hash = buckets_.places.hash_of(tenant);
        shard& home = shards_[buckets_.places.shard_of(hash)];
        const held lock{home};
        if (home.changes.load(std::memory_order_relaxed) != changes) return outdated;
        if (place* const since = buckets_.places.find(hash, tenant)) return take_from(*since, home, now, op, answer);
        refill_time fresh = buckets_.newcomer(home, terms);
        answer = op(fresh, terms);
        if (!answer) return overflow;
        place* const its = buckets_.room_for(hash, home, now);
        const std::uint32_t tier = its == nullptr ? buckets_.tiers.none : buckets_.vacate(*its, home, terms, now);
        if (tier == buckets_.tiers.none) {
            answer = overflow_.take(terms, cost, now, op);
            return overflow;
        }
        home.seen = std::max(home.seen, now);
        its->tenant = static_cast<std::uint64_t>(tenant);
        buckets_.notes(*its) = {.live = PermitsPin};
        buckets_.notes(*its).set_tier(tier, false);
        buckets_.keep(*its, home, fresh, terms);
        return buckets_.places.number_of(*its);
    }
    /// Asks for this tenant's terms and puts them in force; true if it has a bucket that is not full, under other terms
    /// than before.
    template <class Ask>
    bool renew(tenant_id tenant, time_point now, inherit what, Ask ask) noexcept {
        const std::uint64_t hash = buckets_.places.hash_of(tenant);
        shard& home = shards_[buckets_.places.shard_of(hash)];
        std::uint64_t changes = home.changes.fetch_add(1, std::memory_order_acq_rel) + 1;
        for (;;) {
            const bucket_terms terms = ask(tenant);
            const held lock{home};
            if (const std::uint64_t since = home.changes.load(std::memory_order_acquire); since != changes) {
                changes = since;
                continue;
            }
            place* const its = buckets_.places.find(hash, tenant);
            return its != nullptr && renew(*its, home, terms, now, what);
        }
    }
    /// The same for all tenants whose terms are wanted; how many it was true for. Who asks while another renews, too, asks
    /// again for up to 32 tenants.
    template <class Wanted, class Ask>
    std::size_t renew_all(time_point now, inherit what, Wanted wanted, Ask ask) noexcept {
        const std::size_t count = buckets_.places.shards();
        for (std::size_t s = 0; s < count; ++s) shards_[s].changes.fetch_add(1, std::memory_order_acq_rel);
        std::size_t renewed = 0;
        for (std::size_t s = 0; s < count; ++s) {
            const settled_places stay{shards_[s]};
            for (std::span<place> rest = buckets_.places.of_shard(s); !rest.empty();) {
                const std::size_t part = std::min(rest.size(), at_once);
                renewed += renew_part(shards_[s], rest.first(part), now, what, wanted, ask);
                rest = rest.subspan(part);
            }
        }
        return renewed;
    }

    /// Ends a permit: `surplus` > 0 is given back, < 0 is charged.
    void finish(tenant_id tenant, std::uint32_t number, std::int64_t surplus, time_point now) noexcept {
        end(tenant, number, now, [&](const bucket_terms& terms, refill_time& bucket, time_point seen) {
            if (surplus >= 0) return bucket.refund(terms, surplus, now, seen);
            const std::int64_t charged = bucket.charge(terms, -surplus, now);
            if (charged != -surplus) {
                uncharged_.fetch_add(static_cast<std::uint64_t>(-surplus - charged), std::memory_order_relaxed);
            }
        });
    }
    /// Ends the permit of a slot: gives back what no later slot relies on.
    void cancel(tenant_id tenant, std::uint32_t number, std::int64_t cost, time_point slot, bool delayed,
                time_point now) noexcept {
        end(tenant, number, now, [&](const bucket_terms& terms, refill_time& bucket, time_point seen) {
            bucket.cancel(terms, cost, slot, delayed, now, seen);
        });
    }

    /// Whole tokens left, if the tenant is remembered.
    [[nodiscard]] std::optional<std::int64_t> available(tenant_id tenant, time_point now) noexcept {
        const std::uint64_t hash = buckets_.places.hash_of(tenant);
        shard& home = shards_[buckets_.places.shard_of(hash)];
        const held lock{home};
        const place* const its = buckets_.places.find(hash, tenant);
        if (its == nullptr) return std::nullopt;
        const bucket_terms& terms = buckets_.terms_of(*its);
        return buckets_.bucket_of(*its, home, terms, now).level(terms, now);
    }

    [[nodiscard]] std::uint64_t overflowed() const noexcept { return overflow_.drawn(); }
    [[nodiscard]] std::uint64_t uncharged() const noexcept { return uncharged_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t tightened() const noexcept { return tightened_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint32_t tiers() const noexcept { return buckets_.tiers.in_use(); }
    [[nodiscard]] std::size_t memory() const noexcept {
        return buckets_.places.memory() + sizeof(shard) * buckets_.places.shards() + buckets_.tiers.memory();
    }

private:
    using place = tenant_place;
    /// Places renewed in one go: their lock is held for a microsecond, twice.
    static constexpr std::size_t at_once = 32;

    using shard = tenant_shard<Sync>;
    using held = typename shard::held;

    /// Nobody's place in a shard is moved while this lives.
    class settled_places {
    public:
        explicit settled_places(shard& home) noexcept : home_{home} { add(1); }
        settled_places(const settled_places&) = delete;
        settled_places& operator=(const settled_places&) = delete;
        ~settled_places() { add(~std::uint32_t{0}); }

    private:
        void add(std::uint32_t more) noexcept {
            const held lock{home_};
            home_.renewing += more;
        }
        shard& home_;
    };

    /// Inlined where a compiler would rather call it from both callers: the one of them is the path of every request.
    template <class Op>
    [[gnu::always_inline]] std::uint32_t take_from(place& its, shard& home, time_point now, Op& op,
                                                   verdict& answer) noexcept {
        const bucket_terms& terms = buckets_.terms_of(its);
        refill_time bucket = buckets_.bucket_of(its, home, terms, now);
        answer = op(bucket, terms);
        if (answer) [[likely]] {
            home.seen = std::max(home.seen, now);
            buckets_.keep(its, home, bucket, terms);
            if constexpr (PermitsPin) buckets_.notes(its).count_live(1);
        }
        return buckets_.places.number_of(its);
    }

    bool renew(place& its, shard& home, const bucket_terms& terms, time_point now, inherit what) noexcept {
        using renewed = typename tenant_buckets<Sync>::renewed;
        const renewed came = buckets_.renew(its, home, terms, now, what);
        if (came == renewed::tighter) tightened_.fetch_add(1, std::memory_order_relaxed);
        return came != renewed::not_at_all;
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
                    if (!each.taken() || !wanted(buckets_.tiers[buckets_.notes(each).tier])) continue;
                    if (buckets_.is_free(each, now)) {
                        buckets_.forget(each, home, now);
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
        if (number >= buckets_.places.size()) [[unlikely]] {
            if (number == overflow) overflow_.change(now, op);
            return;
        }
        const std::uint64_t hash = buckets_.places.hash_of(tenant);
        shard& home = shards_[buckets_.places.shard_of(hash)];
        const held lock{home};
        // A permit that pins finds the tenant where it was, unless it had to make room since.
        place* its = &buckets_.places[number];
        if (!PermitsPin || !its->is_of(tenant)) its = buckets_.places.find(hash, tenant);
        if (its == nullptr) return;
        if constexpr (PermitsPin) {
            if (buckets_.notes(*its).live == 0) return;  // a permit of another table
            buckets_.notes(*its).count_live(-1);
        }
        const bucket_terms& terms = buckets_.terms_of(*its);
        refill_time bucket = buckets_.bucket_of(*its, home, terms, now);
        home.seen = std::max(home.seen, now);
        op(terms, bucket, home.seen);
        buckets_.keep(*its, home, bucket, terms);
    }

    tenant_buckets<Sync> buckets_;
    const std::unique_ptr<shard[]> shards_;
    overflow_bucket<Sync> overflow_;
    typename Sync::template atomic<std::uint64_t> uncharged_{0};
    typename Sync::template atomic<std::uint64_t> tightened_{0};
};

}  // namespace forebay::inline v0::detail
