// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// One request against one bucket, with the caller's time: beside the least that threads can share, and beside the bucket
// people write.
#include "../ratio.hpp"
#include "../rivals/cas_counter.hpp"
#include "../rivals/double_bucket.hpp"
#include "../threads.hpp"
#include <forebay/admission/token_bucket.hpp>

#include <benchmark/benchmark.h>
#include <cstdint>
#include <cstdlib>

namespace {

namespace fb = forebay;

constexpr std::size_t calls = 20'000;
constexpr std::int64_t burst = 1'000'000;
constexpr std::int64_t per_second = 50;
// One token takes a little longer to come in than there is between two calls, so the bucket is neither full nor empty.
constexpr std::int64_t between_calls = 19'800'000;

fb::quota limit() {
    return fb::quota{fb::rate::per_second(per_second), burst};
}

// A bucket that answers otherwise than planned would be measured on another path.
void expect(std::size_t seen, std::size_t planned) {
    if (seen == planned) return;
    std::fprintf(stderr, "token_bucket: %zu admitted, %zu planned\n", seen, planned);
    std::exit(2);
}

struct caller {
    std::int64_t now = 0;
    std::int64_t step = between_calls;
    std::int64_t next() { return now += step; }
};

template <class Bucket>
std::size_t ask_forebay(Bucket& bucket, caller& time, std::size_t count) {
    std::size_t admitted = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const fb::verdict answer = bucket.try_acquire(1, fb::time_point{fb::duration{time.next()}});
        admitted += answer ? 1 : 0;
        benchmark::DoNotOptimize(answer.when);
    }
    return admitted;
}

template <class Bucket>
std::size_t ask_rival(Bucket& bucket, caller& time, std::size_t count) {
    std::size_t admitted = 0;
    for (std::size_t i = 0; i < count; ++i) {
        admitted += bucket.try_acquire(1.0, std::chrono::nanoseconds{time.next()}) ? 1 : 0;
        benchmark::DoNotOptimize(admitted);
    }
    return admitted;
}

void count_up(rival::cas_counter& counter, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) benchmark::DoNotOptimize(counter.increment());
}

constexpr double double_rate = double{per_second} / 1e9;

template <class Sync>
struct shared_bucket {
    fb::token_bucket<Sync> bucket{limit()};
    caller time;

    double admitted() {
        return ratio::nanoseconds_each(ratio::by::own_thread, calls,
                                       [&] { expect(ask_forebay(bucket, time, calls), calls); });
    }
    /// Empties the bucket; from then on a call comes every nanosecond, too often for one token.
    void drain() {
        while (bucket.try_acquire(1, fb::time_point{fb::duration{time.now}})) {
        }
        time.step = 1;
    }
    double refused() {
        return ratio::nanoseconds_each(ratio::by::own_thread, calls,
                                       [&] { expect(ask_forebay(bucket, time, calls), 0); });
    }
};

template <class Bucket>
struct rival_bucket {
    Bucket bucket{double_rate, double{burst}};
    caller time;

    double admitted() {
        return ratio::nanoseconds_each(ratio::by::own_thread, calls,
                                       [&] { expect(ask_rival(bucket, time, calls), calls); });
    }
};

void one_thread(const ratio::options& options) {
    const threads::company others;
    rival::cas_counter counter;
    shared_bucket<fb::multi_threaded> open;
    shared_bucket<fb::multi_threaded> empty;
    empty.drain();
    rival_bucket<rival::locked_double_bucket> locked;
    shared_bucket<fb::single_threaded> own;
    rival_bucket<rival::double_bucket> unlocked;

    const ratio::contest contest{
        "token bucket, 1 thread",
        "ns a call",
        options.repetitions(201),
        {{"compare-exchange increment",
          [&] { return ratio::nanoseconds_each(ratio::by::own_thread, calls, [&] { count_up(counter, calls); }); }},
         {"token_bucket<multi_threaded> admitted", [&] { return open.admitted(); }},
         {"token_bucket<multi_threaded> refused", [&] { return empty.refused(); }},
         {"bucket in doubles under a mutex", [&] { return locked.admitted(); }},
         {"token_bucket<single_threaded> admitted", [&] { return own.admitted(); }},
         {"bucket in doubles", [&] { return unlocked.admitted(); }}}};
    contest.report_max("token_bucket_admitted_vs_cas", 1, 0, 3);
    contest.report_max("token_bucket_refused_vs_cas", 2, 0, 1.5);
    contest.report_max("token_bucket_vs_mutex_doubles", 1, 3, 1.2);
    contest.report_max("token_bucket_single_vs_doubles", 4, 5, 1.2);
}

void two_threads(const ratio::options& options) {
    rival::cas_counter counter;
    fb::token_bucket<fb::multi_threaded> bucket{limit()};
    rival::locked_double_bucket locked{double_rate, double{burst}};
    // Twice the time between calls of one thread, for two threads take.
    caller forebay_time[2]{{0, 2 * between_calls}, {0, 2 * between_calls}};
    caller rival_time[2]{{0, 2 * between_calls}, {0, 2 * between_calls}};

    const auto together = [](auto work) {
        return [work] { return threads::calmest([&] { return threads::two_at_once(calls, work); }); };
    };
    const ratio::contest contest{
        "token bucket, 2 threads on one",
        "ns a call of either",
        options.repetitions(101),
        {{"compare-exchange increment, 2 threads",
          together([&](std::size_t, std::size_t count) { count_up(counter, count); })},
         {"token_bucket<multi_threaded> admitted, 2 threads", together([&](std::size_t thread, std::size_t count) {
              caller time = forebay_time[thread];
              expect(ask_forebay(bucket, time, count), count);
              forebay_time[thread] = time;
          })},
         {"bucket in doubles under a mutex, 2 threads", together([&](std::size_t thread, std::size_t count) {
              caller time = rival_time[thread];
              expect(ask_rival(locked, time, count), count);
              rival_time[thread] = time;
          })}}};
    contest.report_max("token_bucket_2_threads_vs_cas", 1, 0, 2);
    contest.report_max("token_bucket_2_threads_vs_mutex_doubles", 1, 2, 0.5);
}

}  // namespace

int main(int argc, char** argv) {
    const ratio::options options = ratio::parse(argc, argv);
    threads::cpus();
    one_thread(options);
    if (threads::cpus().size() > 1) {
        two_threads(options);
    } else {
        std::puts("token bucket, 2 threads: skipped, this process may use one CPU only");
    }
}
