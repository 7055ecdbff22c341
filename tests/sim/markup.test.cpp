// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "sim/well_formed.hpp"
#include <forebay/sim/markup.hpp>

#include <chrono>
#include <string>

namespace html = forebay::sim::html;
using namespace std::chrono_literals;

TEST_CASE("what is escaped cannot leave the text or the attribute it stands in") {
    CHECK(html::escaped("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
    CHECK(html::escaped("\t\n") == "\t\n");
    CHECK(html::escaped({"\0\x1B\r\x7F", 4}) == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(html::escaped("\xC2\x85") == "\xEF\xBF\xBD");  // a control character beyond ASCII
    CHECK(html::escaped("\xEF\xBF\xBF") == "\xEF\xBF\xBD");
    for (int byte = 0; byte < 256; ++byte) {
        const std::string hostile(3, static_cast<char>(byte));
        INFO(byte);
        CHECK(malformed(html::element("p", "title=\"" + html::escaped(hostile) + '"', html::escaped(hostile))).empty());
    }
}

TEST_CASE("torn and overlong UTF-8 is replaced byte by byte, the rest stays") {
    CHECK(html::escaped("na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80") == "na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80");
    CHECK(html::escaped("\xFFok") == "\xEF\xBF\xBDok");
    CHECK(html::escaped("\xE2\x82") == "\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(html::utf8_length("\xC0\xBC") == 0);          // an overlong <
    CHECK(html::utf8_length("\xE0\x80\xBC") == 0);      // again
    CHECK(html::utf8_length("\xED\xA0\x80") == 0);      // half of a surrogate pair
    CHECK(html::utf8_length("\xF4\x90\x80\x80") == 0);  // beyond U+10FFFF
    CHECK(html::utf8_length("\xF0\x8F\xBF\xBF") == 0);
    CHECK(html::utf8_length("") == 0);
    CHECK(html::utf8_length("a") == 1);
}

TEST_CASE("elements close what they open, and names are kept apart from the text around them") {
    CHECK(html::element("p", "class=\"x\"", "y") == "<p class=\"x\">y</p>");
    CHECK(html::element("p", "", "") == "<p></p>");
    CHECK(html::void_element("meta", "charset=\"utf-8\"") == "<meta charset=\"utf-8\"/>");
    CHECK(html::named("<x>") == "<bdi>&lt;x&gt;</bdi>");
    CHECK(html::named("") == "<em>unnamed</em>");
    CHECK(html::spoken("none") == "<span class=\"sr\">none</span>");
}

TEST_CASE("digits stand in groups of three from five digits on") {
    CHECK(html::grouped("1234") == "1234");
    CHECK(html::grouped("12345.678") ==
          "12\xE2\x80\xAF"
          "345.678");
    CHECK(html::grouped("-1234567") ==
          "\xE2\x88\x92"
          "1\xE2\x80\xAF"
          "234\xE2\x80\xAF"
          "567");
    CHECK(html::grouped("") == "");
    CHECK(html::count(100'000) ==
          "100\xE2\x80\xAF"
          "000");
    CHECK(html::fixed(-0.25, 1) ==
          "\xE2\x88\x92"
          "0.2");
    CHECK(html::fixed(1e308, 0).size() == 309 + 102 * 3);
    CHECK(html::exact(0.1) == "0.1");
    CHECK(html::exact(1.0 / 3) == "0.333333333333");
}

TEST_CASE("three digits are kept of numbers below a hundred") {
    CHECK(html::three_digits(0) == "0");
    CHECK(html::three_digits(0.1234) == "0.123");
    CHECK(html::three_digits(0.9996) == "1.00");
    CHECK(html::three_digits(9.994) == "9.99");
    CHECK(html::three_digits(9.996) == "10.0");
    CHECK(html::three_digits(99.96) == "100");
    CHECK(html::three_digits(12345) ==
          "12\xE2\x80\xAF"
          "345");
}

TEST_CASE("three digits of a ratio of whole numbers are rounded exactly") {
    CHECK(html::three_digits(0, 1'000'000) == "0");
    CHECK(html::three_digits(1'985'000, 1'000'000) == "1.99");
    CHECK(html::three_digits(1'984'999, 1'000'000) == "1.98");
    CHECK(html::three_digits(999'500, 1'000'000) == "1.00");
    CHECK(html::three_digits(5'000, 1'000'000) == "0.005");
    CHECK(html::three_digits(99'950'000, 1'000'000) == "100");
    CHECK(html::three_digits(7, 1) == "7");
    CHECK(html::three_digits(12'345'600'000, 1'000'000) ==
          "12\xE2\x80\xAF"
          "346");
}

TEST_CASE("a time is told in the largest unit that it fills") {
    CHECK(html::time_text(0ns) == "0\xC2\xA0ns");
    CHECK(html::time_text(999ns) == "999\xC2\xA0ns");
    CHECK(html::time_text(1500ns) == "1.50\xC2\xA0\xC2\xB5s");
    CHECK(html::time_text(20ms) == "20.0\xC2\xA0ms");
    CHECK(html::time_text(90min) == "5400\xC2\xA0s");
    CHECK(std::string{html::unit_for(90min, 1, 6).name} == "h");
    CHECK(std::string{html::unit_for(90min, 2, 6).name} == "min");
}
