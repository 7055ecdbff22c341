// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "quantity.hpp"

#include <forebay/sim/random.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

namespace lab {

namespace {

constexpr std::int64_t billion = 1'000'000'000;
using forebay::sim::wide;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Digits at the front of a text: how many went into a value, and how many it had no room for.
struct digits {
    std::size_t kept{0};
    std::size_t dropped{0};
};
digits take_digits(std::string_view& text, std::int64_t& value, std::int64_t limit) {
    digits count;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
        if (count.dropped > 0 || value >= limit) {
            if (count.dropped++ == 0 && text.front() >= '5') ++value;
        } else {
            value = value * 10 + (text.front() - '0');
            ++count.kept;
        }
    }
    return count;
}

}  // namespace

fraction to_fraction(std::string_view text) {
    const auto wrong = [] { throw unexpected{"a number >= 0, such as 0.8"}; };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 100;
    std::int64_t value = 0;
    const digits whole = take_digits(text, value, most);
    if (whole.dropped > 0) throw unexpected{"a number below 9e16"};
    int exponent = 0;
    std::size_t decimals = 0;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        const digits after = take_digits(text, value, most);
        exponent = -static_cast<int>(after.kept);
        decimals = after.kept + after.dropped;
    }
    if (whole.kept + decimals == 0) wrong();
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+')) text.remove_prefix(1);
        int shift = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), shift);
        if (error != std::errc{} || shift < -400 || shift > 400) wrong();
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        exponent += shift;
    }
    if (!text.empty()) wrong();
    if (value == 0) return {};
    for (; exponent > 0; --exponent) {
        if (value >= most) throw unexpected{"a number below 9e16"};
        value *= 10;
    }
    for (; exponent < 0 && value % 10 == 0; ++exponent) value /= 10;
    for (; exponent < -9; ++exponent) value = value / 10 + (value % 10 >= 5 ? 1 : 0);
    if (value == 0) throw unexpected{"0, or a number of at least 1e-9"};
    fraction result{value, 1};
    for (; exponent < 0; ++exponent) result.denominator *= 10;
    return result;
}

forebay::duration to_duration(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> units{
        {{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", billion}, {"m", 60 * billion}, {"h", 3600 * billion}}};
    const std::size_t number = text.find_last_of("0123456789.") + 1;  // none: 0
    const std::string_view unit = text.substr(number);
    for (const auto& [name, nanoseconds] : units) {
        if (unit != name || number == 0) continue;
        const fraction count = to_fraction(text.substr(0, number));
        const auto denominator = static_cast<wide>(count.denominator);
        const wide exact =
            (static_cast<wide>(count.numerator) * static_cast<wide>(nanoseconds) + denominator / 2) / denominator;
        if (exact > static_cast<wide>(std::numeric_limits<std::int64_t>::max() / 4)) {
            throw unexpected{"a duration of at most 73 years"};
        }
        return forebay::duration{static_cast<std::int64_t>(exact)};
    }
    if (text == "0") return forebay::duration{0};
    throw unexpected{"a duration with its unit (ns, us, ms, s, m or h), such as 5ms"};
}

forebay::rate to_rate(fraction per_second) {
    if (per_second.numerator == 0) throw unexpected{"a rate above 0 per second, such as 2.5"};
    if (per_second.value() > 1e9) throw unexpected{"a rate of at most 1e9 per second"};
    return forebay::rate::per(per_second.numerator, forebay::duration{per_second.denominator * billion});
}

forebay::rate to_rate(std::string_view text) {
    try {
        return to_rate(to_fraction(text));
    } catch (const unexpected&) {
        throw unexpected{"a rate per second, above 0 and at most 1e9, such as 2.5"};
    }
}

forebay::quota to_quota(std::string_view text, const std::string& key) {
    const std::vector<std::string> parts = split(text, ':');
    const std::string start = key.empty() ? key : key + ':';
    if (parts.size() != 2) {
        throw unexpected{start + "RATE:BURST, such as " + start + "50:100 (a second, at once)"};
    }
    return {to_rate(parts[0]), to_whole(parts[1], 1)};
}

std::int64_t to_whole(std::string_view text, std::int64_t least, std::int64_t most) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size() && value >= least && value <= most) return value;
    std::string expected = "a whole number of at least " + std::to_string(least);
    if (most != std::numeric_limits<std::int64_t>::max()) expected += " and at most " + std::to_string(most);
    throw unexpected{expected};
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string to_text(forebay::duration time) {
    constexpr std::array<std::pair<const char*, std::int64_t>, 4> units{
        {{"s", billion}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};
    for (const auto& [name, nanoseconds] : units) {
        if (time.count() % nanoseconds == 0) return std::to_string(time.count() / nanoseconds) + name;
    }
    return {};
}

}  // namespace lab
