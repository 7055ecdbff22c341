// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// Four threads submit, one worker runs the model: the host's threads, forebay has none. Each caller waits for its own
// replies and checks that they are its own.
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/scheduler.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace fb = forebay;
using namespace std::chrono_literals;

int main() {
    constexpr int callers = 4;
    constexpr int requests_each = 250;

    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 16, .max_queue_delay = 1ms}},
        [](std::span<const int> numbers) {
            std::vector<int> squares;
            for (const int n : numbers) squares.push_back(n * n);
            return squares;
        });
    std::thread worker{[&] { scheduler.run(); }};  // returns when the scheduler is drained or closed

    std::atomic<int> right{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int caller = 0; caller < callers; ++caller) {
        threads.emplace_back([&, caller] {
            for (int i = 0; i < requests_each; ++i) {
                const int n = caller * requests_each + i;
                std::promise<void> done;
                const std::future<void> answered = done.get_future();
                const auto ticket =
                    scheduler.submit(n, {}, [&, n, done = std::move(done)](fb::outcome<int> outcome) mutable {
                        ++(outcome && *outcome == n * n ? right : wrong);
                        done.set_value();
                    });
                if (ticket) answered.wait();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    scheduler.drain(1s);
    worker.join();

    const fb::ledger ledger = scheduler.stats();
    std::printf("replies: %d right, %d wrong\n", right.load(), wrong.load());
    std::printf("%d submitted, %d delivered, every one accounted for: %s\n", static_cast<int>(ledger.submitted),
                static_cast<int>(ledger.delivered), ledger.balanced() ? "yes" : "no");
    const auto late = scheduler.submit(1, {}, [](fb::outcome<int>) {});
    std::printf("after the drain: %s\n", late ? "accepted" : to_string(late.error().which));
}

// Expected output:
// replies: 1000 right, 0 wrong
// 1000 submitted, 1000 delivered, every one accounted for: yes
// after the drain: closed
