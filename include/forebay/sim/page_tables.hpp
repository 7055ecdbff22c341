// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/outcome.hpp>
#include <forebay/sim/chart.hpp>
#include <forebay/sim/comparison.hpp>
#include <forebay/sim/markup.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What a page says in words and tables: the headline figures, the policies side by side, what became of the requests.
namespace forebay::inline v0::sim::html {

inline constexpr column attainment{"In SLO", measure::share, better::higher, [](const report&, const tally& group) {
                                       return group.arrived == 0 ? std::nullopt : std::optional{group.slo_attainment()};
                                   }};
inline constexpr column goodput{
    "Goodput", measure::rate, better::higher,
    [](const report& run, const tally& group) -> std::optional<double> { return run.per_second(group.good); }};
inline constexpr column throughput{
    "Through\xC2\xADput", measure::rate, better::higher,
    [](const report& run, const tally& group) -> std::optional<double> { return run.per_second(group.delivered()); }};
/// Of those that were delivered.
template <duration spread::*Percentile>
inline std::optional<double> latency_seconds(const report&, const tally& group) {
    if (group.latency.count == 0) return std::nullopt;
    return static_cast<double>((group.latency.*Percentile).count()) / 1e9;
}
inline constexpr column median{"p50", measure::seconds, better::lower, latency_seconds<&spread::p50>};
inline constexpr column p95{"p95", measure::seconds, better::lower, latency_seconds<&spread::p95>};
inline constexpr column p99{"p99", measure::seconds, better::lower, latency_seconds<&spread::p99>};
inline constexpr column longest{"max", measure::seconds, better::lower, latency_seconds<&spread::max>};
inline constexpr column mean_wait{"Mean wait", measure::seconds, better::lower,
                                  [](const report&, const tally& group) -> std::optional<double> {
                                      if (group.queue_delay.count == 0) return std::nullopt;
                                      return group.queue_delay.mean_seconds;
                                  }};
[[nodiscard]] inline std::optional<double> share_of_arrived(const tally& group, std::uint64_t part) {
    if (group.arrived == 0) return std::nullopt;
    return static_cast<double>(part) / static_cast<double>(group.arrived);
}
inline constexpr column refused{"Refused", measure::share, better::lower, [](const report&, const tally& group) {
                                    return share_of_arrived(group, group.refused());
                                }};
inline constexpr column expired{"Expired", measure::share, better::lower, [](const report&, const tally& group) {
                                    return share_of_arrived(group, group.count(ending::expired));
                                }};
[[nodiscard]] inline std::uint64_t otherwise_lost(const tally& group) {
    return group.settled() - group.delivered() - group.refused() - group.count(ending::expired);
}
inline constexpr column lost{"Lost else", measure::share, better::lower, [](const report&, const tally& group) {
                                 return share_of_arrived(group, otherwise_lost(group));
                             }};
/// Let in later, of all that arrived; and how long those waited for their slots.
inline constexpr column delayed{"Delayed", measure::share, better::neither,
                                [](const report& run, const tally&) { return share_of_arrived(run.all, run.delayed); }};
inline constexpr column slot_wait{
    "Wait for slot", measure::seconds, better::lower, [](const report& run, const tally&) -> std::optional<double> {
        if (run.delayed == 0) return std::nullopt;
        return static_cast<double>(run.delayed_time.count()) / 1e9 / static_cast<double>(run.delayed);
    }};
inline constexpr column batch_size{"Mean batch", measure::ratio, better::neither,
                                   [](const report& run, const tally&) -> std::optional<double> {
                                       if (run.batches == 0) return std::nullopt;
                                       return run.mean_batch_size();
                                   }};
inline constexpr column busy{"Busy", measure::share, better::neither,
                             [](const report& run, const tally&) -> std::optional<double> {
                                 if (run.elapsed <= duration{0}) return std::nullopt;
                                 return run.utilisation();
                             }};
inline constexpr column fairness{"Jain", measure::ratio, better::higher,
                                 [](const report& run, const tally&) { return run.jain; }};
inline constexpr column drift{"Service gap", measure::seconds, better::lower,
                              [](const report& run, const tally&) -> std::optional<double> {
                                  if (!run.max_service_gap) return std::nullopt;
                                  return static_cast<double>(run.max_service_gap->count()) / 1e9;
                              }};
inline constexpr column service_share{
    "Service", measure::share, better::neither, [](const report& run, const tally& group) -> std::optional<double> {
        if (run.busy <= duration{0}) return std::nullopt;
        return static_cast<double>(group.service.count()) / static_cast<double>(run.busy.count());
    }};

/// The figures that matter most, each with the policy that is best at it.
[[nodiscard]] inline std::string headline_cards(std::span<const report> runs) {
    struct card {
        const char* what;
        const char* what_of_one;
        const column* by;
    };
    constexpr std::array<card, 4> cards{{{"Most within their objective", "Within their objective", &attainment},
                                         {"Most good answers", "Good answers", &goodput},
                                         {"Shortest p99 latency", "p99 latency", &p99},
                                         {"Fewest refused", "Refused", &refused}}};
    std::string items;
    for (const card& each : cards) {
        std::vector<std::optional<double>> values;
        for (const report& run : runs) values.push_back(each.by->value(run, run.all));
        const auto [factor, time_name] = unit_of(values);
        const std::vector<cell> all = judged(*each.by, values, factor);
        std::size_t at = 0;
        std::size_t best = 0;
        for (std::size_t i = all.size(); i-- > 0;) {
            if (!all[i].best) continue;
            at = i;
            ++best;
        }
        const char* unit = each.by->of == measure::share ? "%" : each.by->of == measure::rate ? "/s" : time_name;
        std::string text = element("span", "class=\"what\"", escaped(runs.size() > 1 ? each.what : each.what_of_one));
        text += element("span", "class=\"value\"",
                        all[at].value ? all[at].text + element("span", "class=\"unit\"", "\xC2\xA0" + std::string{unit})
                                      : all[at].text + spoken("none"));
        if (runs.size() > 1 && all[at].value) {
            std::string who = best == 0 ? "all alike" : key(at) + named(runs[at].policy);
            if (best > 1) who += " and " + std::to_string(best - 1) + " more";
            text += element("span", "class=\"who\"", who);
            if (best > 0 && at > 0 && !all[at].change.empty()) {
                text += element("small", "class=\"same\"", all[at].change + " against the baseline");
            }
        }
        items += element("li", "", text);
    }
    return element("ul", "class=\"cards\"", items);
}

/// All requests, a row for each policy.
[[nodiscard]] inline std::string policy_table(std::span<const report> runs) {
    std::vector<column> columns{attainment, goodput, throughput, median, p95, p99, longest, mean_wait, refused};
    const auto any = [&](auto holds) { return std::any_of(runs.begin(), runs.end(), holds); };
    // What nobody suffered needs no column.
    if (any([](const report& run) { return run.all.count(ending::expired) != 0; })) columns.push_back(expired);
    if (any([](const report& run) { return otherwise_lost(run.all) != 0; })) columns.push_back(lost);
    if (any([](const report& run) { return run.delayed != 0; })) columns.insert(columns.end(), {delayed, slot_wait});
    columns.insert(columns.end(), {batch_size, busy});
    if (any([](const report& run) { return run.tenants.size() > 1; })) columns.insert(columns.end(), {fairness, drift});
    comparison all;
    for (const report& run : runs) all.groups.push_back(&run.all);
    std::string note =
        "Latency is of the requests that were answered, percentiles by nearest rank; shares are of all that arrived.";
    if (any([](const report& run) { return run.delayed != 0; })) {
        note +=
            " Delayed ones were let in later; their wait for the slot, on average over them, is part of their latency.";
    }
    if (runs.size() > 1) {
        note +=
            " \xE2\x98\x85 marks the best of a column, where \xE2\x86\x91 higher or \xE2\x86\x93 lower is better; "
            "below "
            "each figure, its change against the first policy (pp: percentage points).";
    }
    return element("p", "class=\"note\"", note) +
           scrolling("Policies", comparison_table("Policies on all requests", runs, columns, {&all, 1}));
}

/// Groups that a table names at most.
inline constexpr std::size_t most_groups = 24;

/// Whether two ways of grouping found the same groups in the same order, as when each kind has a class of its own.
[[nodiscard]] inline bool coincide(std::span<const tally> a, std::span<const tally> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const tally& x, const tally& y) {
        return x.arrived == y.arrived && x.good == y.good && x.latency.p99 == y.latency.p99 && x.service == y.service;
    });
}

