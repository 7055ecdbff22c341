// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>

#include <cstdint>
#include <limits>
#include <utility>

namespace forebay::inline v0::detail {

/// Four places in one cache line: whose each is, and when its bucket is full again. And the lock of all that, which takes no
/// room: while somebody holds it, a name that nobody has stands for the first place's, and the holder knows that one. (A bit
/// in a time would have to be read back from where it was just set: a third slower on the CPU this was written on.)
///
/// threads  names are read under this lock or the shard's, and written under both; times under this lock
template <class Sync>
struct alignas(64) tenant_group {
    static constexpr unsigned size = 4;
    /// The time of a place that is nobody's: later than any bucket's, so that nothing is ever there.
    static constexpr std::int64_t nobody = std::numeric_limits<std::int64_t>::max();

    /// Whose a place is, under the shard's lock. `held` is the name that says that the lock is held.
    [[nodiscard]] std::uint64_t name(unsigned place, std::uint64_t held) const noexcept {
        if (place != 0) return names_[place - 1];
        std::uint64_t first = first_name_.load(std::memory_order_relaxed);
        if (first == held) {
            Sync::wait_until([&] { return (first = first_name_.load(std::memory_order_relaxed)) != held; });
        }
        return first;
    }

    /// The lock, while this lives, and the way to what it guards.
    class lock {
    public:
        lock(tenant_group& group, std::uint64_t held) noexcept : group_{&group}, first_name_{group.take(held)} {
            if (first_name_ == held) [[unlikely]]
                first_name_ = group.wait(held);
        }
        /// Whoever is out of line takes it over: so the one of the short way stays in registers.
        lock(lock&& other) noexcept : group_{std::exchange(other.group_, nullptr)}, first_name_{other.first_name_} {}
        lock& operator=(lock&&) = delete;
        ~lock() {
            if (group_ != nullptr) group_->first_name_.store(first_name_, std::memory_order_release);
        }

        [[nodiscard]] const tenant_group& group() const noexcept { return *group_; }

        /// Where this name is; `size` if it is nowhere. No two places have one name, but nobody's. (A bit for each place, and no
        /// branch, takes a quarter longer at ten million tenants: what follows then waits for all four names.)
        [[nodiscard]] unsigned find(std::uint64_t name) const noexcept {
            unsigned its = first_name_ == name ? 0 : size;
            its = group_->names_[0] == name ? 1 : its;
            its = group_->names_[1] == name ? 2 : its;
            its = group_->names_[2] == name ? 3 : its;
            return its;
        }
        [[nodiscard]] std::uint64_t name(unsigned place) const noexcept {
            return place == 0 ? first_name_ : group_->names_[place - 1];
        }
        void set_name(unsigned place, std::uint64_t to) noexcept {
            (place == 0 ? first_name_ : group_->names_[place - 1]) = to;
        }
        [[nodiscard]] std::int64_t full_at(unsigned place) const noexcept { return group_->times_[place]; }
        void set_full_at(unsigned place, std::int64_t to) noexcept { group_->times_[place] = to; }

    private:
        tenant_group* group_;
        std::uint64_t first_name_;
    };

private:
    /// The first place's name, or `held` if somebody else has it.
    [[nodiscard]] std::uint64_t take(std::uint64_t held) noexcept {
        return first_name_.exchange(held, std::memory_order_acquire);
    }
    [[nodiscard, gnu::cold, gnu::noinline]] std::uint64_t wait(std::uint64_t held) noexcept {
        std::uint64_t first = held;
        Sync::wait_until([&] {
            if (first_name_.load(std::memory_order_relaxed) != held) first = take(held);
            return first != held;
        });
        return first;
    }

    typename Sync::template atomic<std::uint64_t> first_name_{0};
    std::uint64_t names_[size - 1]{};
    std::int64_t times_[size]{nobody, nobody, nobody, nobody};
};

}  // namespace forebay::inline v0::detail
