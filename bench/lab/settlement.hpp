// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>

#include <cstdint>

namespace lab {

/// When limits by cost are told what a request costs.
enum class settlement : std::uint8_t {
    reserve,  ///< what is stated or estimated, at the door; corrected as the request ends
    after,    ///< 1 at the door, the true cost as the request ends: gateways that add up what was answered
    never,    ///< what is stated or estimated, at the door, and no more of it
};

/// What limits by cost count, then.
struct cost_count {
    settlement when;

    [[nodiscard]] std::int64_t operator()(const forebay::request_info& info) const noexcept {
        return when == settlement::after ? 1 : info.cost;
    }
    [[nodiscard]] std::int64_t settled(std::int64_t charged, std::int64_t actual) const noexcept {
        return when == settlement::never ? charged : actual;
    }
};

}  // namespace lab
