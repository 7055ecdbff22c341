// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/policy.hpp>

#include <memory>
#include <type_traits>

using namespace forebay;

namespace {

/// What the comment of the concept shows, to the letter.
struct smallest {
    struct state {
        forebay::verdict try_acquire(const forebay::request_info&, forebay::time_point now, forebay::permit&) noexcept {
            return forebay::admitted(now);
        }
        void settle(forebay::permit&, std::int64_t, forebay::time_point) noexcept {}
        void give_back(forebay::permit&, forebay::time_point) noexcept {}
    };
    template <class Sync>
    state build() const {
        return {};
    }
};

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

struct may_throw : first_few {
    struct state : first_few::state {
        using first_few::state::state;
        verdict try_acquire(const request_info&, time_point now, permit&) { return admitted(now); }
    };
    template <class Sync>
    state build() const {
        return state{number};
    }
};

struct no_settle {
    struct state {
        verdict try_acquire(const request_info&, time_point now, permit&) noexcept { return admitted(now); }
        void give_back(permit&, time_point) noexcept {}
    };
    template <class Sync>
    state build() const {
        return {};
    }
};

struct by_weight {
    std::int64_t operator()(const request_info& info) const noexcept { return 1 + info.cost / 1000; }
};

}  // namespace

static_assert(admission_policy<admit_all> && admission_policy<admit_all, multi_threaded>);
static_assert(admission_policy<smallest> && admission_policy<first_few> && admission_policy<shared<first_few::state>>);
static_assert(check_admission_policy<first_few>());
static_assert(!admission_policy<int> && !admission_policy<may_throw> && !admission_policy<no_settle>);
static_assert(!std::is_move_constructible_v<first_few::state>);
static_assert(request_projection<by_requests_t> && request_projection<by_cost_t> && request_projection<by_bytes_t> &&
              request_projection<by_weight>);
static_assert(!request_projection<int> && !request_projection<double (*)(const request_info&)>);

static_assert(!needs_settling<admit_all::state> && needs_settling<smallest::state>);
static_assert(!needs_settling<decltype(share(admit_all{}).build<single_threaded>())>);
static_assert(needs_settling<decltype(share(first_few{1}).build<single_threaded>())>);
static_assert(settling_projection<by_cost_t> && !settling_projection<by_requests_t> && !settling_projection<by_weight>);

TEST_CASE("admit_all refuses nobody and takes nothing") {
    admit_all::state state = admit_all{}.build<single_threaded>();
    permit taken;
    const verdict said = state.try_acquire({.cost = -1}, time_point::max(), taken);
    CHECK(said == admitted(time_point::max()));
    CHECK_FALSE(taken.live);
    state.settle(taken, 7, time_point{});
    state.give_back(taken, time_point{});
}

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

TEST_CASE("What a limit counts, and what settling makes of it") {
    const request_info info{.cost = 2500};
    CHECK(by_requests(info) == 1);
    CHECK(by_cost(info) == 2500);
    CHECK(by_bytes(info) == 0);
    CHECK(by_bytes({.bytes = 4'294'967'295, .cost = 1}) == 4'294'967'295);
    CHECK(detail::settled(by_bytes, 2500, 9000) == 2500);
    CHECK(by_weight{}(info) == 3);
    // Requests are requests, whatever they turn out to cost; costs are corrected.
    CHECK(detail::settled(by_requests, 1, 9000) == 1);
    CHECK(detail::settled(by_weight{}, 3, 9000) == 3);
    CHECK(detail::settled(by_cost, 2500, 9000) == 9000);
    CHECK(detail::settled(by_cost, 2500, -1) == 0);
}