/// A table with a block for each group of a sort, or nothing if there are less than two.
/// groups  which member of a report
/// also    names of the same groups, or empty
[[nodiscard]] inline std::string group_table(std::string_view sort, std::string_view each_is_called,
                                             std::span<const report> runs, std::vector<tally> report::*groups,
                                             bool with_service, std::span<const tally> also = {}) {
    if (runs.empty() || (runs[0].*groups).size() < 2) return {};
    std::vector<column> columns{attainment, goodput, median, p95, p99, longest, mean_wait, refused};
    if (with_service) columns.push_back(service_share);
    std::vector<comparison> blocks;
    for (const tally& group : runs[0].*groups) {
        if (blocks.size() == most_groups) break;
        std::string name = std::string{each_is_called} + ' ' + group.name;
        if (!also.empty()) name += ", " + also[blocks.size()].name;
        comparison block{name + ": " + count(group.arrived) + (group.arrived == 1 ? " request" : " requests"), {}};
        for (const report& run : runs) {
            const auto& own = run.*groups;
            const auto same = std::find_if(own.begin(), own.end(), [&](const tally& other) {
                return other.name == group.name && other.priority == group.priority;
            });
            block.groups.push_back(same == own.end() ? nullptr : &*same);
        }
        blocks.push_back(std::move(block));
    }
    std::string caption = escaped(sort);
    if (blocks.size() < (runs[0].*groups).size()) {
        caption += element(
            "p", "", "The first " + std::to_string(blocks.size()) + " of " + count((runs[0].*groups).size()) + '.');
    }
    return element("div", "class=\"panel\"", scrolling(sort, comparison_table(caption, runs, columns, blocks)));
}

