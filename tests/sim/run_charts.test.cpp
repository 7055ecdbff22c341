// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "sim/page_runs.hpp"
#include "sim/well_formed.hpp"
#include <forebay/sim/run_charts.hpp>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
namespace html = forebay::sim::html;
using namespace std::chrono_literals;

TEST_CASE("the latency curve ends at the share that was answered, and steps at values that occurred") {
    // 10 ms to 1 s: the axis is these two decades. Half was answered, half of that in 10 ms.
    const std::vector<sim::report> runs{page_run("half", {10ms, 1s}, 2)};
    const std::string figure = html::latency_figure(runs);
    CHECK(malformed(html::mark_shapes() + figure).empty());
    CHECK_THAT(figure, ContainsSubstring("d=\"M0 10000V7500H10000V5000\""));
    CHECK_THAT(figure, ContainsSubstring("x=\"0%\" y=\"75%\"><title>half: p50 10.0\xC2\xA0ms</title>"));
    CHECK_THAT(figure, ContainsSubstring("x=\"100%\" y=\"50.5%\"><title>half: p99 1.00\xC2\xA0s</title>"));
    CHECK_THAT(text_of(figure), ContainsSubstring("|p50|10.0\xC2\xA0ms|p75|1.00\xC2\xA0s|"));
}

TEST_CASE("percentiles below the curve are those of the report") {
    std::vector<fb::duration> latencies;
    for (int i = 1; i <= 997; ++i) latencies.push_back(i * 1ms);
    const std::vector<sim::report> runs{page_run("a", latencies, 0)};
    const sim::spread& latency = runs[0].all.latency;
    const std::string text = text_of(html::latency_figure(runs));
    CHECK_THAT(text, ContainsSubstring("|p50|" + html::time_text(latency.p50) + '|'));
    CHECK_THAT(text, ContainsSubstring("|p90|" + html::time_text(latency.p90) + '|'));
    CHECK_THAT(text, ContainsSubstring("|p95|" + html::time_text(latency.p95) + '|'));
    CHECK_THAT(text, ContainsSubstring("|p99|" + html::time_text(latency.p99) + '|'));
    CHECK_THAT(text, ContainsSubstring("|p99.9|997\xC2\xA0ms|"));
    CHECK_THAT(text, ContainsSubstring("|max|" + html::time_text(latency.max) + '|'));
}

TEST_CASE("a run without a curve, or without an answer, has no line") {
    std::vector<sim::report> runs{page_run("with", {10ms, 20ms}, 0), page_run("without", {10ms}, 0),
                                  page_run("nothing", {}, 3)};
    runs[1].all.latency.quantiles.clear();
    const std::string figure = html::latency_figure(runs);
    CHECK(occurrences(figure, "<path class=\"line s") == 1);
    CHECK(html::latency_figure(std::span{runs}.subspan(1)).empty());
    CHECK(html::latency_figure({}).empty());
}

TEST_CASE("what happened when is drawn from the middles of the buckets, with a break where no batch left") {
    const std::vector<sim::report> runs{page_run("a", {10ms}, 6)};
    const std::string figures = html::timeline_figures(runs);
    CHECK(malformed(html::mark_shapes() + figures).empty());
    // Four seconds; the queue is 0, 1.5, 3, 4.5 of 5.
    CHECK_THAT(figures, ContainsSubstring("d=\"M1250 10000L3750 7000L6250 4000L8750 1000\""));
    // Batches of 4, none in the third second.
    CHECK_THAT(figures, ContainsSubstring("d=\"M1250 0L3750 0M8750 0\""));
    CHECK(occurrences(figures, "<figure") == 5);  // queue, batches, refusals, answers, arrivals; nobody expired
    CHECK_THAT(text_of(figures), ContainsSubstring("|Refusals|"));
    CHECK_THAT(text_of(figures), !ContainsSubstring("|Expiries|"));
    CHECK(html::timeline_figures({}).empty());
}

TEST_CASE("executor time of tenants adds up, to one scale for all policies") {
    std::vector<sim::report> runs{page_run("a", {10ms}, 0), page_run("b", {10ms}, 0)};
    for (sim::timeline_bucket& each : runs[1].timeline) each.tenant_service = {250ms, 0ms};
    const std::string figures = html::service_figures(runs);
    CHECK(malformed(html::mark_shapes() + figures).empty());
    CHECK(occurrences(figures, "<figure") == 2);
    // To 2 s: a quarter each second, and an eighth in the other run.
    CHECK_THAT(figures, ContainsSubstring("d=\"M0 10000L2500 7500L5000 5000L7500 2500L10000 0\""));
    CHECK_THAT(figures, ContainsSubstring("d=\"M0 10000L2500 8750L5000 7500L7500 6250L10000 5000\""));
    for (sim::report& each : runs) each.tenants.resize(1);
    CHECK(html::service_figures(runs).empty());
}

TEST_CASE("more lines than can be told apart are left out") {
    std::vector<sim::report> runs(20, page_run("x", {10ms, 20ms}, 0));
    const std::string figure = html::latency_figure(runs);
    CHECK(occurrences(figure, "<path class=\"line s") == html::most_lines);
}

TEST_CASE("numbers are cut to millionths and held where they are too large or none") {
    CHECK(html::millionths(1.5) == 1'500'000);
    CHECK(html::millionths(0) == 0);
    CHECK(html::millionths(-1) == 0);
    CHECK(html::millionths(std::numeric_limits<double>::quiet_NaN()) == 0);
    CHECK(html::millionths(1e300) == 9'000'000'000'000'000'000);
}
