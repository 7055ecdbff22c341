// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/csv.hpp>

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::string_view_literals;

namespace {

std::vector<std::vector<std::string>> cells_of(std::string_view text) {
    std::vector<std::vector<std::string>> lines;
    sim::csv_reader reader{text, "t"};
    while (reader.next_line()) {
        lines.emplace_back();
        while (const auto cell = reader.next_cell()) lines.back().emplace_back(*cell);
    }
    return lines;
}

std::int64_t nanoseconds(std::string_view cell) {
    return sim::csv_reader{"", "t"}.timestamp("when", cell).time_since_epoch().count();
}

template <class Read>
std::string complaint(Read read) {
    try {
        read();
    } catch (const sim::trace_error& error) {
        return error.what();
    }
    return "no complaint";
}

using table = std::vector<std::vector<std::string>>;

}  // namespace

TEST_CASE("cells end at commas and lines at LF or CRLF, the last one also without") {
    CHECK(cells_of("a,b\nc,d\n") == table{{"a", "b"}, {"c", "d"}});
    CHECK(cells_of("a,b\r\nc,d") == table{{"a", "b"}, {"c", "d"}});
    CHECK(cells_of("\xEF\xBB\xBF"
                   "a\n") == table{{"a"}});
    CHECK(cells_of("").empty());
    CHECK(cells_of("\n\n") == table{{""}, {""}});
    CHECK(cells_of(",a,,\n") == table{{"", "a", "", ""}});
}

TEST_CASE("blanks and quotes around a cell are dropped, a comma within quotes is kept") {
    CHECK(cells_of(" a , b c ,\"x, y\" ,\"\"\n") == table{{"a", "b c", "x, y", ""}});
}

TEST_CASE("a quote that does not close, or closes too early, is refused where it stands") {
    CHECK(complaint([] { cells_of("a\nb,\"cd\n"); }) == "t:2:3: expected a closing quote on the same line");
    CHECK(complaint([] { cells_of("\"a\"b,c\n"); }) == "t:1:4: expected a comma after the closing quote");
    CHECK(complaint([] { cells_of("\"a\"\"b\",c\n"); }) == "t:1:4: expected a comma after the closing quote");
}

TEST_CASE("whole numbers are taken from end to end and nothing else is") {
    const sim::csv_reader reader{"", "t"};
    CHECK(reader.number("n", "0") == 0);
    CHECK(reader.number("n", "007") == 7);
    CHECK(reader.number("n", "9223372036854775807") == 9223372036854775807LL);
    for (const auto wrong :
         {"", "abc", "-5", "-0", "+5", "5x", "1.5", "1e3", "NaN", "inf", "0x10", "1 2", "\xD9\xA3"}) {
        INFO(wrong);
        const std::string found = wrong == ""sv ? "nothing" : "'" + std::string{wrong} + "'";
        CHECK(complaint([&] { (void)reader.number("n", wrong); }) ==
              "t:0:1: expected a whole number >= 0 in column n, found " + found);
    }
    CHECK(complaint([&] { (void)reader.number("n", "9223372036854775808"); }) ==
          "t:0:1: expected a number of at most 9223372036854775807 in column n, found '9223372036854775808'");
    CHECK(reader.number("n", "10", 10) == 10);
    CHECK(complaint([&] { (void)reader.number("n", "11", 10); }) ==
          "t:0:1: expected a number of at most 10 in column n, found '11'");
}

