// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <thread>
#include <vector>

namespace threads {

/// The CPUs this process may use.
inline const std::vector<int>& cpus() {
    static const std::vector<int> allowed = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        std::vector<int> result;
        if (sched_getaffinity(0, sizeof set, &set) != 0) return result;
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &set)) result.push_back(cpu);
        }
        return result;
    }();
    return allowed;
}

/// Keeps the calling thread on the n-th CPU this process may use. Call `cpus()` before the first pin.
inline void pin(std::size_t n) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpus().at(n % cpus().size()), &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

/// A second thread that sleeps as long as this lives. glibc leaves the atomic operation out of a mutex in a process with
/// one thread, where nobody needs a mutex; a server has more.
class company {
public:
    company() : sleeper_{[this] { wait(); }} {}
    ~company() {
        {
            const std::lock_guard lock{mutex_};
            over_ = true;
        }
        end_.notify_one();
        sleeper_.join();
    }

private:
    void wait() {
        std::unique_lock lock{mutex_};
        end_.wait(lock, [this] { return over_; });
    }

    std::mutex mutex_;
    std::condition_variable end_;
    bool over_ = false;
    std::thread sleeper_;
};

/// Nanoseconds an operation takes where two threads, one on each of two CPUs, call `work(thread, operations)` at the
/// same time: from the first start to the last end, over the operations of both.
template <class Work>
double two_at_once(std::size_t operations, Work&& work) {
    using clock = std::chrono::steady_clock;
    std::atomic<int> arrived{0};
    clock::time_point start[2];
    clock::time_point end[2];
    const auto body = [&](std::size_t index) {
        pin(index);
        arrived.fetch_add(1);
        while (arrived.load() < 2) {
        }
        start[index] = clock::now();
        work(index, operations);
        end[index] = clock::now();
    };
    std::thread first{body, 0};
    std::thread second{body, 1};
    first.join();
    second.join();
    const std::chrono::duration<double, std::nano> elapsed = std::max(end[0], end[1]) - std::min(start[0], start[1]);
    return elapsed.count() / static_cast<double>(2 * operations);
}

}  // namespace threads
