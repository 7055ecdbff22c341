// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/trace.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <streambuf>
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

template <class Read>
std::string complaint_of(Read read) {
    try {
        read();
    } catch (const sim::trace_error& error) {
        return error.what();
    }
    return "no complaint";
}

/// What a trace_file that is streamed says, its name replaced.
std::string complaint_of_file(std::string_view text, bool sort) {
    const auto path =
        std::filesystem::temp_directory_path() / ("forebay_trace_" + std::to_string(std::random_device{}()) + ".csv");
    std::ofstream{path, std::ios::binary} << text;
    std::string said = complaint_of([&] { (void)sim::collect(sim::trace_file{.path = path.string(), .sort = sort}); });
    std::filesystem::remove(path);
    if (said.starts_with(path.string())) said.replace(0, path.string().size(), "FILE");
    return said;
}

/// What all the ways to read a trace say alike.
std::string complaint(std::string_view text) {
    std::string said = complaint_of([&] { (void)sim::parse_trace(text, "FILE"); });
    CHECK(said == complaint_of([&] {
              std::istringstream in{std::string{text}};
              (void)sim::read_trace(in, "FILE");
          }));
    CHECK(said == complaint_of_file(text, false));
    if (said.find("in order of time") == std::string::npos) CHECK(said == complaint_of_file(text, true));
    return said;
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

/// Coefficient of variation of the gaps.
double variation(const sim::workload& all) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 1; i < all.arrivals.size(); ++i) {
        const auto gap = static_cast<double>((all.arrivals[i].at - all.arrivals[i - 1].at).count());
        sum += gap;
        squares += gap * gap;
    }
    const auto n = static_cast<double>(all.arrivals.size() - 1);
    return std::sqrt(squares / n - sum / n * sum / n) / (sum / n);
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
        {"arrival_us\n12\nx\n",
         "FILE:3:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found 'x'"},
        {"arrival_us\n1.2345\n",
         "FILE:2:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found '1.2345'"},
        {"arrival_us\n-1\n",
         "FILE:2:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found '-1'"},
        {"arrival_us,cost\n1,NaN\n", "FILE:2:3: expected a whole number >= 0 in column cost, found 'NaN'"},
        {"arrival_us,cost\n1,\n", "FILE:2:3: expected a whole number >= 0 in column cost, found nothing"},
        {"arrival_us\n9223372036854776\n",
         "FILE:2:1: expected a number of at most 9223372036854775.807 in column arrival_us, found '9223372036854776'"},
        {"arrival_us,class\n1,2147483648\n",
         "FILE:2:3: expected a number of at most 2147483647 in column class, found '2147483648'"},
        {"arrival_us,text_tokens,image_tokens\n1,9223372036854775807,1\n",
         "FILE:2:23: expected a number of at most 0 in column image_tokens, found '1'"},
        {"arrival_us,tenant\n1,\n", "FILE:2:3: expected a name in column tenant, found nothing"},
        {"arrival_us,cost\n1\n", "FILE:2:2: expected 2 cells as in the header, found 1"},
        {"arrival_us,cost\n1,2\n1,2,3\n", "FILE:3:5: expected 2 cells as in the header, found more"},
        {"arrival_us,cost\n1,2\n\n1,2\n", "FILE:3:1: expected 2 cells as in the header, found an empty line"},
        {"arrival_us\n1\n# late\n",
         "FILE:3:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found '# late'"},
        {"arrival_us\n5\n6\n5\n", "FILE:4:1: expected rows in order of time, found one that is earlier than line 3"},
        {"arrival_us,tenant\r\n1,\"acme\r\n", "FILE:2:3: expected a closing quote on the same line"},
        {"arrival_us,cost\r\n1,2\r\n3,x\r\n", "FILE:3:3: expected a whole number >= 0 in column cost, found 'x'"},
        {"\xEF\xBB\xBF", "FILE:1:1: expected a header with arrival_us or TIMESTAMP, found the end of the file"},
        {"\xEF\xBB\xBF"
         "arrival_us,cost\n1,-2\n",
         "FILE:2:3: expected a whole number >= 0 in column cost, found '-2'"},
        {"arrival_us\n1\n2\n3x",
         "FILE:4:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found '3x'"},
        {"arrival_us\nnan\n",
         "FILE:2:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found 'nan'"},
        {"arrival_us\ninf\n",
         "FILE:2:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found 'inf'"},
        {"arrival_us\n1e3\n",
         "FILE:2:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found '1e3'"},
        {"arrival_us\n1.\n",
         "FILE:2:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found '1.'"},
        {"arrival_us\n.5\n",
         "FILE:2:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found '.5'"},
        {"arrival_us,cost\n,1\n",
         "FILE:2:1: expected a number >= 0 with at most 3 decimals in column arrival_us, found nothing"},
        {"arrival_us\n9223372036854775.808\n",
         "FILE:2:1: expected a number of at most 9223372036854775.807 in column arrival_us, found "
         "'9223372036854775.808'"},
        {"arrival_us,cost\n1,99999999999999999999\n",
         "FILE:2:3: expected a number of at most 9223372036854775807 in column cost, found '99999999999999999999'"},
        {"arrival_us,service_us\n1,-3\n",
         "FILE:2:3: expected a number >= 0 with at most 3 decimals in column service_us, found '-3'"},
        {"arrival_us,slo_us\n1,soon\n",
         "FILE:2:3: expected a number >= 0 with at most 3 decimals in column slo_us, found 'soon'"},
        {"arrival_us,key\n1,18446744073709551616\n",
         "FILE:2:3: expected a number of at most 18446744073709551615 in column key, found '18446744073709551616'"},
        {"arrival_us,key\n1,-1\n", "FILE:2:3: expected a whole number >= 0 in column key, found '-1'"},
        {"arrival_us,key,key\n", "FILE:1:16: expected a column of another meaning than 'key', found 'key'"},
        {"# tenants=a,,b\narrival_us\n1\n", "FILE:1:13: expected a name, found nothing"},
        {"# kinds=\"a\narrival_us\n1\n", "FILE:1:9: expected a closing quote on the same line"},
    };
    for (const auto& one : cases) {
        INFO(one.text);
        CHECK(complaint(one.text) == one.told);
    }
}

