// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/overflow_bucket.hpp>
#include <forebay/detail/refill_time.hpp>
#include <forebay/detail/tenant_buckets.hpp>
#include <forebay/detail/tenant_places.hpp>
#include <forebay/detail/tenant_renewal.hpp>
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
#include <utility>

namespace forebay::inline v0::detail {

/// Buckets by tenant, each with its own terms.
///
/// Permits pin their tenant's place where one may yet charge more than it took. One that can only give back does not: giving
/// back to whom was forgotten is giving to a full bucket. A group's lock is held for a tenant's every change: so threads that
/// ask for different tenants hardly meet. A shard's lock is held as well while a tenant is met, moved or forgotten.
///
/// A newcomer's terms are asked for outside the locks, and once more if they may have changed since: see tenant_renewal.
template <class Sync, bool PermitsPin>
class tenant_table {
public:
    tenant_table(std::size_t max_tenants, std::optional<std::uint64_t> seed)
        : buckets_{max_tenants, seed}, shards_{std::make_unique<shard[]>(places().shards())} {}

    /// The number of who has no place.
    static constexpr std::uint32_t overflow = tenant_place::none;
    static constexpr std::uint32_t undecided = overflow - 1;

    /// The path of most requests: `cost` from the bucket of a tenant that is remembered, if it is there. Short, so that a
    /// processor that waits for one bucket has begun with the next.
    /// returns  the number of its place; `undecided` decides nothing
    [[nodiscard, gnu::always_inline]] std::uint32_t take_at_once(tenant_id tenant, std::int64_t cost,
                                                                 time_point now) noexcept {
        const std::uint64_t hash = places().hash_of(tenant);
        const std::uint32_t first = places().first_group(hash);
        places().fetch(first);
        {
            lock in = places().lock_of(first);
            const unsigned its = in.find(static_cast<std::uint64_t>(tenant));
            if (its != group::size) [[likely]]
                return take_here(in, its, first, cost, now);
        }
        return take_from_second(hash, tenant, cost, now);
    }
    /// Takes from a tenant's bucket; if it may, says by the number which one that is.
    /// op   (bucket, terms) -> verdict; a refusal leaves the bucket as it was
    /// ask  tenant -> terms, for who is not remembered
    template <class Op, class Ask>
    [[nodiscard]] verdict take(tenant_id tenant, std::int64_t cost, time_point now, Op op, Ask ask,
                               std::uint32_t& number) noexcept {
        const std::uint64_t hash = places().hash_of(tenant);
        verdict answer;
        const auto from = [&](lock& in, unsigned its) { answer = take_from(in, its, true, op, number); };
        if (at_its_place(hash, tenant, from)) return answer;
        shard& home = home_of(hash);
        for (;;) {
            const std::uint64_t changes = home.changes.load(std::memory_order_acquire);
            const bucket_terms terms = ask(tenant);
            const held hold{home};
            if (home.changes.load(std::memory_order_relaxed) != changes) continue;
            if (buckets_.visit(hash, tenant, from)) return answer;
            return meet(hash, home, tenant, cost, terms, now, op, number);
        }
    }

    /// What taking would answer, by `look(bucket, terms)`. Changes nothing.
    template <class Look, class Ask>
    [[nodiscard]] verdict ask(tenant_id tenant, std::int64_t cost, time_point now, Look look, Ask ask) noexcept {
        const std::uint64_t hash = places().hash_of(tenant);
        verdict answer;
        const auto at = [&](lock& in, unsigned its) {
            const bucket_terms& terms = buckets_.terms_of(in, its);
            answer = look(buckets_.bucket_of(in, its, terms), terms);
        };
        if (at_its_place(hash, tenant, at)) return answer;
        shard& home = home_of(hash);
        const bucket_terms terms = ask(tenant);
        const held hold{home};
        if (buckets_.visit(hash, tenant, at)) return answer;
        const bool its_own =
            places().can_have_place(tenant) && buckets_.has_place(hash, home, now) && buckets_.tiers.has_room(terms);
        if (its_own || !terms.possible(cost)) return look(newcomer(home, terms, now), terms);
        return not_sure(overflow_.ask(terms, cost, now, look));
    }

    /// See tenant_renewal.
    template <class Ask>
    bool renew(tenant_id tenant, time_point now, inherit what, Ask ask) noexcept {
        return renewal().one(tenant, now, what, ask);
    }
    /// See tenant_renewal.
    template <class Wanted, class Ask>
    std::size_t renew_all(time_point now, inherit what, Wanted wanted, Ask ask) noexcept {
        return renewal().all(now, what, wanted, ask);
    }

