// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/chart.hpp>
#include <forebay/sim/markup.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/svg.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

// Charts of what reports keep: how latency is spread, and what happened when.
namespace forebay::inline v0::sim::html {

/// A plain number >= 0 in millionths. Cut off, not rounded: `value * factor + 0.5` may be contracted.
[[nodiscard]] constexpr std::int64_t millionths(double value) noexcept {
    if (!(value > 0)) return 0;
    return value < 9e12 ? static_cast<std::int64_t>(value * 1e6) : std::int64_t{9'000'000'000'000'000'000};
}

/// A value of an axis, for the table below the chart.
[[nodiscard]] inline std::string value_text(quantity of, std::int64_t value) {
    if (of == quantity::time) return time_text(duration{value});
    if (of == quantity::share) return fixed(static_cast<double>(value) / 1e4, 2) + "\xC2\xA0%";
    return three_digits(value, 1'000'000);
}

/// A folded table: `head` and rows of text, the first column naming the rows.
[[nodiscard]] inline std::string data_table(std::string_view label, std::span<const std::string> head,
                                            std::span<const std::vector<std::string>> rows) {
    std::string cells;
    for (const std::string& each : head) cells += element("th", "scope=\"col\"", escaped(each));
    std::string body;
    for (const std::vector<std::string>& row : rows) {
        std::string line_cells;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line_cells += i == 0 ? element("th", "scope=\"row\"", escaped(row[i])) : element("td", "", escaped(row[i]));
        }
        body += element("tr", "", line_cells);
    }
    return folded("Numbers", scrolling(label, element("table", "",
                                                      element("caption", "class=\"sr\"", escaped(label)) +
                                                          element("thead", "", element("tr", "", cells)) +
                                                          element("tbody", "", body))));
}
/// The points of all lines, a row for each x.
[[nodiscard]] inline std::string data_of(const chart& it, const std::string& x_name) {
    std::map<std::int64_t, std::vector<std::string>> by_x;
    std::vector<std::string> head{x_name};
    for (std::size_t i = 0; i < it.lines.size(); ++i) {
        head.push_back(it.lines[i].name);
        for (const point& each : it.lines[i].points) {
            std::vector<std::string>& row = by_x[each.x];
            row.resize(it.lines.size() + 1);
            if (each.y == gap) continue;
            row[i + 1] = value_text(it.y.of, each.y);
            if (each.margin > 0) row[i + 1] += " \xC2\xB1 " + value_text(it.y.of, each.margin);
        }
    }
    std::vector<std::vector<std::string>> rows;
    for (auto& [x, row] : by_x) {
        row[0] = value_text(it.x.of, x);
        rows.push_back(std::move(row));
    }
    return data_table(it.title, head, rows);
}

/// A few marks along a line, at other places for each style, so that they do not hide one another.
inline void mark_now_and_then(line& each) {
    constexpr std::size_t wanted = 4;
    const std::size_t n = each.points.size();
    for (std::size_t i = 0; i < wanted; ++i) {
        const std::size_t at = n < wanted ? i : (n * (8 * i + 2 + each.style % 4)) / (8 * wanted);
        if (at >= n || each.points[at].y == gap) continue;
        each.marks.push_back({each.points[at].x, each.points[at].y, each.name});
    }
}

