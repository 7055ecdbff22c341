// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tenant_renewal.hpp>
#include <forebay/detail/tenant_table.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

using namespace forebay;
using namespace std::chrono_literals;

TEST_CASE("A renewal that another one overtakes asks again") {
    detail::tenant_table<single_threaded, true> table{1000, 7};
    const quota slow{rate::per_hour(1), 2};
    std::uint32_t number = 0;
    const auto one = [](detail::refill_time& bucket, const detail::bucket_terms& terms) {
        return bucket.reserve(terms, 1, time_point{});
    };
    REQUIRE(table.take(
        tenant_id{7}, 1, time_point{}, one, [&](tenant_id) { return detail::usual_terms(slow); }, number));
    const detail::bucket_terms late = detail::usual_terms(quota{rate::per_hour(5), 9});
    int asked = 0;
    const auto now_late = [&](tenant_id) { return late; };
    CHECK_FALSE(table.renew(tenant_id{7}, time_point{}, inherit::level, [&](tenant_id tenant) {
        if (asked++ > 0) return late;
        CHECK(table.renew(tenant, time_point{}, inherit::level, now_late));
        return detail::usual_terms(slow);
    }));
    CHECK(asked == 2);
    CHECK(table.available(tenant_id{7}, time_point{}) == 1);
    CHECK(table.available(tenant_id{7}, time_point{} + 12min) == 2);
    asked = 0;
    const detail::bucket_terms last = detail::usual_terms(quota{rate::per_hour(2), 3});
    table.renew_all(
        time_point{}, inherit::level, [](const auto&) { return true; },
        [&](tenant_id tenant) {
            if (asked++ > 0) return last;
            table.renew(tenant, time_point{}, inherit::level, [&](tenant_id) { return last; });
            return late;
        });
    CHECK(asked == 2);
    CHECK(table.available(tenant_id{7}, time_point{} + 10h) == 3);
}

TEST_CASE("Who is renewed has been counted, nobody is moved meanwhile, and full buckets are forgotten") {
    using buckets_type = detail::tenant_buckets<multi_threaded>;
    buckets_type buckets{20'000, 9};
    const auto shards = std::make_unique<buckets_type::shard[]>(buckets.places.shards());
    std::atomic<std::uint64_t> tightened{0};
    detail::tenant_renewal<multi_threaded> renewal{buckets, shards.get(), tightened};
    const detail::bucket_terms old = detail::usual_terms(quota{rate::per_hour(1), 5});
    const detail::bucket_terms next = detail::usual_terms(quota{rate::per_hour(2), 9});
    for (std::uint64_t number = 1; number <= 3000; ++number) {
        const std::uint64_t hash = buckets.places.hash_of(tenant_id{number});
        auto& home = shards[buckets.places.shard_of(hash)];
        REQUIRE(buckets.give_place(hash, home, time_point{}, [&](buckets_type::lock& in, unsigned its) {
            REQUIRE(buckets.settle(in, its, home, tenant_id{number}, old, time_point{}));
            detail::refill_time bucket = buckets.newcomer(home, old);
            if (number > 1000) REQUIRE(bucket.reserve(old, 1, time_point{}));
            buckets.keep(in, its, bucket, old);
        }));
    }
    std::uint64_t asked = 0;
    const auto wanted = [&](const detail::bucket_terms& its) { return its == old; };
    const auto ask = [&](tenant_id who) {
        ++asked;
        CHECK(shards[buckets.places.shard_of(buckets.places.hash_of(who))].renewing == 1);
        return next;
    };
    CHECK(renewal.all(time_point{}, inherit::level, wanted, ask) == 2000);
    CHECK(asked == 2000);
    CHECK(renewal.all(time_point{}, inherit::level, wanted, ask) == 0);
    CHECK(asked == 2000);
    CHECK(tightened.load() == 0);
    for (std::uint32_t s = 0; s < buckets.places.shards(); ++s) {
        CHECK(shards[s].renewing == 0);
        CHECK(shards[s].changes.load() == 2);
    }
    for (std::uint64_t number = 1; number <= 3000; ++number) {
        const auto its = buckets.places.find(buckets.places.hash_of(tenant_id{number}), tenant_id{number});
        REQUIRE(static_cast<bool>(its) == (number > 1000));
    }
}
