// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "sim/well_formed.hpp"
#include <forebay/sim/comparison.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sim = forebay::sim;
namespace html = forebay::sim::html;

namespace {

using values = std::vector<std::optional<double>>;

html::column by(html::measure of, html::better way) {
    return {"x", of, way, [](const sim::report&, const sim::tally& group) -> std::optional<double> {
                return static_cast<double>(group.good);
            }};
}
std::vector<bool> best(html::measure of, html::better way, const values& all, double factor = 1) {
    std::vector<bool> result;
    for (const html::cell& each : html::judged(by(of, way), all, factor)) result.push_back(each.best);
    return result;
}

}  // namespace

TEST_CASE("the best is the highest or the lowest, as the column says") {
    using marks = std::vector<bool>;
    CHECK(best(html::measure::rate, html::better::higher, {1.0, 3.0, 2.0}) == marks{false, true, false});
    CHECK(best(html::measure::rate, html::better::lower, {1.0, 3.0, 2.0}) == marks{true, false, false});
    CHECK(best(html::measure::rate, html::better::neither, {1.0, 3.0, 2.0}) == marks{false, false, false});
}

TEST_CASE("those that read alike share the mark, and where all are alike none has it") {
    using marks = std::vector<bool>;
    CHECK(best(html::measure::rate, html::better::lower, {2.0, 1.0, 1.0}) == marks{false, true, true});
    CHECK(best(html::measure::share, html::better::higher, {0.5, 0.99999, 0.999991}) == marks{false, true, true});
    CHECK(best(html::measure::rate, html::better::higher, {2.0, 2.0}) == marks{false, false});
    CHECK(best(html::measure::rate, html::better::higher, {2.0}) == marks{false});
    CHECK(best(html::measure::rate, html::better::higher, {}) == marks{});
}

TEST_CASE("what has no figure is neither the best nor compared") {
    const auto cells = html::judged(by(html::measure::seconds, html::better::lower), values{std::nullopt, 2.0, 1.0}, 1);
    CHECK_FALSE(cells[0].best);
    CHECK(cells[0].text == "\xE2\x80\x93");
    CHECK(cells[2].best);
    CHECK(cells[1].change.empty());
    const auto none =
        html::judged(by(html::measure::seconds, html::better::lower), values{std::nullopt, std::nullopt}, 1);
    CHECK_FALSE(none[0].best);
    CHECK_FALSE(none[1].best);
}

TEST_CASE("a change is told in percent, in points for shares, and as a factor when it is large") {
    const std::string minus = "\xE2\x88\x92";
    CHECK(html::change_text(html::measure::rate, 100, 104) == "+4.0\xC2\xA0%");
    CHECK(html::change_text(html::measure::rate, 100, 50) == minus + "50\xC2\xA0%");
    CHECK(html::change_text(html::measure::seconds, 100, 0.4) == minus + "99.6\xC2\xA0%");
    CHECK(html::change_text(html::measure::seconds, 100, 0) == minus + "100\xC2\xA0%");
    CHECK(html::change_text(html::measure::seconds, 1, 25) ==
          "\xC3\x97\xE2\x80\xAF"
          "25.0");
    CHECK(html::change_text(html::measure::rate, 0, 3) == "from 0");
    CHECK(html::change_text(html::measure::share, 0.5, 0.75) == "+25.0\xC2\xA0pp");
    CHECK(html::change_text(html::measure::share, 0.5, 0.4999) == minus + "0.01\xC2\xA0pp");
}

TEST_CASE("better and worse follow the column's way") {
    const auto latency = html::judged(by(html::measure::seconds, html::better::lower), values{2.0, 3.0, 1.0, 2.0}, 1);
    CHECK((latency[1].turned == html::better::higher && latency[1].worse));
    CHECK((latency[2].turned == html::better::lower && !latency[2].worse));
    CHECK((latency[3].turned == html::better::neither && latency[3].change == "="));
    const auto rate = html::judged(by(html::measure::rate, html::better::higher), values{2.0, 3.0}, 1);
    CHECK_FALSE(rate[1].worse);
}

TEST_CASE("times of a column share the unit that the smallest needs") {
    CHECK(std::string{html::unit_of(values{1.5, 300.0}).second} == "s");
    CHECK(std::string{html::unit_of(values{0.0, 0.25, 300.0}).second} == "ms");
    CHECK(std::string{html::unit_of(values{2e-6, std::nullopt}).second} == "\xC2\xB5s");
    CHECK(std::string{html::unit_of(values{5e-9}).second} == "ns");
    CHECK(std::string{html::unit_of(values{}).second} == "ms");
}

TEST_CASE("a table says best, better and worse in words and signs, not by colour alone") {
    std::vector<sim::report> runs(2);
    runs[0].policy = "<first>";
    runs[0].all.good = 4;
    runs[1].policy = "second";
    runs[1].all.good = 2;
    const html::column columns[]{by(html::measure::rate, html::better::lower)};
    const html::comparison all{"", {&runs[0].all, &runs[1].all}};
    const std::string table = html::comparison_table("caption", runs, columns, {&all, 1});
    CHECK(malformed(html::mark_shapes() + table).empty());
    CHECK(occurrences(table, "\xE2\x98\x85") == 1);
    CHECK(occurrences(table, "best: ") == 1);
    CHECK(occurrences(table, ", better") == 1);
    CHECK(occurrences(table, "lower is better") == 1);
    CHECK(occurrences(table, "baseline") == 1);
    CHECK_THAT(table, ContainsSubstring("<bdi>&lt;first&gt;</bdi>"));
    CHECK_THAT(table, ContainsSubstring("<data value=\"4\">4.00</data>"));
}

TEST_CASE("a group that a run lacks is shown as none") {
    std::vector<sim::report> runs(2);
    runs[0].all.good = 4;
    const html::column columns[]{by(html::measure::rate, html::better::lower)};
    const html::comparison all{"group", {&runs[0].all, nullptr}};
    const std::string table = html::comparison_table("caption", runs, columns, {&all, 1});
    CHECK(malformed(html::mark_shapes() + table).empty());
    CHECK(occurrences(table, ">none<") == 1);
    CHECK(occurrences(table, "scope=\"rowgroup\"") == 1);
}
