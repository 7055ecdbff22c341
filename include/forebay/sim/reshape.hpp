// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/source.hpp>
#include <forebay/time.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// What to do to the times of a workload, in this order.
struct reshaping {
    /// Part of the time that is kept, from its first request on: [from, until).
    duration from{0};
    duration until{unlimited};
    /// Keeps each request with probability keep / of, drawn from the seed: less load at the same time of day.
    std::uint64_t keep{1};
    std::uint64_t of{1};
    /// Multiplies every gap: 1 / 2 doubles the rate and keeps the shape of the bursts. Deadlines and objectives keep their
    /// distance: this changes the load, not the patience.
    std::int64_t gap_numerator{1};
    std::int64_t gap_denominator{1};
    /// Whether times count from the start of the window (`from` behind the first request), not as they were.
    /// They always do where gaps are changed.
    bool from_zero{false};
    std::uint64_t seed{1};
};

template <arrival_source Source>
class reshaped_source;

/// A workload cut, thinned and scaled while it streams.
template <workload_model Model>
struct reshaped {
    Model model;
    reshaping how{};

    /// errors  std::invalid_argument for a window, probability or scale that cannot be
    [[nodiscard]] auto open() const { return reshaped_source<decltype(model.open())>{model.open(), how}; }
};

template <arrival_source Source>
class reshaped_source {
    static_assert(!answered_source<Source>, "forebay: a closed loop makes its own times: change its think times");

public:
    reshaped_source(Source source, const reshaping& how)
        : source_{std::move(source)}, how_{how}, coin_{how.seed, tenant_id{}, 2} {
        if (how.from < duration{0} || how.until <= how.from) {
            throw std::invalid_argument("forebay: a window of a workload needs 0 <= from < until");
        }
        if (how.of == 0 || how.keep > how.of) {
            throw std::invalid_argument("forebay: thinning needs a probability from 0 to 1");
        }
        if (how.gap_numerator < 0 || how.gap_denominator <= 0) {
            throw std::invalid_argument("forebay: scaling needs a ratio of gaps >= 0");
        }
    }

    [[nodiscard]] const arrival* peek() {
        while (!next_ && !ended_) advance();
        return next_ ? &*next_ : nullptr;
    }
    void pop() {
        next_.reset();
        source_.pop();
    }
    [[nodiscard]] const std::vector<std::string>& tenants() const noexcept { return source_.tenants(); }
    [[nodiscard]] const std::vector<std::string>& kinds() const noexcept { return source_.kinds(); }

private:
    /// Looks at the source's next request: it becomes ours, or is gone, or there is none.
    void advance() {
        const arrival* const found = source_.peek();
        if (found != nullptr && !origin_) origin_ = found->at;
        const duration since = found == nullptr ? duration{0} : saturating_sub(found->at, *origin_);
        if (found == nullptr || since >= how_.until) {
            ended_ = true;
            return;
        }
        // Drawn for those before the window too: a request's fate does not depend on the window.
        const bool kept = how_.keep == how_.of || coin_.chance(how_.keep, how_.of);
        if (!kept || since < how_.from) return source_.pop();
        next_ = *found;
        if (how_.from_zero || how_.gap_numerator != how_.gap_denominator) {
            const std::int64_t within = (since - how_.from).count();
            move_to(*next_, time_point{duration{scaled(within, how_.gap_numerator, how_.gap_denominator)}});
        }
    }

    Source source_;
    reshaping how_;
    random_stream coin_;
    std::optional<time_point> origin_;
    std::optional<arrival> next_;
    bool ended_{false};
};

}  // namespace forebay::inline v0::sim
