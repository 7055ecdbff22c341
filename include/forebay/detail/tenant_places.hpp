// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/keyed_hash.hpp>
#include <forebay/detail/prefetch.hpp>
#include <forebay/detail/refill_time.hpp>
#include <forebay/detail/tenant_group.hpp>
#include <forebay/request.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <type_traits>

namespace forebay::inline v0::detail {

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
static_assert(sizeof(tenant_notes) == 16 && std::is_trivially_destructible_v<tenant_notes>);

/// A place, by its number.
struct tenant_place {
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    std::uint32_t number{none};

    [[nodiscard]] explicit operator bool() const noexcept { return number != none; }
};

/// Places by tenant in fixed memory, in up to 64 shards. Each tenant has two groups of four places, both in one shard, by
/// its hash. It lives in the first, unless that was full when it came, or one who came later needed its place (cuckoo hashing with
/// groups: Dietzfelbinger, Weidling: Balanced allocation and dictionaries with tightly packed constant size bins, Theor.
/// Comput. Sci. 380, 2007). A group is one cache line, and 14 tenants in 15 are in their first: so waiting for
/// memory once is what most calls have to do. A table with 7 places for 4 tenants turns away fewer than one in a million.
template <class Sync>
class tenant_places {
public:
    using group = tenant_group<Sync>;
    using lock = typename group::lock;

    tenant_places(std::size_t max_tenants, std::optional<std::uint64_t> seed)
        : mix_{seed ? table_seed{*seed, ~*seed} : process_seed()},
          shards_{Sync::concurrent
                      ? std::uint32_t{1} << std::min(static_cast<int>(std::bit_width(max_tenants / 256)), 6)
                      : 1},
          groups_each_{static_cast<std::uint32_t>(max_tenants * 27 / 64 / shards_ + 1)},
          group_count_{groups_each_ * shards_},
          groups_{std::make_unique<group[]>(group_count_)},
          notes_{std::make_unique<tenant_notes[]>(size())},
          turns_{std::make_unique<std::uint32_t[]>(size())} {
        for (std::uint32_t g = 0; g < group_count_; ++g) {
            lock all{groups_[g], held_};
            for (unsigned i = 0; i < group::size; ++i) empty(all, i);
        }
    }

    /// Whether a place can be a tenant's of this name: two names, which nobody is likely to have, are those of places that
    /// are nobody's and of groups whose lock is held.
    [[nodiscard]] bool can_have_place(tenant_id tenant) const noexcept {
        const auto name = static_cast<std::uint64_t>(tenant);
        return name != vacant_ && name != held_;
    }
    [[nodiscard]] bool taken(const lock& in, unsigned place) const noexcept { return in.name(place) != vacant_; }

    [[nodiscard]] lock lock_of(std::uint32_t number) const noexcept { return {groups_[number], held_}; }
    [[nodiscard]] lock lock_of(tenant_place its) const noexcept { return lock_of(its.number / group::size); }
    void fetch(std::uint32_t number) const noexcept { prefetch_line(&groups_[number]); }

    [[nodiscard]] std::uint64_t hash_of(tenant_id tenant) const noexcept {
        return mix_(static_cast<std::uint64_t>(tenant));
    }
    [[nodiscard]] std::uint32_t shards() const noexcept { return shards_; }
    [[nodiscard]] std::uint32_t shard_of(std::uint64_t hash) const noexcept {
        return within(hash, group_count_) / groups_each_;
    }
    /// The groups of a shard: so many, from this one on.
    [[nodiscard]] std::uint32_t groups_each() const noexcept { return groups_each_; }
    [[nodiscard]] std::uint32_t begin_of(std::uint32_t shard) const noexcept { return shard * groups_each_; }
    [[nodiscard]] std::uint32_t first_group(std::uint64_t hash) const noexcept { return within(hash, group_count_); }
    [[nodiscard]] std::uint32_t second_group(std::uint64_t hash) const noexcept {
        return begin_of(shard_of(hash)) + within(hash >> 32, groups_each_);
    }

    /// Where this tenant is, if it is remembered. Under its shard's lock.
    [[nodiscard]] tenant_place find(std::uint64_t hash, tenant_id tenant) const noexcept {
        if (!can_have_place(tenant)) return {};
        for (const std::uint32_t g : {first_group(hash), second_group(hash)}) {
            if (const unsigned its = find_in(g, static_cast<std::uint64_t>(tenant)); its < group::size) {
                return place_of(g, its);
            }
        }
        return {};
    }
    /// One that is nobody's, if the group has any; else group::size. Under its shard's lock.
    [[nodiscard]] unsigned vacancy(std::uint32_t in) const noexcept { return find_in(in, vacant_); }
    /// Whose a place is. Under its shard's lock.
    [[nodiscard]] tenant_id tenant_at(std::uint32_t in, unsigned place) const noexcept {
        return tenant_id{groups_[in].name(place, held_)};
    }
    /// Makes a place nobody's, and takes its name away: no two places of a group have one tenant's.
    void empty(lock& in, unsigned place) const noexcept {
        in.set_name(place, vacant_);
        in.set_full_at(place, group::nobody);
    }

    [[nodiscard]] std::size_t size() const noexcept { return std::size_t{group_count_} * group::size; }
    [[nodiscard]] static unsigned index_of(tenant_place its) noexcept { return its.number % group::size; }
    [[nodiscard]] static tenant_place place_of(std::uint32_t group_number, unsigned index) noexcept {
        return {group_number * group::size + index};
    }
    [[nodiscard]] tenant_place place_of(const lock& in, unsigned index) const noexcept {
        return place_of(static_cast<std::uint32_t>(&in.group() - groups_.get()), index);
    }
    [[nodiscard]] tenant_notes& notes(tenant_place of) const noexcept { return notes_[of.number]; }
    /// Of the bucket, see refill_time. Goes on from one promise to the next.
    [[nodiscard]] std::uint32_t& turn(tenant_place of) const noexcept { return turns_[of.number]; }
    [[nodiscard]] std::size_t memory() const noexcept {
        return sizeof(group) * group_count_ + (sizeof(tenant_notes) + sizeof(std::uint32_t)) * size();
    }

private:
    [[nodiscard]] static std::uint32_t within(std::uint64_t bits, std::uint32_t count) noexcept {
        return static_cast<std::uint32_t>(((bits & 0xffffffffU) * count) >> 32);
    }
    [[nodiscard]] unsigned find_in(std::uint32_t group_number, std::uint64_t name) const noexcept {
        unsigned its = 0;
        while (its < group::size && groups_[group_number].name(its, held_) != name) ++its;
        return its;
    }

    const mixer mix_;
    const std::uint64_t vacant_{mix_(0)};
    const std::uint64_t held_{mix_(1)};
    const std::uint32_t shards_;
    const std::uint32_t groups_each_;
    const std::uint32_t group_count_;
    const std::unique_ptr<group[]> groups_;
    const std::unique_ptr<tenant_notes[]> notes_;
    const std::unique_ptr<std::uint32_t[]> turns_;
};

}  // namespace forebay::inline v0::detail
