// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/recorder.hpp>
#include <forebay/sim/workload.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

fb::time_point at(fb::duration since) {
    return fb::time_point{since};
}

/// Requests of tenants A and B, each good within 25 ms.
sim::workload requests(const std::vector<std::pair<int, char>>& times) {
    sim::workload result;
    for (const auto& [time, tenant] : times) {
        sim::arrival one;
        one.at = at(std::chrono::milliseconds{time});
        result.label(one, {.tenant = std::string{tenant}, .slo = 25ms});
        result.arrivals.push_back(one);
    }
    return result;
}

using members = std::vector<const sim::arrival*>;

void deliver(sim::recorder& record, const members& of, fb::duration start, fb::duration end) {
    sim::batch_run by = record.returned(of, at(start), at(end));
    for (const sim::arrival* each : of) record.delivered(*each, by, at(end));
}

/// One slot, 10 ms for each, first come first served.
sim::report worked_example(const sim::run_options& options = {}) {
    const sim::workload load = requests({{0, 'A'}, {2, 'A'}, {4, 'B'}, {30, 'B'}, {31, 'A'}, {32, 'B'}});
    sim::recorder record{"fifo", 1, options};
    std::size_t come = 0;
    const auto until = [&](fb::duration time) {
        while (come < 6 && load.arrivals[come].at <= at(time)) record.admitted(load.arrivals[come++]);
    };
    for (std::size_t i = 0; i < 6; ++i) {
        const fb::duration start = 10ms * static_cast<int>(i);
        until(start);
        record.started(members{&load.arrivals[i]}, at(start));
        until(start + 9ms);
        deliver(record, {&load.arrivals[i]}, start, start + 10ms);
    }
    return std::move(record).finish(load.tenants, load.kinds);
}

}  // namespace

TEST_CASE("six requests through one slot give the metrics worked out by hand") {
    const sim::report report = worked_example();
    CHECK(report.policy == "fifo");
    CHECK(report.all.arrived == 6);
    CHECK(report.all.delivered() == 6);
    CHECK(report.all.slo_attainment() == Approx(4.0 / 6));
    CHECK(report.all.latency.p50 == 18ms);
    CHECK(report.all.latency.p99 == 28ms);
    CHECK(report.all.latency.max == 28ms);
    CHECK(report.all.latency.mean_seconds == Approx(0.0185));
    CHECK(report.all.queue_delay.p50 == 8ms);
    CHECK(report.all.queue_delay.max == 18ms);
    CHECK(report.elapsed == 60ms);
    CHECK(report.utilisation() == 1);
    CHECK(report.throughput_rps() == Approx(100));
    CHECK(report.goodput_rps() == Approx(66.6667).epsilon(1e-5));
    CHECK(report.mean_batch_size() == 1);
    CHECK(report.jain == 1.0);
    CHECK(report.jain_goodput == 0.8);
    CHECK(report.max_service_gap == fb::duration{16ms});  // from 4 to 20 ms A is served and B is not
    CHECK(report.held_back == 0ns);
    REQUIRE(report.tenants.size() == 2);
    CHECK(report.tenants[0].name == "A");
    CHECK(report.tenants[0].latency.count == 3);
    CHECK(report.tenants[0].latency.max == 19ms);
    CHECK(report.tenants[0].good == 3);
    CHECK(report.tenants[0].service == 30ms);
    CHECK(report.tenants[1].good == 1);
    REQUIRE(report.kinds.size() == 1);
    CHECK(report.kinds[0].arrived == 6);
    REQUIRE(report.classes.size() == 1);
    CHECK(report.classes[0].name == "0");
    CHECK(report.classes[0].latency.p50 == 18ms);
    CHECK(report.timeline.empty());
}

TEST_CASE("histograms instead of exact delays change percentiles by at most 1/32, and nothing else") {
    const sim::report exact = worked_example();
    const sim::report rough = worked_example({.precision = sim::percentiles::histogram, .curves = true});
    const auto near = [](fb::duration a, fb::duration b) { return a <= b && b <= a + a / 32; };
    CHECK(near(exact.all.latency.p50, rough.all.latency.p50));
    CHECK(near(exact.all.latency.p99, rough.all.latency.p99));
    CHECK(near(exact.tenants[0].queue_delay.p90, rough.tenants[0].queue_delay.p90));
    CHECK(rough.all.latency.max == exact.all.latency.max);
    CHECK(rough.all.latency.mean_seconds == exact.all.latency.mean_seconds);
    CHECK(rough.all.latency.count == 6);
    CHECK(rough.all.good == exact.all.good);
    CHECK(rough.all.latency.quantiles.size() == sim::spread::curve_points);
    CHECK(near(exact.all.latency.p50, rough.all.latency.quantiles[250]));
}

