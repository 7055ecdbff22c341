// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace example {

/// The two parts that run at once. Each keeps to a CPU of its own where there are two: a thread that is woken otherwise
/// often starts on the CPU of the one that woke it, and waits there for its turn.
enum class part { model, clients };

/// Keeps the calling thread to its part's CPU: the first or the last of those this process may use. Elsewhere than on
/// Linux it does nothing.
inline void keep_to_cpu(part which) {
#if defined(__linux__)
    static const cpu_set_t allowed = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        sched_getaffinity(0, sizeof set, &set);
        return set;
    }();
    int chosen = -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &allowed)) continue;
        if (chosen < 0 || which == part::clients) chosen = cpu;
    }
    if (chosen < 0) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(chosen, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
#else
    static_cast<void>(which);
#endif
}

}  // namespace example
