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
    return
        [now](detail::refill_time& bucket, const detail::bucket_terms& terms) { return bucket.reserve(terms, 1, now); };
}

auto terms_of(const quota& of) {
    return [of](tenant_id) { return detail::usual_terms(of); };
}

constexpr std::uint32_t refused = detail::tenant_table<multi_threaded, true>::overflow - 2;

template <class Sync>
std::uint32_t take(detail::tenant_table<Sync, true>& table, std::uint64_t tenant, time_point now,
                   const quota& of = slow) {
    std::uint32_t number = table.take_at_once(tenant_id{tenant}, 1, now);
    if (number != table.undecided) return number;
    return table.take(tenant_id{tenant}, 1, now, one_at(now), terms_of(of), number) ? number : refused;
}

}  // namespace

TEMPLATE_TEST_CASE("A tenant keeps its place while it has something to remember", "", multi_threaded, single_threaded) {
    detail::tenant_table<TestType, true> table{1000, 1};
    const std::uint32_t number = take(table, 7, time_point{});
    REQUIRE(number < refused);
    for (std::uint64_t other = 100; other < 600; ++other) take(table, other, time_point{});
    CHECK(take(table, 7, time_point{}) == number);
    CHECK(take(table, 7, time_point{}) == refused);  // its burst is 2
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
        REQUIRE(number < refused);
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
        REQUIRE(take(table, tenant, time_point{}, fast) != refused);
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
    int asked = 0;
    std::uint32_t number = 0;
    const auto changing = [&](tenant_id tenant) {
        if (++asked == 1) table.renew(tenant, time_point{}, inherit::level, terms_of(slow));
        if (asked == 2)
            table.renew_all(
                time_point{}, inherit::level, [](const auto&) { return false; }, terms_of(slow));
        return detail::usual_terms(quota{rate::per_hour(1), asked});
    };
    CHECK(table.take(tenant_id{7}, 1, time_point{}, one_at(time_point{}), changing, number));
    CHECK(asked == 3);
    CHECK(table.available(tenant_id{7}, time_point{}) == 2);
}

TEMPLATE_TEST_CASE("Taken at once is what is there for who is remembered, and nothing else is decided", "",
                   multi_threaded, single_threaded) {
    detail::tenant_table<TestType, true> table{1000, 8};
    const tenant_id tenant{7};
    std::uint32_t number = 0;
    CHECK(table.take_at_once(tenant, 1, time_point{}) == table.undecided);  // not remembered
    REQUIRE(take(table, 7, time_point{}) < refused);
    CHECK(table.take_at_once(tenant, 2, time_point{}) == table.undecided);  // one is left
    CHECK(table.take_at_once(tenant, -1, time_point{}) == table.undecided);
    CHECK(table.available(tenant, time_point{}) == 1);
    number = table.take_at_once(tenant, 1, time_point{});
    CHECK(number == take(table, 7, time_point{} + 1h));
    CHECK(table.available(tenant, time_point{} + 1h) == 0);
    // While it is promised a slot, the long way is gone; but not by others.
    detail::slot_trace trace;
    const auto slot = [&trace](detail::refill_time& bucket, const detail::bucket_terms& terms) {
        return bucket.reserve(terms, 1, time_point{} + 1h, 9h, trace);
    };
    REQUIRE(table.take(tenant, 1, time_point{} + 1h, slot, terms_of(slow), number).when == time_point{} + 2h);
    CHECK(table.take_at_once(tenant, 0, time_point{} + 1h) == table.undecided);
    CHECK(table.take_at_once(tenant, 1, time_point{} + 2h) == table.undecided);
    REQUIRE(take(table, 8, time_point{} + 1h) < refused);
    CHECK(table.take_at_once(tenant_id{8}, 1, time_point{} + 1h) < refused);
    CHECK(take(table, 7, time_point{} + 90min) == refused);
    table.finish(tenant, number, 2, time_point{} + 90min);
    CHECK(table.available(tenant, time_point{} + 90min) == 1);
    CHECK(table.take_at_once(tenant, 1, time_point{} + 90min) == table.undecided);
    CHECK(take(table, 7, time_point{} + 90min) < refused);
}

TEMPLATE_TEST_CASE("Taken at once is also what is there for who is in its second group", "", multi_threaded,
                   single_threaded) {
    detail::tenant_table<TestType, true> table{1000, 8};
    const detail::tenant_places<TestType> same{1000, 8};
    int second = 0;
    for (std::uint64_t tenant = 0; tenant < 1000; ++tenant) REQUIRE(take(table, tenant, time_point{}) < refused);
    for (std::uint64_t tenant = 0; tenant < 1000; ++tenant) {
        const std::uint32_t number = table.take_at_once(tenant_id{tenant}, 1, time_point{});
        REQUIRE(number < same.size());
        second += number / 4 != same.first_group(same.hash_of(tenant_id{tenant})) ? 1 : 0;
        REQUIRE(table.available(tenant_id{tenant}, time_point{}) == 0);
        REQUIRE(table.take_at_once(tenant_id{tenant}, 1, time_point{}) == table.undecided);
    }
    CHECK(second > 30);
}

TEST_CASE("What a table takes is known before it is built") {
    CHECK(detail::tenant_table<multi_threaded, true>{1'000'000, 5}.memory() < 61'000'000);
    CHECK(detail::tenant_table<single_threaded, true>{1, 5}.memory() < 12'000);
}

TEMPLATE_TEST_CASE("The two tenants whose names the table needs are limited like the others, from the overflow bucket",
                   "", multi_threaded, single_threaded) {
    detail::tenant_table<TestType, true> table{1000, 5};
    const std::uint64_t namesake = detail::mix(0, {5, ~std::uint64_t{5}});
    const std::uint64_t other_namesake = detail::mix(1, {5, ~std::uint64_t{5}});
    CHECK(take(table, other_namesake, time_point{}) == table.overflow);
    table.finish(tenant_id{other_namesake}, table.overflow, 1, time_point{});
    CHECK(table.take_at_once(tenant_id{namesake}, 1, time_point{}) == table.undecided);
    CHECK(table.take_at_once(tenant_id{namesake}, 0, time_point{}) == table.undecided);
    for (std::uint64_t other = 0; other < 400; ++other) take(table, other, time_point{});
    CHECK(take(table, namesake, time_point{}) == table.overflow);
    CHECK(take(table, namesake, time_point{}) == table.overflow);
    CHECK(take(table, namesake, time_point{}) == refused);  // its burst is 2
    CHECK_FALSE(table.available(tenant_id{namesake}, time_point{}).has_value());
    CHECK_FALSE(table.renew(tenant_id{namesake}, time_point{}, inherit::level, terms_of(slow)));
    table.finish(tenant_id{namesake}, table.overflow, 1, time_point{});
    CHECK(take(table, namesake, time_point{}) == table.overflow);
    CHECK(table.overflowed() == 4);
}
