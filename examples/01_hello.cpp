// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// A request travels the whole path: submitted, batched with others, run by the model, answered. No thread: this program
// polls, and its clock is moved by hand, so that it prints the same every time.
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/scheduler.hpp>

#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace fb = forebay;
using namespace std::chrono_literals;

int main() {
    fb::manual_clock clock;

    auto scheduler = fb::make_scheduler<std::string, std::string>(
        fb::policies{
            .batching = fb::size_or_delay{.max_batch_size = 3, .max_queue_delay = 5ms},
            .capacity = {.max_requests = 4},
            .clock = clock,
        },
        [](std::span<const std::string> names) {  // the model: one reply per request, in the same order
            std::printf("the model runs a batch of %zu\n", names.size());
            std::vector<std::string> replies;
            for (const std::string& name : names) replies.push_back("hello, " + name);
            return replies;
        });

    for (const char* name : {"ann", "bob", "cid", "dee", "eve"}) {
        const auto ticket = scheduler.submit(name, {}, [](fb::outcome<std::string> outcome) {
            std::printf("  %s\n", outcome ? outcome->c_str() : to_string(outcome.how()));
        });
        if (!ticket) std::printf("no room for %s: %s\n", name, to_string(ticket.error().which));
    }

    // Three make a full batch. The fourth waits for company, but no longer than 5 ms.
    const fb::time_point next = scheduler.poll();
    std::printf("nothing to do for %lld ms\n", static_cast<long long>((next - clock.now()) / 1ms));
    clock.advance(5ms);
    scheduler.poll();

    const fb::ledger ledger = scheduler.stats();
    std::printf("%d submitted: %d delivered, %d refused\n", static_cast<int>(ledger.submitted),
                static_cast<int>(ledger.delivered), static_cast<int>(ledger.refused));
}

// Expected output:
// no room for eve: queued_requests
// the model runs a batch of 3
//   hello, ann
//   hello, bob
//   hello, cid
// nothing to do for 5 ms
// the model runs a batch of 1
//   hello, dee
// 5 submitted: 4 delivered, 1 refused
