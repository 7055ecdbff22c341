// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/policy.hpp>

#include <cstdint>

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

struct may_throw {
    struct state : smallest::state {
        verdict try_acquire(const request_info&, time_point now, permit&) { return admitted(now); }
    };
    template <class Sync>
    state build() const {
        return {};
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
static_assert(admission_policy<smallest>);
static_assert(check_admission_policy<smallest>());
static_assert(!admission_policy<int> && !admission_policy<may_throw> && !admission_policy<no_settle>);
static_assert(request_projection<by_requests_t> && request_projection<by_cost_t> && request_projection<by_bytes_t> &&
              request_projection<by_weight>);
static_assert(!request_projection<int> && !request_projection<double (*)(const request_info&)>);

static_assert(!needs_settling<admit_all::state> && needs_settling<smallest::state>);
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
