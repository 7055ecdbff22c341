// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "serve.hpp"

#include <forebay/admission/on_refusal.hpp>
#include <forebay/admission/permit.hpp>
#include <forebay/sim/experiment.hpp>

#include <algorithm>
#include <utility>

namespace lab {

forebay::sim::report serve(const any_workload& requests, const any_service& service, std::size_t executors,
                           const policy_choice& policy, forebay::sim::run_options options) {
    options.patience = std::min(options.patience, policy.patience);
    if (!options.quota) options.quota = policy.cost_quota;
    any_workload charged = requests;
    if (policy.settle == settlement::after) {
        // Nothing else will have been charged of those of which nothing else is said.
        charged.add([](forebay::sim::arrival& request) {
            if (request.actual_cost == forebay::as_charged) request.actual_cost = request.known_cost();
        });
    }
    const forebay::sim::experiment virtual_time{std::move(charged), service};
    if (policy.max_wait == forebay::duration{0})
        return virtual_time.run(policy.name, policy.policies(executors), options);
    const forebay::delay wait{.max_wait = policy.max_wait};
    return virtual_time.run(policy.name, policy.policies(executors, wait), options);
}

}  // namespace lab
