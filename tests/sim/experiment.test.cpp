// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/cost_estimator.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/sim/closed_loop.hpp>
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/table.hpp>
#include <forebay/sim/traffic.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 1909;  // Erlang's paper

fb::time_point at(fb::duration since) {
    return fb::time_point{since};
}

/// Requests at these milliseconds, each of that profile.
sim::workload at_milliseconds(const std::vector<int>& times, const sim::profile& sort = {}) {
    sim::workload result;
    for (const int time : times) {
        sim::arrival one;
        one.at = at(std::chrono::milliseconds{time});
        result.label(one, sort);
        result.arrivals.push_back(one);
    }
    return result;
}

constexpr sim::affine_service ten_milliseconds{.base = 10ms};
/// Each request takes as many nanoseconds as it has units, alone or in a batch.
constexpr sim::affine_service by_units{.per_input_unit = 1ns};

/// Poisson arrivals whose service times are exponential with that mean, told as units.
sim::workload markov(std::int64_t per_second, fb::duration mean, std::size_t requests) {
    sim::workload load = sim::poisson({{}, fb::rate::per_second(per_second)}, requests, seed);
    sim::random_stream sizes{seed, fb::tenant_id{}, 100};
    for (sim::arrival& one : load.arrivals) one.input_units = sizes.exponential(mean).count();
    return load;
}

/// An admission policy as a host would write one: lets every second request in.
struct every_second {
    struct state {
        std::uint64_t asked{0};
        fb::verdict try_acquire(const fb::request_info&, fb::time_point now, fb::permit&) noexcept {
            return ++asked % 2 == 1 ? fb::admitted(now) : fb::retry_at(now + 1ms, fb::limit::rate, 1);
        }
        void settle(fb::permit&, std::int64_t, fb::time_point) noexcept {}
        void give_back(fb::permit&, fb::time_point) noexcept {}
    };
    template <class Sync>
    state build() const {
        return {};
    }
};

/// Lets a request in when the one before has ended.
struct one_at_a_time {
    struct state {
        bool busy{false};
        fb::verdict try_acquire(const fb::request_info&, fb::time_point now, fb::permit&) noexcept {
            if (busy) return fb::retry_at(now, fb::limit::concurrency, 1, fb::certainty::on_completion);
            busy = true;
            return fb::admitted(now);
        }
        void settle(fb::permit&, std::int64_t, fb::time_point) noexcept { busy = false; }
        void give_back(fb::permit&, fb::time_point) noexcept { busy = false; }
    };
    template <class Sync>
    state build() const {
        return {};
    }
};

/// A batch policy that waits for company for ever.
struct full_only {
    std::size_t max_batch_size{4};
    fb::batch_plan plan(const fb::waiting_group& group) const noexcept {
        if (group.count < max_batch_size) return {fb::no_deadline, group.count, fb::dispatch_cause::drain};
        return {fb::time_point::min(), max_batch_size, fb::dispatch_cause::full};
    }
};

}  // namespace

TEST_CASE("six requests through one executor give the metrics worked out by hand") {
    sim::workload load = at_milliseconds({0, 2, 4, 30, 31, 32}, {.slo = 25ms});
    const char* const tenants[] = {"A", "A", "B", "B", "A", "B"};
    for (std::size_t i = 0; i < 6; ++i) load.label(load.arrivals[i], {.tenant = tenants[i], .slo = 25ms});
    const sim::report report = sim::experiment{load, ten_milliseconds}.run("fifo", fb::policies{});

    CHECK(report.all.arrived == 6);
    CHECK(report.all.delivered() == 6);
    CHECK(report.all.latency.p50 == 18ms);
    CHECK(report.all.latency.p99 == 28ms);
    CHECK(report.all.latency.mean_seconds == Approx((10 + 18 + 26 + 10 + 19 + 28) / 6e3));
    CHECK(report.all.slo_attainment() == Approx(4.0 / 6));
    CHECK(report.utilisation() == 1);
    CHECK(report.throughput_rps() == Approx(100));
    CHECK(report.goodput_rps() == Approx(66.6667).epsilon(1e-5));
    CHECK(report.batches == 6);
    CHECK(report.elapsed == 60ms);
    CHECK(report.policy == "fifo");
    CHECK(report.jain == 1.0);
    CHECK(report.jain_goodput == 0.8);
    CHECK(report.max_service_gap == fb::duration{16ms});
    CHECK(report.held_back == 0ns);
}

TEST_CASE("a batch leaves when it is full or its delay has passed, to the nanosecond") {
    const sim::experiment lab{at_milliseconds({0, 1, 2, 20}), ten_milliseconds};
    const sim::report report =
        lab.run("pairs", fb::policies{.batching = fb::size_or_delay{.max_batch_size = 2, .max_queue_delay = 5ms}});
    // 0 and 1 leave full at 1; 2 finds the executor busy until 11; 20 waits its 5 ms alone.
    CHECK(report.batches == 3);
    CHECK(report.mean_batch_size() == Approx(4.0 / 3));
    CHECK(report.all.latency.max == 19ms);
    CHECK(report.all.latency.p50 == 11ms);
    CHECK(report.all.latency.mean_seconds == Approx((11 + 10 + 19 + 15) / 4e3));
    CHECK(report.all.queue_delay.max == 9ms);
    CHECK(report.all.queue_delay.mean_seconds == Approx((1 + 0 + 9 + 5) / 4e3));
    CHECK(report.busy == 30ms);
    CHECK(report.elapsed == 35ms);
}

