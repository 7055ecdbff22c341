// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/bucket_pair.hpp>
#include <forebay/detail/keyed_hash.hpp>
#include <forebay/detail/tenant_place.hpp>
#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>

namespace forebay::inline v0::detail {

/// Buckets by tenant in fixed memory. Each tenant has two groups of four places, by its hash. It lives in the first, unless
/// three places of that were taken when it came and the second was emptier. With two choices groups fill evenly (Azar,
/// Broder, Karlin, Upfal: Balanced allocations, SIAM J. Comput. 29, 1999); that nine in ten are in their first group keeps
/// most calls to its two cache lines. A table with 15 places for 8 tenants
/// turns away six in ten thousand.
///
/// A place is free when nothing would be lost with it: its bucket is full and, if permits pin, none is out. They pin where
/// one may yet charge more than it took. One that can only give back finds its tenant by name: giving back to whom was
/// forgotten is giving to a full bucket. Shards have a lock each; both groups of a tenant are in one shard.
template <class Sync, bool PermitsPin>
class tenant_table {
public:
    tenant_table(std::size_t max_tenants, std::optional<std::uint64_t> seed)
        : mix_{seed ? table_seed{*seed, ~*seed} : process_seed()},
          shard_bits_{Sync::concurrent ? std::min(static_cast<int>(std::bit_width(max_tenants / 256)), 6) : 0},
          shard_mask_{(std::size_t{1} << shard_bits_) - 1},
          groups_each_{static_cast<std::uint32_t>(((max_tenants * 15 / 32) >> shard_bits_) + 1)},
          places_count_{(std::size_t{groups_each_} * 4) << shard_bits_},
          places_{new (align) place[places_count_]},
          shards_{std::make_unique<shard[]>(std::size_t{1} << shard_bits_)},
          tiers_{std::make_unique<std::array<bucket_terms, max_tiers>>()} {
        std::fill_n(places_.get(), places_count_, place{.tenant = vacant_});
    }

    /// Where a request was admitted from, beside the numbers of places.
    static constexpr std::uint32_t overflow = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::uint32_t unknown = overflow - 1;

    /// Takes `cost` from the bucket of a tenant that is remembered, or promises a slot; says which bucket it is.
    [[gnu::always_inline]] std::uint32_t take(tenant_id tenant, std::int64_t cost, time_point now, duration max_wait,
                                              verdict& answer) noexcept {
        const std::uint64_t hash = hash_of(tenant);
        const held lock{shards_[shard_of(hash)].lock};
        place* const its = find(hash, tenant);
        if (its == nullptr) [[unlikely]]
            return unknown;
        return take_from(*its, cost, now, max_wait, answer);
    }

    /// The same for a tenant that was not remembered a moment ago.
    [[nodiscard]] std::uint32_t take_new(tenant_id tenant, std::int64_t cost, time_point now, duration max_wait,
                                         const quota& of, verdict& answer) noexcept {
        const bucket_terms terms{of, usual_debt(of)};
        const std::uint64_t hash = hash_of(tenant);
        shard& home = shards_[shard_of(hash)];
        const held lock{home.lock};
        if (place* const since = find(hash, tenant)) return take_from(*since, cost, now, max_wait, answer);
        bucket_pair fresh{0, home.forgotten};
        fresh.change(terms, now, [&](const bucket_terms&, auto used, auto tau) {
            return terms.take(used, tau, cost, now, answer);
        });
        if (!answer) return overflow;
        const std::uint32_t tier = tier_of(terms);
        place* const its = tier == nobody ? nullptr : vacancy(hash, now);
        if (its == nullptr) return take_overflow(cost, now, max_wait, answer);
        if (its->tier != nobody) home.forgotten = std::max(home.forgotten, now.time_since_epoch().count());
        *its = {static_cast<std::uint64_t>(tenant), fresh, PermitsPin, tier};
        return number_of(its);
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
        const std::uint64_t hash = hash_of(tenant);
        const held lock{shards_[shard_of(hash)].lock};
        const place* const its = find(hash, tenant);
        if (its == nullptr) return std::nullopt;
        const bucket_terms& terms = (*tiers_)[its->tier];
        return terms.level(its->bucket.at(terms, now));
    }

