// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "serving.hpp"

#include "cpus.hpp"
#include "hand_batcher.hpp"
#include "pacing.hpp"
#include <forebay/scheduler.hpp>

#include <atomic>
#include <exception>
#include <future>
#include <span>
#include <thread>
#include <utility>

namespace example {
namespace {

namespace fb = forebay;
using namespace std::chrono_literals;

/// The first arrival comes this long after the threads are set up.
constexpr fb::duration lead_in = 20ms;

struct timed_reply {
    reply answer;
    fb::time_point started;
    fb::time_point ended;
};

}  // namespace

request request_at(const fb::sim::workload& requests, std::size_t index) {
    return {static_cast<modality>(requests.arrivals[index].info.priority),
            static_cast<std::uint16_t>(index % payloads)};
}

served_run serve_by_hand(std::string name, const fb::sim::workload& requests, inference& run, batching how) {
    const fb::steady_clock clock;
    std::vector<fate> fates(requests.arrivals.size());
    std::vector<std::future<timed_reply>> futures;
    futures.reserve(fates.size());
    run.take_calls();

    hand_batcher<request, timed_reply> batcher{how.max_size, how.max_delay};
    std::atomic<std::size_t> ended{0};
    keep_to_cpu(part::clients);
    std::thread worker{[&] {
        keep_to_cpu(part::model);
        batcher.run([&](std::span<const request> batch) {
            const std::vector<reply> replies = run(batch);
            std::vector<timed_reply> timed;
            timed.reserve(replies.size());
            for (const reply& one : replies) timed.push_back({one, run.last_call().start, clock.now()});
            ended.fetch_add(timed.size(), std::memory_order_relaxed);
            return timed;
        });
    }};

    const fb::time_point start = clock.now() + lead_in;
    const fb::duration sending = drive(
        requests, start, name, [&](std::size_t i) { futures.push_back(batcher.submit(request_at(requests, i))); },
        [&] { return ended.load(std::memory_order_relaxed); });
    batcher.close();
    worker.join();

    for (std::size_t i = 0; i < futures.size(); ++i) {
        if (futures[i].wait_for(0s) != std::future_status::ready) continue;  // no outcome: found by the checks
        fates[i].outcomes = 1;                                               // a promise cannot be kept twice
        try {
            const timed_reply got = futures[i].get();
            fates[i].how = fb::ending::delivered;
            fates[i].started = got.started;
            fates[i].ended = got.ended;
            fates[i].answer = got.answer;
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s: request %zu: %s\n", name.c_str(), i, error.what());
            fates[i].ended = clock.now();
        }
    }
    return {std::move(name), requests, std::move(fates), run.take_calls(), start, sending};
}

served_run serve_with_forebay(std::string name, const fb::sim::workload& requests, inference& run, batching how,
                              const tenant_quotas& quotas) {
    const fb::steady_clock clock;
    std::vector<fate> fates(requests.arrivals.size());
    std::atomic<std::size_t> ended{0};
    run.take_calls();

    auto scheduler = fb::make_scheduler<request, reply>(forebay_policies(how, quotas),
                                                        [&](std::span<const request> batch) { return run(batch); });
    keep_to_cpu(part::clients);
    std::thread worker{[&] {
        keep_to_cpu(part::model);
        scheduler.run();
    }};

    const fb::time_point start = clock.now() + lead_in;
    const fb::duration sending = drive(
        requests, start, name,
        [&](std::size_t i) {
            fate& its = fates[i];
            const auto taken = scheduler.submit(request_at(requests, i), requests.arrivals[i].info, [&](auto outcome) {
                ++its.outcomes;
                its.how = outcome.how();
                its.ended = clock.now();
                if (outcome) {
                    its.started = run.last_call().start;
                    its.answer = *outcome;
                }
                ended.fetch_add(1, std::memory_order_relaxed);
            });
            if (!taken) {
                ++its.outcomes;
                its.refused_by = taken.error().which;
                ended.fetch_add(1, std::memory_order_relaxed);
            }
        },
        [&] { return ended.load(std::memory_order_relaxed); });
    scheduler.close();
    worker.join();
    return {std::move(name), requests, std::move(fates), run.take_calls(), start, sending};
}

}  // namespace example