TEST_CASE("a batch comes back before a request that arrives at the same instant, which then does not wait") {
    const sim::report report =
        sim::experiment{at_milliseconds({0, 10, 20}), ten_milliseconds}.run("fifo", fb::policies{});
    CHECK(report.all.queue_delay.max == 0ns);
    CHECK(report.utilisation() == 1);
}

TEST_CASE("what a batch held is free again for a request that arrives as it comes back") {
    const sim::report report = sim::experiment{at_milliseconds({0, 9, 10}), ten_milliseconds}.run(
        "one", fb::policies{.admission = one_at_a_time{}});
    CHECK(report.all.delivered() == 2);
    CHECK(report.all.count(fb::limit::concurrency) == 1);
}

TEST_CASE("requests of one instant share a batch") {
    const sim::report report = sim::experiment{at_milliseconds({0, 0, 0}), ten_milliseconds}.run(
        "batch", fb::policies{.batching = fb::size_or_delay{.max_batch_size = 8}});
    CHECK(report.batches == 1);
    CHECK(report.all.latency.max == 10ms);
}

TEST_CASE("two executors run two batches at once") {
    const sim::report report =
        sim::experiment{at_milliseconds({0, 1, 2}), ten_milliseconds}.run("two", fb::policies{.executors = 2});
    CHECK(report.all.latency.mean_seconds == Approx((10 + 10 + 18) / 3e3));
    CHECK(report.elapsed == 20ms);
    CHECK(report.utilisation() == Approx(30.0 / 40));
}

TEST_CASE("batches of no duration and a workload of nothing end well") {
    const sim::report instant =
        sim::experiment{at_milliseconds({0, 0, 5}), sim::affine_service{}}.run("instant", fb::policies{});
    CHECK(instant.all.delivered() == 3);
    CHECK(instant.all.latency.max == 0ns);
    const sim::report nothing = sim::experiment{sim::workload{}, ten_milliseconds}.run("nothing", fb::policies{});
    CHECK(nothing.all.arrived == 0);
    CHECK(nothing.elapsed == 0ns);
}

TEST_CASE("arrivals may lie anywhere on the line") {
    for (const fb::duration start : {fb::duration{-20s}, fb::duration{1'700'158'623'979'960'000}}) {
        sim::workload load = at_milliseconds({0, 2, 4});
        for (sim::arrival& one : load.arrivals) sim::move_to(one, one.at + start);
        const sim::report report = sim::experiment{load, ten_milliseconds}.run("fifo", fb::policies{});
        CHECK(report.all.latency.max == 26ms);
        CHECK(report.elapsed == 30ms);
    }
}

TEST_CASE("a run may last until the end of time") {
    const sim::workload load = at_milliseconds({0, 1, 2});
    for (const std::size_t executors : {1U, 2U}) {
        const sim::report report = sim::experiment{load, sim::constant_service{fb::duration::max()}}.run(
            "for ever", fb::policies{.executors = executors}, {.timeline = 4});
        CHECK(report.all.delivered() == 3);
        CHECK(report.all.latency.max == fb::duration::max());
        CHECK(report.elapsed == fb::duration::max());
        CHECK(report.busy == fb::duration::max());
        CHECK(report.timeline.size() <= 4);
    }
}

TEST_CASE("a request expires at its deadline and not when the executor comes back") {
    sim::workload load = at_milliseconds({0, 1}, {.patience = 5ms});
    const sim::report report = sim::experiment{load, ten_milliseconds}.run("fifo", fb::policies{});
    CHECK(report.all.count(fb::ending::expired) == 1);
    CHECK(report.all.delivered() == 1);
    CHECK(report.elapsed == 10ms);
    // With nothing else to come, the expiry itself is the last event.
    load.arrivals.erase(load.arrivals.begin());
    const sim::report alone =
        sim::experiment{load, ten_milliseconds}.run("waits", fb::policies{.batching = full_only{}});
    CHECK(alone.all.count(fb::ending::expired) == 1);
    CHECK(alone.elapsed == 5ms);
}

TEST_CASE("refusals are counted by the limit that bound, and refused requests are never served") {
    const sim::experiment lab{at_milliseconds({0, 1, 2, 3, 4}), ten_milliseconds};
    const sim::report bounded = lab.run("short queue", fb::policies{.capacity = {.max_requests = 2}});
    CHECK(bounded.all.delivered() == 3);
    CHECK(bounded.all.count(fb::limit::queued_requests) == 2);
    const sim::report metered = lab.run("every second", fb::policies{.admission = every_second{}});
    CHECK(metered.all.delivered() == 3);
    CHECK(metered.all.count(fb::limit::rate) == 2);
}

