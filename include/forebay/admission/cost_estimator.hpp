// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/cost_source.hpp>
#include <forebay/detail/keyed_hash.hpp>
#include <forebay/detail/running_quantile.hpp>
#include <forebay/request.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>

namespace forebay::inline v0 {

template <class Sync>
class cost_estimator_state;

/// Estimates the cost of requests whose caller does not know it, from what requests of the same tenant and key were settled
/// at: a running quantile for each (tenant, key), for each key, and over all. A stranger is estimated as its key is, an
/// unknown key as all are.
///
/// The estimate is what is taken at the door, and settled when the true cost is known. So a high quantile protects the
/// limit while many run at once, and what it takes too much comes back; a low one lets more in, into debt.
///
/// errors  how near: see <forebay/detail/running_quantile.hpp>. Whatever the costs are, in the long run no larger share
///         of a tenant's requests of one key than 1 - quantile costs more than estimated
///
///     .costs = cost_estimator{.quantile = 95, .at_start = 500, .most = 8192}
struct cost_estimator {
    /// Requests out of a hundred that should cost no more than estimated. [percent]
    /// Raise it where a limit must not be overrun; lower it where requests are refused that would have fitted.
    /// Must be 1 to 99; checked at building.
    std::int32_t quantile{95};
    /// Estimate while nothing has been seen. [request_info::cost's unit]
    /// Set it to what is usual. One far too low is left within a few requests; one far too high sinks by half in the
    /// first 20, in later ones in 160.
    /// Must be 1 to `most`; checked at building.
    std::int64_t at_start{1000};
    /// Most an estimate ever is. [request_info::cost's unit]
    /// Set it to what a request can cost at most, such as the model's longest output.
    /// Must be 1 to 2^60; checked at building.
    std::int64_t most{std::int64_t{1} << 40};
    /// Pairs of tenant and key that are remembered, and keys. [entries] 32 bytes each are taken at building, and nothing
    /// later. Where places run short, those that are seen more often stay: a pair that brings more than a ninth of what
    /// meets in its set of eight places; the others are estimated as their key is.
    /// Raise it with the number of tenants; lower it when memory matters more.
    /// Must be 1 to 2^31; checked at building.
    std::size_t max_entries{4096};
    /// Secret of the table's hash: whoever does not know it cannot choose names that meet in one set. Unset = one for each
    /// process.
    /// Set it to make a run repeatable where the table is full.
    /// Any value will do.
    std::optional<std::uint64_t> seed{};

    /// errors  std::invalid_argument for what cannot be
    template <class Sync>
    [[nodiscard]] cost_estimator_state<Sync> build() const {
        return cost_estimator_state<Sync>{*this};
    }
};

/// The quantiles.
///
/// cost     O(1): two sets of eight places, of two neighbouring cache lines each; allocates nothing after building
/// threads  safe with multi_threaded: one lock for a few dozen instructions
template <class Sync>
class cost_estimator_state {
    using quantile_type = detail::running_quantile;

public:
    /// errors  std::invalid_argument if a knob is out of range
    explicit cost_estimator_state(const cost_estimator& chosen)
        : percent_{checked(chosen).quantile},
          most_{chosen.most},
          seed_{chosen.seed ? detail::table_seed{*chosen.seed, ~*chosen.seed} : detail::process_seed()},
          set_count_{static_cast<std::uint32_t>((chosen.max_entries + 3) / 4)},
          sets_{std::make_unique<set[]>(set_count_)},
          overall_{chosen.at_start} {}

    /// See cost_source_state. [1 .. most]
    [[nodiscard]] std::int64_t estimate(const request_info& info) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        return nearest(info).value(most_);
    }

    /// See cost_source_state. Also of requests whose caller stated a cost.
    void observe(const request_info& info, std::int64_t actual) noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        learn(pair_of(info), nearest(info), actual);
        learn(key_of(info), of_key(info), actual);
        overall_.see(actual, percent_, most_);
    }

    /// How many pairs and keys have a place.
    [[nodiscard]] std::size_t entries() noexcept {
        const typename Sync::scoped_lock hold{mutex_};
        std::size_t found = 0;
        for (std::size_t i = 0; i < set_count_; ++i) {
            for (const entry& each : sets_[i].places) found += each.is_used ? 1 : 0;
        }
        return found;
    }
    /// Bytes taken at building.
    [[nodiscard]] std::size_t memory() const noexcept { return sizeof(*this) + set_count_ * sizeof(set); }

