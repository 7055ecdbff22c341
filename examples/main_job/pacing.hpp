// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <thread>

namespace example {

/// Calls `send(index)` for each arrival when it is due, on the calling thread, and once a second says on stderr
/// how far it is: `answered()` is asked for that. Time 0 of the workload is `start`.
template <class Send, class Answered>
forebay::duration send_when_due(const forebay::sim::workload& requests, forebay::time_point start,
                                const std::string& name, Send send, Answered answered) {
    using namespace std::chrono_literals;
    const forebay::steady_clock clock;
    const auto say = [&](std::size_t sent, forebay::time_point now) {
        std::fprintf(stderr, "  %-22s %6.1f s  %zu of %zu sent, %zu ended\n", name.c_str(),
                     std::chrono::duration<double>(now - start).count(), sent, requests.arrivals.size(), answered());
    };
    forebay::time_point next_word = start + 1s;
    forebay::time_point first{};
    for (std::size_t i = 0; i < requests.arrivals.size(); ++i) {
        const forebay::time_point due = start + requests.arrivals[i].at.time_since_epoch();
        // Sleeping is late by some tens of microseconds: the last stretch is waited out awake.
        for (forebay::time_point now = clock.now(); now < due; now = clock.now()) {
            if (now >= next_word) {
                say(i, now);
                next_word = next_word + 1s;
            }
            if (due - now > 200us) {
                std::this_thread::sleep_until(clock.to_steady(std::min(due - 100us, next_word)));
            } else {
                std::this_thread::yield();
            }
        }
        if (i == 0) first = clock.now();
        send(i);
    }
    const forebay::time_point last = clock.now();
    say(requests.arrivals.size(), last);
    return last - first;
}

}  // namespace example
