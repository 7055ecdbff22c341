// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/keyed_hash.hpp>
#include <forebay/detail/refill_time.hpp>
#include <forebay/request.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>

namespace forebay::inline v0::detail {

/// Where one tenant's bucket is kept: whose it is, and when it is full again.
struct tenant_place {
    /// `full_at` of a place that is nobody's.
    static constexpr std::int64_t nobody = std::numeric_limits<std::int64_t>::min();

    std::uint64_t tenant;
    std::int64_t full_at{nobody};

    [[nodiscard]] bool taken() const noexcept { return full_at != nobody; }
    [[nodiscard]] bool is_of(tenant_id who) const noexcept {
        return tenant == static_cast<std::uint64_t>(who) && taken();
    }

    /// The one place of a group that may be the tenant's, if its name is in no more than one. Which it is cannot be
    /// predicted, and a processor that guesses wrong while it waits for memory loses what it has begun of the calls that
    /// follow: so no branch decides between them.
    [[nodiscard]] static tenant_place* candidate(tenant_place* group, std::uint64_t tenant) noexcept {
        const unsigned at_1 = group[1].tenant == tenant;
        const unsigned at_2 = group[2].tenant == tenant;
        const unsigned at_3 = group[3].tenant == tenant;
        return group + (at_1 + 2 * at_2 + 3 * at_3);
    }
};
/// What else there is to know of a place that is somebody's; most calls can do without.
struct tenant_notes {
    /// Of the bucket, see refill_time.
    std::int64_t promised{refill_time::earliest};
    std::uint32_t excess{0};
    /// Permits that are out and may charge more. So many or more are too many to count: then the place stays pinned.
    std::uint16_t live{0};
    static constexpr std::uint16_t too_many = std::numeric_limits<std::uint16_t>::max();
    /// Number of the bucket's terms; and whether they are tighter than the tenant's own, so that it may not be full when this
    /// bucket is.
    std::uint16_t tier : 9 {0};
    std::uint16_t tightened : 1 {0};
    /// Of the bucket, see refill_time.
    std::uint16_t waiting : 6 {0};

    void count_live(int more) noexcept {
        if (live != too_many) live = static_cast<std::uint16_t>(live + more);
    }
    void set_tier(std::uint32_t number, bool tighter) noexcept {
        tier = static_cast<std::uint16_t>(number & 0x1ffU);
        tightened = tighter ? 1 : 0;
    }
};
static_assert(sizeof(tenant_place) == 16 && std::is_trivially_destructible_v<tenant_place>);
static_assert(sizeof(tenant_notes) == 16 && std::is_trivially_destructible_v<tenant_notes>);

/// Places by tenant in fixed memory, over up to 64 shards. Each tenant has two groups of four places, both in one shard, by
/// its hash. It lives in the first, unless that was full when it came, or one who came later needed its place (cuckoo hashing with
/// groups: Dietzfelbinger, Weidling: Balanced allocation and dictionaries with tightly packed constant size bins, Theor.
/// Comput. Sci. 380, 2007). A group is one cache line, and 19 tenants in 20 are in their first: so waiting for
/// memory once is what most calls have to do. A table with 15 places for 8 tenants turns away fewer than one in a million.
template <bool Sharded>
class tenant_places {
public:
    tenant_places(std::size_t max_tenants, std::optional<std::uint64_t> seed)
        : mix_{seed ? table_seed{*seed, ~*seed} : process_seed()},
          shard_mask_{Sharded ? (std::size_t{1} << std::min(static_cast<int>(std::bit_width(max_tenants / 256)), 6)) - 1
                              : 0},
          groups_each_{static_cast<std::uint32_t>(max_tenants * 15 / 32 / shards() + 1)},
          size_{std::size_t{groups_each_} * group_size * shards()},
          places_{new (align) tenant_place[size_]},
          notes_{std::make_unique<tenant_notes[]>(size_)} {
        std::fill_n(places_.get(), size_, tenant_place{.tenant = vacant_});
    }

    [[nodiscard]] std::uint64_t hash_of(tenant_id tenant) const noexcept {
        return mix_(static_cast<std::uint64_t>(tenant));
    }
    [[nodiscard]] std::size_t shards() const noexcept { return shard_mask_ + 1; }
    [[nodiscard]] std::size_t shard_of(std::uint64_t hash) const noexcept {
        if constexpr (!Sharded) return 0;
        return hash & shard_mask_;
    }
    [[nodiscard]] std::span<tenant_place> of_shard(std::size_t shard) const noexcept {
        const std::size_t each = std::size_t{groups_each_} * group_size;
        return {places_.get() + shard * each, each};
    }

