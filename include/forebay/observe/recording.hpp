// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/observe/histogram.hpp>
#include <forebay/observe/observer.hpp>
#include <forebay/outcome.hpp>
#include <forebay/request.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace forebay::inline v0 {

/// An observer that keeps the distributions one looks at first. What is counted, but has no distribution, is in the
/// `ledger`.
///
/// memory   60 KiB, fixed
/// threads  a value: read it where the scheduler does not run, or from a copy
struct recording_observer : no_observer {
    /// From acceptance to dispatch, of each request that was dispatched. [ns]
    histogram queue_delay;
    /// From acceptance to the end, of delivered requests only: how fast it was for those it was for. [ns]
    histogram latency;
    /// Of each batch that was dispatched. [requests]
    histogram batch_size;
    /// From dispatch to completion, of each batch. [ns]
    histogram service_time;

    constexpr void on_dispatch(dispatch_cause, std::size_t size, time_point) noexcept { batch_size.record(size); }
    constexpr void on_start(const request_info&, duration delay) noexcept { record(queue_delay, delay); }
    constexpr void on_end(const request_info&, ending how, duration length) noexcept {
        if (how == ending::delivered) record(latency, length);
    }
    constexpr void on_batch_done(std::size_t, duration service) noexcept { record(service_time, service); }

    /// Adds what another has recorded.
    constexpr void merge(const recording_observer& other) noexcept {
        queue_delay.merge(other.queue_delay);
        latency.merge(other.latency);
        batch_size.merge(other.batch_size);
        service_time.merge(other.service_time);
    }

private:
    static constexpr void record(histogram& into, duration length) noexcept {
        into.record(static_cast<std::uint64_t>(std::max<std::int64_t>(length.count(), 0)));
    }
};

static_assert(observer<no_observer> && observer<recording_observer>);

}  // namespace forebay::inline v0
