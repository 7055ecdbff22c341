// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tenant_buckets.hpp>

#include <cstdint>
#include <vector>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

using buckets_type = detail::tenant_buckets<single_threaded>;

using lock = buckets_type::lock;

/// A place for a tenant under these terms, one token taken.
detail::tenant_place settle(buckets_type& buckets, buckets_type::shard& home, std::uint64_t tenant, const quota& of) {
    const detail::bucket_terms terms = detail::usual_terms(of);
    detail::tenant_place its;
    const auto use = [&](lock& in, unsigned at) {
        REQUIRE(buckets.is_free(in, at, time_point{}));
        REQUIRE(buckets.settle(in, at, home, tenant_id{tenant}, terms, time_point{}));
        detail::refill_time bucket = buckets.newcomer(home, terms);
        REQUIRE(bucket.reserve(terms, 1, time_point{}));
        buckets.keep(in, at, bucket, terms);
        its = buckets.places.place_of(in, at);
    };
    if (!buckets.give_place(buckets.places.hash_of(tenant_id{tenant}), home, time_point{}, use)) return {};
    REQUIRE(its);
    return its;
}

/// What `say(lock, place)` says of a place.
template <class Say>
auto at(buckets_type& buckets, detail::tenant_place its, Say say) {
    lock in = buckets.places.lock_of(its);
    return say(in, buckets.places.index_of(its));
}

}  // namespace

TEST_CASE("Where all have one quota its number is not looked up, and each has its own where they differ") {
    buckets_type buckets{100, 1};
    buckets_type::shard home;
    const quota one{rate::per_hour(1), 2};
    const quota other{rate::per_hour(7), 3};
    const auto a = settle(buckets, home, 1, one);
    const auto b = settle(buckets, home, 2, one);
    CHECK(buckets.tiers.sole() == buckets.places.notes(a).tier);
    const auto c = settle(buckets, home, 3, other);
    CHECK(buckets.tiers.sole() == buckets.tiers.none);
    const auto terms = [&](lock& in, unsigned its) { return buckets.terms_of(in, its); };
    CHECK(at(buckets, a, terms) == detail::usual_terms(one));
    CHECK(at(buckets, c, terms) == detail::usual_terms(other));
    at(buckets, c, [&](lock& in, unsigned its) { buckets.forget(in, its, home, time_point{10h}); });
    CHECK(buckets.tiers.sole() == buckets.places.notes(a).tier);
    using renewed = buckets_type::renewed;
    const auto renew = [&](lock& in, unsigned its) {
        return buckets.renew(in, its, home, detail::usual_terms(other), time_point{}, inherit::level);
    };
    CHECK(at(buckets, a, renew) == renewed::as_wanted);
    CHECK(buckets.tiers.sole() == buckets.tiers.none);
    CHECK(at(buckets, b, renew) == renewed::as_wanted);
    CHECK(buckets.tiers.sole() == buckets.places.notes(b).tier);
    CHECK(at(buckets, a, terms) == detail::usual_terms(other));
    CHECK(home.forgotten == time_point{10h});
}

TEST_CASE("A place with a promise is known until somebody takes after it has passed, and is not free before") {
    buckets_type buckets{100, 1};
    buckets_type::shard home;
    const quota of{rate::one_every(10ns), 1};
    const detail::bucket_terms terms = detail::usual_terms(of);
    const auto its = settle(buckets, home, 1, of);
    CHECK_FALSE(buckets.promising());
    at(buckets, its, [&](lock& in, unsigned i) {
        detail::refill_time bucket = buckets.bucket_of(in, i, terms);
        detail::slot_trace trace;
        REQUIRE(bucket.reserve(terms, 1, time_point{}, 1s, trace) == admitted(time_point{10ns}));
        buckets.keep(in, i, bucket, terms);
        CHECK(buckets.promising());
        CHECK(time_point{duration{buckets.bucket_of(in, i, terms).promised}} == time_point{10ns});
        CHECK_FALSE(buckets.is_free(in, i, time_point{19ns}));
        CHECK(buckets.is_free(in, i, time_point{20ns}));
        // Looking at it forgets nothing; taking from it, once the slot has passed, does.
        detail::refill_time later = buckets.bucket_of(in, i, terms);
        CHECK(later.promised == bucket.promised);
        CHECK(later.turn == bucket.turn);
        REQUIRE(later.reserve(terms, 1, time_point{20ns}));
        buckets.keep(in, i, later, terms);
        CHECK_FALSE(buckets.promising());
        // What was counted goes on: nobody meets the number of one who waited before.
        CHECK(buckets.bucket_of(in, i, terms, true).turn == bucket.turn);
    });
}

