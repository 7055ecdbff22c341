// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/trace.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

fb::time_point at(fb::duration since) {
    return fb::time_point{since};
}

std::string complaint(std::string_view text) {
    try {
        (void)sim::parse_trace(text, "FILE");
    } catch (const sim::trace_error& error) {
        return error.what();
    }
    return "no complaint";
}

/// The trace of that name, or nothing, said aloud, where it has not been downloaded.
std::optional<sim::workload> real_trace(const std::string& name) {
    const char* const folder = std::getenv("FOREBAY_TRACES");
    const std::string here = __FILE__;
    const std::string root = here.substr(0, here.rfind("tests/sim/"));
    const std::string path = (folder != nullptr ? std::string{folder} : root + "../shared/traces") + "/" + name;
    if (!std::ifstream{path}) {
        WARN("SKIPPED: " << path << " is not there; set FOREBAY_TRACES to the folder that holds " << name);
        return std::nullopt;
    }
    return sim::read_trace(path);
}

}  // namespace

TEST_CASE("the Azure format is read: calendar times, tokens in and out, no end of line after the last row") {
    const sim::workload all = sim::parse_trace(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2023-11-16 18:17:03.9799600,4808,10\n"
        "2023-11-16 18:17:04.0319601,3180,8");
    REQUIRE(all.arrivals.size() == 2);
    CHECK(all.arrivals[0].at == at(1'700'158'623'979'960'000ns));
    CHECK(all.arrivals[1].at - all.arrivals[0].at == 52'000'100ns);
    CHECK(all.arrivals[0].input_units == 4808);
    CHECK(all.arrivals[0].output_units == 10);
    CHECK(all.arrivals[0].info.cost == 1);
    CHECK(all.arrivals[0].info.tenant == fb::tenant_of("default"));
    CHECK(all.arrivals[0].info.deadline == fb::no_deadline);
    CHECK(all.arrivals[0].slo == sim::unlimited);
    CHECK(all.tenants == std::vector<std::string>{"default"});
    CHECK(all.kinds == std::vector<std::string>{"default"});
}

TEST_CASE("every column of the arrival_us format means what it says, in any order") {
    const sim::workload all = sim::parse_trace(
        "# forebay-trace 1\n"
        "# origin=made up\n"
        "modality,id,cost,arrival_us,tenant,class,input_units,output_units,items,slo_us,deadline_us,affinity,model\n"
        "image,a1,77,1000,acme,2,50,60,3,2000,5000,lora,big\n"
        "text,a2,1,1000,globex,0,1,2,0,,,lora,big\n"
        "text,a3,1,1001,acme,0,1,2,0,,,other,big\n");
    REQUIRE(all.arrivals.size() == 3);
    const sim::arrival& first = all.arrivals[0];
    CHECK(first.at == at(1ms));
    CHECK(first.info.tenant == fb::tenant_of("acme"));
    CHECK(first.info.priority == 2);
    CHECK(first.info.cost == 77);
    CHECK(first.info.deadline == at(6ms));
    CHECK(first.slo == 2ms);
    CHECK(first.input_units == 50);
    CHECK(first.output_units == 60);
    CHECK(first.items == 3);
    CHECK(all.tenants.at(first.tenant) == "acme");
    CHECK(all.kinds.at(first.kind) == "image");
    CHECK(all.arrivals[1].info.deadline == fb::no_deadline);
    CHECK(all.arrivals[1].slo == sim::unlimited);
    CHECK(all.tenants.at(all.arrivals[1].tenant) == "globex");
    CHECK(all.arrivals[2].tenant == first.tenant);
    CHECK(first.info.key == all.arrivals[1].info.key);
    CHECK(first.info.key != all.arrivals[2].info.key);
}

TEST_CASE("several columns of sizes are added up, as image requests have them") {
    const sim::workload all = sim::parse_trace(
        "arrival_us,tenant,modality,text_tokens,images,image_tokens,output_tokens\n"
        "3491,7,image,75,1,234,187\n");
    CHECK(all.arrivals.at(0).at == at(3491us));
    CHECK(all.arrivals.at(0).input_units == 309);
    CHECK(all.arrivals.at(0).output_units == 187);
    CHECK(all.tenants == std::vector<std::string>{"7"});
}

