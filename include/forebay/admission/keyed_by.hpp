// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/policy.hpp>
#include <forebay/request.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace forebay::inline v0 {

/// The host's answer to "whose quota does this request draw on?": a copyable, quick, noexcept callable from request_info to
/// tenant_id, which depends on its argument only and does not call back.
///
///     auto tier = [](const request_info& info) noexcept { return tenant_id{pays(info.tenant) ? 1U : 0U}; };
template <class Classifier>
concept request_classifier = std::copy_constructible<Classifier> &&
    requires(const Classifier& key_of, const request_info& info) {
    { key_of(info) }
    noexcept->std::same_as<tenant_id>;
};

struct everybody_t {
    [[nodiscard]] constexpr tenant_id operator()(const request_info&) const noexcept { return tenant_id{}; }
};
/// All requests draw on one quota.
inline constexpr everybody_t everybody{};

template <class Sync, class Classifier, class Limit>
class keyed_by_state;

/// A limit that is kept by something else than the tenant: by tier, by model, for everybody at once. To the limit within, a
/// request looks as if its tenant were what the classifier says.
///
/// Good for levels, under all_of: everybody AND each tier AND each tenant. Not good for a tenant's own rate: that is what
/// per_tenant's resolver is for.
///
///     .admission = all_of{keyed_by{everybody, per_tenant{.limit = quota{rate::per_second(500), 500}, .max_tenants = 1}},
///                         keyed_by{tier, per_tenant{.limit = tier_quota, .max_tenants = 8}},
///                         per_tenant{quota{rate::per_second(5), 10}}}
template <class Classifier, class Limit>
struct keyed_by {
    static_assert(
        request_classifier<Classifier>,
        "forebay: keyed_by takes a noexcept callable from request_info to tenant_id, such as everybody, and a "
        "limit");
    static_assert(admission_policy<Limit>,
                  "forebay: keyed_by takes an admission policy, such as per_tenant{...}, after the classifier");

    /// Whose quota a request draws on.
    Classifier key_of;
    /// The limit that is kept for each of these.
    Limit limit;

    /// errors  what the limit's own build throws
    template <class Sync>
    [[nodiscard]] keyed_by_state<Sync, Classifier, Limit> build() const {
        return keyed_by_state<Sync, Classifier, Limit>{*this};
    }
};
template <class Classifier, class Limit>
keyed_by(Classifier, Limit) -> keyed_by<Classifier, Limit>;

/// The limit's state: the one within, asked for other tenants. It can do what that one can.
///
/// cost     one copy of the request_info more than the limit within
/// threads  as the limit within
template <class Sync, class Classifier, class Limit>
class keyed_by_state {
    using state_type = decltype(std::declval<const Limit&>().template build<Sync>());

public:
    using permit_type = permit_of<state_type>;
    static constexpr bool settles = needs_settling<state_type>;
    static constexpr bool counts_in_flight = limits_in_flight<state_type>;

    explicit keyed_by_state(const keyed_by<Classifier, Limit>& chosen)
        : key_of_{chosen.key_of}, state_{chosen.limit.template build<Sync>()} {}

    /// See admission_state.
    [[nodiscard]] verdict try_acquire(const request_info& info, time_point now, permit_type& taken) noexcept {
        return state_.try_acquire(seen(info), now, taken);
    }
    /// See admission_state.
    [[nodiscard]] verdict reserve(const request_info& info, time_point now, duration max_wait,
                                  permit_type& taken) noexcept requires reserves_slots<state_type> {
        return state_.reserve(seen(info), now, max_wait, taken);
    }
    /// See admission_state.
    [[nodiscard]] verdict ask(const request_info& info, time_point now,
                              duration max_wait) noexcept requires reserves_at<state_type> {
        return state_.ask(seen(info), now, max_wait);
    }
    /// See admission_state.
    [[nodiscard]] verdict reserve_at(const request_info& info, time_point now, time_point slot,
                                     permit_type& taken) noexcept requires reserves_at<state_type> {
        return state_.reserve_at(seen(info), now, slot, taken);
    }
    /// See admission_state.
    void settle(permit_type& taken, std::int64_t actual, time_point now) noexcept { state_.settle(taken, actual, now); }
    /// See admission_state.
    void give_back(permit_type& taken, time_point now) noexcept { state_.give_back(taken, now); }
    /// See admission_state.
    void undo(permit_type& taken, time_point now) noexcept { detail::undo(state_, taken, now); }
    /// See admission_state.
    void batch_done(std::size_t size, duration service, bool failed,
                    time_point now) noexcept requires watches_batches<state_type> {
        state_.batch_done(size, service, failed, now);
    }

    /// The state within. It knows keys, not tenants: `within().available(key, now)`.
    [[nodiscard]] state_type& within() noexcept { return state_; }

private:
    [[nodiscard]] request_info seen(request_info info) const noexcept {
        info.tenant = key_of_(info);
        return info;
    }

    Classifier key_of_;
    state_type state_;
};

}  // namespace forebay::inline v0