TEST_CASE(
    "Where both groups are taken one makes room who has a place elsewhere, but not while quotas are being changed") {
    buckets_type buckets{1000, 1};
    buckets_type::shard home;
    const quota of{rate::per_hour(1), 2};
    const auto crowded = [&](std::uint64_t tenant) {
        const std::uint64_t hash = buckets.places.hash_of(tenant_id{tenant});
        return buckets.places.vacancy(buckets.places.first_group(hash)) == buckets_type::group::size &&
               buckets.places.vacancy(buckets.places.second_group(hash)) == buckets_type::group::size;
    };
    int moves = 0;
    int none = 0;
    for (std::uint64_t tenant = 0; tenant < 1700; ++tenant) {
        if (!crowded(tenant)) {
            REQUIRE(settle(buckets, home, tenant, of));
            continue;
        }
        const std::uint64_t hash = buckets.places.hash_of(tenant_id{tenant});
        home.renewing = 1;
        REQUIRE_FALSE(buckets.has_place(hash, home, time_point{}));
        REQUIRE_FALSE(settle(buckets, home, tenant, of));
        home.renewing = 0;
        const bool can_move = buckets.has_place(hash, home, time_point{});
        const bool moved = static_cast<bool>(settle(buckets, home, tenant, of));
        REQUIRE(moved == can_move);
        (moved ? moves : none) += 1;
    }
    CHECK(moves > 50);
    CHECK(none > 0);
    // All are where they are looked for, with what is theirs.
    std::uint64_t found = 0;
    for (std::uint64_t tenant = 0; tenant < 1700; ++tenant) {
        const auto its = buckets.places.find(buckets.places.hash_of(tenant_id{tenant}), tenant_id{tenant});
        if (!its) continue;
        ++found;
        const auto level = [&](lock& in, unsigned i) {
            const detail::bucket_terms& terms = buckets.terms_of(in, i);
            return buckets.bucket_of(in, i, terms).level(terms, time_point{});
        };
        REQUIRE(at(buckets, its, level) == 1);
    }
    CHECK(found > 1600);
}

TEST_CASE("Who makes room takes along what it was promised") {
    buckets_type buckets{1000, 1};
    buckets_type::shard home;
    const quota of{rate::per_hour(1), 20};
    const detail::bucket_terms terms = detail::usual_terms(of);
    std::vector<std::uint32_t> turns;
    for (std::uint64_t tenant = 0; tenant < 1500; ++tenant) {
        const auto its = settle(buckets, home, tenant, of);
        turns.push_back(0);
        if (!its) continue;
        at(buckets, its, [&](lock& in, unsigned i) {
            detail::refill_time bucket = buckets.bucket_of(in, i, terms);
            detail::slot_trace trace;
            for (std::uint64_t each = 0; each <= tenant % 7; ++each) {
                REQUIRE(bucket.reserve_at(terms, 1, time_point{}, time_point{1h} + duration{tenant}, trace));
            }
            buckets.keep(in, i, bucket, terms);
            turns.back() = trace.turn;
        });
    }
    int found = 0;
    for (std::uint64_t tenant = 0; tenant < 1500; ++tenant) {
        const auto its = buckets.places.find(buckets.places.hash_of(tenant_id{tenant}), tenant_id{tenant});
        if (!its) continue;
        ++found;
        at(buckets, its, [&](lock& in, unsigned i) {
            const detail::refill_time bucket = buckets.bucket_of(in, i, terms);
            REQUIRE(time_point{duration{bucket.promised}} == time_point{1h} + duration{tenant});
            REQUIRE(bucket.turn == turns[tenant]);
            REQUIRE(bucket.waiting == tenant % 7 + 1);
        });
    }
    CHECK(found == 1500);
}
