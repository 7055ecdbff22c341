// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "sim/page_runs.hpp"
#include "sim/well_formed.hpp"
#include <forebay/sim/page_tables.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
namespace html = forebay::sim::html;
using namespace std::chrono_literals;

namespace {

/// The figures of the row of a policy, as machines read them.
std::vector<std::string> figures(const std::string& table, const std::string& policy) {
    std::size_t at = table.find("<bdi>" + policy + "</bdi>");
    const std::size_t end = table.find("</tr>", at);
    std::vector<std::string> result;
    const std::string mark = "<data value=\"";
    for (at = table.find(mark, at); at < end; at = table.find(mark, at + 1)) {
        result.push_back(table.substr(at + mark.size(), table.find('"', at + mark.size()) - at - mark.size()));
    }
    return result;
}

}  // namespace

TEST_CASE("the figures of the table of policies are those of the reports, to twelve digits") {
    const std::vector<sim::report> runs{page_run("a", {10ms, 30ms, 1'234'567'891ns}, 1), page_run("b", {20ms}, 3)};
    const std::string table = html::policy_table(runs);
    CHECK(malformed(html::mark_shapes() + table).empty());
    for (const sim::report& run : runs) {
        const auto seconds = [](fb::duration time) { return html::exact(static_cast<double>(time.count()) / 1e9); };
        const sim::tally& all = run.all;
        CHECK(figures(table, run.policy) ==
              std::vector<std::string>{
                  html::exact(all.slo_attainment()), html::exact(run.goodput_rps()), html::exact(run.throughput_rps()),
                  seconds(all.latency.p50), seconds(all.latency.p95), seconds(all.latency.p99),
                  seconds(all.latency.max), html::exact(all.queue_delay.mean_seconds),
                  html::exact(static_cast<double>(all.refused()) / static_cast<double>(all.arrived)),
                  html::exact(run.mean_batch_size()), html::exact(run.utilisation()), "0.75", "0.016"});
    }
}

TEST_CASE("in the table of policies the highest attainment and the lowest latency are the best") {
    const std::vector<sim::report> runs{page_run("slow", {200ms, 50ms}, 0), page_run("fast", {20ms, 20ms}, 0)};
    const std::string text = text_of(html::policy_table(runs));
    CHECK_THAT(text, ContainsSubstring("best: |100.00|"));
    CHECK_THAT(text, ContainsSubstring("best: |20.0|"));
    CHECK(text.find("best: |50.00|") == text.npos);
    CHECK_THAT(text, ContainsSubstring("|+50.0\xC2\xA0pp|, better|"));
}

TEST_CASE("columns of what nobody suffered are left out") {
    std::vector<sim::report> runs{page_run("a", {10ms}, 0)};
    const auto heading = [](const char* name) { return "scope=\"col\">" + std::string{name} + ' '; };
    CHECK(occurrences(html::policy_table(runs), heading("Expired")) == 0);
    CHECK(occurrences(html::policy_table(runs), heading("Lost else")) == 0);
    runs[0].all.ended[static_cast<std::size_t>(fb::ending::expired)] = 1;
    runs[0].all.ended[static_cast<std::size_t>(fb::ending::evicted)] = 1;
    CHECK(occurrences(html::policy_table(runs), heading("Expired")) == 1);
    CHECK(occurrences(html::policy_table(runs), heading("Lost else")) == 1);
    runs[0].tenants.resize(1);
    CHECK(occurrences(html::policy_table(runs), heading("Jain")) == 0);
}

TEST_CASE("how many waited for their slots, and how long, is a share of all and a mean over them, where anybody did") {
    std::vector<sim::report> runs{page_run("a", {10ms}, 0), page_run("b", {10ms, 20ms, 20ms, 30ms}, 0)};
    const auto heading = [](const char* name) { return "scope=\"col\">" + std::string{name}; };
    CHECK(occurrences(html::policy_table(runs), heading("Delayed")) == 0);
    CHECK(occurrences(html::policy_table(runs), heading("Wait for slot")) == 0);
    runs[1].delayed = 1;
    runs[1].delayed_time = 9ms;
    const std::string table = html::policy_table(runs);
    CHECK(malformed(html::mark_shapes() + table).empty());
    CHECK(occurrences(table, heading("Delayed")) == 1);
    CHECK(occurrences(table, heading("Wait for slot")) == 1);
    const std::vector<std::string> of = figures(table, "b");
    CHECK(std::count(of.begin(), of.end(), html::exact(0.25)) == 1);
    CHECK(std::count(of.begin(), of.end(), html::exact(0.009)) == 1);
    CHECK_THAT(text_of(table), ContainsSubstring("Delayed ones were let in later"));
}

TEST_CASE("cards name the best policy, and of one policy the figures alone") {
    const std::vector<sim::report> runs{page_run("slow", {200ms, 50ms}, 0), page_run("fast", {20ms, 20ms}, 0)};
    const std::string text = text_of(html::headline_cards(runs));
    CHECK_THAT(text, ContainsSubstring(
                         "|Most within their objective|100.00|\xC2\xA0%|fast|+50.0\xC2\xA0pp against the baseline|"));
    CHECK_THAT(text, ContainsSubstring("|Fewest refused|0.00|\xC2\xA0%|all alike|"));
    const std::string alone = text_of(html::headline_cards(std::span{runs}.first(1)));
    CHECK_THAT(alone, ContainsSubstring("|Within their objective|50.00|\xC2\xA0%|"));
    CHECK(alone.find("slow") == alone.npos);
}

TEST_CASE("groups are matched by name, and none are shown where there is only one") {
    std::vector<sim::report> runs{page_run("a", {10ms}, 0), page_run("b", {20ms}, 0)};
    std::swap(runs[1].tenants[0], runs[1].tenants[1]);
    runs[1].tenants[1].good = 0;  // acme, now second
    const std::string table = html::group_table("Tenants", "Tenant", runs, &sim::report::tenants, true);
    CHECK(malformed(html::mark_shapes() + table).empty());
    const std::string text = text_of(table);
    CHECK(text.find("Tenant acme: 1 request|") < text.find("|0.00|"));
    CHECK(text.find("|0.00|") < text.find("Tenant birch"));
    runs[0].tenants.resize(1);
    CHECK(html::group_table("Tenants", "Tenant", runs, &sim::report::tenants, true).empty());
    CHECK(html::group_table("Tenants", "Tenant", {}, &sim::report::tenants, true).empty());
}

TEST_CASE("classes that are the kinds are shown once, with both names") {
    std::vector<sim::report> runs{page_run("a", {10ms}, 0)};
    CHECK(html::coincide(runs[0].classes, runs[0].kinds));
    const std::string table =
        html::group_table("Classes", "Class", runs, &sim::report::classes, false, std::span{runs[0].kinds});
    CHECK_THAT(text_of(table), ContainsSubstring("|Class 1, acme kind: 1 request|"));
    runs[0].kinds[0].arrived = 7;
    CHECK_FALSE(html::coincide(runs[0].classes, runs[0].kinds));
    runs[0].kinds.clear();
    CHECK_FALSE(html::coincide(runs[0].classes, runs[0].kinds));
}

TEST_CASE("of many groups the first are shown, and it is said so") {
    std::vector<sim::report> runs{page_run("a", {10ms}, 0)};
    for (int i = 0; i < 40; ++i) {
        runs[0].tenants.push_back(runs[0].tenants[0]);
        runs[0].tenants.back().name = "t" + std::to_string(i);
    }
    const std::string table = html::group_table("Tenants", "Tenant", runs, &sim::report::tenants, true);
    CHECK(occurrences(table, "scope=\"rowgroup\"") == html::most_groups);
    CHECK_THAT(table, ContainsSubstring("The first 24 of 42."));
}

TEST_CASE("the parts of an outcome bar are the counts of the report") {
    std::vector<sim::report> runs{page_run("a", {10ms, 20ms, 300ms}, 1)};
    runs[0].all.ended[static_cast<std::size_t>(fb::ending::expired)] = 2;
    runs[0].all.arrived += 2;
    const std::string bars = html::outcome_bars(runs);
    CHECK(malformed(html::mark_shapes() + bars).empty());
    CHECK(occurrences(bars, "style=\"flex:") == 4);
    const std::string text = text_of(bars);
    CHECK_THAT(text, ContainsSubstring("answered within the objective 2 (33.3\xC2\xA0%)"));
    CHECK_THAT(text, ContainsSubstring("answered late 1 (16.7\xC2\xA0%)"));
    CHECK_THAT(text, ContainsSubstring("refused: rate 1 ("));
    CHECK_THAT(text, ContainsSubstring("expired 2 ("));
}
