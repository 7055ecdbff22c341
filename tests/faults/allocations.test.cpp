// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/admission/keyed_by.hpp>
#include <forebay/admission/on_refusal.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/http.hpp>
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/scheduler.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace fb = forebay;
using host::at;
using namespace std::chrono_literals;

// clang links its thread sanitizer's operator new into the program, where it cannot be replaced.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FOREBAY_TEST_KEEPS_OPERATOR_NEW
#endif
#endif

#if !defined(FOREBAY_TEST_KEEPS_OPERATOR_NEW)
// This program's allocations are counted, and can be made to fail: the k-th from now, or all from it on.
namespace {

struct heap_watch {
    std::int64_t allocations{0};
    std::int64_t live{0};
    std::int64_t until_failure{std::numeric_limits<std::int64_t>::max()};
    bool for_ever{false};
};
thread_local heap_watch heap;

void* take(std::size_t size, std::size_t alignment) {
    if (--heap.until_failure < 0) {
        if (!heap.for_ever) heap.until_failure = std::numeric_limits<std::int64_t>::max();
        throw std::bad_alloc{};
    }
    void* const taken = alignment <= alignof(std::max_align_t)
                            ? std::malloc(size == 0 ? 1 : size)
                            : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (taken == nullptr) throw std::bad_alloc{};
    ++heap.allocations;
    ++heap.live;
    return taken;
}
void give_back(void* taken) noexcept {
    if (taken == nullptr) return;
    --heap.live;
    std::free(taken);
}

/// Fails the k-th allocation within its scope.
class failing {
public:
    failing(std::int64_t k, bool for_ever) noexcept {
        heap.until_failure = k - 1;
        heap.for_ever = for_ever;
    }
    ~failing() { heap.until_failure = std::numeric_limits<std::int64_t>::max(); }
    failing(const failing&) = delete;
    failing& operator=(const failing&) = delete;
};

}  // namespace