TEST_CASE("the timeline of a run adds up to the run") {
    const sim::report report = worked_example({.timeline = 8});
    REQUIRE_FALSE(report.timeline.empty());
    CHECK(report.timeline.size() <= 8);
    sim::timeline_bucket sum;
    fb::duration served[2]{};
    double waiting = 0;
    for (const sim::timeline_bucket& each : report.timeline) {
        sum.arrived += each.arrived;
        sum.completed += each.completed;
        sum.queue_max = std::max(sum.queue_max, each.queue_max);
        REQUIRE(each.tenant_service.size() == 2);
        served[0] += each.tenant_service[0];
        served[1] += each.tenant_service[1];
        const auto covered =
            std::min(report.timeline_width, report.elapsed - report.timeline_width * (&each - report.timeline.data()));
        waiting += each.queue_mean * static_cast<double>(covered.count());
    }
    CHECK(sum.arrived == 6);
    CHECK(sum.completed == 6);
    CHECK(sum.queue_max == 2);
    CHECK(served[0] == 30ms);
    CHECK(served[1] == 30ms);
    CHECK(waiting == Approx(51e6));  // 8 + 16 + 9 + 18 ms of queue delay
}

TEST_CASE("a batch's time is shared by its members to the last nanosecond, and its size counts for each") {
    const sim::workload load = requests({{0, 'A'}, {0, 'A'}, {0, 'B'}});
    sim::recorder record{"batch", 1};
    for (const sim::arrival& one : load.arrivals) record.admitted(one);
    const members all{&load.arrivals[0], &load.arrivals[1], &load.arrivals[2]};
    record.started(all, at(1ms));
    deliver(record, all, 1ms, 1ms + 20ns);
    const sim::report report = std::move(record).finish(load.tenants, load.kinds);
    CHECK(report.busy == 20ns);
    CHECK(report.all.service == 20ns);
    CHECK(report.tenants[0].service == 14ns);
    CHECK(report.tenants[1].service == 6ns);
    CHECK(report.all.mean_batch_size() == 3);
    CHECK(report.mean_batch_size() == 3);
    CHECK(report.held_back == 1ms);
}

TEST_CASE("an executor that is free while a request waits holds it back, one that is busy does not") {
    const sim::workload load = requests({{0, 'A'}, {1, 'A'}, {2, 'A'}});
    const sim::arrival* const one[]{&load.arrivals[0], &load.arrivals[1], &load.arrivals[2]};
    sim::recorder record{"two slots", 2};
    record.admitted(load.arrivals[0]);
    record.started({one, 1}, at(0ms));
    record.admitted(load.arrivals[1]);
    record.admitted(load.arrivals[2]);
    record.started({one + 1, 1}, at(5ms));  // held back from 1 to 5; now both are busy
    deliver(record, {one[0]}, 0ms, 10ms);
    record.started({one + 2, 1}, at(12ms));  // held back from 10 to 12
    deliver(record, {one[1]}, 5ms, 20ms);
    deliver(record, {one[2]}, 12ms, 20ms);
    const sim::report report = std::move(record).finish(load.tenants, load.kinds);
    CHECK(report.held_back == 6ms);
    CHECK(report.busy == 33ms);
}

TEST_CASE("what is refused or ends without an answer counts as arrived, by its reason, and not as good") {
    const sim::workload load = requests({{0, 'A'}, {1, 'B'}, {2, 'A'}, {3, 'A'}});
    sim::recorder record{"tight", 2};
    for (const sim::arrival& one : load.arrivals) {
        one.at == at(1ms) ? record.refused(one, fb::limit::rate) : record.admitted(one);
    }
    record.ended(load.arrivals[0], fb::ending::expired, at(10ms));
    record.ended(load.arrivals[2], fb::ending::cancelled, at(10ms));
    record.started(members{&load.arrivals[3]}, at(10ms));
    deliver(record, {&load.arrivals[3]}, 10ms, 20ms);
    const sim::report report = std::move(record).finish(load.tenants, load.kinds);
    CHECK(report.all.refused() == 1);
    CHECK(report.all.count(fb::limit::rate) == 1);
    CHECK(report.all.count(fb::ending::expired) == 1);
    CHECK(report.all.count(fb::ending::cancelled) == 1);
    CHECK(report.all.settled() == report.all.arrived);
    CHECK(report.all.slo_attainment() == Approx(0.25));
    CHECK(report.utilisation() == Approx(0.25));
    CHECK(report.tenants.at(1).refused() == 1);
    CHECK(report.tenants.at(1).latency.count == 0);
    CHECK(report.jain == 0.5);  // B asked and got nothing
}