/// Share of all requests that were answered within a time. Empty if no run kept a curve.
[[nodiscard]] inline std::string latency_figure(std::span<const report> runs) {
    chart it;
    it.id = "latency-curve";
    it.title = "Latency of all requests";
    it.note =
        "Share of all requests that were answered within the time; a curve that ends below 100\xC2\xA0% lost the rest. "
        "Marks at p50, p95 and p99 of those answered.";
    it.x_title = "latency, logarithmic";
    it.y_title = "share of requests";
    it.y = axis::linear(quantity::share, 1'000'000, 5);
    std::int64_t low = 0;
    std::int64_t high = 0;
    for (const report& run : runs) {
        for (const duration each : run.all.latency.quantiles) {
            if (each.count() > 0 && (low == 0 || each.count() < low)) low = each.count();
            high = std::max(high, each.count());
        }
    }
    if (low == 0) return {};
    it.x = axis::logarithmic(quantity::time, low, high);

    constexpr std::array<std::pair<const char*, std::size_t>, 11> rows{{{"p1", 5},
                                                                        {"p5", 25},
                                                                        {"p10", 50},
                                                                        {"p25", 125},
                                                                        {"p50", 250},
                                                                        {"p75", 375},
                                                                        {"p90", 450},
                                                                        {"p95", 475},
                                                                        {"p99", 495},
                                                                        {"p99.9", 504},
                                                                        {"max", 509}}};
    std::vector<std::string> head{"of those answered"};
    std::vector<std::vector<std::string>> table;
    for (const auto& row : rows) table.push_back({row.first});
    for (std::size_t i = 0; i < runs.size() && it.lines.size() < most_lines; ++i) {
        const spread& latency = runs[i].all.latency;
        if (latency.quantiles.size() != spread::curve_points) continue;
        // Both counts fit: a run that long would take centuries.
        const auto of_all = [&](double share) {
            return scaled(millionths(share), static_cast<std::int64_t>(runs[i].all.delivered()),
                          static_cast<std::int64_t>(std::max<std::uint64_t>(runs[i].all.arrived, 1)));
        };
        line each{i, runs[i].policy, {{latency.quantiles[0].count(), 0}}, {}};
        for (std::size_t k = 0; k < spread::curve_points; ++k) {
            each.points.push_back({latency.quantiles[k].count(), of_all(spread::curve_share(k))});
        }
        each.points.push_back({it.x.place.high(), each.points.back().y});
        for (const auto& [name, time, share] :
             {std::tuple{"p50 ", latency.p50, 0.5}, std::tuple{"p95 ", latency.p95, 0.95},
              std::tuple{"p99 ", latency.p99, 0.99}}) {
            each.marks.push_back({time.count(), of_all(share), runs[i].policy + ": " + name + time_text(time)});
        }
        it.lines.push_back(std::move(each));
        head.push_back(runs[i].policy);
        for (std::size_t r = 0; r < rows.size(); ++r) table[r].push_back(time_text(latency.quantiles[rows[r].second]));
    }
    it.stepped = true;
    it.data = data_table("Latency by percentile", head, table);
    return element("div", "class=\"wider\"", figure(it));
}

/// A line for each run through the middles of its buckets. Empty if nothing but zeros was found.
/// value  of (run, bucket), in the unit of the quantity; may be `gap`
/// name   of the only line; empty: each run's
template <class Value>
[[nodiscard]] std::string timeline_figure(std::span<const report> runs, chart it, quantity of, Value value,
                                          const std::string& name = {}) {
    std::int64_t end = 0;
    std::int64_t high = 0;
    for (std::size_t i = 0; i < runs.size() && it.lines.size() < most_lines; ++i) {
        const std::int64_t width = runs[i].timeline_width.count();
        line each{i, name.empty() ? runs[i].policy : name, {}, {}};
        std::int64_t from = 0;
        for (const timeline_bucket& bucket : runs[i].timeline) {
            each.points.push_back({from + width / 2, value(runs[i], bucket)});
            high = std::max(high, each.points.back().y);
            from += width;
        }
        if (each.points.empty()) continue;
        end = std::max(end, from);
        mark_now_and_then(each);
        it.lines.push_back(std::move(each));
    }
    if (high <= 0) return {};
    it.x = axis::linear(quantity::time, end, 8).ending_at(end);
    it.x_title = "time since the first arrival, " + std::string{it.x.unit.name};
    it.y = axis::linear(of, high, 5);
    it.data = data_of(it, "middle of");
    return figure(it);
}

