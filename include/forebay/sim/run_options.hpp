// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/outcome.hpp>
#include <forebay/rate.hpp>
#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace forebay::inline v0::sim {

/// How percentiles are taken.
enum class percentiles : std::uint8_t {
    exact,      ///< every delay is kept: 16 bytes for each request that was delivered
    histogram,  ///< fixed memory; a percentile is at most 1/32 too high, never too low. Means and maxima stay exact
};

/// What became of one request of a run.
struct request_record {
    arrival request;
    bool admitted;
    /// Of a request that was not admitted.
    limit refused_by;
    /// Of one that was.
    ending how;
    /// When it was handed to the model; `no_deadline` if it never was.
    time_point dispatched;
    /// When it had its outcome; of a refused one, when it came.
    time_point ended;
    /// Size of the batch it ran in; 0 if in none.
    std::size_t batch;
};

/// What a run of an experiment keeps, and whom it tells, beside the policies it tries.
struct run_options {
    /// Choose `histogram` where a run is too long for its delays to be kept.
    percentiles precision{percentiles::exact};
    /// A request not handed to the model this long after it came expires, as if its deadline had said so. [time, > 0]
    /// Set it to try a deadline on a workload that has none; earlier deadlines of the workload stay.
    duration patience{unlimited};
    /// At most this many buckets of `report::timeline`; 0 = none. [even]
    std::size_t timeline{0};
    /// Whether spreads keep their curve, `spread::quantiles`, for plots.
    bool curves{false};
    /// Whether `report::max_service_gap` is taken. It costs some time for each tenant at every batch.
    bool service_gap{true};
    /// Held against what each tenant's requests cost: `tally::use`. Unset = nothing is. It changes nothing that runs.
    std::optional<forebay::quota> quota{};
    /// Told of every request as it ends, in order of time.
    std::function<void(const request_record&)> each{};
    /// Told now and then (every 65,536 arrivals) how far the run has come.
    std::function<void(std::uint64_t arrived, time_point now)> progress{};
};

}  // namespace forebay::inline v0::sim
