// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/recorder.hpp>

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

}  // namespace

// One slot, 10 ms for each, first come first served; worked out by hand.
TEST_CASE("six requests through one slot give the metrics worked out by hand") {
    const sim::workload load = requests({{0, 'A'}, {2, 'A'}, {4, 'B'}, {30, 'B'}, {31, 'A'}, {32, 'B'}});
    sim::recorder record{"fifo", load, 1};
    const auto& request = load.arrivals;
    const auto serve = [&](std::size_t i, fb::duration start) {
        record.delivered(request[i], at(start), at(start + 10ms));
        record.served(1, at(start), at(start + 10ms));
    };
    record.arrived(request[0]);
    record.arrived(request[1]);
    record.arrived(request[2]);
    serve(0, 0ms);
    serve(1, 10ms);
    serve(2, 20ms);
    record.arrived(request[3]);
    record.arrived(request[4]);
    record.arrived(request[5]);
    serve(3, 30ms);
    serve(4, 40ms);
    serve(5, 50ms);
    const sim::report report = std::move(record).finish();

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
    REQUIRE(report.tenants.size() == 2);
    CHECK(report.tenants[0].name == "A");
    CHECK(report.tenants[0].latency.count == 3);
    CHECK(report.tenants[0].latency.max == 19ms);
    CHECK(report.tenants[0].good == 3);
    CHECK(report.tenants[1].good == 1);
    REQUIRE(report.kinds.size() == 1);
    CHECK(report.kinds[0].arrived == 6);
}

TEST_CASE("what is refused or ends without an answer counts as arrived, by its reason, and not as good") {
    const sim::workload load = requests({{0, 'A'}, {1, 'B'}, {2, 'A'}, {3, 'A'}});
    sim::recorder record{"tight", load, 2};
    for (const sim::arrival& one : load.arrivals) {
        record.arrived(one);
        if (one.at == at(1ms)) record.refused(one, fb::limit::rate);
    }
    record.ended(load.arrivals[0], fb::ending::expired, at(10ms));
    record.ended(load.arrivals[2], fb::ending::cancelled, at(10ms));
    record.delivered(load.arrivals[3], at(10ms), at(20ms));
    record.served(1, at(10ms), at(20ms));
    const sim::report report = std::move(record).finish();
    CHECK(report.all.refused() == 1);
    CHECK(report.all.count(fb::limit::rate) == 1);
    CHECK(report.all.count(fb::ending::expired) == 1);
    CHECK(report.all.count(fb::ending::cancelled) == 1);
    CHECK(report.all.settled() == report.all.arrived);
    CHECK(report.all.slo_attainment() == Approx(0.25));
    CHECK(report.utilisation() == Approx(0.25));
    CHECK(report.tenants.at(1).refused() == 1);
    CHECK(report.tenants.at(1).latency.count == 0);
}

TEST_CASE("groups nobody belongs to are left out of a report, and a report of nothing is all zero") {
    sim::workload load = requests({{0, 'A'}});
    (void)load.kind_index("never seen");
    load.arrivals.clear();
    const sim::report report = sim::recorder{"idle", load, 1}.finish();
    CHECK(report.kinds.empty());
    CHECK(report.tenants.empty());
    CHECK(report.utilisation() == 0);
    CHECK(report.throughput_rps() == 0);
    CHECK(report.mean_batch_size() == 0);
    CHECK(report.all.slo_attainment() == 0);
}

TEST_CASE("a request without an outcome, with two, or with one before its time is found out") {
    const sim::workload load = requests({{0, 'A'}, {5, 'A'}});
    {
        sim::recorder record{"forgets", load, 1};
        record.arrived(load.arrivals[0]);
        CHECK_THROWS_AS(std::move(record).finish(), std::logic_error);
    }
    {
        sim::recorder record{"doubles", load, 1};
        record.arrived(load.arrivals[0]);
        record.ended(load.arrivals[0], fb::ending::expired, at(1ms));
        record.ended(load.arrivals[0], fb::ending::expired, at(1ms));
        CHECK_THROWS_AS(std::move(record).finish(), std::logic_error);
    }
    {
        sim::recorder record{"refuses late", load, 1};
        record.arrived(load.arrivals[0]);
        record.arrived(load.arrivals[1]);
        record.refused(load.arrivals[0], fb::limit::rate);
        record.ended(load.arrivals[1], fb::ending::expired, at(6ms));
        CHECK_THROWS_AS(std::move(record).finish(), std::logic_error);
    }
    {
        sim::recorder record{"goes back", load, 1};
        record.arrived(load.arrivals[1]);
        CHECK_THROWS_AS(record.ended(load.arrivals[1], fb::ending::expired, at(4ms)), std::logic_error);
    }
}
