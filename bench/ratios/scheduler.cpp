// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// Submit to outcome, beside the batchers people write by hand.
#include "../ratio.hpp"
#include "served.hpp"

namespace {

constexpr std::size_t burst = 1024;
constexpr std::size_t bursts = 100;

struct names {
    const char* title;
    const char* vs_promise;
    const char* vs_swap;
};

void compare(const ratio::options& options, std::size_t worker_cpu, ratio::by clock, const names& names,
             double promise_bound, double swap_bound) {
    contestants::served<contestants::forebay_way> forebay{worker_cpu};
    contestants::served<contestants::promise_way> promises{worker_cpu};
    contestants::served<contestants::swap_way> swapped{worker_cpu};
    const auto serve = [clock](auto& way) {
        return
            [clock, &way] { return ratio::nanoseconds_each(clock, burst * bursts, [&] { way.serve(bursts, burst); }); };
    };
    const ratio::contest contest{names.title,
                                 "ns a request",
                                 options.repetitions(61),
                                 {{"scheduler", serve(forebay)},
                                  {"a promise per task", serve(promises)},
                                  {"vector swapped out whole", serve(swapped)}}};
    if (promise_bound > 0) contest.report_max(names.vs_promise, 0, 1, promise_bound);
    contest.report_max(names.vs_swap, 0, 2, swap_bound);
}

}  // namespace

int main(int argc, char** argv) {
    const ratio::options options = ratio::parse(argc, argv);
    threads::cpus();
    threads::pin(0);
    compare(options, 0, ratio::by::all_threads,
            {"submit_at to outcome, batch 32, producer and worker on one CPU", "scheduler_vs_promise_per_task",
             "scheduler_vs_vector_swap"},
            0.25, 2);
    if (threads::cpus().size() > 1) {
        compare(
            options, 1, ratio::by::wall,
            {"submit_at to outcome, batch 32, producer and worker on two CPUs", "", "scheduler_2_cpus_vs_vector_swap"},
            0, 1.5);
    } else {
        std::puts("submit_at to outcome, two CPUs: skipped, this process may use one CPU only");
    }
}
