// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tenant_table.hpp>

#include <cstdint>
#include <map>
#include <set>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

const quota slow{rate::per_hour(1), 2};

auto one_at(time_point now) {
    return [now](detail::refill_time& bucket, const detail::bucket_terms& terms) {
        return bucket.reserve(terms, 1, now, 0ns);
    };
}

template <class Sync>
std::uint32_t take(detail::tenant_table<Sync, true>& table, std::uint64_t tenant, time_point now,
                   const quota& of = slow) {
    verdict said;
    const std::uint32_t number = table.take(tenant_id{tenant}, now, one_at(now), said);
    if (number != table.unknown) return said ? number : table.overflow;
    const std::uint32_t fresh = table.take_new(tenant_id{tenant}, 1, now, one_at(now), detail::usual_terms(of),
                                               table.changes(tenant_id{tenant}), said);
    return said ? fresh : table.overflow;
}

}  // namespace

TEMPLATE_TEST_CASE("A tenant keeps its place while it has something to remember", "", multi_threaded, single_threaded) {
    detail::tenant_table<TestType, true> table{1000, 1};
    verdict said;
    CHECK(table.take(tenant_id{7}, time_point{}, one_at(time_point{}), said) == table.unknown);
    const std::uint32_t number = take(table, 7, time_point{});
    REQUIRE(number != table.overflow);
    for (std::uint64_t other = 100; other < 600; ++other) take(table, other, time_point{});
    CHECK(take(table, 7, time_point{}) == number);
    CHECK(take(table, 7, time_point{}) == table.overflow);  // refused: its burst is 2
    CHECK(table.available(tenant_id{7}, time_point{}) == 0);
    CHECK_FALSE(table.available(tenant_id{8}, time_point{}).has_value());
    table.finish(tenant_id{7}, number, 1, time_point{});
    CHECK(table.available(tenant_id{7}, time_point{}) == 1);
}

TEMPLATE_TEST_CASE("No two tenants have one place, also where one has to make room for the other", "", multi_threaded,
                   single_threaded) {
    detail::tenant_table<TestType, true> table{5000, 2};
    std::map<std::uint64_t, std::uint32_t> places;
    std::size_t moved = 0;
    for (std::uint64_t tenant = 0; tenant < 5000; ++tenant) {
        const std::uint32_t number = take(table, tenant, time_point{});
        REQUIRE(number != table.overflow);
        places[tenant] = number;
    }
    std::set<std::uint32_t> numbers;
    for (const auto& [tenant, number] : places) {
        REQUIRE(table.available(tenant_id{tenant}, time_point{}) == 1);
        const std::uint32_t now = take(table, tenant, time_point{});
        REQUIRE(numbers.insert(now).second);
        moved += now != number ? 1 : 0;
        // A permit of before it moved is settled all the same; one of a place that is another's now, too.
        table.finish(tenant_id{tenant}, number, 1, time_point{});
        REQUIRE(table.available(tenant_id{tenant}, time_point{}) == 1);
        table.finish(tenant_id{tenant}, now, 1, time_point{});
        table.finish(tenant_id{tenant}, now, 1, time_point{});
        REQUIRE(table.available(tenant_id{tenant}, time_point{}) == 2);
    }
    CHECK(moved > 5);
}

TEMPLATE_TEST_CASE("An unused place is taken before one whose tenant would have to be met again", "", multi_threaded,
                   single_threaded) {
    detail::tenant_table<TestType, true> table{1000, 3};
    for (std::uint64_t tenant = 0; tenant < 20; ++tenant) {
        const std::uint32_t number = take(table, tenant, time_point{});
        table.finish(tenant_id{tenant}, number, 1, time_point{});  // full again: may be forgotten
    }
    std::size_t remembered = 0;
    for (std::uint64_t tenant = 0; tenant < 20; ++tenant) {
        remembered += table.available(tenant_id{tenant}, time_point{}).has_value() ? 1 : 0;
    }
    CHECK(remembered == 20);
}

TEMPLATE_TEST_CASE("The overflow bucket is as tight as the tightest quota that drew from it", "", multi_threaded,
                   single_threaded) {
    detail::tenant_table<TestType, true> table{1, 4};
    const quota fast{rate::per_second(100), 50};
    for (std::uint64_t tenant = 0; table.overflowed() == 0; ++tenant)
        REQUIRE(take(table, tenant, time_point{}, fast) != table.unknown);
    for (std::uint64_t tenant = 1000; tenant < 1009; ++tenant)
        CHECK(take(table, tenant, time_point{}, fast) == table.overflow);
    const std::uint64_t before = table.overflowed();
    for (std::uint64_t tenant = 2000; tenant < 2100; ++tenant) take(table, tenant, time_point{}, slow);
    CHECK(table.overflowed() == before + 2);
    for (std::uint64_t tenant = 3000; tenant < 3100; ++tenant) take(table, tenant, time_point{} + 30min, fast);
    CHECK(table.overflowed() == before + 2);
}

TEMPLATE_TEST_CASE("Terms asked for before a change are not used after it", "", multi_threaded, single_threaded) {
    detail::tenant_table<TestType, true> table{1000, 6};
    verdict said;
    const std::uint64_t before = table.changes(tenant_id{7});
    const auto ask = [](tenant_id) { return detail::usual_terms(slow); };
    CHECK_FALSE(table.renew(tenant_id{7}, time_point{}, inherit::level, ask));
    CHECK(table.take_new(tenant_id{7}, 1, time_point{}, one_at(time_point{}), detail::usual_terms(slow), before,
                         said) == table.outdated);
    CHECK_FALSE(table.available(tenant_id{7}, time_point{}).has_value());
    CHECK(take(table, 7, time_point{}) < table.outdated);
    const std::uint64_t then = table.changes(tenant_id{7});
    table.renew_all(
        time_point{}, inherit::level, [](const auto&) { return false; }, ask);
    CHECK(table.changes(tenant_id{7}) != then);
}

TEST_CASE("A renewal that another one overtakes asks again") {
    detail::tenant_table<single_threaded, true> table{1000, 7};
    REQUIRE(take(table, 7, time_point{}) < table.outdated);
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

TEST_CASE("What a table takes is known before it is built") {
    CHECK(detail::tenant_table<multi_threaded, true>{1'000'000, 5}.memory() < 61'000'000);
    CHECK(detail::tenant_table<single_threaded, true>{1, 5}.memory() < 12'000);
}

TEMPLATE_TEST_CASE("Whatever name vacant places go by, the tenant of that name is one like the others", "",
                   multi_threaded, single_threaded) {
    detail::tenant_table<TestType, true> table{1000, 5};
    const std::uint64_t namesake = detail::mix(0, {5, ~std::uint64_t{5}});
    verdict said;
    CHECK(table.take(tenant_id{namesake}, time_point{}, one_at(time_point{}), said) == table.unknown);
    for (std::uint64_t other = 0; other < 400; ++other) take(table, other, time_point{});
    const std::uint32_t number = take(table, namesake, time_point{});
    REQUIRE(number != table.overflow);
    CHECK(take(table, namesake, time_point{}) == number);
    CHECK(take(table, namesake, time_point{}) == table.overflow);  // refused: its burst is 2
    CHECK(table.available(tenant_id{namesake}, time_point{}) == 0);
}
