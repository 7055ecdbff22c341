// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "sim/well_formed.hpp"
#include <forebay/sim/chart.hpp>

#include <set>
#include <string>

namespace html = forebay::sim::html;

namespace {

html::chart two_lines() {
    html::chart it;
    it.id = "it";
    it.title = "a <title>";
    it.x = html::axis::linear(html::quantity::millionths, 8'000'000, 8);
    it.y = html::axis::linear(html::quantity::share, 1'000'000, 5);
    it.x_title = "load & more";
    it.lines.push_back({0, "<first>", {{0, 0}, {8'000'000, 500'000}}, {{8'000'000, 500'000, "\"note\""}}});
    it.lines.push_back({1, "second", {{0, 0}, {4'000'000, 250'000, 100'000}}, {}});
    it.level = 990'000;
    it.level_name = "target <99 %>";
    return it;
}

}  // namespace

TEST_CASE("a figure is well-formed, can be reached by keyboard and is named by its title") {
    const std::string figure = html::figure(two_lines());
    CHECK(malformed(html::mark_shapes() + figure).empty());
    CHECK_THAT(figure, ContainsSubstring("<figure tabindex=\"0\" aria-labelledby=\"it-title\">"));
    CHECK_THAT(figure, ContainsSubstring("<svg role=\"img\" aria-labelledby=\"it-title\">"));
    CHECK_THAT(figure, ContainsSubstring("<title>&quot;note&quot;</title>"));
    CHECK_THAT(figure, ContainsSubstring("load &amp; more"));
}

TEST_CASE("a figure draws each line once and names it in the legend, as the level it compares with") {
    const std::string figure = html::figure(two_lines());
    CHECK_THAT(figure, ContainsSubstring("<path class=\"line s0 d0\" d=\"M0 10000L10000 5000\"/>"));
    CHECK_THAT(figure, ContainsSubstring("<path class=\"line s1 d1\" d=\"M0 10000L5000 7500\"/>"));
    CHECK_THAT(figure, ContainsSubstring("<path class=\"line margin s1\" d=\"M5000 8500V6500\"/>"));
    CHECK_THAT(figure, ContainsSubstring("<use href=\"#m0\" x=\"100%\" y=\"50%\">"));
    CHECK_THAT(figure, ContainsSubstring("<bdi>&lt;first&gt;</bdi>"));
    CHECK_THAT(figure, ContainsSubstring("target &lt;99 %&gt;"));
    CHECK_THAT(figure, ContainsSubstring("class=\"level\" x1=\"0\" x2=\"100%\" y1=\"1%\" y2=\"1%\""));
}

TEST_CASE("narrow screens are left at most five labels along the bottom") {
    const std::string figure = html::figure(two_lines());
    CHECK(occurrences(figure, "class=\"x\"") == 5);
    CHECK(occurrences(figure, "class=\"x wide\"") == 4);
    CHECK(occurrences(figure, "class=\"y\"") == 6);
}

TEST_CASE("no two of the first twenty styles are the same, nor differ by colour alone") {
    std::set<std::string> all;
    std::set<std::string> without_colour;
    for (std::size_t i = 0; i < 20; ++i) {
        const std::string shape = html::mark_at(i, "0", "0", "");
        all.insert(html::style_classes(i) + shape);
        without_colour.insert(html::style_classes(i).substr(2) + shape);
    }
    CHECK(all.size() == 20);
    CHECK(without_colour.size() == 20);
}
