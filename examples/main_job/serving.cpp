// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "serving.hpp"

#include "hand_batcher.hpp"
#include "pacing.hpp"

#include <atomic>
#include <exception>
#include <future>
#include <span>
#include <thread>
#include <utility>

namespace example {
namespace {

/// A reply and when it was ready.
struct timed_reply {
    reply answer;
    forebay::time_point ready;
};

/// The first arrival comes this long after the threads are set up.
constexpr std::chrono::milliseconds lead_in{20};

std::vector<record> blank_records(const forebay::sim::workload& requests) {
    std::vector<record> records;
    records.reserve(requests.arrivals.size());
    for (const forebay::sim::arrival& a : requests.arrivals) {
        const auto kind = static_cast<modality>(a.info.priority);
        records.push_back(
            {.kind = kind, .tenant = a.tenant, .sent = {kind, static_cast<std::uint16_t>(records.size() % payloads)}});
    }
    return records;
}

}  // namespace

served_run serve_by_hand(std::string name, const forebay::sim::workload& requests, inference& run, batching how) {
    served_run result{.name = std::move(name), .records = blank_records(requests)};
    std::vector<record>& records = result.records;
    const forebay::steady_clock clock;
    const std::size_t calls_before = run.calls();

    hand_batcher<request, timed_reply> batcher{how.max_size, how.max_delay};
    std::atomic<std::size_t> answered{0};
    std::thread worker{[&] {
        batcher.run([&](std::span<const request> batch) {
            const std::vector<reply> replies = run(batch);
            const forebay::time_point ready = clock.now();
            std::vector<timed_reply> timed;
            timed.reserve(replies.size());
            for (const reply& one : replies) timed.push_back({one, ready});
            answered.fetch_add(timed.size(), std::memory_order_relaxed);
            return timed;
        });
    }};

    const forebay::time_point start = clock.now() + lead_in;
    std::vector<std::pair<std::future<timed_reply>, forebay::time_point>> replies;
    replies.reserve(records.size());
    send_when_due(
        requests, start, result.name,
        [&](std::size_t i, forebay::time_point due) { replies.emplace_back(batcher.submit(records[i].sent), due); },
        [&] { return answered.load(std::memory_order_relaxed); });
    batcher.close();
    worker.join();

    for (std::size_t i = 0; i < replies.size(); ++i) {
        auto& [future, due] = replies[i];
        if (future.wait_for(std::chrono::seconds{0}) != std::future_status::ready) continue;  // no outcome: found later
        records[i].outcomes = 1;  // a promise cannot be kept twice
        try {
            const timed_reply got = future.get();
            records[i].served = true;
            records[i].answer = got.answer;
            records[i].latency = got.ready - due;
            result.length = std::max(result.length, got.ready - start);
        } catch (const std::exception& error) {
            result.trouble = error.what();
        }
    }
    result.batches = run.calls() - calls_before;
    return result;
}

}  // namespace example
