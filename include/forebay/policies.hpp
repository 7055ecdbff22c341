// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/cost_source.hpp>
#include <forebay/admission/on_refusal.hpp>
#include <forebay/admission/policy.hpp>
#include <forebay/batch/policy.hpp>
#include <forebay/observe/observer.hpp>
#include <forebay/queue/capacity.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>

#include <cstddef>

namespace forebay::inline v0 {

/// Everything a scheduler is told at its making: plain values, each with a default. `policies{}` admits all, serves first
/// come first, does not batch, and bounds the queue.
///
///     forebay::policies{
///         .admission = forebay::per_tenant{forebay::quota{forebay::rate::per_minute(600), 60}},
///         .order = forebay::strict_priority{},
///         .batching = forebay::size_or_delay{.max_batch_size = 32},
///     }
template <class Admission = admit_all, class Order = fifo, class Batching = one_by_one, class Clock = steady_clock,
          class Observer = no_observer, class Sync = multi_threaded, class OnRefusal = reject,
          class Costs = no_estimates>
struct policies {
    using sync_type = Sync;

    /// Who gets in.
    Admission admission{};
    /// What becomes of who exceeds a rate: reject{}, or delay{.max_wait = ...}.
    OnRefusal on_refusal{};
    /// What a request costs whose caller does not say: no_estimates, or cost_estimator{...}.
    Costs costs{};
    /// Who is next.
    Order order{};
    /// What runs together.
    Batching batching{};
    /// How much waits at most.
    forebay::capacity capacity{};
    /// Batches that may be out at once: as many as the model runs at the same time. [batches]
    /// Raise it with the number of devices or streams, and run that many threads.
    /// Must be 1 to 65,536; checked when a scheduler is built.
    std::size_t executors{1};
    /// The host's clock.
    Clock clock{};
    /// Who watches.
    Observer observer{};
    /// multi_threaded, or single_threaded where the host serialises all calls.
    Sync sync{};
};

}  // namespace forebay::inline v0
