// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// How true the policy lab is to reality: the main job's model is served by forebay in real time, then the lab says what
// it makes of the same arrivals and policies, given how long the model takes for a batch: measured before, between and
// after the runs, since the machine's other work comes and goes.
#include "arrivals.hpp"
#include "chosen.hpp"
#include "inference.hpp"
#include "model.hpp"
#include "options.hpp"
#include "plan.hpp"
#include "report.hpp"
#include "serving.hpp"
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/table.hpp>
#include <forebay/sim/trace.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace sim = forebay::sim;
using namespace example;

/// Real runs differ from one another by what else the machine does; the middle one of so many is judged.
constexpr std::size_t rounds = 3;
/// How far the lab may be off. [percent]
constexpr double bound = 15;

struct figures {
    double p50_ms;
    double p95_ms;
    double mean_batch;
};

figures figures_of(const sim::report& run) {
    const auto ms = [](forebay::duration time) { return static_cast<double>(time.count()) / 1e6; };
    return {ms(run.all.latency.p50), ms(run.all.latency.p95), run.mean_batch_size()};
}

/// The middle of the rounds' values, and how far the lab is from it in percent; false if that is too far.
bool print_line(const char* what, std::array<double, rounds> measured, double lab) {
    std::ranges::sort(measured);
    const double middle = measured[rounds / 2];
    const double off = (lab / middle - 1) * 100;
    const bool close = std::abs(off) <= bound;  // false for what is no number
    std::printf("  %-12s %10.3f %10.3f %10.3f   %10.3f %+9.1f %%  %s\n", what, measured.front(), middle,
                measured.back(), lab, off, close ? "ok" : "MISS");
    return close;
}

bool compare(const char* title, std::span<const sim::report> measured, const sim::report& predicted) {
    std::array<double, rounds> p50{};
    std::array<double, rounds> p95{};
    std::array<double, rounds> batch{};
    for (std::size_t i = 0; i < rounds; ++i) {
        const figures of = figures_of(measured[i]);
        p50[i] = of.p50_ms;
        p95[i] = of.p95_ms;
        batch[i] = of.mean_batch;
    }
    const figures lab = figures_of(predicted);
    std::printf("\n%s\n  %-12s %10s %10s %10s   %10s %11s\n", title, "", "least", "median", "most", "lab", "lab off");
    bool close = print_line("p50 ms", p50, lab.p50_ms);
    close = print_line("p95 ms", p95, lab.p95_ms) && close;
    return print_line("mean batch", batch, lab.mean_batch) && close;
}

int judge(const options& chosen) {
    arrivals source;
    if (!chosen.trace.empty()) source = trace_arrivals(chosen.trace, chosen.seed);

    std::fprintf(stderr, "building the model and measuring it\n");
    model net;
    inference run{net};
    service_times times = service_times::measure(run);
    const plan work = make_plan(chosen, std::move(source), times);
    const batching how{max_batch, max_delay};
    const tenant_quotas quotas{work.fast};

    for (const std::string& line : work.origin) std::printf("%s\n", line.c_str());
    std::printf("%zu requests, %.2f of the capacity of %.0f/s in batches of %zu; %zu rounds in real time\n",
                work.fast.arrivals.size(), chosen.load, work.batched_capacity, max_batch, rounds);
    std::fflush(stdout);

    std::vector<sim::report> by_hand;
    std::vector<sim::report> by_forebay;
    double slower = 0;
    for (std::size_t i = 0; i < rounds; ++i) {
        const served_run hand = serve_by_hand("by hand", work.fast, run, how);
        const served_run ours = serve_with_forebay("forebay", work.fast, run, how, quotas);
        slower = std::max({slower, slowdown(hand, times), slowdown(ours, times)});
        by_hand.push_back(report_of(hand));
        by_forebay.push_back(report_of(ours));
        times.measure_again(run);
    }

    const sim::experiment lab{work.fast, times.uneven(chosen.seed)};
    bool close = compare("Batches in order of arrival, by hand", by_hand, lab.run("by hand", policies_by_hand(how)));
    close = compare("forebay: quotas, priorities, batches", by_forebay,
                    lab.run("forebay", forebay_policies(how, quotas))) &&
            close;
    std::printf("\nIn the runs the model took up to %+.1f %% longer than measured beforehand, for the same batches.\n",
                slower);
    std::printf("All within %.0f %%: %s\n", bound, close ? "yes" : "no");
    return close ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        const std::optional<options> chosen = parse_options(count, arguments);
        return chosen ? judge(*chosen) : 0;
    } catch (const usage_error& error) {
        std::fprintf(stderr, "fidelity: %s\n", error.what());
        return 2;
    } catch (const sim::trace_error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fidelity: %s\n", error.what());
        return 1;
    }
}
