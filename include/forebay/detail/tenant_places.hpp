// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_pair.hpp>
#include <forebay/detail/keyed_hash.hpp>
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

/// Where one tenant's bucket is kept.
struct tenant_place {
    static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

    std::uint64_t tenant;
    bucket_pair bucket{};
    /// Permits that are out and may charge more; and the mark below.
    std::uint32_t live{0};
    /// Number of the bucket's terms.
    std::uint32_t tier{nobody};

    /// In `live`: the terms are tighter than the tenant's own. So it may not be full when this bucket is.
    static constexpr std::uint32_t tightened = std::uint32_t{1} << 31;

    [[nodiscard]] bool is_of(tenant_id who) const noexcept {
        return tenant == static_cast<std::uint64_t>(who) && tier != nobody;
    }

    /// The one place of a group that may be the tenant's, if its name is in no more than one. Which of the first three it
    /// is cannot be predicted, and a processor that guesses wrong while it waits for memory loses what it has begun of the
    /// calls that follow: so no branch decides between them. Few tenants are in the fourth.
    [[nodiscard]] static tenant_place* candidate(tenant_place* group, std::uint64_t tenant) noexcept {
        const unsigned at_1 = group[1].tenant == tenant;
        const unsigned at_2 = group[2].tenant == tenant;
        if (group[3].tenant == tenant) [[unlikely]]
            return group + 3;
        return group + (at_1 + 2 * at_2);
    }
};
static_assert(sizeof(tenant_place) == 32 && std::is_trivially_destructible_v<tenant_place>);

/// Places by tenant in fixed memory, over up to 64 shards. Each tenant has two groups of four places, both in one shard, by
/// its hash. It lives in the first, unless three places of that were taken when it came and the second was emptier. With
/// two choices groups fill evenly (Azar, Broder, Karlin, Upfal: Balanced allocations, SIAM J. Comput. 29, 1999); that nine
/// in ten are in their first group keeps most calls to its two cache lines. A table with 15 places for 8 tenants turns away
/// six in ten thousand.
template <bool Sharded>
class tenant_places {
public:
    tenant_places(std::size_t max_tenants, std::optional<std::uint64_t> seed)
        : mix_{seed ? table_seed{*seed, ~*seed} : process_seed()},
          shard_mask_{Sharded ? (std::size_t{1} << std::min(static_cast<int>(std::bit_width(max_tenants / 256)), 6)) - 1
                              : 0},
          groups_each_{static_cast<std::uint32_t>(max_tenants * 15 / 32 / shards() + 1)},
          size_{std::size_t{groups_each_} * group_size * shards()},
          places_{new (align) tenant_place[size_]} {
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

    /// A place for which is_free(place), if there is one: of the first group, unless that has one at most and the second
    /// more; sooner one that is nobody's.
    template <class IsFree>
    [[nodiscard]] tenant_place* vacancy(std::uint64_t hash, IsFree is_free) const noexcept {
        int vacant[2] = {};
        tenant_place* best[2] = {};
        tenant_place* const groups[2] = {first_group(hash), second_group(hash)};
        for (int side = 0; side < 2; ++side) {
            for (tenant_place* p = groups[side]; p != groups[side] + group_size; ++p) {
                if (!is_free(*p)) continue;
                if (best[side] == nullptr ||
                    (p->tier == tenant_place::nobody && best[side]->tier != tenant_place::nobody)) {
                    best[side] = p;
                }
                ++vacant[side];
            }
        }
        return best[vacant[0] < 2 && vacant[1] > vacant[0] ? 1 : 0];
    }

    /// Makes a place nobody's, and takes its name away: no two places of a group have one tenant's.
    void empty(tenant_place& place) const noexcept { place = {.tenant = vacant_}; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] tenant_place& operator[](std::uint32_t number) const noexcept { return places_[number]; }
    [[nodiscard]] std::uint32_t number_of(const tenant_place& place) const noexcept {
        return static_cast<std::uint32_t>(&place - places_.get());
    }
    [[nodiscard]] std::size_t memory() const noexcept { return sizeof(tenant_place) * size_; }

private:
    static constexpr int group_size = 4;
    /// A group of four places fills two cache lines, which are fetched as a pair.
    static constexpr std::align_val_t align{128};
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
};

}  // namespace forebay::inline v0::detail
