// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "sim/page_runs.hpp"
#include "sim/well_formed.hpp"
#include <forebay/sim/html_report.hpp>

#include <chrono>
#include <clocale>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

std::vector<sim::report> three_runs() {
    return {page_run("one by one", {10ms, 500ms, 2s}, 0), page_run("batches", {20ms, 40ms, 90ms}, 0),
            page_run("limit", {20ms, 40ms}, 1)};
}
sim::page full(std::span<const sim::report> runs) {
    return {.title = "a title",
            .runs = runs,
            .config = {{"seed", "7"}, {"service", "affine"}},
            .sweep = {{.policy = "batches", .load = 5, .attainment = 0.9, .p99 = 20ms}}};
}

}  // namespace

TEST_CASE("a page has all its parts, each reached from the top, and is well-formed") {
    const auto runs = three_runs();
    const std::string page = sim::html_page(full(runs));
    CHECK(malformed(page) == "");
    for (const char* part :
         {"Policies", "Outcomes", "Latency", "Load", "Over time", "Groups", "Tenants", "Configuration and seeds"}) {
        INFO(part);
        CHECK(occurrences(page, ">" + std::string{part} + "</a>") == 1);
        CHECK(occurrences(page, ">" + std::string{part} + "</h2>") == 1);
    }
    CHECK(occurrences(page, "<figure") == occurrences(page, "<figure tabindex=\"0\""));
    CHECK(occurrences(page, "<table") == occurrences(page, "<caption"));
    CHECK(occurrences(page, "class=\"scroll\"") ==
          occurrences(page, "class=\"scroll\" tabindex=\"0\" role=\"region\""));
    CHECK(occurrences(page, "<details>") == occurrences(page, "<summary>"));
    CHECK_THAT(page, ContainsSubstring("<a class=\"skip\" href=\"#main\">"));
    CHECK_THAT(text_of(page), ContainsSubstring("|seed|7|service|affine|"));
    CHECK_THAT(
        text_of(page),
        ContainsSubstring("3 policies on 3 requests of 2 tenants over 4.00\xC2\xA0s, 1 executor, in virtual time."));
}

TEST_CASE("a page runs no script and fetches nothing") {
    const auto runs = three_runs();
    const std::string page = sim::html_page(full(runs));
    for (const char* word : {"<script", "http:", "https:", "src=", "url(", "@import", "onload", "javascript:"}) {
        INFO(word);
        CHECK(occurrences(page, word) == 0);
    }
    CHECK(occurrences(page, "href=\"") == occurrences(page, "href=\"#") + 1);
    CHECK_THAT(page, ContainsSubstring("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
    CHECK_THAT(page, ContainsSubstring("<link rel=\"icon\" href=\"data:,\"/>"));
}

TEST_CASE("names and texts of any bytes are shown as text") {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    for (const std::string& hostile :
         {std::string{"<script>alert(1)</script>"}, std::string{"\"><img src=x onerror=alert(1)>"},
          std::string{"]]>&amp;<!--"}, std::string{"</style></title>"}, bytes, std::string{}, std::string(5000, 'x')}) {
        auto runs = three_runs();
        for (sim::report& run : runs) {
            run.policy = hostile;
            run.tenants[0].name = run.kinds[0].name = run.classes[0].name = hostile;
        }
        const std::string page = sim::html_page({.title = hostile,
                                                 .runs = runs,
                                                 .config = {{hostile, hostile}},
                                                 .sweep = {{.policy = hostile, .load = 1, .attainment = 1, .p99 = 1ms}},
                                                 .load_unit = hostile});
        INFO(hostile.substr(0, 40));
        CHECK(malformed(page) == "");
        CHECK(occurrences(page, "<script") == 0);
        CHECK(occurrences(page, "<img") == 0);
        CHECK(occurrences(page, "<!--") == 0);
    }
}

TEST_CASE("the same page has the same bytes, in any locale") {
    const auto runs = three_runs();
    const std::string page = sim::html_page(full(runs));
    CHECK(sim::html_page(full(runs)) == page);
    const std::string before = std::setlocale(LC_ALL, nullptr);
    for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8", ""}) {
        if (std::setlocale(LC_ALL, locale) != nullptr) CHECK(sim::html_page(full(runs)) == page);
    }
    std::setlocale(LC_ALL, before.c_str());
}

TEST_CASE("a page of nothing says so") {
    const std::string page = sim::html_page({});
    CHECK(malformed(page) == "");
    CHECK_THAT(text_of(page), ContainsSubstring("|Nothing was run.|"));
    CHECK(occurrences(page, "<section") == 0);
}

TEST_CASE("runs in which nothing came or nothing was answered have a page without figures of them") {
    const std::vector<sim::report> runs{
        sim::report{.policy = "empty", .all = {}, .kinds = {}, .tenants = {}, .classes = {}},
        page_run("refuses", {}, 3)};
    const std::string page = sim::html_page({.title = "none", .runs = runs});
    CHECK(malformed(page) == "");
    for (const char* none : {">nan", ">-nan", ">inf", "\"nan", "\"-nan", "\"inf"}) CHECK(occurrences(page, none) == 0);
    CHECK(occurrences(page, "latency-curve") == 0);
}

TEST_CASE("of one policy nothing is called the best and nothing is compared") {
    const auto runs = three_runs();
    const std::string page = sim::html_page({.title = "one", .runs = std::span{runs}.first(1)});
    CHECK(malformed(page) == "");
    CHECK(occurrences(page, "\xE2\x98\x85") == 0);
    CHECK(occurrences(page, ">baseline<") == 0);
}

TEST_CASE("a sweep has a page without runs") {
    const std::string page = sim::html_page(full({}));
    CHECK(malformed(page) == "");
    CHECK(occurrences(page, "<figure") == 2);
    CHECK(occurrences(page, "Nothing was run") == 0);
    CHECK_THAT(text_of(page), ContainsSubstring("|1 policy at 1 load, in virtual time.|"));
}