TEST_CASE("lengths of time are exact to the nanosecond in every unit") {
    const sim::csv_reader reader{"", "t"};
    CHECK(reader.time("n", "0", 1000).count() == 0);
    CHECK(reader.time("n", "12.345", 1000).count() == 12'345);
    CHECK(reader.time("n", "12.3", 1000).count() == 12'300);
    CHECK(reader.time("n", "7", 1).count() == 7);
    CHECK(reader.time("n", "0.000000001", 1'000'000'000).count() == 1);
    CHECK(reader.time("n", "9223372036.854775807", 1'000'000'000).count() == 9223372036854775807LL);
    CHECK(reader.time("n", "9223372036854775807", 1).count() == 9223372036854775807LL);
    for (const auto wrong : {"9223372036.854775808", "9223372037", "99999999999999999999"}) {
        CHECK(complaint([&] { (void)reader.time("n", wrong, 1'000'000'000); }) ==
              "t:0:1: expected a number of at most 9223372036.854775807 in column n, found '" + std::string{wrong} +
                  "'");
    }
    for (const auto wrong : {"-1", "+1", "1.", ".5", "1.0000", "1,5", "1e3", "NaN", "inf", "1.2.3", " 1", "1.-2"}) {
        CHECK(complaint([&] { (void)reader.time("n", wrong, 1000); }) ==
              "t:0:1: expected a number >= 0 with at most 3 decimals in column n, found '" + std::string{wrong} + "'");
    }
    CHECK(complaint([&] { (void)reader.time("n", "1.5", 1); }) ==
          "t:0:1: expected a whole number >= 0 in column n, found '1.5'");
}

TEST_CASE("an identity is any 64-bit number") {
    const sim::csv_reader reader{"", "t"};
    CHECK(reader.identity("n", "18446744073709551615") == 18446744073709551615ULL);
    CHECK(complaint([&] { (void)reader.identity("n", "18446744073709551616"); }) ==
          "t:0:1: expected a number of at most 18446744073709551615 in column n, found '18446744073709551616'");
    for (const auto wrong : {"-1", "1.5", "x"}) {
        CHECK(complaint([&] { (void)reader.identity("n", wrong); }) ==
              "t:0:1: expected a whole number >= 0 in column n, found '" + std::string{wrong} + "'");
    }
}

TEST_CASE("a stream gives the cells that its text gives") {
    const std::string text =
        "\xEF\xBB\xBF"
        "a,b\r\n" +
        std::string(100'000, 'x') + ",y\n\nlast";
    std::vector<std::vector<std::string>> lines;
    sim::csv_reader reader{std::make_unique<std::istringstream>(text), "t"};
    while (reader.next_line()) {
        lines.emplace_back();
        while (const auto cell = reader.next_cell()) lines.back().emplace_back(*cell);
    }
    CHECK(lines == cells_of(text));
    CHECK(lines.size() == 4);
    CHECK(cells_of("\xEF\xBB\xBF").empty());
}

TEST_CASE("a timestamp is nanoseconds since 1970 in UTC") {
    CHECK(nanoseconds("1970-01-01 00:00:00") == 0);
    CHECK(nanoseconds("1970-01-01T00:00:00.000000001Z") == 1);
    CHECK(nanoseconds("2023-11-16 18:17:03.9799600") == 1'700'158'623'979'960'000);
    CHECK(nanoseconds("2024-02-29 12:00:00.5") == 1'709'208'000'500'000'000);
    CHECK(nanoseconds("2024-05-10 00:00:00.009930+00:00") == 1'715'299'200'009'930'000);
    CHECK(nanoseconds("1970-01-01 02:30:00+02:30") == 0);
    CHECK(nanoseconds("1970-01-01 00:00:00-02:00") == 7'200'000'000'000);
    CHECK(nanoseconds("2261-12-31 23:59:59.999999999") == 9'214'646'399'999'999'999);
}

TEST_CASE("a timestamp that is cut, off the calendar or too fine is refused") {
    for (const auto wrong :
         {"", "2023", "2023-11-16", "2023-11-16 18:17", "2023-11-16 18:17:03.", "2023-11-16 18:17:03.1234567890",
          "2023-11-16 18:17:03 ", "2023-13-01 00:00:00", "2023-02-29 00:00:00", "2023-11-16 24:00:00",
          "2023-11-16 18:60:00", "2023-11-16 18:17:60", "1969-12-31 23:59:59", "2262-01-01 00:00:00",
          "2023/11/16 18:17:03", "2023-11-16 18:17:03+1", "2023-11-16 18:17:03X", "-023-11-16 18:17:03", "nan"}) {
        INFO(wrong);
        CHECK_THAT(complaint([&] { (void)nanoseconds(wrong); }),
                   ContainsSubstring("expected a time YYYY-MM-DD HH:MM:SS.fffffff in column when"));
    }
}

TEST_CASE("a complaint is one line however long and odd the cell") {
    const sim::csv_reader reader{"", "t"};
    const std::string odd = "a\tb" + std::string(500, 'x');
    const std::string told = complaint([&] { (void)reader.number("n", odd); });
    CHECK_THAT(told, ContainsSubstring("'a?bxx"));
    CHECK(told.size() < 130);
}

TEST_CASE("an error says its file, line and column apart") {
    const sim::trace_error error{"a.csv", 12, 3, "expected more"};
    CHECK(error.what() == "a.csv:12:3: expected more"sv);
    CHECK(error.file() == "a.csv");
    CHECK(error.line() == 12);
    CHECK(error.column() == 3);
}