    /// Ends a permit: `surplus` > 0 is given back, < 0 is charged.
    void finish(tenant_id tenant, std::uint32_t number, std::int64_t surplus, time_point now) noexcept {
        end(tenant, number, [&](refill_time& bucket, const bucket_terms& terms) {
            if (surplus >= 0) return bucket.refund(terms, surplus, now);
            const std::int64_t charged = bucket.charge(terms, -surplus, now);
            if (charged != -surplus) {
                uncharged_.fetch_add(static_cast<std::uint64_t>(-surplus - charged), std::memory_order_relaxed);
            }
        });
    }
    /// Ends the permit of a slot that was promised: see refill_time.
    void cancel(tenant_id tenant, std::uint32_t number, std::int64_t cost, time_point slot, slot_trace trace,
                time_point now) noexcept {
        end(tenant, number,
            [&](refill_time& bucket, const bucket_terms& terms) { bucket.cancel(terms, cost, slot, trace, now); });
    }

    /// Whole tokens left, if the tenant is remembered.
    [[nodiscard]] std::optional<std::int64_t> available(tenant_id tenant, time_point now) noexcept {
        std::optional<std::int64_t> level;
        at_its_place(places().hash_of(tenant), tenant, [&](lock& in, unsigned its) {
            const bucket_terms& terms = buckets_.terms_of(in, its);
            level = buckets_.bucket_of(in, its, terms).level(terms, now);
        });
        return level;
    }

