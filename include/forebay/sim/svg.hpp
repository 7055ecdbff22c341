// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/markup.hpp>
#include <forebay/sim/random.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

// Scales, ticks and paths, in integers: where a curve bends must not depend on a compiler's flags.
namespace forebay::inline v0::sim::html {

/// What the numbers along an axis are.
enum class quantity : std::uint8_t {
    millionths,  ///< of a plain number
    share,       ///< in millionths, shown as a percentage
    time,        ///< nanoseconds
};

/// ln(value), in units of 2^-58. [value >= 1]
[[nodiscard]] constexpr std::uint64_t fixed_ln(std::int64_t value) noexcept {
    return minus_ln(0) - minus_ln(static_cast<std::uint64_t>(value) - 1);
}

/// Where values stand between the two ends of an axis: 0 to `ends`. What lies beyond is held at the end.
class scale {
public:
    static constexpr std::int64_t ends = 10'000;

    /// [0 <= low < high]
    [[nodiscard]] static constexpr scale linear(std::int64_t low, std::int64_t high) { return {low, high, false}; }
    /// Equal ratios are equally far apart. [0 < low < high]
    [[nodiscard]] static constexpr scale logarithmic(std::int64_t low, std::int64_t high) { return {low, high, true}; }

    [[nodiscard]] constexpr std::int64_t operator()(std::int64_t value) const {
        const std::int64_t held = std::clamp(value, low_, high_);
        if (!logarithmic_) return scaled(held - low_, ends, high_ - low_);
        const std::uint64_t from = fixed_ln(low_);
        // Shifted so that the 64-bit logarithms stay within what `scaled` takes.
        return scaled(static_cast<std::int64_t>((fixed_ln(held) - from) >> 8), ends,
                      static_cast<std::int64_t>((fixed_ln(high_) - from) >> 8));
    }
    [[nodiscard]] constexpr std::int64_t low() const noexcept { return low_; }
    [[nodiscard]] constexpr std::int64_t high() const noexcept { return high_; }
    [[nodiscard]] constexpr bool is_logarithmic() const noexcept { return logarithmic_; }

private:
    constexpr scale(std::int64_t low, std::int64_t high, bool logarithmic) noexcept
        : low_{low}, high_{high}, logarithmic_{logarithmic} {}

    std::int64_t low_;
    std::int64_t high_;
    bool logarithmic_;
};

/// The smallest of 1, 2, 5, 10, 20, 50 ... times `unit` that is >= value. [value >= 0, unit > 0]
[[nodiscard]] constexpr std::int64_t round_up(std::int64_t value, std::int64_t unit = 1) noexcept {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (std::int64_t step = unit;; step *= 10) {
        for (const std::int64_t digit : {1, 2, 5}) {
            if (step > most / digit) return most;
            if (step * digit >= value) return step * digit;
        }
        if (step > most / 10) return most;
    }
}
/// The largest of 1, 2, 5, 10, 20, 50 ... that is <= value. [value >= 1]
[[nodiscard]] constexpr std::int64_t round_down(std::int64_t value) noexcept {
    std::int64_t step = 1;
    while (step <= value / 10) step *= 10;
    return value / 5 >= step ? step * 5 : value / 2 >= step ? step * 2 : step;
}

/// An axis ready to be drawn: its scale, where its ticks are, and what it is measured in.
struct axis {
    scale place{scale::linear(0, 1)};
    quantity of{quantity::millionths};
    time_unit unit{time_units[3]};  ///< of linear times
    std::vector<std::int64_t> ticks;

    /// From 0 to `high` or a little further, so that a tick ends it.
    /// most  how many steps there may be at most [>= 1]
    [[nodiscard]] static axis linear(quantity of, std::int64_t high, std::int64_t most) {
        axis result;
        result.of = of;
        if (of == quantity::time) result.unit = unit_for(duration{high}, 2, time_units.size() - 1);
        const std::int64_t grain = of == quantity::time    ? result.unit.nanoseconds
                                   : of == quantity::share ? 10'000
                                                           : 1'000;
        high = std::clamp<std::int64_t>(high, grain, std::numeric_limits<std::int64_t>::max() / 4);
        // A tenth of the unit is the finest step a time gets.
        const std::int64_t finest = of == quantity::time ? std::max<std::int64_t>(grain / 10, 1) : grain;
        const std::int64_t step = round_up((high + most - 1) / most, finest);
        const std::int64_t steps = (high + step - 1) / step;
        for (std::int64_t i = 0; i <= steps; ++i) result.ticks.push_back(i * step);
        result.place = scale::linear(0, steps * step);
        return result;
    }
    /// From `low` to `high` or a little further out. Values below 1 stand at 1. Ticks at powers of ten, or at 1, 2, 5, 10 ...
    /// where few powers lie between.
    [[nodiscard]] static axis logarithmic(quantity of, std::int64_t low, std::int64_t high) {
        axis result;
        result.of = of;
        low = round_down(std::max<std::int64_t>(low, 1));
        high = round_up(std::clamp<std::int64_t>(high, low + 1, std::numeric_limits<std::int64_t>::max() / 10));
        const bool wide_apart = high / low >= 2'000;
        for (std::int64_t tick = low; tick <= high; tick = round_up(tick + 1)) {
            if (!wide_apart || round_down(tick) == tick_decade(tick)) result.ticks.push_back(tick);
        }
        result.place = scale::logarithmic(low, high);
        return result;
    }

