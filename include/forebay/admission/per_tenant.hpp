// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/admission/policy.hpp>
#include <forebay/detail/bucket_math.hpp>
#include <forebay/detail/quota_cell.hpp>
#include <forebay/detail/refill_time.hpp>
#include <forebay/detail/tenant_table.hpp>
#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <type_traits>

namespace forebay::inline v0 {

/// The host's answer to "what may this tenant?": a copyable, quick, noexcept callable from tenant_id to quota, which does
/// not call back. Threads ask it at once, never under a lock of the table's.
///
/// Its answer may change: say so with `refresh` (see per_tenant_state). Make quotas where the configuration is read, and
/// let the resolver look them up: an impossible one is refused by quota's constructor, which must not throw in here.
/// At most 256 different quotas (tiers) are in use at once; newcomers with further ones share the overflow bucket.
///
///     auto tiers = [](tenant_id who) noexcept { return paying(who) ? quota{rate::per_second(50), 100} : free_tier; };
template <class Resolver>
concept quota_resolver = std::copy_constructible<Resolver> && requires(const Resolver& resolver, tenant_id who) {
    { resolver(who) }
    noexcept->std::same_as<quota>;
};

template <class Sync, class Limit, class Counts>
class per_tenant_state;

/// One bucket for each tenant, in memory fixed at building.
///
/// A tenant is remembered from its first admitted request until its bucket is full again and, where settling can charge
/// more, none of its requests is on the way: then forgetting it changes nothing. A newcomer whose places are all taken by
/// tenants that cannot be forgotten draws from one overflow bucket with all others in that position, whose quota is the
/// tightest of those who drew since it was last full: stricter, never looser, and counted. It names estimates, as a place
/// may come free before; and until it is full, who finds a place starts as empty as what was drawn may have left it.
///
/// Quotas change while requests come: `share` the policy and tell its state, see per_tenant_state.
///
///     .admission = per_tenant{quota{rate::per_minute(600), 60}}                      // counts requests
///     .admission = per_tenant{quota{rate::per_minute(90'000), 90'000}, by_cost}      // counts cost
///     .admission = per_tenant{.limit = tiers, .max_tenants = 1'000'000}              // the host's resolver
template <class Limit = quota, class Counts = by_requests_t>
struct per_tenant {
    static_assert(std::same_as<Limit, quota> || quota_resolver<Limit>,
                  "forebay: per_tenant takes a quota, or a noexcept callable from tenant_id to quota");
    static_assert(request_projection<Counts>,
                  "forebay: per_tenant counts by_requests, by_cost, or a noexcept callable from request_info to "
                  "std::int64_t; see request_projection in <forebay/admission/policy.hpp>");

    /// The quota of every tenant, or who knows each tenant's: asked when a tenant is met (again).
    Limit limit;
    /// What is counted: by_requests, by_cost, or the host's own.
    Counts counts{};
    /// Tenants remembered at once (from 100 on, fewer than one in a million may not find a place). [tenants] 64 bytes each are
    /// taken at building, and nothing later.
    /// Raise it when `overflowed()` grows and memory allows; lower it when memory matters more.
    /// Must be 1 to 2^31; checked at building.
    std::size_t max_tenants{65'536};
    /// Secret of the table's hash: tenants chosen without knowing it spread evenly. Unset = one for each process.
    /// Set it to make a run repeatable to the last place.
    /// Any value will do.
    std::optional<std::uint64_t> seed{};
    /// Whether a request that was admitted but never ran (cancelled, expired, evicted) gets back what it took.
    /// Unset it when asking is what is limited, whatever comes of it.
    /// Either will do.
    bool refund_unrun{true};

    template <class Sync>
    [[nodiscard]] per_tenant_state<Sync, Limit, Counts> build() const {
        return per_tenant_state<Sync, Limit, Counts>{*this};
    }
};

/// The limit's state.
///
/// Quotas may be changed under load: `refresh`, `refresh_tier` and `refresh_all` ask the resolver again; `reconfigure`
/// replaces the quota of a policy that has no resolver. When the call returns, no tenant has a quota from before it. A
/// full bucket stays full. Another one keeps what `inherit` says: by default its level, as far as the new burst holds it,
/// and its debt. Requests on the way are settled against the new quota; slots promised keep their instant. So around one
/// change at `t`, a window [t - a, t + b] admits at most old burst + old rate * a + new burst + new rate * b, what was given
/// back, and the slots promised before `t` for later; and if the bucket was not full at `t`, not even both bursts but the old
/// one, and what the new rate brings.
///
///     const auto limit = share(per_tenant{.limit = tiers, .counts = by_cost});
///     auto scheduler = make_scheduler<Prompt, Reply>(policies{.admission = limit, .clock = clock}, model);
///     store_tier(who, paid);                          // the host's own table, which `tiers` looks into
///     limit.target().refresh(who, clock.now());       // from any thread, while the scheduler runs
///
/// A quota that takes more than 146 years to refill counts as one that takes 146. A clock that goes back is taken at its
/// word: a tenant has what it had then, never more, and all of it again when that time comes. So the bound on windows holds
/// for the times that are told. What is given back by such an earlier time is there from then on: so if the clock went back
/// by `d` just then, windows of the latest time so far admit up to rate * d more.
///
/// cost     O(1): at most 8 places are looked at, in two cache lines, and 200 by a newcomer who finds those taken; quotas that
///          differ, rates that are no whole number of nanoseconds a token, and settling look at one line more; allocates
///          nothing after building
/// threads  safe with multi_threaded: at most four tenants share a lock, which is in their cache line; who is not
///          remembered, and changed quotas, take one of up to 64 locks as well; with single_threaded the owner serialises
template <class Sync, class Limit, class Counts>
class per_tenant_state {
public:
    /// Where what is counted cannot be corrected, settling touches nothing.
    static constexpr bool settles = settling_projection<Counts>;