// Replaced in pairs; a compiler that inlines one of a pair takes free() for a mismatch.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
void* operator new(std::size_t size) {
    return take(size, alignof(std::max_align_t));
}
void* operator new[](std::size_t size) {
    return take(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return take(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return take(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
        return take(size, alignof(std::max_align_t));
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void* operator new[](std::size_t size, const std::nothrow_t& quiet) noexcept {
    return operator new(size, quiet);
}
void operator delete(void* taken) noexcept {
    give_back(taken);
}
void operator delete[](void* taken) noexcept {
    give_back(taken);
}
void operator delete(void* taken, std::size_t) noexcept {
    give_back(taken);
}
void operator delete[](void* taken, std::size_t) noexcept {
    give_back(taken);
}
void operator delete(void* taken, std::align_val_t) noexcept {
    give_back(taken);
}
void operator delete[](void* taken, std::align_val_t) noexcept {
    give_back(taken);
}
void operator delete(void* taken, std::size_t, std::align_val_t) noexcept {
    give_back(taken);
}
void operator delete[](void* taken, std::size_t, std::align_val_t) noexcept {
    give_back(taken);
}

namespace {

/// Submits `rounds` times eight requests of two keys, lets some expire and cancels some, and serves the rest.
/// returns  the allocations made by that
template <class Scheduler>
std::int64_t serve(Scheduler& scheduler, int rounds, std::int64_t& now, int& told) {
    const std::int64_t before = heap.allocations;
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < 8; ++i) {
            const auto said = scheduler.submit_at(at(now), i,
                                                  {.tenant = fb::tenant_id{static_cast<std::uint64_t>(i)},
                                                   .priority = i % 3,
                                                   .key = static_cast<std::uint64_t>(i % 2),
                                                   .deadline = at(now + (i == 5 ? 1 : 1'000))},
                                                  [&](const fb::outcome<int>&) { ++told; });
            if (said && i == 3) static_cast<void>(scheduler.cancel_at(at(now), *said));
        }
        now += 1'000'000'000;
        scheduler.poll_at(at(now - 999'999'999));
    }
    return heap.allocations - before;
}

template <class Scheduler>
void check_steady(Scheduler scheduler) {
    std::int64_t now = 0;
    int told = 0;
    static_cast<void>(serve(scheduler, 4, now, told));
    const int before = told;
    CHECK(serve(scheduler, 1'000, now, told) == 0);
    CHECK(told == before + 8'000);
    CHECK(scheduler.stats().balanced());
    CHECK(scheduler.stats().refused == 0);
    CHECK(scheduler.stats().expired == 1'004);
}

}  // namespace

TEST_CASE("I19 in steady state a request allocates nothing from submit to sink") {
    const fb::manual_clock clock;
    const fb::size_or_delay batching{.max_batch_size = 4, .max_queue_delay = 1ns};
    const auto in_place = [](std::span<int> requests) { return requests; };

    SECTION("span, first come first served") {
        check_steady(fb::make_scheduler<int, int>(
            fb::policies{.batching = batching, .clock = clock, .sync = fb::single_threaded{}}, in_place));
    }
    SECTION("span, with real locks") {
        check_steady(fb::make_scheduler<int, int>(fb::policies{.batching = batching}, in_place));
    }
    SECTION("ranked, in classes") {
        check_steady(fb::make_scheduler<int, int>(fb::policies{.order = fb::strict_priority{fb::earliest_deadline{}},
                                                               .batching = batching,
                                                               .clock = clock,
                                                               .sync = fb::single_threaded{}},
                                                  in_place));
    }
    SECTION("limits per tenant") {
        check_steady(fb::make_scheduler<int, int>(
            fb::policies{.admission = fb::per_tenant{fb::quota{fb::rate::per_second(100), 100}},
                         .batching = batching,
                         .clock = clock,
                         .sync = fb::single_threaded{}},
            in_place));
    }
    SECTION("batch in place") {
        check_steady(fb::make_scheduler<int, int>(
            fb::policies{.batching = batching, .clock = clock, .sync = fb::single_threaded{}},
            [](fb::batch<int, int>& batch) { batch.complete(batch.requests()); }));
    }
    SECTION("batch by value, completed later and by member") {
        std::optional<fb::batch<int, int>> out;
        check_steady(fb::make_scheduler<int, int>(
            fb::policies{.batching = batching, .clock = clock, .sync = fb::single_threaded{}},
            [&](fb::batch<int, int> batch) {
                out = std::move(batch);
                if (out->size() % 2 == 0) (*out)[0].succeed(1);
                (*out)[0].settle(2);
                out.reset();
            }));
    }
}

TEST_CASE("I19 RL-25 requests that wait for their slots allocate nothing, nor do those that give theirs back") {
    const fb::manual_clock clock;
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.admission = fb::keyed_by{fb::everybody, fb::per_tenant{fb::quota{fb::rate::one_every(10ns), 3}}},
                     .on_refusal = fb::delay{.max_wait = 1us},
                     .clock = clock,
                     .sync = fb::single_threaded{}},
        [](std::span<int> requests) { return requests; });
    std::int64_t now = 0;
    int told = 0;
    const auto serve_some = [&](int rounds) {
        const std::int64_t before = heap.allocations;
        for (int round = 0; round < rounds; ++round) {
            for (int i = 0; i < 8; ++i) {
                const auto said = scheduler.submit_at(at(now), i, {}, [&](const fb::outcome<int>&) { ++told; });
                if (said && i == 6) static_cast<void>(scheduler.cancel_at(at(now), *said));
            }
            for (int i = 0; i < 8; ++i) scheduler.poll_at(at(now += 10));
            now += 1'000;
        }
        return heap.allocations - before;
    };
    static_cast<void>(serve_some(4));
    CHECK(serve_some(1'000) == 0);
    CHECK(told == 8 * 1'004);
    CHECK(scheduler.stats().balanced());
    CHECK(scheduler.stats().refused == 0);
    CHECK(scheduler.stats().cancelled == 1'004);
}

TEST_CASE("F14 F15 I31 a submit that finds no memory throws, changes nothing, and leaves the payload with the caller") {
    const bool for_ever = GENERATE(false, true);
    CAPTURE(for_ever);
    int failures = 0;
    for (std::uint64_t victim = 0; victim < 24; ++victim)
        for (std::int64_t k = 1; k < 12; ++k) {
            CAPTURE(victim);
            CAPTURE(k);
            fb::manual_clock clock;
            host::ledger_of_permits admission;
            int told = 0;
            int served = 0;
            auto scheduler =
                fb::make_scheduler<std::string, int>(fb::policies{.admission = admission,
                                                                  .order = fb::strict_priority{fb::earliest_deadline{}},
                                                                  .batching = fb::size_or_delay{.max_batch_size = 64},
                                                                  .clock = clock,
                                                                  .sync = fb::single_threaded{}},
                                                     [&](std::span<const std::string> texts) {
                                                         for (const std::string& text : texts)
                                                             served += text == std::string(60, 'p') ? 1 : 0;
                                                         return std::vector<int>(texts.size());
                                                     });
            const auto submit = [&](std::string& payload, std::uint64_t key) {
                return scheduler.submit(std::move(payload),
                                        {.priority = static_cast<std::int32_t>(key % 8), .key = key},
                                        [&](const fb::outcome<int>&) { ++told; });
            };
            int accepted = 0;
            // Keys come and go, so lanes, their index and their heaps grow while memory fails.
            for (std::uint64_t key = 0; key < 24; ++key) {
                std::string payload(60, 'p');
                const fb::ledger before = scheduler.stats();
                const std::int64_t live = admission.seen->live;
                bool thrown = false;
                {
                    const failing now{key == victim || for_ever ? k : std::numeric_limits<std::int64_t>::max(),
                                      for_ever};
                    try {
                        accepted += submit(payload, key) ? 1 : 0;
                    } catch (const std::bad_alloc&) {
                        thrown = true;
                    }
                }
                if (!thrown) continue;
                ++failures;
                REQUIRE(payload == std::string(60, 'p'));
                REQUIRE(scheduler.stats() == before);
                REQUIRE(admission.seen->live == live);
                // The same call goes through once there is memory.
                REQUIRE(submit(payload, key));
                ++accepted;
            }
            REQUIRE(accepted == 24);
            scheduler.poll();
            REQUIRE(told == accepted);
            REQUIRE(served == accepted);
            REQUIRE(scheduler.stats().balanced());
            REQUIRE(admission.seen->live == 0);
        }
    CHECK(failures > 24);
}

TEST_CASE("F15 requests that expired are told although the submit that found them runs out of memory") {
    for (std::int64_t k = 1; k < 8; ++k) {
        CAPTURE(k);
        fb::manual_clock clock;
        std::array<int, 41> told{};
        auto scheduler = fb::make_scheduler<int, int>(
            fb::policies{.order = fb::earliest_deadline{}, .clock = clock, .sync = fb::single_threaded{}},
            [](std::span<int> requests) { return requests; });
        for (std::size_t i = 0; i < 40; ++i) {
            REQUIRE(scheduler.submit(0, {.key = i, .deadline = at(10)}, [&told, i](const fb::outcome<int>& o) {
                told[i] += o.how() == fb::ending::expired;
            }));
        }
        clock.set(at(10));
        try {
            const failing now{k, true};
            static_cast<void>(scheduler.submit(0, {.key = 1'000}, [&told](const fb::outcome<int>&) { ++told[40]; }));
        } catch (const std::bad_alloc&) {
        }
        {
            const failing now{1, true};  // and what is accepted is served without any
            scheduler.poll();
        }
        for (std::size_t i = 0; i < 40; ++i) REQUIRE(told[i] == 1);
        REQUIRE(scheduler.stats().balanced());
        REQUIRE(scheduler.stats().expired == 40);
        REQUIRE(scheduler.stats().queued == 0);
    }
}

TEST_CASE("F15 what was accepted is served, cancelled, expired and closed without any memory") {
    fb::manual_clock clock;
    std::optional<fb::batch<int, int>> out;
    int told = 0;
    auto scheduler = std::make_optional(fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 2}, .clock = clock, .sync = fb::single_threaded{}},
        [&](fb::batch<int, int> batch) { out = std::move(batch); }));
    std::vector<fb::ticket> tickets;
    for (int i = 0; i < 20; ++i) {
        tickets.push_back(
            *scheduler->submit(i, {.key = static_cast<std::uint64_t>(i / 2), .deadline = at(i < 10 ? 1'000 : 10)},
                               [&](const fb::outcome<int>&) { ++told; }));
    }
    {
        const failing now{1, true};
        scheduler->poll();
        out->complete(std::array{1, 2});
        scheduler->poll();
        scheduler->cancel(tickets[2]);
        out->fail();
        scheduler->cancel(tickets[4]);
        clock.set(at(10));
        scheduler->poll();
        scheduler->close();
        scheduler.reset();
        out.reset();
    }
    CHECK(told == 20);
}

TEST_CASE("F14 making a scheduler that runs out of memory throws and leaks nothing") {
    const auto make = [] {
        return fb::make_scheduler<std::string, int>(
            fb::policies{.admission = fb::per_tenant{fb::quota{fb::rate::per_second(100), 100}},
                         .order = fb::strict_priority{fb::earliest_deadline{}},
                         .batching = fb::size_or_delay{.max_batch_size = 8},
                         .capacity = {.max_requests = 100},
                         .executors = 2},
            [](std::span<const std::string> texts) { return std::vector<int>(texts.size()); });
    };
    int failures = 0;
    for (std::int64_t k = 1;; ++k) {
        CAPTURE(k);
        REQUIRE(k < 1'000);
        const std::int64_t live = heap.live;
        bool thrown = false;
        try {
            const failing now{k, false};
            static_cast<void>(make());
        } catch (const std::bad_alloc&) {
            thrown = true;
        }
        REQUIRE(heap.live == live);
        if (!thrown) break;
        ++failures;
    }
    CHECK(failures > 5);
}

TEST_CASE("a scheduler gives back all that it took") {
    const std::int64_t live = heap.live;
    {
        std::int64_t now = 0;
        int told = 0;
        auto scheduler = fb::make_scheduler<int, int>(
            fb::policies{.order = fb::earliest_deadline{}, .batching = fb::size_or_delay{.max_batch_size = 4}},
            [](std::span<int> requests) { return requests; });
        static_cast<void>(serve(scheduler, 50, now, told));
        for (int i = 0; i < 100; ++i) {
            REQUIRE(scheduler.submit(i, {.key = static_cast<std::uint64_t>(i)}, [](fb::outcome<int>) {}));
        }
    }
    CHECK(heap.live == live);
}

TEST_CASE("HTTP fields take one allocation each at most, and none where the text is short") {
    const std::string name(300, '"');
    const std::string bytes(1'000, 'x');
    const fb::advertised_limit longest{.name = name,
                                       .allowed = std::numeric_limits<std::int64_t>::max(),
                                       .remaining = std::numeric_limits<std::int64_t>::max(),
                                       .window = fb::duration::max(),
                                       .reset = fb::duration::max(),
                                       .unit = name,
                                       .partition = bytes};
    const std::array limits{longest, longest, longest};
    const fb::verdict far = fb::retry_at(fb::no_deadline - fb::duration{1}, fb::limit::rate, 1);
    const fb::advertised_limit usual{.name = "", .allowed = 40'000'000, .remaining = 123'456, .reset = 6min + 1'234ms};
    const auto taken = [](auto write) {
        const std::int64_t before = heap.allocations;
        const auto text = write();
        return heap.allocations - before;
    };
    CHECK(taken([&] { return fb::ratelimit_policy(limits); }) == 1);
    CHECK(taken([&] { return fb::ratelimit(limits); }) == 1);
    CHECK(taken([&] { return fb::retry_after(far, fb::time_point::min()); }) == 0);
    CHECK(taken([&] { return fb::x_ratelimit_requests(usual); }) == 0);
    CHECK(taken([&] { return fb::x_ratelimit_tokens(usual); }) == 0);
    CHECK(taken([&] { return fb::x_ratelimit_tokens(longest); }) <= 3);
}
#endif
