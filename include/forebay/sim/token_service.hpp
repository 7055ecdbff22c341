// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/random.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/time.hpp>

#include <cstdint>
#include <stdexcept>

namespace forebay::inline v0::sim {

/// So much time for so many units: fractions of a nanosecond for each. 7.122 ns a unit is time_per{7122ns, 1000}.
struct time_per {
    /// [>= 0]
    duration time{0};
    /// [> 0]
    std::int64_t units{1};

    /// Rounded to the nanosecond, held at the longest duration instead of wrapping. [amount >= 0]
    /// errors  std::invalid_argument if something is out of range
    [[nodiscard]] duration of(std::int64_t amount) const { return duration{scaled(time.count(), amount, units)}; }
};

/// base + per_input * sum(u) + per_squared_input * sum(u^2) + per_output * sum(output units), u the input units of each
/// request: the time of a language model that reads its prompts at once, whose attention grows with the square of each.
/// [each >= 0]
///
///     // OPT-13B on one A100 (DistServe's profile): 18.10 ms + 0.10191 ms a token + 7.122 ns a token squared
///     sim::token_service{18100us, {101910ns}, {7122ns, 1000}}
struct token_service {
    duration base{0};
    time_per per_input{};
    time_per per_squared_input{};
    time_per per_output{};

    /// errors  std::invalid_argument if a coefficient is out of range
    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        time_point sum{duration{scaled(base.count(), 1, 1)}};
        sum = saturating_add(sum, per_input.of(shape.input_units));
        sum = saturating_add(sum, per_squared_input.of(shape.squared_input));
        sum = saturating_add(sum, per_output.of(shape.output_units));
        return sum.time_since_epoch();
    }
};

/// base + per_input * requests * max(u): every request is padded to the longest. [each >= 0]
struct padded_service {
    duration base{0};
    time_per per_input{};

    /// errors  std::invalid_argument if a coefficient is out of range
    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        const time_point sum{duration{scaled(base.count(), 1, 1)}};
        return saturating_add(sum, per_input.of(scaled(shape.requests, shape.largest_input, 1))).time_since_epoch();
    }
};

/// As long as was recorded with the requests, each alone: one after the other, or all at the pace of the longest.
struct recorded_service {
    enum class together : std::uint8_t {
        sum,      ///< a batch saves nothing
        longest,  ///< a batch is free but for its longest member
    };
    together mode{together::sum};

    /// errors  std::invalid_argument for a batch of requests none of which has a recorded time
    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        if (shape.recorded_longest <= duration{0}) {
            throw std::invalid_argument(
                "forebay: recorded_service needs requests with a recorded service time (a trace's column service_us)");
        }
        return mode == together::sum ? shape.recorded_sum : shape.recorded_longest;
    }
};

}  // namespace forebay::inline v0::sim
