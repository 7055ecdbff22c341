// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "../ratios/held.hpp"
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/queue/strict_priority.hpp>

#include <benchmark/benchmark.h>
#include <cstddef>

namespace {

namespace fb = forebay;

void standard(benchmark::State& state) {
    held::standard_queue queue{static_cast<std::size_t>(state.range(0))};
    for (auto _ : state) queue.steps(1);
}
template <class Order>
void forebay(benchmark::State& state) {
    held::forebay_queue queue{static_cast<std::size_t>(state.range(0)), Order{}};
    for (auto _ : state) queue.steps(1);
}
BENCHMARK(standard)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(forebay<fb::earliest_deadline>)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(forebay<fb::fifo>)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(forebay<fb::strict_priority<fb::fifo>>)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(forebay<fb::strict_priority<fb::earliest_deadline>>)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

}  // namespace
