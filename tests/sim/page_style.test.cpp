// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "sim/well_formed.hpp"
#include <forebay/sim/page_style.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <string_view>

namespace html = forebay::sim::html;

namespace {

using colours = std::map<std::string, std::string>;

/// The custom properties of the n-th `:root` rule, over those before it.
colours properties(std::size_t rule) {
    colours result;
    std::string_view style = html::page_style;
    for (std::size_t i = 0; i <= rule; ++i) {
        style.remove_prefix(style.find(":root{") + 6);
        const std::string_view body = style.substr(0, style.find('}'));
        for (std::size_t at = body.find("--"); at != body.npos; at = body.find("--", at + 1)) {
            const std::size_t colon = body.find(':', at);
            const std::size_t end = std::min(body.find(';', colon), body.size());
            result[std::string{body.substr(at + 2, colon - at - 2)}] = body.substr(colon + 1, end - colon - 1);
        }
    }
    return result;
}

/// source  WCAG 2.2, relative luminance and contrast ratio
double luminance(std::string colour) {
    REQUIRE(colour.starts_with('#'));
    if (colour.size() == 4) colour = {'#', colour[1], colour[1], colour[2], colour[2], colour[3], colour[3]};
    REQUIRE(colour.size() == 7);
    const double weights[]{0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const double c = std::stoi(colour.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
        sum += weights[i] * (c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}
double contrast(const std::string& a, const std::string& b) {
    const auto [less, more] = std::minmax({luminance(a), luminance(b)});
    return (more + 0.05) / (less + 0.05);
}

}  // namespace

TEST_CASE("lines and text stand out from what they stand on, light and dark") {
    for (const std::size_t dark : {std::size_t{0}, std::size_t{1}}) {
        const colours all = properties(dark);
        INFO("dark " << dark);
        for (int i = 0; i < 8; ++i) {
            INFO("line " << i);
            CHECK(contrast(all.at("s" + std::to_string(i)), all.at("card")) >= 3.0);
        }
        for (const char* text : {"ink", "soft", "link", "better", "worse"}) {
            for (const char* ground : {"card", "bg", "shade"}) {
                INFO(text << " on " << ground);
                CHECK(contrast(all.at(text), all.at(ground)) >= 4.5);
            }
        }
        CHECK(contrast(all.at("ink"), all.at("best")) >= 7.0);
    }
    CHECK(properties(0) != properties(1));
}

TEST_CASE("the style fetches nothing and can stand in well-formed markup") {
    CHECK(malformed("<style>" + std::string{html::page_style} + "</style>").empty());
    for (const char* fetches : {"url(", "@import", "http"})
        CHECK(html::page_style.find(fetches) == std::string_view::npos);
    CHECK(occurrences(html::page_style, "{") == occurrences(html::page_style, "}"));
}
