// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// What the scheduler adds to a lone request: from submit to the outcome on the worker's thread, at 1,000 requests a second
// and no delay, beside a bare condition-variable hand-over.
#include "../ratio.hpp"
#include "../rivals/hand_over.hpp"
#include "../threads.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/policies.hpp>
#include <forebay/scheduler.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

namespace {

namespace fb = forebay;
using wall = std::chrono::steady_clock;

constexpr std::chrono::milliseconds period{1};

/// One slot for one request in flight: the worker notes when the outcome came.
class stopwatch {
public:
    void start() noexcept { start_ = wall::now(); }
    /// On the worker's thread.
    void stop() noexcept {
        end_ = wall::now();
        done_.store(true, std::memory_order_release);
    }
    [[nodiscard]] bool stopped() const noexcept { return done_.load(std::memory_order_acquire); }
    double microseconds() noexcept {
        done_.store(false, std::memory_order_relaxed);
        return std::chrono::duration<double, std::micro>(end_ - start_).count();
    }

private:
    wall::time_point start_;
    wall::time_point end_;
    std::atomic<bool> done_{false};
};

/// p50 of `requests`, one every millisecond; `send(stopwatch&)` lets the worker stop it.
template <class Send>
double median_latency(std::size_t requests, Send&& send) {
    std::vector<double> latencies;
    stopwatch watch;
    wall::time_point due = wall::now();
    for (std::size_t i = 0; i < requests; ++i) {
        due += period;
        std::this_thread::sleep_until(due);
        watch.start();
        send(watch);
        while (!watch.stopped()) std::this_thread::sleep_until(wall::now() + period / 10);
        latencies.push_back(watch.microseconds());
    }
    return ratio::quantile(latencies, 0.5);
}

auto make_scheduler() {
    return fb::make_scheduler<stopwatch*, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 32, .max_queue_delay = fb::duration{0}},
                     .clock = fb::steady_clock{}},
        [zero = std::vector<int>(32)](std::span<stopwatch* const> requests) {
            return std::span{zero}.first(requests.size());
        });
}

}  // namespace

int main(int argc, char** argv) {
    const ratio::options options = ratio::parse(argc, argv);
    threads::cpus();
    threads::pin(0);

    auto scheduler = make_scheduler();
    std::thread forebay_worker{[&] {
        threads::pin(1);
        scheduler.run();
    }};
    rival::hand_over<stopwatch*> bare;
    std::thread bare_worker{[&] {
        threads::pin(1);
        while (const auto watch = bare.take()) (*watch)->stop();
    }};

    constexpr std::size_t requests = 250;
    {
        const ratio::contest contest{"added latency at 1,000 requests a second, delay 0",
                                     "us p50",
                                     options.repetitions(31),
                                     {{"scheduler, submit to outcome",
                                       [&] {
                                           return median_latency(requests, [&](stopwatch& watch) {
                                               const auto ticket = scheduler.submit(
                                                   &watch, {}, [&watch](const fb::outcome<int>&) { watch.stop(); });
                                               if (!ticket) std::abort();
                                           });
                                       }},
                                      {"condition-variable hand-over", [&] {
                                           return median_latency(requests, [&](stopwatch& watch) { bare.put(&watch); });
                                       }}}};
        contest.report_max("scheduler_latency_vs_hand_over", 0, 1, 1.3);
    }

    scheduler.close();
    bare.stop();
    forebay_worker.join();
    bare_worker.join();
}
