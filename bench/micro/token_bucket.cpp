// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "../rivals/cas_counter.hpp"
#include "../rivals/double_bucket.hpp"
#include "../threads.hpp"
#include <forebay/admission/token_bucket.hpp>

#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdint>

namespace {

namespace fb = forebay;

constexpr std::int64_t burst = 1'000'000;

/// Time moves by as many nanoseconds as the benchmark's argument says; 1 drains the bucket, so that it refuses.
template <class Sync>
void try_acquire(benchmark::State& state, fb::rate refill) {
    fb::token_bucket<Sync> bucket{fb::quota{refill, burst}};
    fb::time_point now{};
    const fb::duration step{state.range(0)};
    if (step.count() == 1) {
        while (bucket.try_acquire(1, now)) {
        }
    }
    for (auto _ : state) {
        now += step;
        benchmark::DoNotOptimize(bucket.try_acquire(1, now).when);
    }
}
void multi_threaded_50_a_second(benchmark::State& state) {
    try_acquire<fb::multi_threaded>(state, fb::rate::per_second(50));
}
void multi_threaded_30_a_second(benchmark::State& state) {
    try_acquire<fb::multi_threaded>(state, fb::rate::per_second(30));
}
void single_threaded_50_a_second(benchmark::State& state) {
    try_acquire<fb::single_threaded>(state, fb::rate::per_second(50));
}
BENCHMARK(multi_threaded_50_a_second)->ArgName("step")->Arg(1)->Arg(50'000'000);
BENCHMARK(multi_threaded_30_a_second)->ArgName("step")->Arg(1)->Arg(50'000'000);
BENCHMARK(single_threaded_50_a_second)->ArgName("step")->Arg(1)->Arg(50'000'000);

template <class Bucket>
void in_doubles(benchmark::State& state) {
    const threads::company others;
    Bucket bucket{50e-9, double{burst}};
    std::chrono::nanoseconds now{0};
    const std::chrono::nanoseconds step{state.range(0)};
    for (auto _ : state) {
        now += step;
        benchmark::DoNotOptimize(bucket.try_acquire(1.0, now));
    }
}
BENCHMARK(in_doubles<rival::locked_double_bucket>)->ArgName("step")->Arg(50'000'000);
BENCHMARK(in_doubles<rival::double_bucket>)->ArgName("step")->Arg(50'000'000);

void compare_exchange(benchmark::State& state) {
    static rival::cas_counter counter;
    for (auto _ : state) benchmark::DoNotOptimize(counter.increment());
}
BENCHMARK(compare_exchange)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
