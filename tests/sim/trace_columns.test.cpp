// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/trace_columns.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace sim = forebay::sim;
using sim::trace_field;

namespace {

std::string complaint(std::string_view text) {
    try {
        (void)sim::parse_mapping(text);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "no complaint";
}

}  // namespace

TEST_CASE("a mapping names columns, their meaning and their unit") {
    const auto mapping =
        sim::parse_mapping("arrival=TIMESTAMP:datetime,cost=ContextTokens,input=ContextTokens,slo=a:b:ms,ignore=x y");
    REQUIRE(mapping.entries.size() == 5);
    CHECK(mapping.entries[0].column == "TIMESTAMP");
    CHECK(mapping.entries[0].field == trace_field::timestamp);
    CHECK(mapping.entries[1].column == "ContextTokens");
    CHECK(mapping.entries[1].field == trace_field::cost);
    CHECK(mapping.entries[2].field == trace_field::input_units);
    CHECK(mapping.entries[3].column == "a:b");
    CHECK(mapping.entries[3].unit == 1'000'000);
    CHECK(mapping.entries[4].column == "x y");
    CHECK(mapping.entries[4].field == trace_field::ignored);
    for (const auto& [format, unit] : {std::pair{"arrival=t:s", 1'000'000'000},
                                       {"arrival=t:ms", 1'000'000},
                                       {"arrival=t:us", 1000},
                                       {"arrival=t:ns", 1},
                                       {"arrival=t", 1000}}) {
        CHECK(sim::parse_mapping(format).entries.at(0).unit == unit);
        CHECK(sim::parse_mapping(format).entries.at(0).field == trace_field::arrival_us);
    }
}

TEST_CASE("a mapping that is no mapping is told at which character") {
    const std::string fields =
        "arrival tenant class modality affinity key cost actual input output items service slo deadline ignore";
    struct {
        std::string_view text;
        std::string told;
    } const cases[] = {
        {"", "1: expected FIELD=COLUMN with FIELD one of " + fields + ", found nothing"},
        {"when=t", "1: expected FIELD=COLUMN with FIELD one of " + fields + ", found 'when'"},
        {"arrival=t,", "11: expected FIELD=COLUMN with FIELD one of " + fields + ", found nothing"},
        {"arrival=t,,cost=c", "11: expected FIELD=COLUMN with FIELD one of " + fields + ", found nothing"},
        {"arrival", "8: expected '=' and a column after the field, found nothing"},
        {"cost=c,arrival=", "16: expected the name of a column, found nothing"},
        {"arrival=:ms", "9: expected the name of a column, found nothing"},
        {"arrival=t:minutes", "11: expected a format: datetime s ms us ns, found 'minutes'"},
        {"slo=t:datetime", "7: expected a format: s ms us ns, found 'datetime'"},
        {"slo=t:", "7: expected a format: s ms us ns, found nothing"},
        {"cost=c:ms", "7: expected no format, as this field is no time, found ':ms'"},
    };
    for (const auto& one : cases) {
        INFO(one.text);
        CHECK(complaint(one.text) == "forebay: mapping, character " + one.told);
    }
}