TEST_CASE("of the times named by estimate the first since there was room counts, as too early or too late") {
    const sim::workload load = requests({{0, 'A'}, {1, 'A'}, {2, 'A'}, {3, 'A'}, {4, 'B'}, {12, 'B'}, {13, 'B'}});
    const auto& came = load.arrivals;
    sim::recorder record{"one waits", 1};
    const auto refused = [&](std::size_t which, fb::duration when, fb::certainty how_sure) {
        record.refused(came[which], fb::retry_at(at(when), fb::limit::queued_requests, 1, how_sure));
    };
    record.admitted(came[0]);
    record.started(members{&came[0]}, at(0ms));
    record.admitted(came[1]);
    refused(2, 7ms, fb::certainty::estimate);
    refused(3, 9ms, fb::certainty::estimate);
    record.refused(came[4], fb::retry_at(at(5ms), fb::limit::rate, 1, fb::certainty::estimate));
    deliver(record, {&came[0]}, 0ms, 10ms);
    record.started(members{&came[1]}, at(10ms));  // 3 ms after it was named
    record.admitted(came[5]);
    refused(6, 20ms, fb::certainty::estimate);
    record.ended(came[5], fb::ending::expired, at(18ms));  // 2 ms before
    deliver(record, {&came[1]}, 10ms, 20ms);
    const sim::report report = std::move(record).finish(load.tenants, load.kinds);
    CHECK(report.retry_estimates == 2);
    CHECK(report.retry_too_early == 3ms);
    CHECK(report.retry_too_late == 2ms);
    CHECK(report.all.refused() == 4);
}

TEST_CASE("groups nobody belongs to are left out of a report, and a report of nothing is all zero") {
    sim::workload load = requests({{0, 'A'}});
    (void)load.kind_index("never seen");
    const sim::report report = sim::recorder{"idle", 1}.finish(load.tenants, load.kinds);
    CHECK(report.kinds.empty());
    CHECK(report.tenants.empty());
    CHECK(report.classes.empty());
    CHECK(report.utilisation() == 0);
    CHECK(report.all.slo_attainment() == 0);
    CHECK_FALSE(report.jain.has_value());
    CHECK(report.max_service_gap == fb::duration{0});
}

TEST_CASE("the gap is left out where nobody asks for it") {
    CHECK_FALSE(worked_example({.service_gap = false}).max_service_gap.has_value());
}

TEST_CASE("a request without an outcome, with two, or with one before its time is found out") {
    const sim::workload load = requests({{0, 'A'}, {5, 'A'}});
    const sim::arrival& first = load.arrivals[0];
    const sim::arrival& second = load.arrivals[1];
    {
        sim::recorder record{"forgets", 1};
        record.admitted(first);
        CHECK_THROWS_AS(std::move(record).finish(load.tenants, load.kinds), std::logic_error);
    }
    {
        sim::recorder record{"doubles", 1};
        record.admitted(first);
        record.ended(first, fb::ending::expired, at(1ms));
        CHECK_THROWS_AS(record.ended(first, fb::ending::expired, at(1ms)), std::logic_error);
    }
    {
        sim::recorder record{"takes another's", 1};
        record.admitted(first);
        record.admitted(second);
        record.ended(second, fb::ending::expired, at(6ms));
        record.ended(second, fb::ending::expired, at(6ms));
        CHECK_THROWS_WITH(std::move(record).finish(load.tenants, load.kinds), ContainsSubstring("contradict"));
    }
    {
        sim::recorder record{"goes back", 1};
        record.admitted(second);
        CHECK_THROWS_AS(record.ended(second, fb::ending::expired, at(4ms)), std::logic_error);
    }
    {
        sim::recorder record{"runs what nobody sent", 1};
        CHECK_THROWS_AS(record.started(members{&first}, at(1ms)), std::logic_error);
        CHECK_THROWS_AS(record.returned(members{&first}, at(1ms), at(2ms)), std::logic_error);
    }
}
