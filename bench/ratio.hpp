// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <time.h>
#include <utility>
#include <vector>

/// How a ratio is taken: the contestants run in turn (A B C A B C ...) in one process, each ratio is formed within one
/// such round, so that what disturbs the machine for longer than a round cancels out, and the median round counts.
namespace ratio {

struct options {
    bool quick = false;

    /// Of `full` repetitions, how many this run takes.
    [[nodiscard]] int repetitions(int full) const { return quick ? std::max(5, full / 5) : full; }
};

inline options parse(int argc, char** argv) {
    options result;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--quick") == 0) result.quick = true;
    }
    return result;
}

/// The q-th quantile, nearest rank.
inline double quantile(std::vector<double> values, double q) {
    const auto last = static_cast<double>(values.size() - 1);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * last + 0.5);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

/// What time is taken by.
enum class by {
    wall,         ///< the clock on the wall: where threads wait for each other across CPUs
    own_thread,   ///< time this thread has run: not disturbed by who else wants the CPU
    all_threads,  ///< time all threads here have run: the same for threads that take turns on one CPU
};

inline double nanoseconds_now(by which) {
    std::timespec at{};
    clock_gettime(which == by::wall         ? CLOCK_MONOTONIC
                  : which == by::own_thread ? CLOCK_THREAD_CPUTIME_ID
                                            : CLOCK_PROCESS_CPUTIME_ID,
                  &at);
    return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

/// Nanoseconds that one of `operations` takes when `work()` does them all.
template <class Work>
double nanoseconds_each(by which, std::size_t operations, Work&& work) {
    const double start = nanoseconds_now(which);
    work();
    return (nanoseconds_now(which) - start) / static_cast<double>(operations);
}

/// The line that bench/run.sh looks for.
inline void judge(const char* name, double value, const char* side, double bound, const std::string& what) {
    const bool holds = std::strcmp(side, "max") == 0 ? value <= bound : value >= bound;
    std::printf("ratio %s %.3f %s %g (%s)%s\n", name, value, side, bound, what.c_str(), holds ? "" : " MISS");
    std::fflush(stdout);
}

struct contestant {
    std::string name;
    std::function<double()> measure;  ///< one repetition; what it returns is compared [any unit, smaller is better]
};

class contest {
public:
    /// Runs every contestant once unmeasured, then `repetitions` rounds, and prints medians with quartiles.
    contest(std::string title, const char* unit, int repetitions, std::vector<contestant> all)
        : contestants_{std::move(all)}, samples_(contestants_.size()) {
        for (contestant& each : contestants_) each.measure();
        for (int round = 0; round < repetitions; ++round) {
            for (std::size_t i = 0; i < contestants_.size(); ++i) samples_[i].push_back(contestants_[i].measure());
        }
        std::printf("%s: %d rounds, %s, median [quartiles]\n", title.c_str(), repetitions, unit);
        for (std::size_t i = 0; i < contestants_.size(); ++i) {
            std::printf("  %-58s %10.1f [%.1f, %.1f]\n", contestants_[i].name.c_str(), quantile(samples_[i], 0.5),
                        quantile(samples_[i], 0.25), quantile(samples_[i], 0.75));
        }
        std::fflush(stdout);
    }

    /// Prints the median over the rounds of `measured / against`, both indices into the contestants.
    void report_max(const char* name, std::size_t measured, std::size_t against, double bound) const {
        report(name, measured, against, measured, against, "max", bound);
    }
    /// The same without a bound.
    void report(const char* name, std::size_t measured, std::size_t against) const { spread(name, measured, against); }
    /// The same of speeds, the inverse of what was measured: how many `measured` does while `against` does one.
    void report_min(const char* name, std::size_t measured, std::size_t against, double bound) const {
        report(name, against, measured, measured, against, "min", bound);
    }

private:
    void report(const char* name, std::size_t above, std::size_t below, std::size_t measured, std::size_t against,
                const char* side, double bound) const {
        judge(name, spread(name, above, below), side, bound,
              contestants_[measured].name + " / " + contestants_[against].name);
    }
    /// Prints how the rounds' ratios lie, and returns their median.
    double spread(const char* name, std::size_t above, std::size_t below) const {
        std::vector<double> rounds;
        for (std::size_t i = 0; i < samples_[above].size(); ++i) {
            rounds.push_back(samples_[above][i] / samples_[below][i]);
        }
        const double value = quantile(rounds, 0.5);
        std::printf("  %-58s %10.3f [%.3f, %.3f]\n", name, value, quantile(rounds, 0.25), quantile(rounds, 0.75));
        std::fflush(stdout);
        return value;
    }

    std::vector<contestant> contestants_;
    std::vector<std::vector<double>> samples_;
};

}  // namespace ratio
