// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/random.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// Another model whose speed changes at given times of the run: a device that is throttled, lost for a while, or given back.
///
/// A batch that is under way when the speed changes goes on at the new one: its time is that of the model within at full
/// speed, worked off at the speed of each instant; rounded to a nanosecond for each change.
///
///     // half as fast from the first minute to the second
///     sim::stepped_service{sim::affine_service{40ms}, {{.from = 1min, .speed = 1, .of = 2}, {.from = 2min}}}
template <service_model Inner>
class stepped_service {
public:
    struct step {
        /// Since the first request of the run. [>= 0]
        duration from{0};
        /// speed / of: 1 is full speed, before the first step too; 0 stands still. [speed >= 0, of > 0]
        std::int64_t speed{1};
        std::int64_t of{1};
    };

    /// errors  std::invalid_argument unless times rise from step to step, numbers are in range, and the last speed is > 0
    stepped_service(Inner inner, std::vector<step> steps) : inner_{std::move(inner)}, steps_{std::move(steps)} {
        duration before{-1};
        for (const step& each : steps_) {
            if (each.from <= before) {
                throw std::invalid_argument(
                    "forebay: a stepped service's times must be >= 0 and rise from step to step");
            }
            if (each.speed < 0 || each.of < 1) {
                throw std::invalid_argument("forebay: a stepped service's speeds must be >= 0");
            }
            before = each.from;
        }
        if (steps_.empty() || steps_.back().speed == 0) {
            throw std::invalid_argument("forebay: a stepped service needs steps, and a last speed above 0");
        }
    }

    /// errors  std::invalid_argument if the model within says a negative time
    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        auto work = static_cast<wide>(scaled(inner_(shape).count(), 1, 1));
        time_point now{shape.since_start};
        auto next = std::upper_bound(steps_.begin(), steps_.end(), shape.since_start,
                                     [](duration at, const step& each) { return at < each.from; });
        step current = next == steps_.begin() ? step{} : *(next - 1);
        for (; next != steps_.end(); ++next) {
            const duration left = saturating_sub(time_point{next->from}, now);
            const wide done =
                static_cast<wide>(left.count()) * static_cast<wide>(current.speed) / static_cast<wide>(current.of);
            if (work <= done) break;
            work -= done;
            now = time_point{next->from};
            current = *next;
        }
        return saturating_sub(saturating_add(now, time_for(work, current)), time_point{shape.since_start});
    }

private:
    /// Rounded up, so that what is not done within a stretch does not end in it.
    [[nodiscard]] static duration time_for(wide work, const step& at) noexcept {
        if (work == 0) return duration{0};
        constexpr auto most = static_cast<wide>(duration::max().count());
        const wide exact =
            (work * static_cast<wide>(at.of) + static_cast<wide>(at.speed) - 1) / static_cast<wide>(at.speed);
        return duration{static_cast<std::int64_t>(std::min(exact, most))};
    }

    Inner inner_;
    std::vector<step> steps_;
};

}  // namespace forebay::inline v0::sim