/// What happened when: what came, who waited, what ran together, who was turned away.
[[nodiscard]] inline std::string timeline_figures(std::span<const report> runs) {
    const auto each_second = [](const report& run, std::uint64_t requests) {
        const std::int64_t width = std::max<std::int64_t>(run.timeline_width.count(), 1);
        // requests * 1e6 * 1e9 / width: in two steps, each within 128 bits
        return scaled(scaled(static_cast<std::int64_t>(requests), 1'000'000'000, 1), 1'000'000, width);
    };
    const auto titled = [](const char* id, const char* title, const char* unit) {
        chart it;
        it.id = id;
        it.title = title;
        it.y_title = unit;
        return it;
    };
    std::string figures;
    figures +=
        timeline_figure(runs, titled("time-queue", "Queue depth", "requests waiting, mean"), quantity::millionths,
                        [](const report&, const timeline_bucket& b) { return millionths(b.queue_mean); });
    figures += timeline_figure(
        runs, titled("time-batch", "Batch size", "requests in a batch, mean"), quantity::millionths,
        [](const report&, const timeline_bucket& b) { return b.batch_mean > 0 ? millionths(b.batch_mean) : gap; });
    figures += timeline_figure(runs, titled("time-refused", "Refusals", "refused a second"), quantity::millionths,
                               [&](const report& r, const timeline_bucket& b) { return each_second(r, b.refused); });
    figures += timeline_figure(runs, titled("time-expired", "Expiries", "expired a second"), quantity::millionths,
                               [&](const report& r, const timeline_bucket& b) { return each_second(r, b.expired); });
    figures += timeline_figure(runs, titled("time-answered", "Answers", "answered a second"), quantity::millionths,
                               [&](const report& r, const timeline_bucket& b) { return each_second(r, b.completed); });
    // The workload is the same for all: one line says it.
    figures += timeline_figure(
        runs.first(std::min<std::size_t>(runs.size(), 1)), titled("time-arrived", "Arrivals", "arrived a second"),
        quantity::millionths, [&](const report& r, const timeline_bucket& b) { return each_second(r, b.arrived); },
        "all policies alike");
    return figures;
}

/// Executor time that each tenant has had by then: a chart for each run, all to the same scale.
[[nodiscard]] inline std::string service_figures(std::span<const report> runs) {
    std::int64_t end = 0;
    std::int64_t high = 0;
    std::vector<std::vector<line>> all;
    for (const report& run : runs.first(std::min(runs.size(), most_lines))) {
        std::vector<line>& lines = all.emplace_back();
        for (std::size_t t = 0; t < std::min(run.tenants.size(), most_lines); ++t) {
            lines.push_back({t, run.tenants[t].name, {{0, 0}}, {}});
        }
        std::int64_t until = 0;
        for (const timeline_bucket& bucket : run.timeline) {
            until += run.timeline_width.count();
            for (std::size_t t = 0; t < std::min(lines.size(), bucket.tenant_service.size()); ++t) {
                lines[t].points.push_back({until, lines[t].points.back().y + bucket.tenant_service[t].count()});
                high = std::max(high, lines[t].points.back().y);
            }
        }
        for (line& each : lines) mark_now_and_then(each);
        end = std::max(end, until);
    }
    if (high == 0) return {};
    std::string figures;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].size() < 2) continue;
        chart it;
        it.id = "service-" + std::to_string(i);
        it.title = runs[i].policy.empty() ? "unnamed" : runs[i].policy;
        it.x = axis::linear(quantity::time, end, 8).ending_at(end);
        it.x_title = "time since the first arrival, " + std::string{it.x.unit.name};
        it.y = axis::linear(quantity::time, high, 5);
        it.y_title = "executor time so far, " + std::string{it.y.unit.name};
        it.lines = std::move(all[i]);
        it.data = data_of(it, "until");
        figures += figure(it);
    }
    return figures;
}

}  // namespace forebay::inline v0::sim::html