TEST_CASE("a line without end is refused before it fills the memory") {
    std::string text = "arrival_us,tenant\n1,";
    text.append(sim::csv_reader::longest_line + 1, 'x');
    CHECK(complaint(text) == "FILE:2:1048577: expected a line of at most 1048576 bytes");
}

TEST_CASE("a streamed trace is the trace, wherever its blocks end") {
    const std::string rows = "arrival_us,tenant,cost\r\n1,acme,10\r\n2,\"b, c\",20\r\n3.5,acme,30";
    const sim::workload expected = sim::parse_trace(rows);
    for (std::size_t shift = 0; shift < 70; ++shift) {
        std::istringstream in{"# " + std::string(65'470 + shift, 'x') + "\n" + rows};
        const sim::workload found = sim::read_trace(in, "stream");
        REQUIRE(found.arrivals == expected.arrivals);
        REQUIRE(found.tenants == expected.tenants);
    }
}

namespace {

/// An endless file of rows, which knows how much of it has been read.
class endless_rows : public std::streambuf {
public:
    std::size_t given{0};

private:
    int_type underflow() override {
        text_ = given == 0 ? "arrival_us\n" : std::to_string(given) + "\n";
        given += text_.size();
        setg(text_.data(), text_.data(), text_.data() + text_.size());
        return traits_type::to_int_type(text_.front());
    }
    std::string text_;
};

}  // namespace

TEST_CASE("a streamed trace is read one block ahead and no further") {
    endless_rows rows;
    sim::trace_source source{
        sim::trace_rows{sim::csv_reader{std::make_unique<std::istream>(&rows), "rows"}, {}, sim::known_columns, true},
        false};
    std::size_t taken = 11;
    for (int i = 0; i < 1'000'000; ++i) {
        REQUIRE(source.peek() != nullptr);
        taken += std::to_string(source.peek()->at.time_since_epoch().count() / 1000).size() + 1;
        if (rows.given > taken + (std::size_t{1} << 17)) FAIL("read ahead at row " << i);
        source.pop();
    }
}

TEST_CASE("a trace file is a workload that every run opens anew") {
    STATIC_REQUIRE(sim::workload_model<sim::trace_file>);
    const auto path =
        std::filesystem::temp_directory_path() / ("forebay_trace_" + std::to_string(std::random_device{}()) + ".csv");
    std::ofstream{path} << "when,size\n7,1\n5,2\n7,3\n0.5,4\n";
    const sim::trace_file sorted{
        .path = path.string(), .mapping = sim::parse_mapping("arrival=when:ms,cost=size,input=size"), .sort = true};
    for (int run = 0; run < 2; ++run) {
        const sim::workload all = sim::collect(sorted);
        REQUIRE(all.arrivals.size() == 4);
        CHECK(all.arrivals[0].at == at(500us));
        CHECK(all.arrivals[1].at == at(5ms));
        CHECK(all.arrivals[2].info.cost == 1);
        CHECK(all.arrivals[3].info.cost == 3);
        CHECK(all.arrivals[3].input_units == 3);
        CHECK(all.arrivals[3].sequence == 3);
    }
    {
        std::ofstream crowd{path};
        crowd << "when,size\n";
        for (int i = 0; i < 1000; ++i) crowd << 5 - i % 3 << ',' << i << '\n';
    }
    const sim::workload crowd = sim::collect(sorted);
    for (std::size_t i = 1; i < crowd.arrivals.size(); ++i) {
        const sim::arrival& a = crowd.arrivals[i - 1];
        const sim::arrival& b = crowd.arrivals[i];
        CHECK((a.at < b.at || (a.at == b.at && a.info.cost < b.info.cost)));
    }
    sim::trace_file as_it_is = sorted;
    as_it_is.sort = false;
    CHECK_THROWS_AS(sim::collect(as_it_is), sim::trace_error);
    auto source = sorted.open();
    auto moved = std::move(source);
    CHECK(moved.peek()->info.cost == 2);
    std::filesystem::remove(path);
    CHECK_THROWS_AS(sorted.open(), sim::trace_error);
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
        CHECK(variation(*conversation) == Approx(1.09).epsilon(0.01));
        CHECK(variation(*code) == Approx(13.2).epsilon(0.01));
        const std::array parts{*conversation, *code};
        const sim::workload mixed = sim::merge(parts);
        CHECK(mixed.arrivals.size() == 28'185);
        CHECK(mixed.per_second() == Approx(8.02).epsilon(0.005));
    }
}
