// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/chart.hpp>
#include <forebay/sim/markup.hpp>
#include <forebay/sim/report.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

// Tables of policies side by side: the best of each column marked, and what changed against the first.
namespace forebay::inline v0::sim::html {

enum class better : std::uint8_t { neither, higher, lower };
enum class measure : std::uint8_t { seconds, share, rate, ratio };

/// One figure that runs are compared by.
struct column {
    const char* heading;
    measure of;
    better way;
    /// Absent where it means nothing: a percentile of none, a share of nothing.
    std::optional<double> (*value)(const report& run, const tally& group);
};

/// A figure among those of its column.
struct cell {
    std::optional<double> value{};
    std::string text{"\xE2\x80\x93"};
    bool best{false};
    /// Against the first, in words; empty where there is nothing to compare.
    std::string change{};
    better turned{better::neither};  ///< higher, lower, or alike
    bool worse{false};
};

/// The factor from seconds to a unit in which the smallest figure above 0 still has three digits, and the unit's name.
[[nodiscard]] inline std::pair<double, const char*> unit_of(std::span<const std::optional<double>> seconds) {
    double least = 0;
    for (const std::optional<double>& each : seconds) {
        if (each && *each > 0 && (least == 0 || *each < least)) least = *each;
    }
    if (least >= 1) return {1.0, "s"};
    if (least >= 1e-3 || least == 0) return {1e3, "ms"};
    return least >= 1e-6 ? std::pair{1e6, "\xC2\xB5s"} : std::pair{1e9, "ns"};
}

/// What became of `before`, in the words of a table.
[[nodiscard]] inline std::string change_text(measure of, double before, double now) {
    const auto with_sign = [](double by, int decimals) { return (by > 0 ? "+" : "") + fixed(by, decimals); };
    if (of == measure::share) {
        const double points = (now - before) * 100;
        return with_sign(points, points < 1 && points > -1 ? 2 : 1) + "\xC2\xA0pp";
    }
    if (before == 0) return "from 0";
    if (now >= before * 10) return "\xC3\x97\xE2\x80\xAF" + three_digits(now / before);
    const double percents = (now - before) / before * 100;
    const double size = percents < 0 ? -percents : percents;
    return with_sign(percents, size < 9.95 || (size >= 99.5 && size < 100) ? 1 : 0) + "\xC2\xA0%";
}

/// The figures of one column judged: the best of them, and each against the first.
///
/// Those that read alike count as alike: several can be the best, and if all are, none is marked.
/// factor  from seconds to the unit they are shown in
[[nodiscard]] inline std::vector<cell> judged(const column& by, std::span<const std::optional<double>> values,
                                              double factor) {
    std::vector<cell> cells(values.size());
    std::optional<double> best;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!values[i]) continue;
        const double value = *values[i];
        cells[i].value = value;
        switch (by.of) {
            case measure::seconds: cells[i].text = three_digits(value * factor); break;
            case measure::share: cells[i].text = fixed(value * 100, 2); break;
            case measure::rate:
            case measure::ratio: cells[i].text = three_digits(value); break;
        }
        if (!best || (by.way == better::higher ? value > *best : value < *best)) best = value;
    }
    const auto top = std::find_if(cells.begin(), cells.end(), [&](const cell& each) { return each.value == best; });
    const std::string best_text = top == cells.end() ? "" : top->text;
    const auto alike =
        std::count_if(cells.begin(), cells.end(), [&](const cell& each) { return each.text == best_text; });
    const bool tell = by.way != better::neither && static_cast<std::size_t>(alike) < cells.size();
    for (std::size_t i = 0; i < cells.size(); ++i) {
        cell& each = cells[i];
        if (!each.value) continue;
        each.best = tell && each.text == best_text;
        if (i == 0 || !cells[0].value) continue;
        if (each.text == cells[0].text) {
            each.change = "=";
            continue;
        }
        each.change = change_text(by.of, *cells[0].value, *each.value);
        each.turned = *each.value > *cells[0].value ? better::higher : better::lower;
        each.worse = each.turned != by.way;
    }
    return cells;
}

/// The policies on one group of requests: the rows of a table that belong together.
struct comparison {
    std::string name;  ///< empty: all requests
    /// By place of the run; null where a run has no such group.
    std::vector<const tally*> groups;
};

