// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "any_costs.hpp"
#include "any_policies.hpp"
#include "settlement.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/policies.hpp>
#include <forebay/rate.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/time.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab {

/// Requests that may wait where no `capacity:N` says otherwise. Production's own default is a tenth of it; here a queue
/// that refuses is an answer to be asked for.
inline constexpr std::size_t default_capacity = 100'000;

/// Several limits at once are the library's all_of; none at all admits everybody.
[[nodiscard]] any_admission all_together(const std::vector<any_admission>& limits);

/// One `--policy NAME=SPEC`.
struct policy_choice {
    std::string name{"fifo"};
    /// As it was written.
    std::string spec{"order:fifo"};
    /// All of them hold.
    std::vector<any_admission> limits{};
    /// When those of them that go by cost are told it.
    settlement settle{settlement::reserve};
    /// Of `cost-limit`.
    std::optional<forebay::quota> cost_quota{};
    any_costs costs{};
    any_order order{forebay::fifo{}};
    forebay::size_or_delay batching{.max_batch_size = 1};
    /// Requests that may wait, where it was said.
    std::optional<std::size_t> capacity{};
    /// A request not handed to the model this long after it came expires.
    forebay::duration patience{forebay::sim::unlimited};

    /// Longest time a request waits for its slot; 0 = it is refused instead.
    forebay::duration max_wait{0};

    /// As the scheduler takes them.
    template <class OnRefusal = forebay::reject>
    [[nodiscard]] auto policies(std::size_t executors, OnRefusal on_refusal = {}) const {
        return forebay::policies{.admission = all_together(limits),
                                 .on_refusal = on_refusal,
                                 .costs = costs,
                                 .order = order,
                                 .batching = any_batching{batching},
                                 .capacity = {.max_requests = capacity.value_or(default_capacity)},
                                 .executors = executors};
    }
};

/// "NAME=SPEC", SPEC a comma list of the keys below.
/// errors  unexpected, std::invalid_argument
[[nodiscard]] policy_choice to_policy(std::string_view text);

/// The keys of a SPEC, and the orders there are, as lines for --help.
[[nodiscard]] std::string policy_help();

}  // namespace lab
