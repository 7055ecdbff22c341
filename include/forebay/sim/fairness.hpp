// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/arrival.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace forebay::inline v0::sim {

/// Jain's index (sum x)^2 / (n * sum x^2): 1 if all have the same, 1/n if one has everything; absent if nobody has
/// anything.
///
/// cost    O(n), in integers: the same bits everywhere; sums beyond 2^48 are taken to 48 bits
/// source  Jain, Chiu, Hawe: A quantitative measure of fairness and discrimination, DEC-TR-301, 1984
[[nodiscard]] inline std::optional<double> jain_index(std::span<const std::uint64_t> shares) {
    wide sum = 0;
    for (const std::uint64_t share : shares) sum += share;
    if (sum == 0) return std::nullopt;
    unsigned shift = 0;
    while ((sum >> shift) >> 48 != 0) ++shift;
    wide total = 0;
    wide squares = 0;
    for (const std::uint64_t share : shares) {
        const wide part = share >> shift;
        total += part;
        squares += part * part;
    }
    return static_cast<double>(total * total) / static_cast<double>(squares * shares.size());
}

/// How far the executor time of any two tenants drifts apart while both have requests in the system.
///
/// A batch gives its members equal parts of its time, evenly from its start to its end. Told of events in order of time.
///
/// cost     O(tenants that have requests) for each tenant of a batch; exact to a nanosecond for every 15 minutes of
///          joint backlog (batches whose size is a power of two: exactly)
/// threads  one at a time
class service_gap {
public:
    static constexpr std::size_t most_tenants = 32;

    /// A request of `tenant` is in the system from now on.
    void entered(std::uint32_t tenant, time_point now) {
        if (!fits(tenant)) return;
        account& of = accounts_[tenant];
        if (of.present++ > 0) return;
        advance(of, now);
        for (std::uint32_t others = active_; others != 0; others &= others - 1) {
            const auto other = static_cast<std::uint32_t>(std::countr_zero(others));
            const fixed apart = difference(tenant, other, now);
            pair_of(tenant, other) = {apart, apart};
        }
        active_ |= std::uint32_t{1} << tenant;
    }
    /// It has its outcome.
    void left(std::uint32_t tenant, time_point now) {
        if (!fits(tenant)) return;
        if (accounts_[tenant].present == 1) {
            look(tenant, now);
            active_ &= ~(std::uint32_t{1} << tenant);
        }
        --accounts_[tenant].present;
    }
    /// A batch of these began or, with `over`, came back.
    void ran(std::span<const arrival* const> members, time_point now, bool over) {
        if (!enough_) return;
        if (members.size() != size_) {
            size_ = members.size();
            part_ = static_cast<std::int64_t>((std::uint64_t{1} << fraction) / size_);
        }
        const std::int64_t change = over ? -part_ : part_;
        for (const arrival* each : members) {
            if (!fits(each->tenant)) return;
            look(each->tenant, now);
            accounts_[each->tenant].rate += change;
        }
    }

    /// The largest drift of any pair so far; absent if there were too many tenants.
    [[nodiscard]] std::optional<duration> largest() const noexcept {
        if (!enough_) return std::nullopt;
        return duration{static_cast<std::int64_t>((largest_ + (fixed{1} << (fraction - 1))) >> fraction)};
    }

private:
    __extension__ typedef __int128 fixed;  // nanoseconds, in units of 2^-40
    static constexpr unsigned fraction = 40;

    struct account {
        fixed served{0};
        time_point at{};       // up to which `served` counts
        std::int64_t rate{0};  // of executors, in units of 2^-40
        std::uint64_t present{0};
    };
    struct extremes {
        fixed least, most;
    };

    bool fits(std::uint32_t tenant) noexcept {
        enough_ = enough_ && tenant < most_tenants;
        return enough_;
    }
    static fixed served(const account& of, time_point now) noexcept {
        return of.served + static_cast<fixed>(of.rate) * saturating_sub(now, of.at).count();
    }
    static void advance(account& of, time_point now) noexcept {
        of.served = served(of, now);
        of.at = now;
    }
    // Of a pair always the same one is taken from the other.
    [[nodiscard]] fixed difference(std::uint32_t a, std::uint32_t b, time_point now) const noexcept {
        return served(accounts_[std::min(a, b)], now) - served(accounts_[std::max(a, b)], now);
    }
    [[nodiscard]] extremes& pair_of(std::uint32_t a, std::uint32_t b) noexcept {
        return pairs_[std::min(a, b) * most_tenants + std::max(a, b)];
    }
    // Both sides grow in straight lines, so the extremes lie where a rate changes or somebody leaves. What was served
    // counts from the instant from which somebody else is there: before, it need not be right.
    void look(std::uint32_t tenant, time_point now) {
        const std::uint32_t present = active_ & ~(std::uint32_t{1} << tenant);
        account& of = accounts_[tenant];
        if (present == 0 || of.at == now) return;
        advance(of, now);
        for (std::uint32_t others = present; others != 0; others &= others - 1) {
            const auto other = static_cast<std::uint32_t>(std::countr_zero(others));
            const fixed apart = difference(tenant, other, now);
            extremes& seen = pair_of(tenant, other);
            seen.least = std::min(seen.least, apart);
            seen.most = std::max(seen.most, apart);
            largest_ = std::max(largest_, static_cast<fixed>(seen.most - seen.least));
        }
    }

    std::array<account, most_tenants> accounts_{};
    std::array<extremes, most_tenants * most_tenants> pairs_{};
    std::uint32_t active_{0};
    fixed largest_{0};
    std::size_t size_{1};  // of the last batch, and the part of each of its members
    std::int64_t part_{std::int64_t{1} << fraction};
    bool enough_{true};
};

}  // namespace forebay::inline v0::sim