[[nodiscard]] inline std::string cell_markup(const column& by, const cell& each) {
    if (!each.value) return element("td", "", each.text + spoken("none"));
    std::string content = element("data", "value=\"" + exact(*each.value) + '"', each.text);
    if (each.best) {
        content = element("strong", "class=\"best\"",
                          "<span aria-hidden=\"true\">\xE2\x98\x85</span>" + spoken("best: ") + content);
    }
    if (!each.change.empty()) {
        const bool judged_better = each.turned != better::neither && by.way != better::neither;
        const char* tone = !judged_better ? "same" : each.worse ? "worse" : "better";
        const char* arrow = each.turned == better::neither  ? ""
                            : each.turned == better::higher ? "<span aria-hidden=\"true\">\xE2\x96\xB2</span>"
                                                            : "<span aria-hidden=\"true\">\xE2\x96\xBC</span>";
        content += element("small", "class=\"" + std::string{tone} + '"',
                           arrow + each.change + (judged_better ? spoken(each.worse ? ", worse" : ", better") : ""));
    }
    return element("td", "", content);
}

/// caption     markup
/// comparisons each gets a heading of its own, unless there is one without a name
[[nodiscard]] inline std::string comparison_table(std::string_view caption, std::span<const report> runs,
                                                  std::span<const column> columns,
                                                  std::span<const comparison> comparisons) {
    // One unit for a column, whatever the group: figures one above the other compare at a glance.
    std::string head = element("th", "scope=\"col\"", "Policy");
    std::string bodies;
    std::vector<std::string> rows(runs.size() * comparisons.size());
    for (const column& by : columns) {
        const char* unit = by.of == measure::share ? "%" : by.of == measure::rate ? "/s" : "";
        std::vector<std::optional<double>> all;
        for (const comparison& each : comparisons) {
            for (std::size_t i = 0; i < runs.size(); ++i) {
                all.push_back(each.groups[i] == nullptr ? std::nullopt : by.value(runs[i], *each.groups[i]));
            }
        }
        double factor = 1;
        if (by.of == measure::seconds) std::tie(factor, unit) = unit_of(all);
        const std::string way = by.way == better::neither ? ""
                                : by.way == better::higher
                                    ? "<span aria-hidden=\"true\">\xE2\x86\x91</span>" + spoken("higher is better")
                                    : "<span aria-hidden=\"true\">\xE2\x86\x93</span>" + spoken("lower is better");
        head += element("th", "scope=\"col\"",
                        escaped(by.heading) + ' ' + element("span", "class=\"unit\"", escaped(unit) + ' ' + way));
        for (std::size_t g = 0; g < comparisons.size(); ++g) {
            const std::vector<std::optional<double>> own(
                all.begin() + static_cast<std::ptrdiff_t>(g * runs.size()),
                all.begin() + static_cast<std::ptrdiff_t>((g + 1) * runs.size()));
            const std::vector<cell> cells = judged(by, own, factor);
            for (std::size_t i = 0; i < runs.size(); ++i) rows[g * runs.size() + i] += cell_markup(by, cells[i]);
        }
    }
    for (std::size_t g = 0; g < comparisons.size(); ++g) {
        std::string body;
        if (!comparisons[g].name.empty()) {
            body += element("tr", "class=\"group\"",
                            element("th", "scope=\"rowgroup\" colspan=\"" + std::to_string(columns.size() + 1) + '"',
                                    element("span", "", escaped(comparisons[g].name))));
        }
        for (std::size_t i = 0; i < runs.size(); ++i) {
            const std::string badge =
                i == 0 && runs.size() > 1 ? ' ' + element("span", "class=\"badge\"", "baseline") : "";
            body += element(
                "tr", "",
                element("th", "scope=\"row\"",
                        element("div", "class=\"row\"", key(i) + element("span", "", named(runs[i].policy) + badge))) +
                    rows[g * runs.size() + i]);
        }
        bodies += element("tbody", "", body);
    }
    return element("table", "class=\"comparison\"",
                   element("caption", "", caption) + element("thead", "", element("tr", "", head)) + bodies);
}

}  // namespace forebay::inline v0::sim::html
