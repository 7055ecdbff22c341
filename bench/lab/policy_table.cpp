// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// The table of policies in README.md, as Markdown: one workload, served under four policies by the scheduler that is
// shipped, in virtual time. The same bytes every time and everywhere; bench/policy_table.sh puts them into the README.
#include <forebay/admission/per_tenant.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/table.hpp>
#include <forebay/sim/workload.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

constexpr std::uint64_t seed = 1;
constexpr std::int64_t seconds = 60;

struct modality {
    const char* name;
    std::int64_t percent;
    std::int64_t rows;
};
constexpr modality modalities[]{{"text", 60, 1}, {"image", 30, 2}, {"video", 10, 4}};  // most urgent first

struct tenant {
    const char* name;
    std::int64_t per_second;
};
constexpr tenant tenants[]{{"acme", 300}, {"birch", 300}, {"flood", 800}};

constexpr std::int64_t allowed_per_second = 400;
constexpr std::int64_t burst = 100;
constexpr std::size_t max_batch = 8;
constexpr fb::duration max_delay = 2ms;
constexpr std::size_t max_queued = 1000;

/// As the model of examples/main_job had them on one machine (16 floats to a vector, 15 GB/s), rounded: weights that are
/// streamed once for a batch, until the arithmetic takes longer.
std::vector<sim::table_service::point> service_times() {
    return {{1, 6600us}, {12, 6700us}, {16, 7500us}, {24, 13300us}, {32, 19000us}};
}

std::int64_t offered_per_second() {
    std::int64_t sum = 0;
    for (const tenant& who : tenants) sum += who.per_second;
    return sum;
}

sim::workload requests() {
    std::vector<sim::flow> flows;
    for (const tenant& who : tenants) {
        std::int32_t priority = 0;
        for (const modality& kind : modalities) {
            flows.push_back({{.tenant = who.name, .kind = kind.name, .priority = priority++, .cost = kind.rows},
                             fb::rate::per_minute(who.per_second * 60 * kind.percent / 100)});
        }
    }
    return sim::poisson(flows, static_cast<std::size_t>(offered_per_second() * seconds), seed);
}

std::string number(double value, int decimals = 0) {
    return sim::decimal(value, decimals);
}
std::string ms(fb::duration time) {
    return number(std::chrono::duration<double, std::milli>(time).count(), time < 15ms ? 1 : 0);
}

std::string share(std::uint64_t part, std::uint64_t whole) {
    if (part == 0) return "0";
    return number(100.0 * static_cast<double>(part) / static_cast<double>(whole), 1) + " %";
}

void print_row(const sim::report& run) {
    const sim::tally& flood = run.tenants[2];
    const std::string cells[]{run.policy,
                              ms(run.kinds[0].latency.p50),
                              ms(run.kinds[0].latency.p99),
                              ms(run.kinds[1].latency.p99),
                              ms(run.kinds[2].latency.p99),
                              number(run.throughput_rps()),
                              number(run.mean_batch_size(), 1),
                              share(run.all.refused() - flood.refused(), run.all.arrived - flood.arrived),
                              share(flood.refused(), flood.arrived)};
    for (const std::string& cell : cells) std::printf("| %s ", cell.c_str());
    std::printf("|\n");
}

/// The facts that the table rests on, from the same numbers.
void print_terms() {
    std::printf("* Offered for %d s, Poisson, seed %d: ", static_cast<int>(seconds), static_cast<int>(seed));
    for (const tenant& who : tenants) std::printf("%s %d/s, ", who.name, static_cast<int>(who.per_second));
    const char* separator = "each";
    for (const modality& kind : modalities) {
        std::printf("%s %d %% %s of %d row%s", separator, static_cast<int>(kind.percent), kind.name,
                    static_cast<int>(kind.rows), kind.rows == 1 ? "" : "s");
        separator = ",";
    }
    std::printf(
        ".\n* Limit for a tenant: %d/s, burst %d. Batches of at most %d requests, which wait at most %d ms for "
        "company; "
        "at most %d in the queue.\n",
        static_cast<int>(allowed_per_second), static_cast<int>(burst), static_cast<int>(max_batch),
        static_cast<int>(max_delay / 1ms), static_cast<int>(max_queued));
    std::printf("* Time of a batch:");
    separator = "";
    for (const auto& [rows, time] : service_times()) {
        std::printf("%s %s ms for %d", separator, ms(time).c_str(), static_cast<int>(rows));
        separator = ",";
    }
    std::printf(" rows, straight lines between.\n");
}

}  // namespace

int main() {
    const sim::experiment lab{requests(), sim::table_service{service_times(), &sim::batch_shape::cost}};
    const fb::capacity bounded{.max_requests = max_queued};
    const fb::size_or_delay batches{.max_batch_size = max_batch, .max_queue_delay = max_delay};
    const fb::per_tenant limits{fb::quota{fb::rate::per_second(allowed_per_second), burst}};

    std::printf(
        "| policy | text p50 ms | text p99 ms | image p99 ms | video p99 ms | served/s | mean batch | "
        "acme, birch refused | flood refused |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    print_row(lab.run("one by one", fb::policies{.capacity = bounded}));
    print_row(lab.run("batches", fb::policies{.batching = batches, .capacity = bounded}));
    print_row(lab.run("batches, strict priority",
                      fb::policies{.order = fb::strict_priority{}, .batching = batches, .capacity = bounded}));
    print_row(lab.run(
        "batches, strict priority, limit per tenant",
        fb::policies{.admission = limits, .order = fb::strict_priority{}, .batching = batches, .capacity = bounded}));
    std::printf("\n");
    print_terms();
}