/// What became of the requests, a bar for each policy.
[[nodiscard]] inline std::string outcome_bars(std::span<const report> runs) {
    std::string items;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const tally& all = runs[i].all;
        std::string bar;
        std::string words;
        const auto part = [&](const std::string& name, std::uint64_t requests, int look) {
            if (requests == 0) return;
            const std::string tone = "class=\"f" + std::to_string(look);
            const double share = static_cast<double>(requests) / static_cast<double>(all.arrived) * 100;
            bar += element("i", tone + "\" style=\"flex:" + std::to_string(requests) + " 0 0\"", "");
            words += element("span", "class=\"fate\"",
                             element("i", tone + '"', "") + name + ' ' + count(requests) + " (" +
                                 fixed(share, share < 1 || share > 99 ? 2 : 1) + "\xC2\xA0%)") +
                     ' ';
        };
        part("answered within the objective", all.good, 0);
        part("answered late", all.delivered() - all.good, 1);
        for (std::size_t which = 0; which < all.refused_by.size(); ++which) {
            std::string why = to_string(static_cast<limit>(which));
            std::replace(why.begin(), why.end(), '_', ' ');
            part("refused: " + why, all.refused_by[which], 2);
        }
        part("expired", all.count(ending::expired), 3);
        for (const ending how : {ending::evicted, ending::failed, ending::cancelled, ending::closed}) {
            part(to_string(how), all.count(how), 4);
        }
        const std::string name = element("strong", "", named(runs[i].policy));
        items += element("li", "", name + element("div", "class=\"bar\" aria-hidden=\"true\"", bar) + words);
    }
    return element("div", "class=\"panel\"", element("ul", "class=\"fates\"", items));
}

}  // namespace forebay::inline v0::sim::html
