// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

// What holds in every run, whatever is drawn: small random systems, told by their requests one by one, and the report
// worked out again from that.
#include "catch.hpp"
#include <forebay/admission/per_tenant.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/policies.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/rate.hpp>
#include <forebay/sim/arrival_process.hpp>
#include <forebay/sim/distribution.hpp>
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/run_options.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/sim/traffic.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;

namespace {

constexpr fb::duration unit{1'000'000};

struct random_system {
    sim::traffic load;
    sim::affine_service model;
    fb::size_or_delay batching;
    fb::capacity bounds;
    std::size_t executors;

    explicit random_system(std::uint64_t seed) {
        sim::random_stream draw{seed};
        const auto between = [&](std::int64_t low, std::int64_t high) {
            return low + static_cast<std::int64_t>(draw.below(static_cast<std::uint64_t>(high - low + 1)));
        };
        load.requests = 300;
        load.seed = seed;
        for (std::int64_t i = between(1, 4); i > 0; --i) {
            sim::profile sort;
            sort.tenant = std::string(1, static_cast<char>('a' + between(0, 2)));
            sort.priority = static_cast<std::int32_t>(between(0, 2));
            sort.key = static_cast<std::uint64_t>(between(0, 1));
            if (draw.chance(1, 2)) sort.patience = between(1, 40) * unit;
            const fb::rate often = fb::rate::one_every(between(2, 30) * unit);
            auto arrivals = sim::arrival_process::poisson(often);
            if (draw.chance(1, 3)) arrivals = sim::arrival_process::gamma(often, 3);
            // Whole milliseconds: much falls on one instant.
            if (draw.chance(1, 3)) arrivals = sim::arrival_process::deterministic(often);
            if (draw.chance(1, 3)) arrivals = arrivals.in_bulk(sim::distribution::uniform(1, 5));
            load.demands.push_back(
                {.sort = sort, .arrivals = arrivals, .varying = {.input_units = sim::distribution::uniform(0, 10)}});
        }
        model.base = between(0, 12) * unit;
        model.per_request = between(0, 3) * unit;
        model.per_input_unit = between(0, 1) * unit;
        batching.max_batch_size = static_cast<std::size_t>(between(1, 8));
        if (draw.chance(1, 3)) batching.max_queue_delay = between(1, 20) * unit;
        if (draw.chance(1, 4)) {
            batching.min_batch_size =
                static_cast<std::size_t>(between(1, static_cast<std::int64_t>(batching.max_batch_size)));
        }
        bounds.max_requests = static_cast<std::size_t>(between(1, 60));
        executors = static_cast<std::size_t>(between(1, 3));
    }