TEST_CASE("a class names the kind where there is no modality") {
    const sim::workload all = sim::parse_trace("arrival_us,class\n1,1\n2,0\n3,1\n");
    CHECK(all.kinds == std::vector<std::string>{"1", "0"});
    CHECK(all.arrivals.at(2).kind == 0);
}

TEST_CASE("rows of one instant keep the order of the file") {
    const sim::workload all = sim::parse_trace("arrival_us,cost\n5,1\n5,2\n5,3\n");
    for (std::size_t i = 0; i < 3; ++i) CHECK(all.arrivals.at(i).info.cost == static_cast<std::int64_t>(i) + 1);
}

TEST_CASE("a BOM, CRLF, blanks and quotes change nothing") {
    const auto plain = sim::parse_trace("arrival_us,tenant,cost\n5,acme,3\n6,acme,4\n");
    const auto dressed = sim::parse_trace(
        "\xEF\xBB\xBF"
        "arrival_us, tenant ,cost\r\n5,\"acme\", 3\r\n 6,acme,4\r\n");
    CHECK(plain.arrivals == dressed.arrivals);
    CHECK(plain.tenants == dressed.tenants);
}

TEST_CASE("a stream is read like a text") {
    std::istringstream in{"arrival_us\n1\n2\n"};
    CHECK(sim::read_trace(in, "stream").arrivals.size() == 2);
    for (const auto state : {std::ios::badbit, std::ios::failbit}) {
        std::istringstream broken{"arrival_us\n1\n"};
        broken.setstate(state);
        try {
            (void)sim::read_trace(broken, "stream");
            FAIL("read a broken stream");
        } catch (const sim::trace_error& error) {
            CHECK_THAT(error.what(), ContainsSubstring("stream:0:0: expected a readable file"));
        }
    }
}

TEST_CASE("a file that is not there or is a folder is told in one line") {
    try {
        (void)sim::read_trace("no/such/file.csv");
        FAIL("read a file that is not there");
    } catch (const sim::trace_error& error) {
        CHECK_THAT(error.what(),
                   ContainsSubstring("no/such/file.csv:0:0: expected a readable file, found: No such file"));
        CHECK(error.line() == 0);
    }
    CHECK_THROWS_AS(sim::read_trace("."), sim::trace_error);
}