    /// Where this tenant is; nullptr if it is not remembered.
    [[nodiscard]] tenant_place* find(std::uint64_t hash, tenant_id tenant) const noexcept {
        const auto name = static_cast<std::uint64_t>(tenant);
        tenant_place* const at_first = tenant_place::candidate(first_group(hash), name);
        if (at_first->is_of(tenant)) [[likely]]
            return at_first;
        tenant_place* const at_second = tenant_place::candidate(second_group(hash), name);
        if (at_second->is_of(tenant)) return at_second;
        return name == vacant_ ? find_its_namesake(hash) : nullptr;
    }

    /// A place for which is_free(place), if there is one: sooner one that is nobody's, sooner one of the first group.
    template <class IsFree>
    [[nodiscard]] tenant_place* vacancy(std::uint64_t hash, IsFree is_free) const noexcept {
        tenant_place* best = nullptr;
        for (tenant_place* const group : {first_group(hash), second_group(hash)}) {
            for (tenant_place* p = group; p != group + group_size; ++p) {
                if (!p->taken()) return p;
                if (best == nullptr && is_free(*p)) best = p;
            }
        }
        return best;
    }
    /// If there is no vacancy: a place of those, and a vacancy of the tenant's that has it.
    struct move {
        tenant_place* from;
        tenant_place* to;
    };
    template <class IsFree>
    [[nodiscard]] std::optional<move> way_out(std::uint64_t hash, IsFree is_free) const noexcept {
        for (tenant_place* const group : {first_group(hash), second_group(hash)}) {
            for (tenant_place* p = group; p != group + group_size; ++p) {
                if (tenant_place* const to = vacancy(hash_of(tenant_id{p->tenant}), is_free)) return move{p, to};
            }
        }
        return std::nullopt;
    }

    /// Makes a place nobody's, and takes its name away: no two places of a group have one tenant's.
    void empty(tenant_place& place) const noexcept { place = {.tenant = vacant_}; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] tenant_place& operator[](std::uint32_t number) const noexcept { return places_[number]; }
    [[nodiscard]] std::uint32_t number_of(const tenant_place& place) const noexcept {
        return static_cast<std::uint32_t>(&place - places_.get());
    }
    [[nodiscard]] tenant_notes& notes(const tenant_place& of) const noexcept { return notes_[number_of(of)]; }
    [[nodiscard]] std::size_t memory() const noexcept { return (sizeof(tenant_place) + sizeof(tenant_notes)) * size_; }

private:
    static constexpr int group_size = 4;
    static constexpr std::align_val_t align{group_size * sizeof(tenant_place)};
    struct free_places {
        void operator()(tenant_place* places) const noexcept { ::operator delete[](places, align); }
    };

    [[nodiscard]] tenant_place* group_of(std::uint64_t hash, std::uint64_t bits) const noexcept {
        const std::uint64_t within = ((bits & 0xffffffffU) * groups_each_) >> 32;
        return places_.get() + group_size * (shard_of(hash) * groups_each_ + within);
    }
    [[nodiscard]] tenant_place* first_group(std::uint64_t hash) const noexcept { return group_of(hash, hash); }
    [[nodiscard]] tenant_place* second_group(std::uint64_t hash) const noexcept { return group_of(hash, hash >> 32); }
    /// The tenant by whose name vacant places go.
    [[nodiscard, gnu::cold]] tenant_place* find_its_namesake(std::uint64_t hash) const noexcept {
        for (tenant_place* const group : {first_group(hash), second_group(hash)}) {
            const auto is = [this](const tenant_place& p) { return p.is_of(tenant_id{vacant_}); };
            if (tenant_place* const its = std::find_if(group, group + group_size, is); its != group + group_size) {
                return its;
            }
        }
        return nullptr;
    }

    const mixer mix_;
    /// The name of places that were never taken: none that anybody is likely to have.
    const std::uint64_t vacant_{mix_(0)};
    const std::size_t shard_mask_;
    const std::uint32_t groups_each_;
    const std::size_t size_;
    const std::unique_ptr<tenant_place[], free_places> places_;
    const std::unique_ptr<tenant_notes[]> notes_;
};

}  // namespace forebay::inline v0::detail
