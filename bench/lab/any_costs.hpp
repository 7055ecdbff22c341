// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/cost_estimator.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace lab {

/// What a request costs whose caller does not say: an estimate, or the same for all. With neither, nobody knows.
struct any_costs {
    std::optional<forebay::cost_estimator> estimator{};
    std::int64_t otherwise{forebay::unknown_cost};

    class state {
        using estimates = forebay::cost_estimator_state<forebay::single_threaded>;

    public:
        explicit state(const any_costs& chosen)
            : estimates_{chosen.estimator ? std::make_unique<estimates>(*chosen.estimator) : nullptr},
              otherwise_{chosen.otherwise} {}

        [[nodiscard]] std::int64_t estimate(const forebay::request_info& info) noexcept {
            return estimates_ ? estimates_->estimate(info) : otherwise_;
        }
        void observe(const forebay::request_info& info, std::int64_t actual) noexcept {
            if (estimates_) estimates_->observe(info, actual);
        }

    private:
        std::unique_ptr<estimates> estimates_;
        std::int64_t otherwise_;
    };

    template <class Sync>
    [[nodiscard]] state build() const {
        return state{*this};
    }
};

}  // namespace lab
