// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// Requests that the policy lab simulates in a second, beside the event loop one writes by hand; and the memory that a
// week of requests takes.
#include "../ratio.hpp"
#include "../rivals/bare_loop.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/random_service.hpp>
#include <forebay/sim/traffic.hpp>

#include <benchmark/benchmark.h>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>

namespace {

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

constexpr std::uint64_t seed = 1953;  // Kendall's paper
constexpr std::size_t requests = 200'000;
const fb::rate arrivals = fb::rate::per_second(80);  // load 0.8
constexpr fb::duration mean_service = 10ms;

sim::traffic of(const sim::profile& sort, const sim::arrival_process& times) {
    sim::traffic load;
    load.seed = seed;
    load.demands.push_back({sort, times});
    return load;
}

sim::experiment<sim::traffic, sim::exponential_service> markov() {
    sim::traffic load = of({}, sim::arrival_process::poisson(arrivals));
    load.requests = requests;
    return {load, sim::exponential_service{mean_service, seed}};
}

/// Three classes of three tenants, in batches of 8 that are nearly full: load 0.9.
sim::experiment<sim::traffic, sim::affine_service> classes() {
    sim::traffic load;
    load.seed = seed;
    load.requests = requests;
    const char* const kinds[]{"text", "image", "video"};
    for (const char* const tenant : {"acme", "birch", "cedar"}) {
        for (std::int32_t priority = 0; priority < 3; ++priority) {
            const sim::profile sort{.tenant = tenant, .kind = kinds[priority], .priority = priority};
            load.demands.push_back({sort, sim::arrival_process::poisson(fb::rate::per_second(40))});
        }
    }
    return {load, sim::affine_service{.base = 12ms, .per_request = 1ms}};
}

template <class Work>
auto timed(Work work) {
    return [work] { return ratio::nanoseconds_each(ratio::by::own_thread, requests, work); };
}

long peak_kib() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

/// A week of 10^7 requests that come by day more than by night, with histograms. Prints what it took.
void week(std::int64_t count) {
    const long before = peak_kib();
    const double start = ratio::nanoseconds_now(ratio::by::own_thread);
    const auto day_and_night = sim::arrival_process::sinusoid(fb::rate::per(count, 7 * 24h), 0.8, 24h);
    sim::traffic load = of({.tenant = "acme", .slo = 500ms}, day_and_night);
    load.until = 7 * 24h;
    const sim::experiment lab{load, sim::affine_service{.base = 24ms, .per_request = 2ms}};
    const sim::report run =
        lab.run("week", fb::policies{.batching = fb::size_or_delay{8}}, {.precision = sim::percentiles::histogram});
    const double seconds = (ratio::nanoseconds_now(ratio::by::own_thread) - start) / 1e9;
    std::printf(
        "a week of %llu requests, percentiles from histograms: %.1f s, p99 %.1f ms, peak memory %.1f MiB "
        "(%.1f MiB before)\n",
        static_cast<unsigned long long>(run.all.arrived), seconds,
        static_cast<double>(run.all.latency.p99.count()) / 1e6, static_cast<double>(peak_kib()) / 1024,
        static_cast<double>(before) / 1024);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const ratio::options options = ratio::parse(argc, argv);
    week(options.quick ? 1'000'000 : 10'000'000);  // first: what follows keeps every delay

    const auto bare =
        timed([] { benchmark::DoNotOptimize(rival::bare_loop::run(arrivals, mean_service, requests, seed)); });
    const auto fifo = timed([lab = markov()] { benchmark::DoNotOptimize(lab.run("fifo", fb::policies{})); });
    const auto strict = timed([lab = classes()] {
        benchmark::DoNotOptimize(
            lab.run("strict", fb::policies{.order = fb::strict_priority{}, .batching = fb::size_or_delay{8}}));
    });
    const ratio::contest lab{"the policy lab, a simulated request",
                             "ns",
                             options.repetitions(31),
                             {{"bare event loop, M/M/1", bare},
                              {"lab, fifo, one by one, M/M/1", fifo},
                              {"lab, strict priority, batches of 8", strict}}};
    lab.report_min("lab_fifo_vs_bare_loop", 1, 0, 0.3);
    lab.report_min("lab_strict_batch8_vs_bare_loop", 2, 0, 0.2);
}
