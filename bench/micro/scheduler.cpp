// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "../ratios/contestants.hpp"

#include <benchmark/benchmark.h>
#include <cstddef>
#include <cstdint>

namespace {

/// One batch from submit to outcome on one thread; the time of a batch of 32.
template <class Way>
void one_batch(benchmark::State& state) {
    Way way;
    std::uint64_t next = 0;
    for (auto _ : state) {
        way.begin(contestants::batch_size);
        for (std::size_t i = 0; i < contestants::batch_size; ++i) way.submit(next++);
        way.step();
        way.finish();
    }
    way.check(next);
    way.stop();
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(contestants::batch_size));
}
BENCHMARK(one_batch<contestants::forebay_way>);
BENCHMARK(one_batch<contestants::promise_way>);
BENCHMARK(one_batch<contestants::swap_way>);

}  // namespace
