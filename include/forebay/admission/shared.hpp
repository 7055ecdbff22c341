// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/policy.hpp>
#include <forebay/contract.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace forebay::inline v0 {

/// One limit for several schedulers: they hold its state by a pointer, so it lives as long as the last of them.
///
/// threads  several schedulers enter the state, each under its own lock only: it must be safe by itself, so built with
///          multi_threaded unless one thread drives them all
///
///     const auto limit = forebay::share(forebay::per_tenant{quota});    // copies share one state
template <admission_state State>
class shared {
public:
    /// The forwarding end that a scheduler owns.
    class state {
    public:
        using permit_type = permit_of<State>;
        static constexpr bool settles = needs_settling<State>;
        static constexpr bool counts_in_flight = limits_in_flight<State>;

        explicit state(std::shared_ptr<State> target) noexcept : target_{std::move(target)} {}

        [[nodiscard]] verdict try_acquire(const request_info& info, time_point now, permit_type& taken) noexcept {
            return target_->try_acquire(info, now, taken);
        }
        [[nodiscard]] verdict reserve(const request_info& info, time_point now, duration max_wait,
                                      permit_type& taken) noexcept requires reserves_slots<State> {
            return target_->reserve(info, now, max_wait, taken);
        }
        [[nodiscard]] verdict ask(const request_info& info, time_point now,
                                  duration max_wait) noexcept requires reserves_at<State> {
            return target_->ask(info, now, max_wait);
        }
        [[nodiscard]] verdict reserve_at(const request_info& info, time_point now, time_point slot,
                                         permit_type& taken) noexcept requires reserves_at<State> {
            return target_->reserve_at(info, now, slot, taken);
        }
        void settle(permit_type& taken, std::int64_t actual, time_point now) noexcept {
            target_->settle(taken, actual, now);
        }
        void give_back(permit_type& taken, time_point now) noexcept { target_->give_back(taken, now); }
        void undo(permit_type& taken, time_point now) noexcept { detail::undo(*target_, taken, now); }
        void batch_done(std::size_t size, duration service, bool failed, time_point now) noexcept {
            if constexpr (watches_batches<State>) target_->batch_done(size, service, failed, now);
        }

    private:
        std::shared_ptr<State> target_;
    };

    explicit shared(std::shared_ptr<State> target) : target_{std::move(target)} {
        FOREBAY_EXPECTS(target_ != nullptr, "give shared() the limit that it is to share");
    }

    template <class Sync>
    [[nodiscard]] state build() const noexcept {
        return state{target_};
    }

    /// The shared state, for the host's own use of it.
    [[nodiscard]] State& target() const noexcept { return *target_; }

private:
    std::shared_ptr<State> target_;
};

/// Builds the policy's state once, safe by itself, for all the schedulers that the returned policy or a copy is given to.
template <admission_policy<multi_threaded> Policy>
[[nodiscard]] auto share(const Policy& policy) {
    using state = decltype(policy.template build<multi_threaded>());
    return shared<state>{std::shared_ptr<state>(new state(policy.template build<multi_threaded>()))};
}

}  // namespace forebay::inline v0
