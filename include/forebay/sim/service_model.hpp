// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/arrival.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// What a service model is told of a batch. Sums are held at the largest int64 instead of wrapping.
struct batch_shape {
    std::int64_t requests{0};
    /// Sums over the batch.
    std::int64_t input_units{0};
    std::int64_t output_units{0};
    std::int64_t items{0};
    /// Actual costs, where the workload has them; an unknown one counts 0.
    std::int64_t cost{0};
    /// What everything is padded to, where the model pads.
    std::int64_t largest_input{0};
    std::int64_t largest_output{0};
    /// Sum of the squares of the requests' input units: what attention within each of them costs.
    std::int64_t squared_input{0};
    /// Of the service times that were recorded with the requests (`arrival::service`).
    duration recorded_sum{0};
    duration recorded_longest{0};

    /// Of the first request, the best by the order: its place in the workload, which names the batch whatever else is in
    /// it; its class and its kind. All of a batch have the same key.
    std::uint64_t lead{0};
    std::int32_t priority{0};
    std::uint32_t kind{0};
    std::uint64_t key{0};

    /// When it is handed to the model, since the first request of the run, and how many batches the model has then, this one
    /// included.
    duration since_start{0};
    std::int64_t at_once{1};

    /// Sizes and times of the request must be >= 0.
    void add(const arrival& request) noexcept {
        if (requests++ == 0) {
            lead = request.sequence;
            priority = request.info.priority;
            kind = request.kind;
            key = request.info.key;
        }
        input_units = sum(input_units, request.input_units);
        output_units = sum(output_units, request.output_units);
        items = sum(items, request.items);
        cost = sum(cost, request.known_cost());
        largest_input = std::max(largest_input, request.input_units);
        largest_output = std::max(largest_output, request.output_units);
        std::int64_t square = 0;
        if (__builtin_mul_overflow(request.input_units, request.input_units, &square)) square = most;
        squared_input = sum(squared_input, square);
        recorded_sum = duration{sum(recorded_sum.count(), request.service.count())};
        recorded_longest = std::max(recorded_longest, request.service);
    }

private:
    static constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    static std::int64_t sum(std::int64_t a, std::int64_t b) noexcept {
        std::int64_t result = 0;
        return __builtin_add_overflow(a, b, &result) ? most : result;
    }
};

/// How long the model takes for a batch.
///
/// 1. `model(shape)` on a const object returns a forebay::duration >= 0.
/// 2. The same shape takes the same time: what varies (a request's length) belongs to the workload, where it stays the
///    same whatever the policy. What varies by chance is drawn from a seed and `shape.lead`.
///
/// Smallest model:
///
///     struct constant_service {
///         forebay::duration operator()(const forebay::sim::batch_shape&) const { return 10ms; }
///     };
template <class Model>
concept service_model = std::copy_constructible<Model> && requires(const Model& model, const batch_shape& shape) {
    { model(shape) } -> std::same_as<duration>;
};

/// Every batch takes the same time, whatever is in it. [>= 0]
struct constant_service {
    duration time{0};

    [[nodiscard]] duration operator()(const batch_shape&) const noexcept { return time; }
};

/// base + per_request * requests + per_input_unit * input_units + per_output_unit * output_units.
/// Good for models whose time grows in a straight line; a measured curve that bends wants a table_service.
/// [each >= 0]
struct affine_service {
    duration base{0};
    duration per_request{0};
    duration per_input_unit{0};
    duration per_output_unit{0};

    /// errors  std::invalid_argument if a coefficient or a size is negative
    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        time_point sum{duration{scaled(base.count(), 1, 1)}};
        sum = saturating_add(sum, duration{scaled(per_request.count(), shape.requests, 1)});
        sum = saturating_add(sum, duration{scaled(per_input_unit.count(), shape.input_units, 1)});
        sum = saturating_add(sum, duration{scaled(per_output_unit.count(), shape.output_units, 1)});
        return sum.time_since_epoch();
    }
};

/// Straight lines between measured points, along one measure of the batch.
///
/// Below the first point: as long as the first. Beyond the last: on along the line through the last two, never shorter
/// than the last; if there is only one point, in proportion.
class table_service {
public:
    struct point {
        std::int64_t size;
        duration time;
    };

    /// points  in order of size, at least one [sizes > 0, all different, times >= 0]
    /// along   which measure of the batch a point's size is
    /// errors  std::invalid_argument
    explicit table_service(std::vector<point> points, std::int64_t batch_shape::*along = &batch_shape::requests)
        : points_{std::move(points)}, along_{along} {
        if (points_.empty()) throw std::invalid_argument("forebay: a service table needs at least one point");
        std::int64_t before = 0;
        for (const point& each : points_) {
            if (each.size <= before) {
                throw std::invalid_argument(
                    "forebay: a service table's sizes must be > 0 and rise from point to point");
            }
            if (each.time < duration{0}) throw std::invalid_argument("forebay: a service table's times must be >= 0");
            before = each.size;
        }
    }

    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        const std::int64_t size = shape.*along_;
        if (size <= points_.front().size) return points_.front().time;
        if (points_.size() == 1) return duration{scaled(points_[0].time.count(), size, points_[0].size)};
        auto upper = std::lower_bound(points_.begin() + 1, points_.end(), size,
                                      [](const point& each, std::int64_t wanted) { return each.size < wanted; });
        const bool beyond = upper == points_.end();
        if (beyond) --upper;
        const point& from = *(upper - 1);
        const std::int64_t rise = (upper->time - from.time).count();
        const std::int64_t step = scaled(rise < 0 ? -rise : rise, size - from.size, upper->size - from.size);
        if (rise >= 0) return saturating_add(time_point{from.time}, duration{step}).time_since_epoch();
        return beyond ? upper->time : from.time - duration{step};
    }

private:
    std::vector<point> points_;
    std::int64_t batch_shape::*along_;
};

}  // namespace forebay::inline v0::sim
