// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// Heap allocations a request in steady state, from all threads. A program of its own: counting would slow down a rival
// that allocates.
#include "../ratio.hpp"
#include "served.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    const std::size_t whole = (size + alignment - 1) / alignment * alignment;
    if (void* memory = std::aligned_alloc(alignment, whole == 0 ? alignment : whole)) return memory;
    throw std::bad_alloc{};
}

template <class Way>
double allocations_each(std::size_t bursts, std::size_t burst) {
    contestants::served<Way> way{0};
    way.serve(bursts, burst);
    const std::size_t before = allocations.load();
    way.serve(bursts, burst);
    return static_cast<double>(allocations.load() - before) / static_cast<double>(bursts * burst);
}

}  // namespace

void* operator new(std::size_t size) {
    return counted(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

int main(int argc, char** argv) {
    const ratio::options options = ratio::parse(argc, argv);
    const auto bursts = static_cast<std::size_t>(options.repetitions(500));
    constexpr std::size_t burst = 1024;
    const double rival = allocations_each<contestants::promise_way>(bursts, burst);
    const double forebay = allocations_each<contestants::forebay_way>(bursts, burst);
    std::printf("heap allocations a request in steady state: scheduler %.4f, a promise per task %.4f\n", forebay,
                rival);
    std::printf("ratio scheduler_allocations %g max 0 (heap allocations / request)%s\n", forebay,
                forebay > 0 ? " MISS" : "");
}