    /// errors  std::invalid_argument if the policy's max_tenants is out of range
    explicit per_tenant_state(const per_tenant<Limit, Counts>& chosen)
        : chosen_{chosen}, limit_{chosen_.limit}, table_{checked(chosen.max_tenants), chosen.seed} {}

    /// See admission_state. A refused tenant that was unknown stays unknown.
    [[nodiscard]] verdict try_acquire(const request_info& info, time_point now, permit& taken) noexcept {
        const std::int64_t cost = chosen_.counts(info);
        if (const std::uint32_t number = table_.take_at_once(info.tenant, cost, now); number != table_.undecided)
            [[likely]] {
            taken = {.charged = cost, .tenant = info.tenant, .bucket = number, .live = true};
            return admitted(now);
        }
        return take(info.tenant, cost, now, duration::zero(), taken);
    }

    /// See admission_state: of the tenant's bucket. `taken.slot` is when its turn is. What is given back may let who comes next
    /// overtake those who wait for slots; they keep theirs.
    [[nodiscard]] verdict reserve(const request_info& info, time_point now, duration max_wait, permit& taken) noexcept {
        return take(info.tenant, chosen_.counts(info), now, max_wait, taken);
    }
    /// See admission_state.
    [[nodiscard]] verdict reserve_at(const request_info& info, time_point now, time_point slot,
                                     permit& taken) noexcept {
        const std::int64_t cost = chosen_.counts(info);
        return take_by(
            info.tenant, cost, now,
            [=](detail::refill_time& bucket, const detail::bucket_terms& terms, detail::slot_trace& trace) noexcept {
                return bucket.reserve_at(terms, cost, now, slot, trace);
            },
            taken);
    }
    /// See admission_state.
    [[nodiscard]] verdict ask(const request_info& info, time_point now, duration max_wait) noexcept {
        const std::int64_t cost = chosen_.counts(info);
        return table_.ask(
            info.tenant, cost, now,
            [=](const detail::refill_time& bucket, const detail::bucket_terms& terms) noexcept {
                return bucket.ask(terms, cost, now, max_wait);
            },
            terms_of());
    }

    /// See admission_state. Debt goes down to one burst below zero; what is beyond is counted by `uncharged()`.
    void settle(permit& taken, std::int64_t actual, time_point now) noexcept {
        if constexpr (settles) {
            finish(taken, taken.charged - detail::settled(chosen_.counts, taken.charged, actual), now);
        } else {
            taken.live = false;
        }
    }

    /// See admission_state. Before its slot, one that was promised gives back as much as no slot promised since can rely on: all
    /// of it, as far as the bucket would hold it beside all that was taken since, each rounded up to 1/256 of the burst. Later
    /// it is given back like any other. One promised under an earlier quota gives back nothing before its slot.
    void give_back(permit& taken, time_point now) noexcept {
        if (chosen_.refund_unrun) {
            undo(taken, now);
        } else {
            finish(taken, 0, now);
        }
    }

    /// See admission_state. As give_back, whatever the policy says of it.
    void undo(permit& taken, time_point now) noexcept {
        if (taken.idle < 0 && taken.turn == 0) return finish(taken, taken.charged, now);
        if (!taken.live) return;
        taken.live = false;
        table_.cancel(taken.tenant, taken.bucket, taken.charged, taken.slot, {taken.idle, taken.turn, taken.excess},
                      now);
    }