    [[nodiscard]] std::uint64_t overflowed() const noexcept { return overflow_.drawn(); }
    [[nodiscard]] std::uint64_t uncharged() const noexcept { return uncharged_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t tightened() const noexcept { return tightened_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint32_t tiers() const noexcept { return buckets_.tiers.in_use(); }
    [[nodiscard]] std::size_t memory() const noexcept {
        return places().memory() + sizeof(shard) * places().shards() + buckets_.tiers.memory();
    }

private:
    using buckets_type = tenant_buckets<Sync>;
    using group = typename buckets_type::group;
    using lock = typename buckets_type::lock;
    using shard = typename buckets_type::shard;
    using held = typename shard::held;

    [[nodiscard]] const auto& places() const noexcept { return buckets_.places; }
    [[nodiscard]] tenant_renewal<Sync> renewal() noexcept { return {buckets_, shards_.get(), tightened_}; }
    [[nodiscard]] shard& home_of(std::uint64_t hash) const noexcept { return shards_[places().shard_of(hash)]; }

    /// Calls visit(lock, place) at the tenant's place, if it has one. returns  whether it has
    template <class Visit>
    bool at_its_place(std::uint64_t hash, tenant_id tenant, Visit visit) noexcept {
        if (!places().can_have_place(tenant)) return false;
        for (const std::uint32_t each : {places().first_group(hash), places().second_group(hash)}) {
            lock in = places().lock_of(each);
            if (const unsigned its = in.find(static_cast<std::uint64_t>(tenant)); its != group::size) {
                visit(in, its);
                return true;
            }
        }
        const held hold{home_of(hash)};  // unless it is just being moved, it has none
        return buckets_.visit(hash, tenant, visit);
    }

    [[nodiscard]] std::uint32_t took(tenant_place its) noexcept {
        if constexpr (PermitsPin) places().notes(its).count_live(1);
        if (its.number >= undecided) __builtin_unreachable();
        return its.number;
    }
    template <class Op>
    verdict take_from(lock& in, unsigned its, bool promises, const Op& op, std::uint32_t& number) noexcept {
        const bucket_terms& terms = buckets_.terms_of(in, its);
        refill_time bucket = buckets_.bucket_of(in, its, terms, promises);
        const verdict answer = op(bucket, terms);
        if (!answer) return answer;
        buckets_.keep(in, its, bucket, terms);
        number = took(places().place_of(in, its));
        return answer;
    }
    [[nodiscard, gnu::always_inline]] std::uint32_t take_here(lock& in, unsigned its, std::uint32_t of,
                                                              std::int64_t cost, time_point now) noexcept {
        if (buckets_.promising() && buckets_.notes(in, its).promised != refill_time::earliest) [[unlikely]]
            return undecided;
        const bucket_terms& terms = buckets_.terms_of(in, its);
        if (terms.per_ns != 1) [[unlikely]]
            return take_in_parts(std::move(in), its, cost, now);
        refill_time bucket{in.full_at(its)};
        if (!bucket.take(terms, cost, now)) [[unlikely]]
            return undecided;
        in.set_full_at(its, bucket.full_at);
        return took(places().place_of(of, its));
    }
    /// One tenant in 15 is in its second group: out of line.
    [[nodiscard, gnu::noinline]] std::uint32_t take_from_second(std::uint64_t hash, tenant_id tenant, std::int64_t cost,
                                                                time_point now) noexcept {
        const std::uint32_t second = places().second_group(hash);
        places().fetch(second);
        lock in = places().lock_of(second);
        const unsigned its = in.find(static_cast<std::uint64_t>(tenant));
        return its == group::size ? undecided : take_here(in, its, second, cost, now);
    }
    /// The same where a token takes no whole number of nanoseconds to come in.
    [[nodiscard, gnu::noinline]] std::uint32_t take_in_parts(lock in, unsigned its, std::int64_t cost,
                                                             time_point now) noexcept {
        std::uint32_t number = undecided;
        const auto op = [&](refill_time& bucket, const bucket_terms& terms) {
            return bucket.reserve(terms, cost, now);
        };
        if (places().taken(in, its)) static_cast<void>(take_from(in, its, false, op, number));
        return number;
    }
    /// The bucket of one who is not remembered: full, or as empty as it may have been left by what was drawn from the overflow
    /// bucket, if this one was among those who drew.
    [[nodiscard]] refill_time newcomer(const shard& home, const bucket_terms& terms, time_point now) const noexcept {
        refill_time fresh = buckets_.newcomer(home, terms);
        fresh.full_at = std::max(fresh.full_at, overflow_.owed(terms, now));
        return fresh;
    }
    /// A place of one's own may come free before.
    [[nodiscard]] static verdict not_sure(verdict answer) noexcept {
        if (answer.kind == answer::retry_at) answer.how_sure = certainty::estimate;
        return answer;
    }
    /// Takes for one who is not remembered, and remembers it. Under the shard's lock.
    template <class Op>
    verdict meet(std::uint64_t hash, shard& home, tenant_id tenant, std::int64_t cost, const bucket_terms& terms,
                 time_point now, Op& op, std::uint32_t& number) noexcept {
        number = overflow;
        if (!terms.possible(cost)) return terms.impossible(cost);
        verdict answer;
        bool its_own = false;
        const auto remember = [&](lock& in, unsigned its) {
            refill_time fresh = newcomer(home, terms, now);
            answer = op(fresh, terms);
            its_own = !answer || buckets_.settle(in, its, home, tenant, terms, now);
            if (!answer || !its_own) return;
            buckets_.keep(in, its, fresh, terms);
            number = took(places().place_of(in, its));
        };
        if (places().can_have_place(tenant) && buckets_.give_place(hash, home, now, remember) && its_own) return answer;
        return not_sure(overflow_.take(terms, cost, now, op));
    }

    /// Changes the bucket that a permit was taken from, which is out no longer.
    template <class Op>
    void end(tenant_id tenant, std::uint32_t number, Op op) noexcept {
        if (number >= places().size()) [[unlikely]] {
            if (number == overflow) overflow_.change(op);
            return;
        }
        const auto finish = [&](lock& in, unsigned its) {
            if constexpr (PermitsPin) {
                tenant_notes& notes = buckets_.notes(in, its);
                if (notes.live == 0) return;  // a permit of another table
                notes.count_live(-1);
            }
            const bucket_terms& terms = buckets_.terms_of(in, its);
            refill_time bucket = buckets_.bucket_of(in, its, terms);
            op(bucket, terms);
            buckets_.keep(in, its, bucket, terms);
        };
        {
            // It is where it was, unless it had to make room since or was forgotten.
            lock in = places().lock_of(tenant_place{number});
            if (const unsigned its = places().index_of({number}); tenant_id{in.name(its)} == tenant) {
                return finish(in, its);
            }
        }
        at_its_place(places().hash_of(tenant), tenant, finish);
    }

    buckets_type buckets_;
    const std::unique_ptr<shard[]> shards_;
    overflow_bucket<Sync> overflow_;
    typename Sync::template atomic<std::uint64_t> uncharged_{0};
    typename Sync::template atomic<std::uint64_t> tightened_{0};
};

}  // namespace forebay::inline v0::detail