    [[nodiscard]] std::uint64_t overflowed() const noexcept { return overflowed_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t uncharged() const noexcept { return uncharged_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t memory() const noexcept {
        return sizeof(place) * places_count_ + (sizeof(shard) << shard_bits_) + sizeof(*tiers_);
    }

private:
    static constexpr std::size_t max_tiers = 256;
    /// A group of four places fills two cache lines, which are fetched as a pair.
    static constexpr std::align_val_t align{128};
    static constexpr std::uint32_t nobody = tenant_place::nobody;

    using place = tenant_place;
    struct free_places {
        void operator()(place* p) const noexcept { ::operator delete[](p, align); }
    };
    struct alignas(Sync::concurrent ? 64 : 8) shard {
        typename Sync::word_lock lock;
        /// The latest time by which a bucket was found full and forgotten here. Newcomers count from it, so that a clock that
        /// went back does not let one that was forgotten have the same time twice.
        std::int64_t forgotten{std::numeric_limits<std::int64_t>::min()};
    };
    class held {
    public:
        explicit held(typename Sync::word_lock& lock) noexcept : lock_{lock} { lock_.lock(); }
        held(const held&) = delete;
        held& operator=(const held&) = delete;
        ~held() { lock_.unlock(); }

    private:
        typename Sync::word_lock& lock_;
    };

    [[nodiscard]] std::uint64_t hash_of(tenant_id tenant) const noexcept {
        return mix_(static_cast<std::uint64_t>(tenant));
    }
    [[nodiscard]] std::size_t shard_of(std::uint64_t hash) const noexcept {
        if constexpr (!Sync::concurrent) return 0;
        return hash & shard_mask_;
    }
    [[nodiscard]] place* group_of(std::uint64_t hash, std::uint64_t bits) const noexcept {
        const std::uint64_t within = ((bits & 0xffffffffU) * groups_each_) >> 32;
        return places_.get() + 4 * (shard_of(hash) * groups_each_ + within);
    }
    [[nodiscard]] place* first(std::uint64_t hash) const noexcept { return group_of(hash, hash); }
    [[nodiscard]] place* second(std::uint64_t hash) const noexcept { return group_of(hash, hash >> 32); }

    [[nodiscard]] place* find(std::uint64_t hash, tenant_id tenant) const noexcept {
        const auto name = static_cast<std::uint64_t>(tenant);
        place* const at_first = tenant_place::candidate(first(hash), name);
        if (at_first->tenant == name && at_first->tier != nobody) [[likely]]
            return at_first;
        place* const at_second = tenant_place::candidate(second(hash), name);
        if (at_second->tenant == name && at_second->tier != nobody) return at_second;
        return name == vacant_ ? find_its_namesake(hash) : nullptr;
    }
    /// The tenant by whose name vacant places go.
    [[nodiscard, gnu::cold]] place* find_its_namesake(std::uint64_t hash) const noexcept {
        for (place* const group : {first(hash), second(hash)}) {
            const auto is = [this](const place& p) { return p.tenant == vacant_ && p.tier != nobody; };
            if (place* const its = std::find_if(group, group + 4, is); its != group + 4) return its;
        }
        return nullptr;
    }
    [[nodiscard]] std::uint32_t number_of(const place* p) const noexcept {
        return static_cast<std::uint32_t>(p - places_.get());
    }

    /// Inlined where a compiler would rather call it from both callers: the one of them is the path of every request.
    [[gnu::always_inline]] std::uint32_t take_from(place& its, std::int64_t cost, time_point now, duration max_wait,
                                                   verdict& answer) noexcept {
        its.bucket.change((*tiers_)[its.tier], now, [&](const bucket_terms& terms, auto used, auto tau) {
            return terms.reserve(used, tau, cost, now, max_wait, answer);
        });
        if constexpr (PermitsPin) its.live += answer ? 1 : 0;
        return number_of(&its);
    }

    /// A place with nothing to remember: of the first group, unless that has one at most and the second more.
    [[nodiscard]] place* vacancy(std::uint64_t hash, time_point now) const noexcept {
        int vacant[2] = {};
        place* best[2] = {};
        place* const groups[2] = {first(hash), second(hash)};
        for (int side = 0; side < 2; ++side) {
            for (place* p = groups[side]; p != groups[side] + 4; ++p) {
                if (p->tier != nobody && (p->live != 0 || p->bucket.at((*tiers_)[p->tier], now) != 0)) continue;
                if (best[side] == nullptr || (p->tier == nobody && best[side]->tier != nobody)) best[side] = p;
                ++vacant[side];
            }
        }
        return best[vacant[0] < 2 && vacant[1] > vacant[0] ? 1 : 0];
    }

    /// The number under which these terms are kept; nobody if there is no number left. What a number means does not change.
    [[nodiscard]] std::uint32_t tier_of(const bucket_terms& terms) noexcept {
        std::uint32_t next = 0;
        const auto known = [&] {
            for (const std::uint32_t count = tier_count_.load(std::memory_order_acquire); next < count; ++next) {
                if ((*tiers_)[next] == terms) return true;
            }
            return false;
        };
        if (known()) return next;
        const held lock{rest_lock_};
        if (known()) return next;
        tighten(terms);
        if (next == max_tiers) return nobody;
        (*tiers_)[next] = terms;
        tier_count_.store(next + 1, std::memory_order_release);
        return next;
    }

    /// With rest_lock_ held: the overflow bucket gets no more than these terms give.
    void tighten(const bucket_terms& terms) noexcept {
        if (overflow_terms_.per_ns == unset) {
            overflow_terms_ = terms;
            return;
        }
        bucket_terms next = overflow_terms_;
        if (static_cast<wide_ticks>(terms.per_ns) * next.per_token <
            static_cast<wide_ticks>(next.per_ns) * terms.per_token) {
            next.per_ns = terms.per_ns;
            next.per_token = terms.per_token;
        }
        // No more of them than the slower rate's own burst: so their ticks fit, too.
        next.burst = std::min(next.burst, terms.burst);
        next.debt = std::min(next.debt, terms.debt);
        overflow_.used = overflow_terms_.same_level(overflow_.used, next);
        overflow_terms_ = next;
    }

    [[nodiscard]] std::uint32_t take_overflow(std::int64_t cost, time_point now, duration max_wait,
                                              verdict& answer) noexcept {
        const held lock{rest_lock_};
        overflow_.change(overflow_terms_, now, [&](const bucket_terms& terms, auto used, auto tau) {
            return terms.reserve(used, tau, cost, now, max_wait, answer);
        });
        if (answer) overflowed_.fetch_add(1, std::memory_order_relaxed);
        return overflow;
    }

    /// Changes the bucket that a permit was taken from, which is out no longer.
    template <class Op>
    void end(tenant_id tenant, std::uint32_t number, time_point now, Op op) noexcept {
        if (number >= places_count_) [[unlikely]] {
            if (number != overflow) return;
            const held lock{rest_lock_};
            return overflow_.change(overflow_terms_, now, op);
        }
        const std::uint64_t hash = Sync::concurrent || !PermitsPin ? hash_of(tenant) : 0;
        const held lock{shards_[shard_of(hash)].lock};
        place* its = &places_[number];
        if constexpr (PermitsPin) {
            // A permit pins its place, so a place that is another's means a permit of another table.
            if (its->tenant != static_cast<std::uint64_t>(tenant) || its->live == 0) return;
            --its->live;
        } else {
            its = find(hash, tenant);
            if (its == nullptr) return;
        }
        its->bucket.change((*tiers_)[its->tier], now, op);
    }

    static constexpr std::int64_t unset = -1;

    const mixer mix_;
    /// No name that anybody is likely to have.
    const std::uint64_t vacant_{mix_(0)};
    const int shard_bits_;
    const std::size_t shard_mask_;
    const std::uint32_t groups_each_;
    const std::size_t places_count_;
    const std::unique_ptr<place[], free_places> places_;
    const std::unique_ptr<shard[]> shards_;
    const std::unique_ptr<std::array<bucket_terms, max_tiers>> tiers_;
    typename Sync::template atomic<std::uint32_t> tier_count_{0};
    typename Sync::template atomic<std::uint64_t> overflowed_{0};
    typename Sync::template atomic<std::uint64_t> uncharged_{0};
    typename Sync::word_lock rest_lock_;
    bucket_terms overflow_terms_{1, unset, 1, 0};
    bucket_pair overflow_;
};

}  // namespace forebay::inline v0::detail
