// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/chart.hpp>
#include <forebay/sim/comparison.hpp>
#include <forebay/sim/markup.hpp>
#include <forebay/sim/run_charts.hpp>
#include <forebay/sim/svg.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// What a policy did at one load, over all seeds.
struct sweep_point {
    std::string policy;
    double load{0};
    /// Mean share of the requests that were answered within their objective. [0 to 1]
    double attainment{0};
    /// Mean; absent where nothing was answered.
    std::optional<duration> p99{};
    /// Half the width of the 95 % interval; 0: of one seed.
    double attainment_margin{0};
    duration p99_margin{0};
};

namespace html {

/// The highest load up to which the target was met at every load that was tried, for each policy; the highest is marked.
[[nodiscard]] inline std::string capacity_table(std::span<const sweep_point> points,
                                                std::span<const std::string> policies, const std::string& load_unit,
                                                double target) {
    std::vector<std::optional<double>> held(policies.size());
    std::vector<bool> to_the_end(policies.size(), true);
    for (std::size_t i = 0; i < policies.size(); ++i) {
        std::optional<double> missed;
        for (const sweep_point& each : points) {
            if (each.policy != policies[i] || each.attainment >= target) continue;
            if (!missed || each.load < *missed) missed = each.load;
        }
        to_the_end[i] = !missed;
        for (const sweep_point& each : points) {
            if (each.policy != policies[i] || (missed && each.load >= *missed)) continue;
            if (!held[i] || each.load > *held[i]) held[i] = each.load;
        }
    }
    const std::vector<cell> cells = judged({"", measure::ratio, better::higher, nullptr}, held, 1.0);
    std::string body;
    for (std::size_t i = 0; i < policies.size(); ++i) {
        std::string figure = element("td", "", "none that was tried");
        if (cells[i].value) {
            figure = cell_markup({"", measure::ratio, better::higher, nullptr}, cells[i]);
        }
        const char* end = held[i] && to_the_end[i] ? "met at every load" : "";
        body += element("tr", "",
                        element("th", "scope=\"row\"",
                                element("div", "class=\"row\"", key(i) + element("span", "", named(policies[i])))) +
                            figure + element("td", "class=\"words\"", end));
    }
    const std::string head =
        element("th", "scope=\"col\"", "Policy") +
        element("th", "scope=\"col\"", "Highest load" + element("span", "class=\"unit\"", escaped(load_unit))) +
        element("th", "scope=\"col\"", spoken("Remark"));
    const std::string caption =
        "Load up to which at least " + fixed(target * 100, 1) + " % were answered within the objective";
    return element(
        "div", "class=\"panel fit\"",
        scrolling(caption, element("table", "class=\"comparison narrow\"",
                                   element("caption", "", caption) + element("thead", "", element("tr", "", head)) +
                                       element("tbody", "", body))));
}

/// Attainment and p99 against load, a line for each policy. Empty without points.
[[nodiscard]] inline std::string sweep_figures(std::span<const sweep_point> points, const std::string& load_unit,
                                               double target) {
    std::vector<std::string> policies;  // in the order they come
    std::int64_t most_load = 0;
    std::int64_t low = 0;
    std::int64_t high = 0;
    for (const sweep_point& each : points) {
        if (std::find(policies.begin(), policies.end(), each.policy) == policies.end()) policies.push_back(each.policy);
        most_load = std::max(most_load, millionths(each.load));
        if (!each.p99 || each.p99->count() <= 0) continue;
        if (low == 0 || each.p99->count() < low) low = each.p99->count();
        high = std::max(high, each.p99->count());
    }
    if (policies.empty()) return {};

    chart met;
    met.id = "load-attainment";
    met.title = "Answered within the objective";
    met.x = axis::linear(quantity::millionths, most_load, 8);
    met.x_title = "load, " + load_unit;
    met.y = axis::linear(quantity::share, 1'000'000, 5);
    met.y_title = "share of requests";
    met.level = millionths(target);
    met.level_name = "target " + fixed(target * 100, 1) + " %";
    chart tail = met;
    tail.id = "load-p99";
    tail.title = "Latency, p99";
    tail.level.reset();
    if (low != 0) tail.y = axis::logarithmic(quantity::time, low, high);
    tail.y_title = "latency, logarithmic";

    for (std::size_t i = 0; i < policies.size() && i < most_lines; ++i) {
        line share{i, policies[i], {}, {}};
        line time{i, policies[i], {}, {}};
        for (const sweep_point& each : points) {
            if (each.policy != policies[i]) continue;
            const std::int64_t load = millionths(each.load);
            share.points.push_back({load, millionths(each.attainment), millionths(each.attainment_margin)});
            const bool answered = each.p99 && each.p99->count() > 0;
            time.points.push_back({load, answered ? each.p99->count() : gap, each.p99_margin.count()});
        }
        for (line* each : {&share, &time}) {
            std::sort(each->points.begin(), each->points.end(),
                      [](const point& a, const point& b) { return a.x != b.x ? a.x < b.x : a.y < b.y; });
            const quantity of = each == &share ? quantity::share : quantity::time;
            for (const point& one : each->points) {
                if (one.y == gap) continue;
                each->marks.push_back(
                    {one.x, one.y,
                     policies[i] + " at " + value_text(quantity::millionths, one.x) + ": " + value_text(of, one.y)});
            }
        }
        met.lines.push_back(std::move(share));
        tail.lines.push_back(std::move(time));
    }
    met.data = data_of(met, "load");
    tail.data = data_of(tail, "load");
    return element("div", "class=\"figures\"", figure(met) + (low != 0 ? figure(tail) : "")) +
           capacity_table(points, policies, load_unit, target);
}

}  // namespace html
}  // namespace forebay::inline v0::sim
