// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "structured_fields.hpp"
#include <forebay/detail/http_text.hpp>

#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace fb = forebay;
using fb::detail::duration_text;
using fb::detail::structured_field;
using namespace std::chrono_literals;

namespace {

std::string written(std::string_view name) {
    structured_field field{structured_field::most_of_string(name)};
    field.item(name);
    return std::move(field).text();
}
std::string base64(std::string_view bytes) {
    structured_field field{structured_field::per_item + structured_field::most_of_bytes(bytes)};
    field.item("x");
    field.octets("pk", bytes);
    return std::move(field).text().substr(7);
}

}  // namespace

TEST_CASE("a structured field's strings escape quotes and backslashes, and nothing else") {
    CHECK(written("default") == R"("default")");
    CHECK(written(R"(a"b\c)") == R"("a\"b\\c")");
    CHECK(written(" ~") == R"(" ~")");
    std::string printable;
    for (char c = ' '; c <= '~'; ++c) printable += c;
    CHECK(structured::list(written(printable)).at(0).value == printable);
}

TEST_CASE("a structured field refuses what is not printable ASCII") {
    for (const std::string_view bad : {"\r\nSet-Cookie: a=b", "tab\t", "\x7f", "caf\xc3\xa9", "\x80"}) {
        INFO("text: " << bad);
        CHECK_THROWS_AS(written(bad), std::invalid_argument);
    }
    CHECK_THROWS_AS(written(std::string_view{"\0", 1}), std::invalid_argument);
    CHECK_THROWS_WITH(written("\n"), ContainsSubstring("printable ASCII"));
}

TEST_CASE("a structured field's integers stay within fifteen digits") {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
    structured_field field{structured_field::per_item + 8};
    field.item("x");
    field.parameter("a", std::int64_t{0});
    field.parameter("b", 999'999'999'999'999);
    field.parameter("c", 1'000'000'000'000'000);
    field.parameter("d", largest);
    field.parameter("e", std::int64_t{-1});
    field.parameter("f", least);
    const std::string text = std::move(field).text();
    CHECK(text == R"("x";a=0;b=999999999999999;c=999999999999999;d=999999999999999;e=0;f=0)");
}

TEST_CASE("a structured field's bytes are base64 as in the examples of RFC 4648") {
    CHECK(base64("") == "::");
    CHECK(base64("f") == ":Zg==:");
    CHECK(base64("fo") == ":Zm8=:");
    CHECK(base64("foo") == ":Zm9v:");
    CHECK(base64("foob") == ":Zm9vYg==:");
    CHECK(base64("fooba") == ":Zm9vYmE=:");
    CHECK(base64("foobar") == ":Zm9vYmFy:");
    CHECK(base64("\xfb\xff\xbf") == ":+/+/:");
}

TEST_CASE("a strict reader reads a structured field as it was written, for any strings and bytes") {
    const std::uint64_t seed = 20261123;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    for (int round = 0; round < 2000; ++round) {
        const auto text = [&](unsigned lowest, unsigned highest) {
            std::string made(random() % 40, ' ');
            for (char& c : made) c = static_cast<char>(lowest + random() % (highest - lowest + 1));
            return made;
        };
        const std::string name = text(' ', '~'), unit = text(' ', '~'), bytes = text(0, 255);
        const auto number = static_cast<std::int64_t>(random() % 1'000'000'000'000'000);
        const std::size_t most = structured_field::most_of_string(name) + structured_field::most_of_string(unit) +
                                 structured_field::most_of_bytes(bytes) + structured_field::per_item;
        structured_field field{2 * most};
        for (int twice = 0; twice < 2; ++twice) {
            field.item(name);
            field.parameter("q", number);
            field.parameter("qu", unit);
            field.octets("pk", bytes);
        }
        const std::string wrote = std::move(field).text();
        CAPTURE(wrote);
        REQUIRE(wrote.size() <= 2 * most);
        const structured::item same{name, {{"q", number}, {"qu", unit}, {"pk", structured::octets{bytes}}}};
        REQUIRE(structured::list(wrote) == std::vector{same, same});
    }
}

TEST_CASE("the strict reader of these tests refuses what is no structured field") {
    for (const std::string_view bad :
         {"default", R"("a)", R"("a",)", R"("a";)", R"("a";q)", R"("a";q=)", R"("a";q=1.5)",
          R"("a";q=1234567890123456)", R"("a";q=1;q=2)", R"("a";Q=1)", R"("a" "b")", R"("a\b")", R"("a";pk=:Zg:)",
          R"("a";pk=:Zh==:)", R"("a";pk=:Z===:)", R"("a";pk=:Zg)"}) {
        INFO("text: " << bad);
        CHECK_THROWS_AS(structured::list(bad), std::runtime_error);
    }
    CHECK(structured::list("").empty());
    CHECK(structured::list(R"("a" ,  "b"; q=-1)").size() == 2);
}

TEST_CASE("a length of time is written as Go writes it, in milliseconds rounded up") {
    CHECK(duration_text(0ns) == "0s");
    CHECK(duration_text(-1s) == "0s");
    CHECK(duration_text(fb::duration::min()) == "0s");
    CHECK(duration_text(1ns) == "1ms");
    CHECK(duration_text(1ms) == "1ms");
    CHECK(duration_text(1ms + 1ns) == "2ms");
    CHECK(duration_text(12ms) == "12ms");
    CHECK(duration_text(120ms) == "120ms");
    CHECK(duration_text(999ms) == "999ms");
    CHECK(duration_text(999ms + 1ns) == "1s");
    CHECK(duration_text(1s) == "1s");
    CHECK(duration_text(1s + 1ns) == "1.001s");
    CHECK(duration_text(1500ms) == "1.5s");
    CHECK(duration_text(8640ms) == "8.64s");
    CHECK(duration_text(10'050ms) == "10.05s");
    CHECK(duration_text(33'023ms) == "33.023s");
    CHECK(duration_text(59'999ms + 1ns) == "1m0s");
    CHECK(duration_text(6min) == "6m0s");
    CHECK(duration_text(2min + 52'800ms) == "2m52.8s");
    CHECK(duration_text(59min + 59'999ms + 1ns) == "1h0m0s");
    CHECK(duration_text(1h + 1s) == "1h0m1s");
    CHECK(duration_text(24h) == "24h0m0s");
    CHECK(duration_text(fb::duration::max()) == "2562047h47m16.855s");
}