    [[nodiscard]] bool waits_for_company() const {
        return batching.max_queue_delay > fb::duration{0} || batching.min_batch_size > 1;
    }
};

struct told {
    sim::report report;
    std::vector<sim::request_record> records;
};

template <class Policies>
told run(const random_system& system, const Policies& policies) {
    told result;
    const sim::experiment lab{system.load, system.model};
    result.report = lab.run("identities", policies,
                            {.each = [&](const sim::request_record& one) { result.records.push_back(one); }});
    return result;
}

bool ran(const sim::request_record& one) {
    return one.dispatched != fb::no_deadline;
}

/// Calls visit(length, waiting, busy) for every stretch between two events: how many requests waited, and how many
/// batches ran.
template <class Visit>
void sweep(const std::vector<sim::request_record>& records, const Visit& visit) {
    // A batch of n counts 1/n for each of its requests; 840 is a multiple of every size up to 8.
    constexpr std::int64_t whole = 840;
    std::map<fb::time_point, std::pair<std::int64_t, std::int64_t>> changes;
    for (const sim::request_record& one : records) {
        if (!one.admitted) continue;
        ++changes[one.request.at].first;
        --changes[ran(one) ? one.dispatched : one.ended].first;
        if (!ran(one)) continue;
        changes[one.dispatched].second += whole / static_cast<std::int64_t>(one.batch);
        changes[one.ended].second -= whole / static_cast<std::int64_t>(one.batch);
    }
    std::int64_t waiting = 0;
    std::int64_t busy = 0;
    for (auto at = changes.begin(); at != changes.end(); ++at) {
        waiting += at->second.first;
        busy += at->second.second;
        if (std::next(at) == changes.end()) break;
        REQUIRE(busy % whole == 0);
        visit(std::next(at)->first - at->first, waiting, busy / whole);
    }
    CHECK(waiting == 0);
    CHECK(busy == 0);
}

void check_outcomes(const told& run, const random_system& system) {
    const sim::tally& all = run.report.all;
    CHECK(all.arrived == system.load.requests);
    CHECK(all.settled() == all.arrived);
    std::set<std::uint64_t> seen;
    std::uint64_t delivered = 0;
    std::uint64_t refused = 0;
    std::uint64_t expired = 0;
    for (const sim::request_record& one : run.records) {
        CHECK(seen.insert(one.request.sequence).second);
        refused += !one.admitted;
        delivered += one.admitted && one.how == fb::ending::delivered;
        expired += one.admitted && one.how == fb::ending::expired;
        CHECK(ran(one) == (one.admitted && one.how == fb::ending::delivered));
        if (ran(one)) CHECK(one.dispatched < one.request.info.deadline);
        if (one.admitted && one.how == fb::ending::expired) CHECK(one.ended == one.request.info.deadline);
    }
    CHECK(seen.size() == all.arrived);
    CHECK(delivered == all.delivered());
    CHECK(refused == all.refused());
    CHECK(expired == all.count(fb::ending::expired));
    CHECK(delivered + refused + expired == all.arrived);
}

/// The report's figures, from the records alone.
void check_figures(const told& run) {
    std::vector<fb::duration> latencies;
    std::vector<fb::duration> waits;
    std::int64_t latency_sum = 0;
    for (const sim::request_record& one : run.records) {
        if (!ran(one)) continue;
        latencies.push_back(one.ended - one.request.at);
        waits.push_back(one.dispatched - one.request.at);
        latency_sum += latencies.back().count();
    }
    if (latencies.empty()) return;
    std::sort(latencies.begin(), latencies.end());
    std::sort(waits.begin(), waits.end());
    const std::size_t at = (latencies.size() * 99 + 99) / 100 - 1;
    CHECK(run.report.all.latency.p99 == latencies[at]);
    CHECK(run.report.all.queue_delay.p99 == waits[at]);
    CHECK(run.report.all.latency.max == latencies.back());
    CHECK(run.report.all.latency.mean_seconds ==
          Approx(static_cast<double>(latency_sum) / 1e9 / static_cast<double>(latencies.size())));
}

void check_time(const told& run, const random_system& system) {
    fb::duration held_back{0};
    fb::duration busy_time{0};
    std::int64_t in_system = 0;  // requests times nanoseconds
    sweep(run.records, [&](fb::duration length, std::int64_t waiting, std::int64_t busy) {
        if (waiting > 0 && busy < static_cast<std::int64_t>(system.executors)) held_back += length;
        busy_time += length * busy;
        in_system += waiting * length.count();
        CHECK(busy <= static_cast<std::int64_t>(system.executors));
        CHECK(waiting <= static_cast<std::int64_t>(system.bounds.max_requests));
    });
    CHECK(held_back == run.report.held_back);
    CHECK(busy_time == run.report.busy);
    // Little's law over the queue, exactly.
    std::int64_t waited = 0;
    for (const sim::request_record& one : run.records) {
        if (one.admitted) waited += ((ran(one) ? one.dispatched : one.ended) - one.request.at).count();
    }
    CHECK(in_system == waited);
    if (!system.waits_for_company()) CHECK(held_back == fb::duration{0});
}

/// Of one tenant, priority and key, those that run are handed over in the order in which they came.
void check_order(const told& run) {
    std::vector<sim::request_record> records = run.records;
    std::sort(records.begin(), records.end(),
              [](const auto& a, const auto& b) { return a.request.sequence < b.request.sequence; });
    std::map<std::tuple<fb::tenant_id, std::int32_t, std::uint64_t>, fb::time_point> last;
    for (const sim::request_record& one : records) {
        if (!ran(one)) continue;
        const fb::request_info& info = one.request.info;
        const auto [before, first] = last.try_emplace({info.tenant, info.priority, info.key}, one.dispatched);
        CHECK(before->second <= one.dispatched);
        before->second = one.dispatched;
    }
}

/// Admitted in any window of a tenant: at most burst + refill * window.
void check_quota(const told& run, std::int64_t burst, fb::duration one_every) {
    std::map<fb::tenant_id, std::vector<fb::time_point>> admitted;
    for (const sim::request_record& one : run.records) {
        if (one.admitted) admitted[one.request.info.tenant].push_back(one.request.at);
    }
    for (auto& [tenant, times] : admitted) {
        std::sort(times.begin(), times.end());
        for (std::size_t from = 0; from < times.size(); ++from) {
            for (std::size_t to = from; to < times.size(); ++to) {
                const std::int64_t refilled = (times[to] - times[from]) / one_every;
                if (static_cast<std::int64_t>(to - from + 1) > burst + refilled) FAIL("more than the quota allows");
            }
        }
    }
}

void check_all(const told& run, const random_system& system) {
    check_outcomes(run, system);
    check_figures(run);
    check_time(run, system);
    check_order(run);
}

}  // namespace

TEST_CASE("in every run each request has one outcome, times add up, and nobody idles or overtakes") {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        INFO("seed " << seed);
        const random_system system{seed};
        check_all(
            run(system,
                fb::policies{.batching = system.batching, .capacity = system.bounds, .executors = system.executors}),
            system);
        check_all(run(system, fb::policies{.order = fb::strict_priority{},
                                           .batching = system.batching,
                                           .capacity = system.bounds,
                                           .executors = system.executors}),
                  system);
    }
}

TEST_CASE("in every run no tenant gets more than its quota") {
    for (std::uint64_t seed = 1; seed <= 80; ++seed) {
        INFO("seed " << seed);
        const random_system system{seed};
        const auto burst = static_cast<std::int64_t>(seed % 7 + 1);
        const fb::duration one_every = static_cast<std::int64_t>(seed % 13 + 2) * unit;
        // Those that never run would give back what they took: the quota then bounds what runs, not what is admitted.
        const fb::per_tenant limits{.limit = fb::quota{fb::rate::one_every(one_every), burst}, .refund_unrun = false};
        const told all = run(system, fb::policies{.admission = limits,
                                                  .batching = system.batching,
                                                  .capacity = system.bounds,
                                                  .executors = system.executors});
        check_all(all, system);
        check_quota(all, burst, one_every);
    }
}
