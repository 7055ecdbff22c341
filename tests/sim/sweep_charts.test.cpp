// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "sim/well_formed.hpp"
#include <forebay/sim/sweep_charts.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace sim = forebay::sim;
namespace html = forebay::sim::html;
using namespace std::chrono_literals;

TEST_CASE("a sweep is a line for each policy, in order of load, with the target across") {
    const std::vector<sim::sweep_point> points{{.policy = "b", .load = 10, .attainment = 0.5, .p99 = 1s},
                                               {.policy = "a", .load = 5, .attainment = 1, .p99 = 10ms},
                                               {.policy = "b", .load = 5, .attainment = 0.75, .p99 = 100ms}};
    const std::string figures = html::sweep_figures(points, "requests <a second>", 0.99);
    CHECK(malformed(html::mark_shapes() + figures).empty());
    CHECK(occurrences(figures, "<figure") == 2);
    CHECK_THAT(figures, ContainsSubstring("class=\"line s0 d0\" d=\"M5000 2500L10000 5000\""));
    CHECK_THAT(figures, ContainsSubstring("class=\"line s1 d1\" d=\"M5000 0\""));
    CHECK_THAT(figures, ContainsSubstring("class=\"line s0 d0\" d=\"M5000 5000L10000 0\""));  // 10 ms to 1 s
    CHECK(occurrences(figures, "target 99.0 %") == 1);
    CHECK_THAT(figures, ContainsSubstring("load, requests &lt;a second&gt;"));
    CHECK_THAT(text_of(figures), ContainsSubstring("|5.00|75.00\xC2\xA0%|100.00\xC2\xA0%|10.0|50.00\xC2\xA0%|"));
}

TEST_CASE("intervals are bars, and a load at which nothing was answered breaks the line") {
    const std::vector<sim::sweep_point> points{
        {.policy = "a", .load = 5, .attainment = 0.5, .p99 = 1s, .attainment_margin = 0.1, .p99_margin = 0s},
        {.policy = "a", .load = 10, .attainment = 0}};
    const std::string figures = html::sweep_figures(points, "x", 0.9);
    CHECK(malformed(html::mark_shapes() + figures).empty());
    CHECK(occurrences(figures, "class=\"line margin") == 1);
    CHECK_THAT(text_of(figures), ContainsSubstring("50.00\xC2\xA0% \xC2\xB1 10.00\xC2\xA0%"));
    CHECK(occurrences(html::sweep_figures(std::span{points}.subspan(1), "x", 0.9), "<figure") == 1);
    CHECK(html::sweep_figures({}, "x", 0.99).empty());
}

TEST_CASE("the load a policy holds its target up to is below the first it misses it at") {
    const std::vector<sim::sweep_point> points{
        {.policy = "a", .load = 10, .attainment = 1},     {.policy = "a", .load = 20, .attainment = 0.5},
        {.policy = "a", .load = 30, .attainment = 1},     {.policy = "b", .load = 30, .attainment = 0.99},
        {.policy = "b", .load = 10, .attainment = 0.995}, {.policy = "never", .load = 10, .attainment = 0.1}};
    const std::vector<std::string> policies{"a", "b", "never"};
    const std::string table = html::capacity_table(points, policies, "<unit>", 0.99);
    CHECK(malformed(html::mark_shapes() + table).empty());
    const std::string text = text_of(table);
    CHECK_THAT(text, ContainsSubstring("at least 99.0 % were"));
    CHECK_THAT(text, ContainsSubstring("&lt;unit&gt;"));
    CHECK_THAT(text, ContainsSubstring("|a|10.0|"));
    CHECK_THAT(text, ContainsSubstring("|best: |30.0|"));
    CHECK_THAT(text, ContainsSubstring("|met at every load|never|none that was tried|"));
    CHECK(occurrences(text, "met at every load") == 1);
}
