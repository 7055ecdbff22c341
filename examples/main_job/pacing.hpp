// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <thread>

namespace example {

/// Calls `send(index)` for each arrival when it is due, on the calling thread, then waits until all have ended. Once a
/// second it says on stderr how far it is.
///
/// start    time 0 of the workload
/// ended    how many have had their outcome so far
/// returns  time from the first sending to the last
template <class Send, class Ended>
forebay::duration drive(const forebay::sim::workload& requests, forebay::time_point start, const std::string& name,
                        Send send, Ended ended) {
    using namespace std::chrono_literals;
    const forebay::steady_clock clock;
    const std::size_t all = requests.arrivals.size();

    forebay::time_point next_word = start + 1s;
    const auto say_now_and_then = [&](std::size_t sent, forebay::time_point now) {
        if (now < next_word) return;
        next_word = next_word + 1s;
        std::fprintf(stderr, "  %-18s %6.1f s  %zu of %zu sent, %zu ended\n", name.c_str(),
                     std::chrono::duration<double>(now - start).count(), sent, all, ended());
    };

    forebay::time_point first{};
    for (std::size_t i = 0; i < all; ++i) {
        const forebay::time_point due = start + requests.arrivals[i].at.time_since_epoch();
        // Sleeping is late by some tens of microseconds: the last stretch is waited out awake.
        for (forebay::time_point now = clock.now(); now < due; now = clock.now()) {
            say_now_and_then(i, now);
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

    // The last ones wait for company like all others. If nothing ends for long, something is lost: the checks will say.
    constexpr forebay::duration patience = 10s;
    std::size_t before = ended();
    forebay::time_point give_up = clock.now() + patience;
    while (ended() < all && clock.now() < give_up) {
        std::this_thread::sleep_for(1ms);
        say_now_and_then(all, clock.now());
        if (const std::size_t so_far = ended(); so_far != before) {
            before = so_far;
            give_up = clock.now() + patience;
        }
    }
    return last - first;
}

}  // namespace example