    /// Asks the resolver for this tenant's quota again. One that has no bucket (unknown, forgotten, or drawing from the
    /// overflow bucket) is asked for when it comes next, in any case.
    ///
    /// now      the caller's time, as of a request
    /// what     what a bucket that is not full keeps
    /// returns  whether there was such a bucket, and its quota is another one now
    /// limits   where all 256 quotas are in use, the fastest of them that gives no more than the tenant's is put in force
    ///          (if there is none, one token and no more) until it is refreshed again, and counted by `tightened()`
    /// cost     O(1); asks the resolver once, and again for each change that another thread makes meanwhile
    bool refresh(tenant_id tenant, time_point now,
                 inherit what = inherit::level) noexcept requires quota_resolver<Limit> {
        return table_.renew(tenant, now, what, terms_of());
    }
    /// The same for every tenant that now has the quota `from`: the resolver says what each has from now on.
    ///
    /// returns  how many have another one
    /// cost     looks at every place, 32 at a time under their lock; for a million tenants, all of them changed, some 30 milliseconds
    std::size_t refresh_tier(const quota& from, time_point now,
                             inherit what = inherit::level) noexcept requires quota_resolver<Limit> {
        return table_.renew_all(
            now, what, [terms = detail::usual_terms(from)](const detail::bucket_terms& its) { return its == terms; },
            terms_of());
    }
    /// The same for every tenant. Full buckets are forgotten by that, and quotas that nobody has any more make room for
    /// others.
    std::size_t refresh_all(time_point now, inherit what = inherit::level) noexcept requires quota_resolver<Limit> {
        return renew_all(now, what);
    }
    /// Changes the quota of every tenant; returns and costs as refresh_all.
    std::size_t reconfigure(const quota& to, time_point now,
                            inherit what = inherit::level) noexcept requires std::same_as<Limit, quota> {
        limit_.store(to);
        return renew_all(now, what);
    }

    /// Whole tokens that `tenant` has left; negative in debt. A tenant not remembered has a full bucket.
    [[nodiscard]] std::int64_t available(tenant_id tenant, time_point now) noexcept {
        const auto level = table_.available(tenant, now);
        return level ? *level : quota_of(tenant).burst();
    }

    /// Requests admitted from the overflow bucket so far. Zero, as long as `max_tenants` is enough.
    [[nodiscard]] std::uint64_t overflowed() const noexcept { return table_.overflowed(); }
    /// Times that a refresh found 256 other quotas in use, and so put a tenant under one tighter than its own.
    [[nodiscard]] std::uint64_t tightened() const noexcept { return table_.tightened(); }
    /// Different quotas in use. [0 .. 256]
    [[nodiscard]] std::size_t tiers() const noexcept { return table_.tiers(); }
    /// Tokens that requests cost beyond what was taken, and that the debt limit kept from being charged.
    [[nodiscard]] std::uint64_t uncharged() const noexcept { return table_.uncharged(); }
    /// Bytes taken at building.
    [[nodiscard]] std::size_t memory() const noexcept { return sizeof(*this) + table_.memory(); }

private:
    [[nodiscard]] static std::size_t checked(std::size_t max_tenants) {
        if (max_tenants < 1 || max_tenants > (std::uint64_t{1} << 31)) {
            throw std::invalid_argument("forebay: per_tenant's max_tenants must be 1 .. 2^31");
        }
        return max_tenants;
    }

    [[nodiscard]] quota quota_of(tenant_id tenant) const noexcept {
        if constexpr (std::same_as<Limit, quota>) {
            static_cast<void>(tenant);
            return limit_.load();
        } else {
            return limit_(tenant);
        }
    }
    [[nodiscard]] auto terms_of() const noexcept {
        return [this](tenant_id tenant) noexcept { return detail::usual_terms(quota_of(tenant)); };
    }
    std::size_t renew_all(time_point now, inherit what) noexcept {
        return table_.renew_all(
            now, what, [](const detail::bucket_terms&) { return true; }, terms_of());
    }

    /// Out of line, so that the path of most requests is short.
    [[nodiscard, gnu::noinline]] verdict take(tenant_id tenant, std::int64_t cost, time_point now, duration max_wait,
                                              permit& taken) noexcept {
        return take_by(
            tenant, cost, now,
            [=](detail::refill_time& bucket, const detail::bucket_terms& terms, detail::slot_trace& trace) noexcept {
                return bucket.reserve(terms, cost, now, max_wait, trace);
            },
            taken);
    }
    template <class Op>
    [[nodiscard]] verdict take_by(tenant_id tenant, std::int64_t cost, time_point now, Op op, permit& taken) noexcept {
        std::uint32_t number = 0;
        detail::slot_trace trace;
        const verdict answer = table_.take(
            tenant, cost, now,
            [&](detail::refill_time& bucket, const detail::bucket_terms& terms) noexcept {
                return op(bucket, terms, trace);
            },
            terms_of(), number);
        if (answer) taken = {cost, tenant, answer.when, trace.idle, number, trace.turn, trace.excess, true};
        return answer;
    }

    void finish(permit& taken, std::int64_t surplus, time_point now) noexcept {
        if (!taken.live) return;
        taken.live = false;
        if (settles || surplus != 0) table_.finish(taken.tenant, taken.bucket, surplus, now);
    }

    const per_tenant<Limit, Counts> chosen_;
    std::conditional_t<std::same_as<Limit, quota>, detail::quota_cell<Sync>, const Limit&> limit_;
    detail::tenant_table<Sync, settles> table_;
};

}  // namespace forebay::inline v0
