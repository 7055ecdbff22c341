// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "chosen.hpp"
#include "inference.hpp"
#include <forebay/outcome.hpp>
#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace example {

/// What became of one request.
struct fate {
    /// How often it was told an outcome: a refusal, a reply, a failure. Must be 1 in the end.
    std::uint32_t outcomes{0};
    /// The limit that refused it; none if it was let in.
    forebay::limit refused_by{forebay::limit::none};
    forebay::ending how{forebay::ending::failed};
    /// When the model began with it, and when its outcome was told.
    forebay::time_point started{};
    forebay::time_point ended{};
    reply answer{};
};

/// One way of serving, over one sequence of requests. `fates` and `requests.arrivals` go by the same index.
struct served_run {
    std::string name;
    forebay::sim::workload requests;
    std::vector<fate> fates;
    std::vector<inference::call> calls;
    /// The workload's time 0.
    forebay::time_point start;
    /// From the first request's sending to the last one's.
    forebay::duration sending;
};

/// What the model is sent for request `index`. Neighbours differ.
[[nodiscard]] request request_at(const forebay::sim::workload& requests, std::size_t index);

/// Serves the arrivals in real time with the hand-written batcher.
[[nodiscard]] served_run serve_by_hand(std::string name, const forebay::sim::workload& requests, inference& run,
                                       batching how);

/// Serves them with forebay.
[[nodiscard]] served_run serve_with_forebay(std::string name, const forebay::sim::workload& requests, inference& run,
                                            batching how, const tenant_quotas& quotas);

}  // namespace example
