// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/traffic.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

// Not where a sanitizer has an operator new of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FOREBAY_TEST_KEEPS_OPERATOR_NEW
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define FOREBAY_TEST_KEEPS_OPERATOR_NEW
#endif
#endif

#if !defined(FOREBAY_TEST_KEEPS_OPERATOR_NEW)
// This program counts the bytes it holds: each block is preceded by its size. Over-aligned ones are left alone.
namespace {
std::atomic<std::size_t> live{0};
std::atomic<std::size_t> peak{0};
constexpr std::size_t head = alignof(std::max_align_t);
static_assert(head >= sizeof(std::size_t));

void give_back(void* block) noexcept {
    if (block == nullptr) return;
    auto* const start = static_cast<std::byte*>(block) - head;
    live -= *reinterpret_cast<std::size_t*>(start);
    std::free(start);
}
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
    auto* const start = static_cast<std::byte*>(std::malloc(size + head));
    if (start == nullptr) throw std::bad_alloc{};
    *reinterpret_cast<std::size_t*>(start) = size;
    peak = std::max(peak.load(), live += size);
    return start + head;
}
[[gnu::noinline]] void operator delete(void* block) noexcept {
    give_back(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept {
    give_back(block);
}

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

/// Bytes that a run holds at most, beside what was there before.
std::size_t peak_of(std::uint64_t requests, sim::percentiles precision) {
    sim::traffic load;
    load.requests = requests;
    const char* const tenants[]{"acme", "birch"};
    for (const char* const tenant : tenants) {
        for (const std::int32_t priority : {0, 1}) {
            sim::profile sort{.tenant = tenant, .priority = priority};
            sort.key = 1 + static_cast<std::uint64_t>(priority);
            load.demands.push_back({sort, sim::arrival_process::poisson(fb::rate::per_second(80))});
        }
    }
    const sim::experiment lab{load, sim::affine_service{.base = 12ms, .per_request = 1ms}};
    const std::size_t before = live;
    peak = before;
    const sim::report run = lab.run(
        "long",
        fb::policies{
            .order = fb::strict_priority{}, .batching = fb::size_or_delay{8, 5ms}, .capacity = {.max_requests = 500}},
        {.precision = precision, .timeline = 64});
    CHECK(run.all.arrived == requests);
    CHECK(run.timeline.size() > 32);
    return peak - before;
}

}  // namespace

TEST_CASE("the memory of a run with histograms does not grow with the run") {
    const std::size_t of_short = peak_of(20'000, sim::percentiles::histogram);
    const std::size_t of_long = peak_of(200'000, sim::percentiles::histogram);
    CAPTURE(of_short, of_long);
    CHECK(of_long < of_short + 20'000);
    CHECK(of_long < 2'000'000);
    // Exact percentiles are what grows: 16 bytes a request.
    CHECK(peak_of(200'000, sim::percentiles::exact) > of_long + 16 * 190'000);
}
#endif
