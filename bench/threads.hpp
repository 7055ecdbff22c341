// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numeric>
#include <pthread.h>
#include <sched.h>
#include <string>
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

/// Nanoseconds that a thread of this process has been ready to run while something else had its CPU. 0 where Linux does
/// not count them.
inline double kept_waiting(const std::string& schedstat) {
    std::ifstream file{schedstat};
    double ran = 0;
    double waited = 0;
    file >> ran >> waited;
    return file ? waited : 0;
}
inline double all_kept_waiting() {
    double sum = 0;
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
        sum += kept_waiting(task.path() / "schedstat");
    }
    return sum;
}

/// What was measured, and which share of the time a thread had to wait for its CPU.
struct timing {
    double nanoseconds_each;
    double disturbed;
};

/// Threads that meet on two CPUs can only be timed by the clock on the wall, while both have theirs: takes the time again,
/// up to ten times, if somebody else wanted one, and keeps the calmest.
template <class Take>
double calmest(Take&& take) {
    timing best = take();
    for (int again = 0; again < 9 && best.disturbed > 0.02; ++again) {
        const timing next = take();
        if (next.disturbed < best.disturbed) best = next;
    }
    return best.nanoseconds_each;
}

/// Threads, each on a CPU of its own, that call `work(thread, operations)` at the same time; timed from the first start to
/// the last end, over the operations of all.
template <std::size_t Count, class Work>
timing at_once(std::size_t operations, Work&& work) {
    using clock = std::chrono::steady_clock;
    std::atomic<std::size_t> arrived{0};
    std::array<clock::time_point, Count> start;
    std::array<clock::time_point, Count> end;
    std::array<double, Count> waited{};
    const auto body = [&](std::size_t index) {
        pin(index);
        const double before = kept_waiting("/proc/thread-self/schedstat");
        arrived.fetch_add(1);
        while (arrived.load() < Count) {
        }
        start[index] = clock::now();
        work(index, operations);
        end[index] = clock::now();
        waited[index] = kept_waiting("/proc/thread-self/schedstat") - before;
    };
    std::vector<std::thread> running;
    for (std::size_t index = 0; index < Count; ++index) running.emplace_back(body, index);
    for (std::thread& each : running) each.join();
    const std::chrono::duration<double, std::nano> elapsed =
        *std::max_element(end.begin(), end.end()) - *std::min_element(start.begin(), start.end());
    return {elapsed.count() / static_cast<double>(Count * operations),
            std::accumulate(waited.begin(), waited.end(), 0.0) / elapsed.count()};
}
template <class Work>
timing one_alone(std::size_t operations, Work&& work) {
    return at_once<1>(operations, work);
}
template <class Work>
timing two_at_once(std::size_t operations, Work&& work) {
    return at_once<2>(operations, work);
}

}  // namespace threads
