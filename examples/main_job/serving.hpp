// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inference.hpp"
#include <forebay/rate.hpp>
#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace example {

/// One arrival, and all that became of it.
struct record {
    modality kind{};
    std::uint32_t tenant{0};
    request sent{};
    /// How many outcomes it had: a refusal, a reply or a failure. Must end as 1.
    std::uint32_t outcomes{0};
    /// The limit that refused it; none if it was let in.
    forebay::limit refused_by{forebay::limit::none};
    bool served{false};
    reply answer{};
    /// From the instant it was due to arrive, so that a sender that falls behind hides nothing.
    forebay::duration latency{};
};

struct served_run {
    std::string name{};
    std::vector<record> records{};
    /// From the first arrival to the last outcome.
    forebay::duration length{};
    std::size_t batches{0};
    /// What else went wrong, for the checks at the end; empty if nothing.
    std::string trouble{};
};

/// How batches are made, by hand and by forebay.
struct batching {
    std::size_t max_size;
    forebay::duration max_delay;
};

/// Serves the arrivals in real time with the hand-written batcher.
served_run serve_by_hand(std::string name, const forebay::sim::workload& requests, inference& run, batching how);

/// Serves them with forebay: `quotas` by tenant index.
served_run serve_with_forebay(std::string name, const forebay::sim::workload& requests, inference& run, batching how,
                              const std::vector<forebay::quota>& quotas);

}  // namespace example