TEST_CASE("the times that a full queue names by estimate are held against those at which it has room") {
    INFO("seed " << seed);
    const fb::policies full{.capacity = {.max_requests = 2}};
    std::vector<int> each_millisecond(100);
    std::iota(each_millisecond.begin(), each_millisecond.end(), 0);
    const sim::report even = sim::experiment{at_milliseconds(each_millisecond), ten_milliseconds}.run("even", full);
    CHECK(even.retry_estimates == 9);  // each batch but the first, of which nothing is known
    CHECK(even.retry_too_early == 0ms);
    CHECK(even.retry_too_late == 0ms);
    // Of exponential times, and an executor that is never idle, the mean is all there is to know.
    const sim::report odd = sim::experiment{markov(1'000, 10ms, 20'000), by_units}.run("odd", full);
    CHECK(odd.retry_estimates > 1'500);
    const auto mean = [&](fb::duration sum) { return sum / static_cast<std::int64_t>(odd.retry_estimates); };
    CAPTURE(mean(odd.retry_too_early).count(), mean(odd.retry_too_late).count());
    CHECK(mean(odd.retry_too_early) > 2ms);  // of times exactly at their mean: 1/e of it, 3.7 ms, either way
    CHECK(mean(odd.retry_too_late) > 2ms);
    CHECK(mean(odd.retry_too_early + odd.retry_too_late) < 12ms);
}

TEST_CASE("a flooding tenant is held to its quota and the others are not touched") {
    INFO("seed " << seed);
    const std::array flows{sim::flow{{.tenant = "calm"}, fb::rate::per_second(20)},
                           sim::flow{{.tenant = "flood"}, fb::rate::per_second(200)}};
    const sim::experiment lab{sim::poisson(flows, 20'000, seed), sim::affine_service{.base = 1ms}};
    const fb::quota quota{fb::rate::per_second(50), 20};
    const sim::report report = lab.run("quota", fb::policies{.admission = fb::per_tenant{quota}});
    const double seconds = static_cast<double>(lab.requests().span().count()) / 1e9;
    REQUIRE(report.tenants.size() == 2);
    CHECK(report.tenants[0].refused() == 0);
    const auto admitted = static_cast<double>(report.tenants[1].delivered());
    CHECK(admitted <= 20 + 50 * seconds);
    CHECK(admitted > 50 * seconds * 0.99);
    CHECK(report.all.count(fb::limit::rate) == report.tenants[1].refused());
}

TEST_CASE("what would wait for company for ever is sent once nobody is left to come") {
    const sim::report report = sim::experiment{at_milliseconds({0, 1, 2, 3, 4, 50}), ten_milliseconds}.run(
        "fours", fb::policies{.batching = full_only{}});
    CHECK(report.all.delivered() == 6);
    CHECK(report.batches == 2);
    CHECK(report.all.latency.max == 56ms);  // the fifth waited from 4 to 50
}

TEST_CASE("the service model sees what is in the batch") {
    sim::workload load = at_milliseconds({0, 0, 0});
    load.arrivals[1].input_units = 5'000'000;
    const sim::report report =
        sim::experiment{load, by_units}.run("batch", fb::policies{.batching = fb::size_or_delay{.max_batch_size = 2}});
    CHECK(report.busy == 5ms + 2ns);
    CHECK(report.batches == 2);
}

TEST_CASE("the same workload under the same policy gives the same bytes, whatever ran between") {
    const sim::experiment lab{markov(90, 10ms, 20'000), by_units};
    const auto once = [&](std::size_t size) {
        const std::vector<sim::report> runs{lab.run("p", fb::policies{.batching = fb::size_or_delay{size, 3ms}})};
        return sim::table(runs);
    };
    const std::vector<sim::arrival> before = lab.requests().arrivals;
    const std::string first = once(4);
    CHECK(once(8) != first);
    CHECK(once(4) == first);
    CHECK(lab.requests().arrivals == before);
}

// These values were the same from g++ 12 and clang 19 at -O0 and at -O2 -march=native.
TEST_CASE("a run's figures never change") {
    const sim::report report = sim::experiment{markov(90, 10ms, 20'000), by_units}.run(
        "p", fb::policies{.batching = fb::size_or_delay{4, 3ms}});
    CHECK(report.batches == 7111);
    CHECK(report.busy.count() == 201'260'476'352);
    CHECK(report.elapsed.count() == 222'302'350'496);
    CHECK(report.all.latency.p50.count() == 94'772'061);
    CHECK(report.all.latency.p99.count() == 457'886'183);
    CHECK(report.all.latency.max.count() == 549'952'666);
}

TEST_CASE("constant service of Poisson arrivals waits as long as theory says") {
    INFO("seed " << seed);
    for (const int percent : {50, 80}) {
        const double load = percent / 100.0;
        const auto rate = fb::rate::per_second(percent);
        const sim::report report =
            sim::experiment{sim::poisson({{}, rate}, 200'000, seed), ten_milliseconds}.run("M/D/1", fb::policies{});
        INFO("load " << load);
        CHECK(report.all.queue_delay.mean_seconds == Approx(load * 0.01 / (2 * (1 - load))).epsilon(0.05));
        CHECK(report.utilisation() == Approx(load).epsilon(0.01));
    }
}

TEST_CASE("exponential service of Poisson arrivals waits as long as theory says, also at its 99th percentile") {
    INFO("seed " << seed);
    for (const int percent : {50, 70}) {
        const double load = percent / 100.0;
        const sim::report report =
            sim::experiment{markov(percent, 10ms, 200'000), by_units}.run("M/M/1", fb::policies{});
        INFO("load " << load);
        CHECK(report.all.queue_delay.mean_seconds == Approx(load * 0.01 / (1 - load)).epsilon(0.05));
        CHECK(static_cast<double>(report.all.latency.p99.count()) / 1e9 ==
              Approx(std::log(100.0) * 0.01 / (1 - load)).epsilon(0.05));
    }
}

TEST_CASE("two executors wait as Erlang C says") {
    INFO("seed " << seed);
    const double load = 0.7;
    const sim::report report =
        sim::experiment{markov(140, 10ms, 200'000), by_units}.run("M/M/2", fb::policies{.executors = 2});
    const double probability_of_waiting = 2 * load * load / (1 + load);
    CHECK(report.all.queue_delay.mean_seconds == Approx(probability_of_waiting / (200 - 140)).epsilon(0.05));
    CHECK(report.utilisation() == Approx(load).epsilon(0.01));
}

// Cobham: Priority assignment in waiting line problems, Operations Research 2(1), 1954.
TEST_CASE("two strict classes wait as Cobham says") {
    INFO("seed " << seed);
    const std::array flows{sim::flow{{.tenant = "a", .kind = "urgent", .priority = 0}, fb::rate::per_second(30)},
                           sim::flow{{.tenant = "b", .kind = "patient", .priority = 1}, fb::rate::per_second(40)}};
    const sim::report report = sim::experiment{sim::poisson(flows, 200'000, seed), ten_milliseconds}.run(
        "strict", fb::policies{.order = fb::strict_priority{}});
    const double residual = 0.7 * 0.01 / 2;
    REQUIRE(report.kinds.size() == 2);
    for (const sim::tally& kind : report.kinds) {
        const double expected = kind.name == "urgent" ? residual / (1 - 0.3) : residual / ((1 - 0.3) * (1 - 0.7));
        INFO(kind.name);
        CHECK(kind.queue_delay.mean_seconds == Approx(expected).epsilon(0.05));
    }
}

TEST_CASE("every request is told of once, as it ends, with what the report says of all") {
    sim::workload load = at_milliseconds({0, 1, 2, 3, 30}, {.patience = 15ms, .slo = 12ms});
    std::vector<sim::request_record> told;
    const sim::report report = sim::experiment{load, ten_milliseconds}.run(
        "told", fb::policies{.capacity = {.max_requests = 2}}, {.each = [&](const auto& one) { told.push_back(one); }});
    REQUIRE(told.size() == 5);
    CHECK(std::is_sorted(told.begin(), told.end(), [](const auto& a, const auto& b) { return a.ended < b.ended; }));
    CHECK(told[0].request.sequence == 3);  // the queue holds two, one runs
    CHECK_FALSE(told[0].admitted);
    CHECK(told[0].refused_by == fb::limit::queued_requests);
    CHECK(told[0].ended == at(3ms));
    CHECK(told[0].batch == 0);
    CHECK(told[1].request.sequence == 0);
    CHECK(told[1].how == fb::ending::delivered);
    CHECK(told[1].dispatched == at(0ms));
    CHECK(told[1].ended == at(10ms));
    CHECK(told[1].batch == 1);
    CHECK(told[2].request.sequence == 2);
    CHECK(told[2].how == fb::ending::expired);
    CHECK(told[2].dispatched == fb::no_deadline);
    CHECK(told[2].ended == at(17ms));
    CHECK(told[3].request.sequence == 1);
    CHECK(told[3].dispatched == at(10ms));
    CHECK(told[4].request.sequence == 4);
    CHECK(report.all.delivered() == 3);
}

TEST_CASE("a patience makes requests expire that would have waited longer, and no earlier deadline later") {
    sim::workload load = at_milliseconds({0, 1, 2, 3});
    load.arrivals[2].info.deadline = at(4ms);
    std::vector<fb::time_point> expired;
    const auto note = [&](const sim::request_record& one) {
        if (one.how == fb::ending::expired) expired.push_back(one.ended);
    };
    const sim::experiment lab{load, ten_milliseconds};
    (void)lab.run("impatient", fb::policies{}, {.patience = 5ms, .each = note});
    CHECK(expired == std::vector<fb::time_point>{at(4ms), at(6ms), at(8ms)});
    CHECK(lab.run("patient", fb::policies{}).all.count(fb::ending::expired) == 1);
    CHECK_THROWS_AS(lab.run("none", fb::policies{}, {.patience = 0ns}), std::invalid_argument);
}

TEST_CASE("a long run says how far it has come") {
    sim::traffic load;
    load.demands.push_back({.arrivals = sim::arrival_process::poisson(fb::rate::per_second(1000))});
    load.requests = 200'000;
    std::vector<std::uint64_t> told;
    fb::time_point last{};
    const auto progress = [&](std::uint64_t arrived, fb::time_point now) {
        told.push_back(arrived);
        CHECK(now > last);
        last = now;
    };
    (void)sim::experiment{load, sim::constant_service{100us}}.run("long", fb::policies{}, {.progress = progress});
    CHECK(told == std::vector<std::uint64_t>{65'536, 131'072, 196'608});
}

TEST_CASE("histograms tell a run as exact delays do, to 1/32, and a timeline and the classes add up") {
    INFO("seed " << seed);
    const std::array flows{
        sim::flow{{.tenant = "a", .kind = "urgent", .priority = 0, .slo = 30ms}, fb::rate::per_second(40)},
        sim::flow{{.tenant = "b", .kind = "patient", .priority = 3, .slo = 1s}, fb::rate::per_second(50)}};
    const sim::experiment lab{sim::poisson(flows, 50'000, seed), ten_milliseconds};
    const fb::policies chosen{.order = fb::strict_priority{}};
    const sim::report exact = lab.run("exact", chosen, {.timeline = 100});
    const sim::report rough = lab.run("rough", chosen, {.precision = sim::percentiles::histogram});
    const auto near = [](fb::duration a, fb::duration b) { return a <= b && b <= a + a / 32; };
    REQUIRE(exact.classes.size() == 2);
    REQUIRE(rough.classes.size() == 2);
    CHECK(exact.classes[0].name == "0");
    CHECK(exact.classes[1].name == "3");
    CHECK(exact.classes[1].priority == 3);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(near(exact.classes[i].latency.p50, rough.classes[i].latency.p50));
        CHECK(near(exact.classes[i].latency.p99, rough.classes[i].latency.p99));
        CHECK(exact.classes[i].latency.mean_seconds == rough.classes[i].latency.mean_seconds);
        CHECK(exact.classes[i].latency.max == rough.classes[i].latency.max);
        CHECK(exact.classes[i].good == rough.classes[i].good);
        CHECK(exact.classes[i].latency.p90 == exact.kinds[i].latency.p90);
        CHECK(exact.classes[i].service == exact.tenants[i].service);
    }
    CHECK(exact.classes[0].service + exact.classes[1].service == exact.busy);
    CHECK(exact.all.service == exact.busy);
    fb::duration served{0};
    std::uint64_t completed = 0;
    for (const sim::timeline_bucket& each : exact.timeline) {
        completed += each.completed;
        for (const fb::duration part : each.tenant_service) served += part;
    }
    CHECK(completed == 50'000);
    CHECK(served == exact.busy);
    CHECK(exact.timeline.size() > 50);
    CHECK(exact.timeline.size() <= 100);
    CHECK(rough.timeline.empty());
}

// Denning, Buzen: The operational analysis of queueing network models, ACM Computing Surveys 10(3), 1978: clients =
// throughput * (response time + think time).
TEST_CASE("clients who wait for answers keep the interactive response time law") {
    INFO("seed " << seed);
    sim::closed_loop load;
    load.populations.push_back({.clients = 20, .think = sim::distribution::exponential(300ms)});
    load.requests = 100'000;
    load.seed = seed;
    const sim::report report = sim::experiment{load, sim::constant_service{12ms}}.run("closed", fb::policies{});
    CHECK(report.all.delivered() == 100'000);
    const double cycle = report.all.latency.mean_seconds + 0.3;
    CHECK(report.throughput_rps() * cycle == Approx(20).epsilon(0.01));
    CHECK(report.all.latency.max <= 20 * 12ms);
}

TEST_CASE("a client who is refused thinks again") {
    sim::closed_loop load;
    load.populations.push_back({.clients = 5, .think = sim::distribution::constant(10ms)});
    load.until = 1s;
    const sim::report report =
        sim::experiment{load, sim::constant_service{25ms}}.run("tight", fb::policies{.capacity = {.max_requests = 1}});
    CHECK(report.all.refused() > 100);
    CHECK(report.all.delivered() + report.all.refused() == report.all.arrived);
    CHECK(report.utilisation() > 0.95);
}

TEST_CASE(
    "fewer than a minimum batch are sent when no request is left to come, and a closed loop that waits for ever is "
    "refused") {
    const sim::report report = sim::experiment{at_milliseconds({0, 1, 2, 3, 50}), ten_milliseconds}.run(
        "threes", fb::policies{.batching = fb::size_or_delay{.max_batch_size = 8, .min_batch_size = 3}});
    CHECK(report.batches == 2);
    CHECK(report.all.delivered() == 5);
    CHECK(report.all.latency.max == 57ms);  // the fourth waited from 3 to 50

    sim::closed_loop load;
    load.populations.push_back({.clients = 2, .think = sim::distribution::constant(1ms)});
    load.requests = 5;
    const sim::experiment lab{load, ten_milliseconds};
    const auto with_minimum = [](std::size_t least) {
        return fb::policies{.batching = fb::size_or_delay{.max_batch_size = 8, .min_batch_size = least}};
    };
    CHECK_THROWS_WITH(lab.run("threes", with_minimum(3)), ContainsSubstring("smaller minimum"));
    CHECK(lab.run("twos", with_minimum(2)).all.delivered() == 5);  // the last one is left alone
}

namespace {

/// Waits, though it says that it does not.
struct idles : fb::size_or_delay {
    bool work_conserving() const noexcept { return true; }
};
/// The last to come is the first to go, though it says otherwise.
struct newest_first {
    std::uint64_t rank(const fb::queued& request) const noexcept { return ~request.sequence; }
    bool first_come_first_served() const noexcept { return true; }
};
/// Breaks down after two requests.
struct broken_off {
    struct source {
        const sim::arrival* peek() {
            if (left == 0) throw std::runtime_error("the trace ends in the middle of a line");
            return &next;
        }
        void pop() { --left; }
        const std::vector<std::string>& tenants() const { return names; }
        const std::vector<std::string>& kinds() const { return names; }
        int left{2};
        sim::arrival next{};
        std::vector<std::string> names{"default"};
    };
    source open() const { return {}; }
};

}  // namespace

TEST_CASE("a policy that breaks its promise is found out") {
    const sim::experiment lab{at_milliseconds({0, 1, 2, 3}), ten_milliseconds};
    CHECK_THROWS_WITH(lab.run("idles", fb::policies{.batching = idles{{.max_batch_size = 8, .max_queue_delay = 5ms}}}),
                      ContainsSubstring("idle"));
    CHECK_THROWS_WITH(lab.run("newest", fb::policies{.order = newest_first{}}), ContainsSubstring("order of arrival"));
}

TEST_CASE("what a workload or a listener throws comes out of the run") {
    CHECK_THROWS_WITH((sim::experiment{broken_off{}, ten_milliseconds}.run("broken", fb::policies{})),
                      ContainsSubstring("middle of a line"));
    const sim::experiment lab{at_milliseconds({0, 1, 2, 3}), ten_milliseconds};
    const auto throws = [](const sim::request_record&) { throw std::runtime_error("disk full"); };
    CHECK_THROWS_WITH(lab.run("full", fb::policies{}, {.each = throws}), ContainsSubstring("disk full"));
    CHECK_THROWS_WITH(lab.run("full", fb::policies{.capacity = {.max_requests = 1}}, {.each = throws}),
                      ContainsSubstring("disk full"));
}

TEST_CASE("what cannot be run is refused with what was expected") {
    sim::workload unordered = at_milliseconds({1, 0});
    const sim::experiment back{unordered, ten_milliseconds};
    CHECK_THROWS_WITH(back.run("back", fb::policies{}), ContainsSubstring("in order of arrival"));
    unordered.arrivals.push_back(unordered.arrivals[0]);
    unordered.arrivals.push_back(unordered.arrivals[1]);  // behind another of the same instant as the first
    std::swap(unordered.arrivals[0], unordered.arrivals[1]);
    const sim::experiment late{unordered, ten_milliseconds};
    CHECK_THROWS_WITH(late.run("back", fb::policies{}), ContainsSubstring("in order of arrival"));
    CHECK_THROWS_AS(late.run("odd", fb::policies{}, {.timeline = 5}), std::invalid_argument);

    const sim::experiment lab{at_milliseconds({0, 1}), ten_milliseconds};
    CHECK_THROWS_AS(lab.run("none", fb::policies{.executors = 0}), std::invalid_argument);

    const auto backwards = [](const sim::batch_shape&) { return fb::duration{-1}; };
    const sim::experiment negative{at_milliseconds({0, 1}), backwards};
    CHECK_THROWS_AS(negative.run("negative", fb::policies{}), std::invalid_argument);
    const sim::experiment wrong_table{at_milliseconds({0, 1}), sim::affine_service{.base = -1ms}};
    CHECK_THROWS_AS(wrong_table.run("negative", fb::policies{}), std::invalid_argument);
}

TEST_CASE("requests that wait for their slots are accounted for, and their wait holds no executor back") {
    // One token every 10 ms, one to begin with; 5 ms a request: slots at 0, 10, 20, 30 ms, and 40 is too late.
    const sim::workload load = at_milliseconds({0, 0, 0, 0, 0});
    const fb::per_tenant limit{.limit = fb::quota{fb::rate::one_every(10ms), 1}, .seed = 1};
    std::vector<sim::request_record> ended;
    const sim::report run = sim::experiment{load, sim::affine_service{.base = 5ms}}.run(
        "delay", fb::policies{.admission = limit, .on_refusal = fb::delay{.max_wait = 30ms}},
        {.each = [&](const sim::request_record& one) { ended.push_back(one); }});
    CHECK(run.all.arrived == 5);
    CHECK(run.all.delivered() == 4);
    CHECK(run.all.count(fb::limit::rate) == 1);
    CHECK(run.delayed == 3);
    CHECK(run.delayed_time == 60ms);
    CHECK(run.held_back == 0ms);
    CHECK(run.all.latency.max == 35ms);
    CHECK(run.elapsed == 35ms);
    REQUIRE(ended.size() == 5);
    for (std::size_t i = 1; i < 5; ++i) {
        CHECK(ended[i].dispatched == at(static_cast<int>(i - 1) * 10ms));
        CHECK(ended[i].ended == at(static_cast<int>(i - 1) * 10ms + 5ms));
    }
}

TEST_CASE("what is given back is there for who comes next, and those who wait keep their slots") {
    // 100 at once and 1000 a second; the first is back at 10 ms and gives 99 back, after the second was promised 100 ms.
    sim::workload load = at_milliseconds({0, 0, 20});
    for (sim::arrival& one : load.arrivals) one.info.cost = 100;
    load.arrivals[0].actual_cost = 1;
    load.arrivals[2].info.cost = 1;
    const fb::per_tenant limit{.limit = fb::quota{fb::rate::per_second(1000), 100}, .counts = fb::by_cost, .seed = 1};
    const sim::report run = sim::experiment{load, ten_milliseconds}.run(
        "given back", fb::policies{.admission = limit, .on_refusal = fb::delay{.max_wait = 1s}});
    CHECK(run.all.delivered() == 3);
    CHECK(run.delayed == 1);
    CHECK(run.delayed_time == 100ms);
}

TEST_CASE("requests that cost nothing pass those that wait for their slots, and nobody who has one") {
    // 100 tokens at once and 1 a ms; 2 ms a request. Slots at 0 and 100 ms; the free ones come at 1, 100 and 101 ms.
    sim::workload load = at_milliseconds({0, 0, 1, 100, 101});
    for (const std::size_t i : {0U, 1U}) load.arrivals[i].info.cost = 100;
    for (const std::size_t i : {2U, 3U, 4U}) load.arrivals[i].info.cost = 0;
    const fb::per_tenant limit{.limit = fb::quota{fb::rate::per_second(1000), 100}, .counts = fb::by_cost, .seed = 1};
    const fb::policies waits{.admission = limit, .on_refusal = fb::delay{.max_wait = 1s}};
    std::vector<sim::request_record> ended;
    const sim::report run = sim::experiment{load, sim::affine_service{.base = 2ms}}.run(
        "free", waits, {.each = [&](const sim::request_record& one) { ended.push_back(one); }});
    CHECK(run.delayed == 1);
    CHECK(run.delayed_time == 100ms);
    REQUIRE(ended.size() == 5);
    const std::vector<std::uint64_t> in_order{0, 2, 1, 3, 4};
    for (std::size_t i = 0; i < 5; ++i) CHECK(ended[i].request.sequence == in_order[i]);
    CHECK(ended[2].dispatched == at(100ms));

    // At random, with much on one instant, and batches; whoever breaks a promise throws.
    for (std::uint64_t number = 1; number <= 40; ++number) {
        INFO("seed " << number);
        sim::random_stream draw{number};
        std::vector<int> when;
        for (int now = 0; when.size() < 300; now += static_cast<int>(draw.below(4))) when.push_back(now);
        sim::workload mixed = at_milliseconds(when);
        for (sim::arrival& one : mixed.arrivals) {
            one.info.cost = static_cast<std::int64_t>(draw.below(4) * 5);
            one.info.key = draw.below(2);
            if (draw.chance(1, 4)) one.info.deadline = one.at + 30ms;
        }
        const fb::policies chosen{.admission = limit,
                                  .on_refusal = fb::delay{.max_wait = 200ms},
                                  .batching = fb::size_or_delay{.max_batch_size = 1 + draw.below(4)},
                                  .executors = 1 + draw.below(2)};
        const sim::report held = sim::experiment{mixed, sim::affine_service{.base = 1ms}}.run("random", chosen);
        CHECK(held.delayed > 0);
    }
}

TEST_CASE("what a request turns out to cost is settled when its batch comes back") {
    // 100 at once and 1000 a second: what is declared as 100 and costs 40 leaves room for the next 60 ms earlier.
    sim::workload load = at_milliseconds({0, 39, 40, 41});
    for (sim::arrival& one : load.arrivals) one.info.cost = 100;
    const fb::per_tenant limit{.limit = fb::quota{fb::rate::per_second(1000), 100}, .counts = fb::by_cost, .seed = 1};
    const auto admitted = [&] {
        return sim::experiment{load, sim::affine_service{.base = 40ms}}
            .run("settled", fb::policies{.admission = limit})
            .all.delivered();
    };
    CHECK(admitted() == 1);
    for (sim::arrival& one : load.arrivals) one.actual_cost = 40;
    CHECK(admitted() == 2);
    // The estimate is at its start, 100, as nothing has been seen; the second is estimated lower.
    for (sim::arrival& one : load.arrivals) one.info.cost = fb::unknown_cost;
    const sim::report guessed = sim::experiment{load, sim::affine_service{.base = 40ms}}.run(
        "estimated", fb::policies{.admission = limit, .costs = fb::cost_estimator{.at_start = 100, .seed = 1}});
    CHECK(guessed.all.arrived == 4);
    CHECK(guessed.all.delivered() == 2);
}

TEST_CASE("a watched quota says how far tenants went, by what their requests really cost") {
    // Declared as 10 each, 60 in truth, 100 at once: one by one, 10 ms each; the third expires in the queue.
    sim::workload load = at_milliseconds({0, 0, 0, 1}, {.tenant = "acme", .cost = 10});
    for (sim::arrival& one : load.arrivals) one.actual_cost = 60;
    load.arrivals[2].info.deadline = at(15ms);
    sim::arrival calm;
    calm.at = at(2ms);
    load.label(calm, {.tenant = "calm", .cost = 5});
    load.arrivals.push_back(calm);
    sim::run_options options;
    const auto run = [&] { return sim::experiment{load, ten_milliseconds}.run("watched", fb::policies{}, options); };
    CHECK_FALSE(run().all.use);
    CHECK_FALSE(run().tenants[0].use);
    options.quota = fb::quota{fb::rate::per_second(1000), 100};
    const sim::report told = run();
    CHECK(told.watched == options.quota);
    CHECK(told.all.cost == 185);
    CHECK(told.tenants[0].cost == 180);
    REQUIRE(told.tenants[0].use);
    CHECK(told.tenants[0].use->beyond == 139);  // 240 in the first millisecond, of which one is refilled
    CHECK(told.tenants[0].use->worst_minute == 240);
    CHECK(told.tenants[1].use->beyond == 0);
    CHECK(told.tenants[1].use->worst_minute == 5);
    CHECK(told.all.use->beyond == 139);
    CHECK(told.all.use->worst_minute == 240);
    CHECK_FALSE(told.kinds[0].use);
    // What has expired is not there any more: 60 of four are back at 15 ms.
    load.arrivals[4].at = at(20ms);
    load.arrivals[4].info.tenant = load.arrivals[0].info.tenant;
    load.arrivals[4].tenant = 0;
    load.arrivals[4].info.cost = 100;
    CHECK(run().tenants[0].use->worst_minute == 280);
}

TEST_CASE("a bucket keeps to its quota to the token, also if requests expire or wait for slots") {
    INFO("seed " << seed);
    const fb::quota quota{fb::rate::per_second(700), 450};
    const fb::per_tenant limit{.limit = quota, .counts = fb::by_cost, .seed = 1};
    const sim::traffic load{.demands = {{.sort = {.patience = 80ms},
                                         .arrivals = sim::arrival_process::gamma(fb::rate::per_second(90), 3),
                                         .varying = {.cost = sim::distribution::uniform(1, 40)}}},
                            .requests = 20'000,
                            .seed = seed};
    const sim::experiment lab{load, sim::affine_service{.base = 15ms}};
    const sim::report refused = lab.run("refuses", fb::policies{.admission = limit}, {.quota = quota});
    CHECK(refused.all.count(fb::limit::rate) > 1000);
    CHECK(refused.all.count(fb::ending::expired) > 500);
    CHECK(refused.all.use->beyond == 0);
    const sim::report waits =
        lab.run("waits", fb::policies{.admission = limit, .on_refusal = fb::delay{.max_wait = 50ms}}, {.quota = quota});
    CHECK(waits.delayed > 500);
    CHECK(waits.all.use->beyond == 0);
    // And no more than needed: a token less at once, or a millionth less refill, is exceeded.
    const fb::quota less{fb::rate::per_second(700), 449};
    CHECK(lab.run("less", fb::policies{.admission = limit}, {.quota = less}).all.use->beyond == 1);
}

TEST_CASE("a service model is told when a batch is handed over, and beside how many others") {
    std::vector<std::pair<fb::duration, std::int64_t>> told;
    const auto noted = [&told](const sim::batch_shape& shape) -> fb::duration {
        told.emplace_back(shape.since_start, shape.at_once);
        return 10ms;
    };
    const sim::experiment lab{at_milliseconds({1000, 1000, 1004, 1006, 1030}), noted};
    const sim::report run = lab.run("noted", fb::policies{.executors = 3});
    CHECK(run.all.delivered() == 5);
    CHECK(told ==
          std::vector<std::pair<fb::duration, std::int64_t>>{{0ms, 1}, {0ms, 2}, {4ms, 3}, {10ms, 2}, {30ms, 1}});
}
