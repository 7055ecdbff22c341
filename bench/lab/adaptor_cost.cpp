// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// What choosing policies at run time costs: the same workload through the adaptors of the command line (any_policies.hpp,
// any_workload.hpp) and through the templates, in turn, in one process. The reports must be equal.
#include "../ratio.hpp"
#include "any_policies.hpp"
#include "any_workload.hpp"
#include "policy_spec.hpp"
#include "serve.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/traffic.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace {

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

constexpr std::size_t requests = 200'000;

sim::traffic workload() {
    sim::traffic all;
    for (std::int32_t priority = 0; priority < 2; ++priority) {
        all.demands.push_back({{.priority = priority}, sim::arrival_process::poisson(fb::rate::per_second(80)), {}});
    }
    all.requests = requests;
    return all;
}

template <class Policies>
void compare(const char* name, const Policies& typed, const lab::policy_choice& chosen, int repetitions) {
    const sim::experiment direct{workload(), sim::affine_service{.base = 4ms, .per_request = 1ms}};
    const lab::any_workload any{workload()};
    const lab::any_service service{sim::affine_service{.base = 4ms, .per_request = 1ms}};
    std::vector<double> ratios;
    sim::report a;
    sim::report b;
    for (int i = 0; i < repetitions; ++i) {
        const double plain =
            ratio::nanoseconds_each(ratio::by::own_thread, requests, [&] { a = direct.run(chosen.name, typed); });
        const double erased =
            ratio::nanoseconds_each(ratio::by::own_thread, requests, [&] { b = lab::serve(any, service, 1, chosen); });
        ratios.push_back(erased / plain);
        if (a.all.latency.p99 != b.all.latency.p99 || a.batches != b.batches) std::puts("DIFFERENT");
        std::printf("  %-24s %6.0f ns by type %6.0f ns at run time\n", name, plain, erased);
    }
    std::printf("ratio lab_%s_at_run_time %.2f (at run time / by type)\n", name, ratio::quantile(ratios, 0.5));
}

}  // namespace

int main(int argc, char** argv) {
    const int repetitions = ratio::parse(argc, argv).repetitions(15);
    const fb::policies fifo{.capacity = {.max_requests = lab::default_capacity}};
    compare("fifo", fifo, lab::to_policy("it=order:fifo"), repetitions);
    const fb::strict_priority levels{fb::fifo{}, 64};
    const fb::policies strict{.order = levels,
                              .batching = fb::size_or_delay{.max_batch_size = 8},
                              .capacity = {.max_requests = lab::default_capacity}};
    compare("strict_batches", strict, lab::to_policy("it=order:strict,batch:8"), repetitions);
}
