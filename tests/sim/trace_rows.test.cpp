// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/trace_rows.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

std::vector<sim::arrival> rows_of(std::string_view text, const sim::trace_mapping& mapping = {}) {
    sim::trace_rows rows{sim::csv_reader{text, "FILE"}, mapping, sim::known_columns, true};
    std::vector<sim::arrival> all;
    for (sim::arrival row; rows.next(row);) all.push_back(row);
    return all;
}

std::string complaint(std::string_view text, std::string_view mapping) {
    try {
        (void)rows_of(text, sim::parse_mapping(mapping));
    } catch (const sim::trace_error& error) {
        return error.what();
    }
    return "no complaint";
}

}  // namespace

TEST_CASE("a mapping goes before the known headers, and one column may mean several things") {
    const auto all = rows_of("TIMESTAMP,ContextTokens,GeneratedTokens,junk\n2023-11-16 18:17:03.9799600,4808,10,zz\n",
                             sim::parse_mapping("cost=ContextTokens,input=ContextTokens,ignore=junk"));
    REQUIRE(all.size() == 1);
    CHECK(all[0].info.cost == 4808);
    CHECK(all[0].input_units == 4808);
    CHECK(all[0].output_units == 10);
    CHECK(all[0].at == fb::time_point{1'700'158'623'979'960'000ns});
    const auto only = rows_of("TIMESTAMP,ContextTokens\n2023-11-16 18:17:03,4808\n",
                              sim::parse_mapping("arrival=TIMESTAMP:datetime,cost=ContextTokens"));
    CHECK(only[0].info.cost == 4808);
    CHECK(only[0].input_units == 1);
}

TEST_CASE("times come in their units, to the nanosecond") {
    const auto all = rows_of("t,s,o,d\n0.001234567,1.5,2,0.000001\n1,,,\n",
                             sim::parse_mapping("arrival=t:s,service=s:ms,slo=o:us,deadline=d:ms"));
    REQUIRE(all.size() == 2);
    CHECK(all[0].at == fb::time_point{1'234'567ns});
    CHECK(all[0].service == 1500us);
    CHECK(all[0].slo == 2us);
    CHECK(all[0].patience() == 1ns);
    CHECK(all[1].service == 0ns);
    CHECK(all[1].slo == sim::unlimited);
    CHECK(all[1].info.deadline == fb::no_deadline);
}

TEST_CASE("a key is taken as it is, an affinity is hashed") {
    const auto all = rows_of("arrival_us,key\n1,18446744073709551615\n2,0\n");
    CHECK(all[0].info.key == 18446744073709551615ULL);
    CHECK(all[1].info.key == 0);
    CHECK(rows_of("arrival_us,affinity\n1,7\n")[0].info.key != 7);
}

TEST_CASE("names take the places that the comment before the header gives them") {
    sim::trace_rows rows{
        sim::csv_reader{"# tenants=b,\"a, c\"\n# kinds=k\narrival_us,tenant\n1,d\n2,\"a, c\"\n", "FILE"},
        {},
        sim::known_columns,
        true};
    sim::arrival row;
    REQUIRE(rows.next(row));
    CHECK(row.tenant == 2);
    CHECK(row.info.tenant == fb::tenant_of("d"));
    REQUIRE(rows.next(row));
    CHECK(row.tenant == 1);
    CHECK(!rows.next(row));
    CHECK(rows.tenants() == std::vector<std::string>{"b", "a, c", "d"});
    CHECK(rows.kinds() == std::vector<std::string>{"k", "default"});
}

TEST_CASE("a cost may be unknown, and what it turned out to be is stated, added up or left open") {
    const auto all = rows_of("arrival_us,cost,actual_cost\n1,unknown,70\n2,5,\n3,6,0\n");
    CHECK(all[0].info.cost == fb::unknown_cost);
    CHECK(all[0].actual_cost == 70);
    CHECK(all[1].info.cost == 5);
    CHECK(all[1].actual_cost == fb::as_charged);
    CHECK(all[2].actual_cost == 0);
    // The recorded form: tokens that were asked for, and those that were used.
    const auto azure = rows_of(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,4808,10\n",
        sim::parse_mapping("cost=ContextTokens,actual=ContextTokens,actual=GeneratedTokens,output=GeneratedTokens"));
    CHECK(azure[0].info.cost == 4808);
    CHECK(azure[0].actual_cost == 4818);
    CHECK(azure[0].output_units == 10);
    CHECK(complaint("arrival_us,a,b\n1,9223372036854775807,1\n", "actual=a,actual=b") ==
          "FILE:2:23: expected a number of at most 0 in column b, found '1'");
    CHECK(complaint("arrival_us,a\n1,unknown\n", "actual=a") ==
          "FILE:2:3: expected a whole number >= 0 in column a, found 'unknown'");
}

TEST_CASE("a mapping that does not fit its file is told at the header") {
    CHECK(complaint("arrival_us,cost\n1,2\n", "cost=price") ==
          "FILE:1:1: expected a column 'price', which the mapping names");
    CHECK(complaint("arrival_us,a,b\n1,2,3\n", "cost=a,cost=b") ==
          "FILE:1:14: expected a column of another meaning than 'a', found 'b'");
    CHECK(complaint("arrival_us,a,cost\n1,2,3\n", "cost=a") ==
          "FILE:1:14: expected a column of another meaning than 'a', found 'cost'");
    CHECK(complaint("t,arrival_us\n1,2\n", "arrival=t:ms") ==
          "FILE:1:3: expected a column of another meaning than 't', found 'arrival_us'");
    CHECK(complaint("t,a\n1,2\n", "arrival=t:ms") == "FILE:1:3: expected a known column, found 'a'");
    CHECK(complaint("t\n1.5\n", "arrival=t:ns") == "FILE:2:1: expected a whole number >= 0 in column t, found '1.5'");
    CHECK(complaint("t\n1\n", "arrival=t:datetime") ==
          "FILE:2:1: expected a time YYYY-MM-DD HH:MM:SS.fffffff in column t, found '1'");
}
