// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tenant_buckets.hpp>

#include <cstdint>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

using buckets_type = detail::tenant_buckets<single_threaded>;

/// A place for a tenant under these terms.
detail::tenant_place& settle(buckets_type& buckets, buckets_type::shard& home, std::uint64_t tenant, const quota& of) {
    const detail::bucket_terms terms = detail::usual_terms(of);
    detail::tenant_place* const its = buckets.room_for(buckets.places.hash_of(tenant_id{tenant}), home, time_point{});
    REQUIRE(its != nullptr);
    const std::uint32_t tier = buckets.vacate(*its, home, terms, time_point{});
    its->tenant = tenant;
    buckets.notes(*its) = {};
    buckets.notes(*its).set_tier(tier, false);
    detail::refill_time bucket = buckets.newcomer(home, terms);
    REQUIRE(bucket.reserve(terms, 1, time_point{}, 0ns));
    buckets.keep(*its, home, bucket, terms);
    return *its;
}

}  // namespace

TEST_CASE("Where all have one quota its number is not looked up, and each has its own where they differ") {
    buckets_type buckets{100, 1};
    buckets_type::shard home;
    const quota one{rate::per_hour(1), 2};
    const quota other{rate::per_hour(7), 3};
    auto& a = settle(buckets, home, 1, one);
    auto& b = settle(buckets, home, 2, one);
    CHECK(buckets.tiers.sole() == buckets.notes(a).tier);
    auto& c = settle(buckets, home, 3, other);
    CHECK(buckets.tiers.sole() == buckets.tiers.none);
    CHECK(buckets.terms_of(a) == detail::usual_terms(one));
    CHECK(buckets.terms_of(c) == detail::usual_terms(other));
    buckets.forget(c, home, time_point{10h});
    CHECK(buckets.tiers.sole() == buckets.notes(a).tier);
    using renewed = buckets_type::renewed;
    CHECK(buckets.renew(a, home, detail::usual_terms(other), time_point{}, inherit::level) == renewed::as_wanted);
    CHECK(buckets.tiers.sole() == buckets.tiers.none);
    CHECK(buckets.renew(b, home, detail::usual_terms(other), time_point{}, inherit::level) == renewed::as_wanted);
    CHECK(buckets.tiers.sole() == buckets.notes(b).tier);
    CHECK(buckets.terms_of(a) == detail::usual_terms(other));
    CHECK(home.forgotten == time_point{10h});
}

TEST_CASE("A place with a promise is known to its shard until that has passed, and is not free before") {
    buckets_type buckets{100, 1};
    buckets_type::shard home;
    const quota of{rate::one_every(10ns), 1};
    const detail::bucket_terms terms = detail::usual_terms(of);
    auto& its = settle(buckets, home, 1, of);
    CHECK(home.promising == 0);
    detail::refill_time bucket = buckets.bucket_of(its, home, terms, time_point{});
    REQUIRE(bucket.reserve(terms, 1, time_point{}, 1s) == admitted(time_point{10ns}));
    buckets.keep(its, home, bucket, terms);
    CHECK(home.promising == 1);
    CHECK(buckets.bucket_of(its, home, terms, time_point{9ns}).promised == 10);
    CHECK_FALSE(buckets.is_free(its, time_point{19ns}));
    CHECK(buckets.is_free(its, time_point{20ns}));
    CHECK(buckets.bucket_of(its, home, terms, time_point{10ns}).promised < 0);
    CHECK(home.promising == 0);
}

TEST_CASE("While quotas are being changed nobody is moved") {
    buckets_type buckets{1000, 1};
    buckets_type::shard home;
    const quota of{rate::per_hour(1), 2};
    std::uint64_t tenant = 0;
    const auto crowded = [&] {
        const auto taken = [](const detail::tenant_place& p) { return !p.taken(); };
        return buckets.places.vacancy(buckets.places.hash_of(tenant_id{tenant}), taken) == nullptr;
    };
    for (; !crowded(); ++tenant) settle(buckets, home, tenant, of);
    home.renewing = 1;
    const std::uint64_t hash = buckets.places.hash_of(tenant_id{tenant});
    CHECK(buckets.room_for(hash, home, time_point{}) == nullptr);
    home.renewing = 0;
    CHECK(buckets.room_for(hash, home, time_point{}) != nullptr);
}
