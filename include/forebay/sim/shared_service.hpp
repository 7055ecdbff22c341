// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/random.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/time.hpp>

#include <cstdint>
#include <stdexcept>
#include <utility>

namespace forebay::inline v0::sim {

/// Another model on a device that runs `full_speed` batches at once without loss: one that is handed over as number k > full_speed
/// of those under way takes k / full_speed times as long.
///
/// That is a line within the service, first come first served, of batches of about one length: what a limit on what is in
/// flight can learn from. More executors than `full_speed` then bring latency and no throughput.
template <service_model Inner>
class shared_service {
public:
    /// full_speed  [> 0]
    /// errors      std::invalid_argument
    shared_service(Inner inner, std::int64_t full_speed) : inner_{std::move(inner)}, full_speed_{full_speed} {
        if (full_speed < 1) throw std::invalid_argument("forebay: shared_service needs full_speed >= 1");
    }

    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        const duration alone = inner_(shape);
        if (shape.at_once <= full_speed_) return alone;
        return duration{scaled(alone.count(), shape.at_once, full_speed_)};
    }

private:
    Inner inner_;
    std::int64_t full_speed_;
};

}  // namespace forebay::inline v0::sim
