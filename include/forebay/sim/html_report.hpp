// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/chart.hpp>
#include <forebay/sim/markup.hpp>
#include <forebay/sim/page_style.hpp>
#include <forebay/sim/page_tables.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/run_charts.hpp>
#include <forebay/sim/sweep_charts.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// What a page tells. The texts may be anything: they are shown, never read as markup.
struct page {
    std::string title{"forebay policy lab"};
    /// On one workload; the first is what the others are compared with. Curves and timelines are drawn of runs that were
    /// told to keep them (`run_options::curves`, `run_options::timeline`).
    std::span<const report> runs{};
    /// What was configured, and the seeds, in the order to be shown.
    std::vector<std::pair<std::string, std::string>> config{};
    std::vector<sweep_point> sweep{};
    /// What loads are measured in.
    std::string load_unit{"requests a second"};
    /// Attainment a sweep is judged by, drawn as a line. [0 to 1]
    double target{0.99};
};

namespace html {

/// The parts of a page, each with a heading and a way there from the top.
class page_body {
public:
    /// content  markup; nothing is added where there is none
    void add(std::string_view id, std::string_view heading, std::string_view note, std::string_view content) {
        if (content.empty()) return;
        const std::string quoted = '"' + std::string{id} + '"';
        links_ += element("li", "", element("a", "href=\"#" + std::string{id} + '"', escaped(heading)));
        std::string text = element("h2", "id=" + quoted, escaped(heading));
        if (!note.empty()) text += element("p", "class=\"note\"", escaped(note));
        sections_ += element("section", "aria-labelledby=" + quoted, text + std::string{content}) + '\n';
    }
    [[nodiscard]] std::string links() const {
        return links_.empty() ? "" : element("nav", "aria-label=\"Contents\"", element("ul", "", links_));
    }
    [[nodiscard]] const std::string& sections() const noexcept { return sections_; }

private:
    std::string links_;
    std::string sections_;
};

[[nodiscard]] inline std::string counted(std::size_t n, std::string_view one, std::string_view several) {
    return count(n) + ' ' + std::string{n == 1 ? one : several};
}

/// One sentence about what was run.
[[nodiscard]] inline std::string summary_of(std::span<const report> runs, std::span<const sweep_point> sweep) {
    if (runs.empty()) {
        if (sweep.empty()) return {};
        std::set<std::string> policies;
        std::set<std::int64_t> loads;
        for (const sweep_point& each : sweep) {
            policies.insert(each.policy);
            loads.insert(millionths(each.load));
        }
        return counted(policies.size(), "policy", "policies") + " at " + counted(loads.size(), "load", "loads") +
               ", in virtual time.";
    }
    const report& first = runs[0];
    std::string text =
        counted(runs.size(), "policy", "policies") + " on " + counted(first.all.arrived, "request", "requests");
    if (first.tenants.size() > 1) text += " of " + counted(first.tenants.size(), "tenant", "tenants");
    if (first.elapsed > duration{0}) text += " over " + time_text(first.elapsed);
    return text + ", " + counted(first.executors, "executor", "executors") + ", in virtual time.";
}

}  // namespace html

/// One page that says what policies did: complete in itself (it fetches nothing and runs no script), for light and dark
/// screens of any width, and well-formed as XML too.
///
/// returns  the same bytes for the same page
/// cost     grows with runs * (curve and timeline points)
[[nodiscard]] inline std::string html_page(const page& it) {
    using namespace html;
    page_body body;
    const std::span<const report> runs = it.runs;
    if (!runs.empty()) {
        body.add("policies", "Policies", "", element("div", "class=\"panel\"", policy_table(runs)));
        body.add("outcomes", "Outcomes", "What became of every request that arrived.", outcome_bars(runs));
        body.add("latency", "Latency", "", latency_figure(runs));
    }
    body.add("load", "Load",
             "The same policies at several loads; bars are 95 % intervals where several seeds were run.",
             sweep_figures(it.sweep, it.load_unit, it.target));
    if (const std::string figures = timeline_figures(runs); !figures.empty()) {
        body.add("time", "Over time",
                 "A point for each stretch of the run; lines break where there was nothing to average.",
                 element("div", "class=\"figures\"", figures));
    }
    if (!runs.empty()) {
        const bool same = coincide(runs[0].classes, runs[0].kinds);
        body.add("groups", "Groups", "Each sort of request by itself; the best is of the group.",
                 group_table("Priority classes", "Class", runs, &report::classes, false,
                             same ? std::span<const tally>{runs[0].kinds} : std::span<const tally>{}) +
                     (same ? "" : group_table("Kinds of requests", "Kind", runs, &report::kinds, false)));
    }
    std::string tenants = service_figures(runs);
    if (!tenants.empty()) tenants = element("div", "class=\"figures\"", tenants);
    body.add("tenants", "Tenants",
             "Executor time each tenant has had by then: a chart for each policy, all to the same scale.",
             tenants + group_table("Tenants", "Tenant", runs, &report::tenants, true));
    std::string settings;
    for (const auto& [name, value] : it.config)
        settings += element("dt", "", escaped(name)) + element("dd", "", escaped(value));
    if (!settings.empty()) settings = element("div", "class=\"panel\"", element("dl", "", settings));
    body.add("configuration", "Configuration and seeds", "Who runs this again gets the same page, byte for byte.",
             settings);

    std::string main = runs.empty() ? "" : headline_cards(runs);
    if (runs.empty() && it.sweep.empty()) main += element("p", "class=\"lead\"", "Nothing was run.");
    main += body.sections();
    const std::string summary = summary_of(runs, it.sweep);
    return "<!DOCTYPE html>\n<html lang=\"en\">" +
           element("head", "",
                   void_element("meta", "charset=\"utf-8\"") +
                       void_element("meta", "name=\"viewport\" content=\"width=device-width, initial-scale=1\"") +
                       // Should a name ever get past the escapes, nothing in it is run or fetched.
                       void_element("meta",
                                    "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                                    "style-src 'unsafe-inline'; img-src data:\"") +
                       // Otherwise a browser asks the page's host for one.
                       void_element("link", "rel=\"icon\" href=\"data:,\"") + element("title", "", escaped(it.title)) +
                       element("style", "", page_style)) +
           '\n' +
           element(
               "body", "",
               element("a", "class=\"skip\" href=\"#main\"", "Skip to the results") + mark_shapes() +
                   element("header", "",
                           element("h1", "", escaped(it.title)) +
                               (summary.empty() ? "" : element("p", "class=\"lead\"", summary)) + body.links()) +
                   '\n' + element("main", "id=\"main\" tabindex=\"-1\"", main) +
                   element("footer", "",
                           "Times are virtual, of the scheduler that is shipped; how long a batch takes is what the "
                           "service model says.")) +
           "</html>\n";
}

}  // namespace forebay::inline v0::sim
