// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/admission/shared.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <type_traits>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

/// Admits a number of requests; cannot be moved, as a state with atomics cannot.
struct first_few {
    int number;

    struct state {
        explicit state(int number) : left{number} {}
        state(const state&) = delete;
        state& operator=(const state&) = delete;

        verdict try_acquire(const request_info&, time_point now, permit& taken) noexcept {
            if (left == 0) return never(limit::rate, 1);
            --left;
            taken = {.charged = 1, .live = true};
            return admitted(now);
        }
        void settle(permit& taken, std::int64_t, time_point) noexcept { taken = {}; }
        void give_back(permit& taken, time_point) noexcept {
            left += taken.live ? 1 : 0;
            taken = {};
        }

        int left;
    };
    template <class Sync>
    state build() const {
        return state{number};
    }
};

}  // namespace

static_assert(admission_policy<first_few> && admission_policy<shared<first_few::state>>);
static_assert(!std::is_move_constructible_v<first_few::state>);
static_assert(!needs_settling<decltype(share(admit_all{}).build<single_threaded>())>);
static_assert(needs_settling<decltype(share(first_few{1}).build<single_threaded>())>);

TEST_CASE("A shared limit is one limit for all that are built from it") {
    const auto limit = share(first_few{3});
    auto one = limit.build<single_threaded>();
    auto other = shared(limit).build<multi_threaded>();
    permit taken;
    permit second;
    CHECK(one.try_acquire({}, time_point{}, taken));
    CHECK(other.try_acquire({}, time_point{}, second));
    CHECK(limit.target().left == 1);
    other.give_back(second, time_point{});
    CHECK(limit.target().left == 2);
    one.settle(taken, 1, time_point{});
    CHECK(one.try_acquire({}, time_point{}, taken));
    CHECK(one.try_acquire({}, time_point{}, taken));
    CHECK_FALSE(other.try_acquire({}, time_point{}, second));
}

TEST_CASE("A shared limit lives as long as the last that was built from it") {
    auto target = std::make_shared<first_few::state>(1);
    const std::weak_ptr<first_few::state> watch = target;
    {
        auto built = shared{std::move(target)}.build<single_threaded>();
        REQUIRE_FALSE(watch.expired());
        permit taken;
        CHECK(built.try_acquire({}, time_point{}, taken));
    }
    CHECK(watch.expired());
}

TEST_CASE("A shared limit can do what the limit can, and no more") {
    const auto rates = share(per_tenant{.limit = quota{rate::one_every(10ms), 1}, .max_tenants = 8});
    auto state = rates.build<single_threaded>();
    using state_type = decltype(state);
    STATIC_REQUIRE((reserves_slots<state_type> && reserves_at<state_type> && !limits_in_flight<state_type>));
    permit taken[3];
    const time_point now{};
    CHECK(state.reserve({}, now, 1s, taken[0]) == admitted(now));
    CHECK(state.ask({}, now, 1s) == admitted(now + 10ms));
    CHECK(state.reserve({}, now, 1s, taken[1]) == admitted(now + 10ms));
    CHECK(state.reserve_at({}, now, now + 30ms, taken[2]) == admitted(now + 30ms));
    state.undo(taken[2], now);
    CHECK(state.ask({}, now, 1s) == admitted(now + 20ms));

    using places = decltype(share(concurrency_limit{1}).build<single_threaded>());
    STATIC_REQUIRE((!reserves_slots<places> && !reserves_at<places> && limits_in_flight<places>));
}