TEST_CASE("every malformed trace is told with its file, line and column and what was expected") {
    struct {
        std::string_view text;
        std::string_view told;
    } const cases[] = {
        {"", "FILE:1:1: expected a header with arrival_us or TIMESTAMP, found the end of the file"},
        {"# forebay-trace 1\n", "FILE:2:1: expected a header with arrival_us or TIMESTAMP, found the end of the file"},
        {"# forebay-trace 2\narrival_us\n1\n", "FILE:1:17: expected version 1 of the trace format, found '2'"},
        {"arrival_us,cost\n", "FILE:2:1: expected a row after the header, found the end of the file"},
        {"arrival_us,cost", "FILE:2:1: expected a row after the header, found the end of the file"},
        {"cost\n1\n", "FILE:1:1: expected one column of arrival times (arrival_us or TIMESTAMP), found 0"},
        {"arrival_us,TIMESTAMP\n", "FILE:1:1: expected one column of arrival times (arrival_us or TIMESTAMP), found 2"},
        {"a;b;c\n1;2;3\n", "FILE:1:1: expected a known column, found 'a;b;c'"},
        {"arrival_us,colour\n1,2\n", "FILE:1:12: expected a known column, found 'colour'"},
        {"arrival_us,\n1,2\n", "FILE:1:12: expected a known column, found ''"},
        {"\narrival_us\n", "FILE:1:1: expected a known column, found ''"},
        {"arrival_us,cost,cost\n", "FILE:1:17: expected a column of another meaning than 'cost', found 'cost'"},
        {"arrival_us,items,images\n", "FILE:1:18: expected a column of another meaning than 'items', found 'images'"},
        {"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,abc,10\n",
         "FILE:2:29: expected a whole number >= 0 in column ContextTokens, found 'abc'"},
        {"TIMESTAMP,ContextTokens,GeneratedTokens\n1700158623,1,10\n",
         "FILE:2:1: expected a time YYYY-MM-DD HH:MM:SS.fffffff in column TIMESTAMP, found '1700158623'"},
        {"arrival_us\n12\nx\n", "FILE:3:1: expected a whole number >= 0 in column arrival_us, found 'x'"},
        {"arrival_us\n1.5\n", "FILE:2:1: expected a whole number >= 0 in column arrival_us, found '1.5'"},
        {"arrival_us\n-1\n", "FILE:2:1: expected a whole number >= 0 in column arrival_us, found '-1'"},
        {"arrival_us,cost\n1,NaN\n", "FILE:2:3: expected a whole number >= 0 in column cost, found 'NaN'"},
        {"arrival_us,cost\n1,\n", "FILE:2:3: expected a whole number >= 0 in column cost, found nothing"},
        {"arrival_us\n9223372036854776\n",
         "FILE:2:1: expected a number of at most 9223372036854775 in column arrival_us, found '9223372036854776'"},
        {"arrival_us,class\n1,2147483648\n",
         "FILE:2:3: expected a number of at most 2147483647 in column class, found '2147483648'"},
        {"arrival_us,text_tokens,image_tokens\n1,9223372036854775807,1\n",
         "FILE:2:23: expected a number of at most 0 in column image_tokens, found '1'"},
        {"arrival_us,tenant\n1,\n", "FILE:2:3: expected a name in column tenant, found nothing"},
        {"arrival_us,cost\n1\n", "FILE:2:2: expected 2 cells as in the header, found 1"},
        {"arrival_us,cost\n1,2\n1,2,3\n", "FILE:3:5: expected 2 cells as in the header, found more"},
        {"arrival_us,cost\n1,2\n\n1,2\n", "FILE:3:1: expected 2 cells as in the header, found an empty line"},
        {"arrival_us\n1\n# late\n", "FILE:3:1: expected a whole number >= 0 in column arrival_us, found '# late'"},
        {"arrival_us\n5\n6\n5\n", "FILE:4:1: expected rows in order of time, found one that is earlier than line 3"},
        {"arrival_us,tenant\r\n1,\"acme\r\n", "FILE:2:3: expected a closing quote on the same line"},
    };
    for (const auto& one : cases) {
        INFO(one.text);
        CHECK(complaint(one.text) == one.told);
    }
}

TEST_CASE("a host names its own columns") {
    const std::array<sim::trace_column, 3> columns{{{"when", sim::trace_field::arrival_us},
                                                    {"pixels", sim::trace_field::cost},
                                                    {"note", sim::trace_field::ignored}}};
    const sim::workload all = sim::parse_trace("note,when,pixels\nhello,1,640\n", "own", columns);
    CHECK(all.arrivals.at(0).info.cost == 640);
    CHECK_THROWS_AS(sim::parse_trace("arrival_us\n1\n", "own", columns), sim::trace_error);
}

TEST_CASE("the real traces are read whole") {
    const auto conversation = real_trace("azure-llm-2023/AzureLLMInferenceTrace_conv.csv");
    const auto code = real_trace("azure-llm-2023/AzureLLMInferenceTrace_code.csv");
    const auto images = real_trace("servegen-image/servegen_image_1h.csv");
    if (conversation) {
        CHECK(conversation->arrivals.size() == 19'366);
        CHECK(conversation->per_second() == Approx(5.53).epsilon(0.002));
        CHECK(conversation->arrivals.back().input_units == 197);
        CHECK(conversation->arrivals.back().output_units == 183);
    }
    if (code) {
        CHECK(code->arrivals.size() == 8'819);
        CHECK(code->per_second() == Approx(2.57).epsilon(0.002));
    }
    if (images) {
        CHECK(images->arrivals.size() == 36'838);
        CHECK(images->arrivals.back().at == at(3'599'999'935us));
        CHECK(images->kinds == std::vector<std::string>{"image", "text"});
        CHECK(images->tenants.size() == 19);
    }
    if (conversation && code) {
        const std::array parts{*conversation, *code};
        const sim::workload mixed = sim::merge(parts);
        CHECK(mixed.arrivals.size() == 28'185);
        CHECK(mixed.per_second() == Approx(8.02).epsilon(0.005));
    }
}