private:
    struct entry {
        /// Hash of a pair or a key. Two of equal hash would share an estimate, which does no harm.
        std::uint64_t who{0};
        [[no_unique_address]] quantile_type costs;
        /// How much more often it was seen than strangers met a full set. At 0 its place can be had.
        std::uint8_t credit{0};
        bool is_used{false};
    };
    static_assert(sizeof(entry) == 16);
    struct alignas(64) set {
        std::array<entry, 8> places;
    };

    [[nodiscard]] static const cost_estimator& checked(const cost_estimator& chosen) {
        if (chosen.quantile < 1 || chosen.quantile > 99) {
            throw std::invalid_argument("forebay: cost_estimator.quantile must be 1 to 99 percent");
        }
        if (chosen.most < 1 || chosen.most > (std::int64_t{1} << 60)) {
            throw std::invalid_argument("forebay: cost_estimator.most must be 1 to 2^60");
        }
        if (chosen.at_start < 1 || chosen.at_start > chosen.most) {
            throw std::invalid_argument("forebay: cost_estimator.at_start must be 1 to `most`");
        }
        if (chosen.max_entries < 1 || chosen.max_entries > (std::uint64_t{1} << 31)) {
            throw std::invalid_argument("forebay: cost_estimator.max_entries must be 1 to 2^31");
        }
        return chosen;
    }

    [[nodiscard]] std::uint64_t pair_of(const request_info& info) const noexcept {
        return detail::mix(info.key ^ detail::mix(static_cast<std::uint64_t>(info.tenant), seed_), seed_);
    }
    [[nodiscard]] std::uint64_t key_of(const request_info& info) const noexcept {
        return detail::mix(info.key, {seed_.b, seed_.a});
    }
    [[nodiscard]] set& set_of(std::uint64_t who) const noexcept { return sets_[((who >> 32) * set_count_) >> 32]; }
    [[nodiscard]] entry* find(std::uint64_t who) const noexcept {
        for (entry& each : set_of(who).places) {
            if (each.who == who && each.is_used) return &each;
        }
        return nullptr;
    }
    [[nodiscard]] quantile_type of_key(const request_info& info) const noexcept {
        const entry* const its = find(key_of(info));
        return its != nullptr ? its->costs : overall_;
    }
    [[nodiscard]] quantile_type nearest(const request_info& info) const noexcept {
        const entry* const its = find(pair_of(info));
        return its != nullptr ? its->costs : of_key(info);
    }

    /// `start`: where a stranger begins.
    void learn(std::uint64_t who, quantile_type start, std::int64_t actual) noexcept {
        entry* its = find(who);
        if (its == nullptr) {
            its = place_for(set_of(who));
            if (its == nullptr) return;
            *its = {who, start.heir(), 0, true};
        }
        if (its->credit < most_credit) ++its->credit;
        its->costs.see(actual, percent_, most_);
    }
    /// A place without credit; where there is none, all lose some, and who comes has to come again.
    /// source  Misra, Gries: Finding repeated elements, Science of Computer Programming 2(2), 1982
    [[nodiscard]] static entry* place_for(set& in) noexcept {
        for (entry& each : in.places) {
            if (each.credit == 0) return &each;
        }
        for (entry& each : in.places) --each.credit;
        return nullptr;
    }

    /// So that who is gone is forgotten after so many strangers.
    static constexpr std::uint8_t most_credit = 200;

    const std::int32_t percent_;
    const std::int64_t most_;
    const detail::table_seed seed_;
    const std::uint32_t set_count_;
    const std::unique_ptr<set[]> sets_;
    quantile_type overall_;
    typename Sync::mutex mutex_;
};

}  // namespace forebay::inline v0
