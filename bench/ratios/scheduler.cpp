// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// Submit to outcome, beside the batchers people write by hand.
#include "../ratio.hpp"
#include "served.hpp"

namespace {

constexpr std::size_t burst = 1024;
/// The CPU both threads share is always busy: the time they have run is the time it takes, whoever else wants the CPU.
template <class Way>
auto on_one_cpu(contestants::served<Way>& way) {
    return [&way] {
        constexpr std::size_t bursts = 100;
        return ratio::nanoseconds_each(ratio::by::all_threads, burst * bursts, [&] { way.serve(bursts, burst); });
    };
}
template <class Way>
auto on_two_cpus(contestants::served<Way>& way) {
    const auto take = [&way] {
        constexpr std::size_t bursts = 20;
        const double waited = threads::all_kept_waiting();
        const double each = ratio::nanoseconds_each(ratio::by::wall, burst * bursts, [&] { way.serve(bursts, burst); });
        return threads::timing{each, (threads::all_kept_waiting() - waited) / (each * double{burst * bursts})};
    };
    return [take] { return threads::calmest(take); };
}

template <class Measure>
ratio::contest compare(const char* title, int repetitions, std::size_t worker_cpu, Measure&& measure) {
    contestants::served<contestants::forebay_way> forebay{worker_cpu};
    contestants::served<contestants::promise_way> promises{worker_cpu};
    contestants::served<contestants::swap_way> swapped{worker_cpu};
    return {title,
            "ns a request",
            repetitions,
            {{"scheduler", measure(forebay)},
             {"a promise per task", measure(promises)},
             {"vector swapped out whole", measure(swapped)}}};
}

}  // namespace

int main(int argc, char** argv) {
    const ratio::options options = ratio::parse(argc, argv);
    threads::cpus();
    threads::pin(0);
    const auto one = compare("submit_at to outcome, batch 32, producer and worker on one CPU", options.repetitions(61),
                             0, [](auto& way) { return on_one_cpu(way); });
    one.report_max("scheduler_vs_promise_per_task", 0, 1, 0.25);
    one.report_max("scheduler_vs_vector_swap", 0, 2, 2);
    if (threads::cpus().size() > 1) {
        const auto two = compare("submit_at to outcome, batch 32, producer and worker on two CPUs",
                                 options.repetitions(61), 1, [](auto& way) { return on_two_cpus(way); });
        two.report_max("scheduler_2_cpus_vs_vector_swap", 0, 2, 1.5);
    } else {
        std::puts("submit_at to outcome, two CPUs: skipped, this process may use one CPU only");
    }
}