    /// The same, ending at `high` itself, with the ticks up to there. [0 < high]
    [[nodiscard]] axis ending_at(std::int64_t high) const {
        axis result = *this;
        result.place = scale::linear(0, std::max<std::int64_t>(high, 1));
        std::erase_if(result.ticks, [=](std::int64_t tick) { return tick > high; });
        return result;
    }

    [[nodiscard]] std::string label(std::int64_t tick) const {
        if (of == quantity::share) return shortest(tick, 10'000) + "\xC2\xA0%";
        if (of == quantity::millionths) {
            // Seven digits and more do not fit beside a chart.
            constexpr std::int64_t million = 1'000'000;
            constexpr std::array<std::pair<std::int64_t, const char*>, 3> large{
                {{million * million * million, "\xC2\xA0T"},
                 {million * million * 1'000, "\xC2\xA0G"},
                 {million * million, "\xC2\xA0M"}}};
            for (const auto& [unit_size, name] : large) {
                if (tick >= unit_size) return shortest(tick, unit_size) + name;
            }
            return shortest(tick, million);
        }
        if (!place.is_logarithmic()) return shortest(tick, unit.nanoseconds);
        const time_unit own = unit_for(duration{tick});
        return shortest(tick, own.nanoseconds) + "\xC2\xA0" + own.name;
    }

private:
    [[nodiscard]] static constexpr std::int64_t tick_decade(std::int64_t tick) noexcept {
        std::int64_t decade = 1;
        while (decade <= tick / 10) decade *= 10;
        return decade;
    }
    /// value / unit with no more decimals than it takes, at most three.
    [[nodiscard]] static std::string shortest(std::int64_t value, std::int64_t unit) {
        std::int64_t thousandths = scaled(value % unit, 1'000, unit);
        std::string text = std::to_string(value / unit + thousandths / 1'000);
        thousandths %= 1'000;
        if (thousandths != 0) {
            std::string decimals = std::to_string(1'000 + thousandths).substr(1);
            decimals.erase(decimals.find_last_not_of('0') + 1);
            text += '.' + decimals;
        }
        return grouped(text);
    }
};

/// A place on an axis, as a percentage of its length.
[[nodiscard]] inline std::string percent(std::int64_t place) {
    std::string text = std::to_string(place / 100);
    if (place % 100 != 0) {
        text += '.' + std::to_string(100 + place % 100).substr(1);
        if (text.ends_with('0')) text.pop_back();
    }
    return text + '%';
}

/// `gap` as a y breaks the line.
inline constexpr std::int64_t gap = -1;
struct point {
    std::int64_t x;
    std::int64_t y;
    std::int64_t margin{0};  ///< drawn as a bar from y - margin to y + margin
};

/// The data of an SVG path through the points, in a box of `scale::ends` by `scale::ends` whose y grows downwards.
/// stepped  first across, then up: the distribution function of values that occurred
[[nodiscard]] inline std::string path_through(std::span<const point> points, const axis& x, const axis& y,
                                              bool stepped) {
    std::string result;
    bool drawing = false;
    std::int64_t last_x = 0;
    std::int64_t last_y = 0;
    std::int64_t risen_to = 0;  // a step drawn once it is complete
    const auto rise = [&] {
        if (drawing && risen_to != last_y) result += 'V' + std::to_string(last_y);
        risen_to = last_y;
    };
    for (const point& each : points) {
        if (each.y == gap) {
            rise();
            drawing = false;
            continue;
        }
        const std::int64_t across = x.place(each.x);
        const std::int64_t down = scale::ends - y.place(each.y);
        if (!drawing) {
            result += 'M' + std::to_string(across) + ' ' + std::to_string(down);
            risen_to = down;
        } else if (!stepped) {
            if (across != last_x || down != last_y) result += 'L' + std::to_string(across) + ' ' + std::to_string(down);
            risen_to = down;
        } else if (across != last_x) {
            rise();
            result += 'H' + std::to_string(across);
        }
        drawing = true;
        last_x = across;
        last_y = down;
    }
    rise();
    return result;
}
/// The margins of the points, as upright bars.
[[nodiscard]] inline std::string path_of_margins(std::span<const point> points, const axis& x, const axis& y) {
    std::string result;
    for (const point& each : points) {
        if (each.y == gap || each.margin <= 0) continue;
        const std::int64_t low = scale::ends - y.place(std::max<std::int64_t>(each.y - each.margin, 0));
        const std::int64_t high =
            scale::ends -
            y.place(saturating_add(time_point{duration{each.y}}, duration{each.margin}).time_since_epoch().count());
        result += 'M' + std::to_string(x.place(each.x)) + ' ' + std::to_string(low) + 'V' + std::to_string(high);
    }
    return result;
}

}  // namespace forebay::inline v0::sim::html
