// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/keyed_hash.hpp>
#include <forebay/sync.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

namespace forebay::inline v0::detail {

/// Different terms under small numbers, each counted by those who use it. While a number has a user it means the same; when
/// the last one leaves, it is free for other terms.
///
/// threads  a user reads its terms without a lock; joining terms that have a user takes no lock
template <class Sync>
class tier_table {
public:
    /// How many different terms can be in use.
    static constexpr std::uint32_t capacity = 256;
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    tier_table() : rows_{std::make_unique<rows>()} {}

    /// Of a number that has a user, who keeps it meanwhile.
    [[nodiscard]] const bucket_terms& operator[](std::uint32_t number) const noexcept { return rows_->terms[number]; }

    /// The number that all users have; `none` if there are several in use, or the last change is not through yet. Whoever keeps
    /// its users apart by locks finds, under such a lock, that all those within have it.
    [[nodiscard]] std::uint32_t sole() const noexcept { return sole_.load(std::memory_order_relaxed); }

    /// A number for these terms, with one user more; `none` if all are in use for others.
    [[nodiscard]] std::uint32_t claim(const bucket_terms& terms) noexcept {
        const std::uint64_t mark = mark_of(terms);
        if (const std::uint32_t known = join(terms, mark); known != none) return known;
        const typename Sync::scoped_lock hold{mutex_};
        if (const std::uint32_t known = join(terms, mark); known != none) return known;
        for (std::uint32_t number = 1; number <= capacity; ++number) {
            if (users(rows_->marks[number].load(std::memory_order_acquire)) != 0) continue;
            const bool only = in_use() == 0 && users(rows_->marks[closed].load(std::memory_order_acquire)) == 0;
            sole_.store(only ? number : none, std::memory_order_release);
            rows_->terms[number] = terms;
            rows_->marks[number].store(mark | 1, std::memory_order_release);
            if (number >= end_.load(std::memory_order_relaxed)) end_.store(number + 1, std::memory_order_release);
            return number;
        }
        return none;
    }
    /// Whether these terms would get a number.
    [[nodiscard]] bool has_room(const bucket_terms& terms) noexcept {
        if (in_use() < capacity) return true;
        const std::uint32_t known = join(terms, mark_of(terms));
        if (known != none) release(known);
        return known != none;
    }
    /// The same for one who has to have a number: if there is none for these terms, that of the fastest terms within them.
    [[nodiscard]] std::uint32_t claim_within(const bucket_terms& terms) noexcept {
        if (const std::uint32_t own = claim(terms); own != none) return own;
        const typename Sync::scoped_lock hold{mutex_};  // nobody writes terms now
        std::uint32_t best = closed;
        for (std::uint32_t number = 1; number <= capacity; ++number) {
            const bucket_terms& next = rows_->terms[number];
            if (next.within(terms) && !rows_->terms[best].faster_than(next)) best = number;
        }
        if (best == closed) sole_.store(none, std::memory_order_release);
        rows_->marks[best].fetch_add(1, std::memory_order_acq_rel);
        return best;
    }
    /// One user less.
    void release(std::uint32_t number) noexcept {
        if (users(rows_->marks[number].fetch_add(~std::uint64_t{0}, std::memory_order_acq_rel)) == 1) note_sole();
    }

    /// How many different terms are in use.
    [[nodiscard]] std::uint32_t in_use() const noexcept {
        std::uint32_t count = 0;
        for (std::uint32_t number = 1; number <= capacity; ++number) {
            count += users(rows_->marks[number].load(std::memory_order_relaxed)) != 0 ? 1U : 0U;
        }
        return count;
    }
    [[nodiscard]] static constexpr std::size_t memory() noexcept { return sizeof(rows); }

private:
    /// Within any terms: one token in the bucket, and never another one. Terms that were never set are these, too.
    static constexpr std::uint32_t closed = 0;
    static_assert(bucket_terms{}.per_ns == 0 && bucket_terms{}.burst == 1 && bucket_terms{}.debt == 0);

    /// Beside the terms, in one word: half a hash of them, then how many use them. At most 2^32 - 1 places do.
    struct rows {
        std::array<bucket_terms, capacity + 1> terms;
        std::array<typename Sync::template atomic<std::uint64_t>, capacity + 1> marks;
    };
    static constexpr std::uint64_t users_mask = 0xffffffffU;

    [[nodiscard]] static constexpr std::uint64_t users(std::uint64_t mark) noexcept { return mark & users_mask; }
    [[nodiscard]] static constexpr std::uint64_t mark_of(const bucket_terms& terms) noexcept {
        const auto word = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
        return mix(word(terms.per_token), {word(terms.per_ns), word(terms.burst) ^ (word(terms.debt) << 32)}) &
               ~users_mask;
    }

    /// After a number has lost its last user. While this holds the lock, no other number gets a first one.
    void note_sole() noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        std::uint32_t only = none;
        for (std::uint32_t number = 0; number <= capacity; ++number) {
            if (users(rows_->marks[number].load(std::memory_order_acquire)) == 0) continue;
            if (only != none) return;
            only = number;
        }
        sole_.store(only, std::memory_order_release);
    }

    /// Becomes a user of these terms if they have one. Terms are read as a user only: nobody rewrites them then.
    [[nodiscard]] std::uint32_t join(const bucket_terms& terms, std::uint64_t mark) noexcept {
        const std::uint32_t end = end_.load(std::memory_order_acquire);
        for (std::uint32_t number = 1; number < end; ++number) {
            std::uint64_t seen = rows_->marks[number].load(std::memory_order_relaxed);
            while ((seen & ~users_mask) == mark && users(seen) != 0) {
                if (!rows_->marks[number].compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel,
                                                                std::memory_order_relaxed))
                    continue;
                if (rows_->terms[number] == terms) return number;
                release(number);
                break;
            }
        }
        return none;
    }

    const std::unique_ptr<rows> rows_;
    /// One past the highest number that was ever used.
    typename Sync::template atomic<std::uint32_t> end_{1};
    typename Sync::template atomic<std::uint32_t> sole_{none};
    typename Sync::mutex mutex_;
};

}  // namespace forebay::inline v0::detail
