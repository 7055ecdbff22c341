// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/report.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// Rows of text in columns: the first and the last flush left, the others flush right, two blanks between.
class text_table {
public:
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    [[nodiscard]] std::string str() const {
        std::vector<std::size_t> widths;
        for (const auto& row : rows_) {
            widths.resize(std::max(widths.size(), row.size()));
            for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
        }
        std::string text;
        for (const auto& row : rows_) {
            std::string line;
            for (std::size_t i = 0; i < row.size(); ++i) {
                const std::string padding(widths[i] - width(row[i]), ' ');
                const bool left = i == 0 || i + 1 == widths.size();
                line += (i == 0 ? "" : "  ") + (left ? row[i] + padding : padding + row[i]);
            }
            line.erase(line.find_last_not_of(' ') + 1);
            text += line + '\n';
        }
        return text;
    }

private:
    /// Characters, not bytes: all but the continuation bytes of UTF-8.
    static std::size_t width(std::string_view cell) noexcept {
        return static_cast<std::size_t>(std::count_if(
            cell.begin(), cell.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    }

    std::vector<std::vector<std::string>> rows_;
};

/// `value` with that many decimals, the same in every locale.
[[nodiscard]] inline std::string decimal(double value, int decimals) {
    char text[400];  // the largest double has 309 digits
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals).ptr;
    return {text, end};
}
/// In milliseconds, to the microsecond.
[[nodiscard]] inline std::string milliseconds(duration time) {
    return decimal(static_cast<double>(time.count()) / 1e6, 3);
}

/// What the policies did, side by side: all requests, then each kind and each tenant that has more than one of its sort.
///
/// runs     reports on one workload, a row each
/// returns  lines of text with units in the headings; percentiles by nearest rank over all that were delivered; the use
///          of a quota where one was watched
[[nodiscard]] inline std::string table(std::span<const report> runs) {
    const bool watched =
        std::any_of(runs.begin(), runs.end(), [](const report& run) { return run.watched.has_value(); });
    const auto row_of = [watched](const report& run, const tally& group) {
        std::string why;
        const auto note = [&](const char* name, std::uint64_t count) {
            if (count != 0) why += (why.empty() ? "" : ", ") + std::string{name} + ' ' + std::to_string(count);
        };
        for (std::size_t i = 0; i < group.refused_by.size(); ++i)
            note(to_string(static_cast<limit>(i)), group.refused_by[i]);
        for (std::size_t i = 1; i < group.ended.size(); ++i) note(to_string(static_cast<ending>(i)), group.ended[i]);
        const auto of_delivered = [&](std::string text) { return group.delivered() == 0 ? std::string{"-"} : text; };
        std::vector<std::string> row{"  " + run.policy,
                                     std::to_string(group.arrived),
                                     std::to_string(group.delivered()),
                                     std::to_string(group.arrived - group.delivered()),
                                     of_delivered(decimal(group.queue_delay.mean_seconds * 1e3, 3)),
                                     of_delivered(milliseconds(group.latency.p50)),
                                     of_delivered(milliseconds(group.latency.p95)),
                                     of_delivered(milliseconds(group.latency.p99)),
                                     of_delivered(milliseconds(group.latency.max)),
                                     decimal(group.slo_attainment() * 100, 2),
                                     decimal(run.per_second(group.delivered()), 1)};
        if (watched) {
            row.push_back(group.use ? std::to_string(group.use->worst_minute) : "-");
            row.push_back(group.use ? std::to_string(group.use->beyond) : "-");
        }
        row.push_back(std::move(why));
        return row;
    };
    if (runs.empty()) return {};

    text_table policies;
    policies.add({"policy", "batches", "mean size", "executors", "busy %", "elapsed s", ""});
    for (const report& run : runs) {
        policies.add({"  " + run.policy, std::to_string(run.batches), decimal(run.mean_batch_size(), 2),
                      std::to_string(run.executors), decimal(run.utilisation() * 100, 1),
                      decimal(static_cast<double>(run.elapsed.count()) / 1e9, 3),
                      run.delayed == 0 ? std::string{}
                                       : std::to_string(run.delayed) + " waited " +
                                             milliseconds(run.delayed_time / static_cast<std::int64_t>(run.delayed)) +
                                             " ms for their slots, on the average"});
    }

    text_table groups;
    std::vector<std::string> headings{"requests", "arrived", "delivered", "lost",     "wait mean ms", "p50 ms",
                                      "p95 ms",   "p99 ms",  "max ms",    "in SLO %", "served/s"};
    if (watched) headings.insert(headings.end(), {"cost in worst minute", "beyond quota"});
    headings.emplace_back("lost to");
    groups.add(std::move(headings));
    groups.add({"all"});
    for (const report& run : runs) groups.add(row_of(run, run.all));
    const auto section = [&](const std::string& title, std::vector<tally> report::*which) {
        const std::vector<tally>& names = runs.front().*which;
        if (names.size() < 2) return;
        for (const tally& named : names) {
            groups.add({title + ' ' + named.name});
            for (const report& run : runs) {
                for (const tally& group : run.*which) {
                    if (group.name == named.name) groups.add(row_of(run, group));
                }
            }
        }
    };
    section("kind", &report::kinds);
    section("tenant", &report::tenants);
    return policies.str() + '\n' + groups.str();
}

}  // namespace forebay::inline v0::sim
