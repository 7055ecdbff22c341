// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/random.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// HTML and SVG as text that is also well-formed XML, and numbers for people. Same input, same bytes: no locale, no date.
namespace forebay::inline v0::sim::html {

/// How many bytes at the start of `text` are one character of UTF-8; 0 if they are none (torn, overlong, a surrogate).
/// source  RFC 3629, section 4
[[nodiscard]] constexpr std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto follows = [&](std::size_t i, unsigned from = 0x80, unsigned to = 0xBF) {
        return byte(i) >= from && byte(i) <= to;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return text.empty() ? 0 : 1;
    if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const unsigned from = lead == 0xE0 ? 0xA0 : 0x80;
        const unsigned to = lead == 0xED ? 0x9F : 0xBF;
        return follows(1, from, to) && follows(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const unsigned from = lead == 0xF0 ? 0x90 : 0x80;
        const unsigned to = lead == 0xF4 ? 0x8F : 0xBF;
        return follows(1, from, to) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

/// `text` as content of an element or of a quoted attribute: whatever stands in it, it is shown and never read as
/// markup. What is no UTF-8 or may not stand in a document (control characters, U+FFFE, U+FFFF) becomes U+FFFD.
[[nodiscard]] inline std::string escaped(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const std::string_view one = text.substr(0, std::max<std::size_t>(length, 1));
        const auto lead = static_cast<unsigned char>(one[0]);
        const bool control = lead < 0x20 && one[0] != '\t' && one[0] != '\n';
        const bool forbidden = length == 0 || control || lead == 0x7F ||
                               (lead == 0xC2 && length == 2 && one < "\xC2\xA0") || one == "\xEF\xBF\xBE" ||
                               one == "\xEF\xBF\xBF";
        if (forbidden) {
            result += "\xEF\xBF\xBD";
        } else if (lead == '&') {
            result += "&amp;";
        } else if (lead == '<') {
            result += "&lt;";
        } else if (lead == '>') {
            result += "&gt;";
        } else if (lead == '"') {
            result += "&quot;";
        } else if (lead == '\'') {
            result += "&#39;";
        } else {
            result += one;
        }
        text.remove_prefix(one.size());
    }
    return result;
}

/// `<name attributes>content</name>`, or `<name attributes/>` where nothing may stand inside, so that every tag is closed.
/// attributes  as written, e.g. `class="x" id="y"`; empty: none
/// content     markup; text goes through `escaped` first
[[nodiscard]] inline std::string element(std::string_view name, std::string_view attributes, std::string_view content) {
    std::string result;
    result.reserve(2 * name.size() + attributes.size() + content.size() + 6);
    result.append("<").append(name);
    if (!attributes.empty()) result.append(" ").append(attributes);
    return result.append(">").append(content).append("</").append(name).append(">");
}
[[nodiscard]] inline std::string void_element(std::string_view name, std::string_view attributes) {
    std::string result{"<"};
    return result.append(name).append(" ").append(attributes).append("/>");
}

/// A name given from outside, kept from changing the direction of the text around it.
[[nodiscard]] inline std::string named(std::string_view name) {
    return name.empty() ? element("em", "", "unnamed") : element("bdi", "", escaped(name));
}
/// Read aloud, not shown.
[[nodiscard]] inline std::string spoken(std::string_view text) {
    return element("span", "class=\"sr\"", escaped(text));
}

/// Digits in groups of three, apart by a narrow space that does not break. `digits` may have a sign and decimals.
[[nodiscard]] inline std::string grouped(std::string_view digits) {
    const std::size_t sign = !digits.empty() && digits[0] == '-' ? 1 : 0;
    const std::size_t whole = std::min(digits.find('.'), digits.size()) - sign;
    std::string result{sign == 1 ? "\xE2\x88\x92" : ""};  // a minus sign, as wide as a plus
    for (std::size_t i = 0; i < whole; ++i) {
        if (i > 0 && (whole - i) % 3 == 0 && whole > 4) result += "\xE2\x80\xAF";
        result += digits[sign + i];
    }
    return result.append(digits.substr(sign + whole));
}
[[nodiscard]] inline std::string fixed(double value, int decimals) {
    std::array<char, 400> text{};  // the largest double has 309 digits
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals);
    return grouped({text.data(), static_cast<std::size_t>(end.ptr - text.data())});
}
/// For machines: twelve digits, more than any figure of a run means. The last ones of a double may hang on the flags its
/// divisions were compiled with.
[[nodiscard]] inline std::string exact(double value) {
    std::array<char, 40> text{};
    return {text.data(),
            std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 12).ptr};
}
[[nodiscard]] inline std::string count(std::uint64_t value) {
    return grouped(std::to_string(value));
}

/// A unit to state times in, and how many nanoseconds it has.
struct time_unit {
    const char* name;
    std::int64_t nanoseconds;
};
inline constexpr std::array<time_unit, 7> time_units{{{"ns", 1},
                                                      {"\xC2\xB5s", 1'000},
                                                      {"ms", 1'000'000},
                                                      {"s", 1'000'000'000},
                                                      {"min", 60'000'000'000},
                                                      {"h", 3'600'000'000'000},
                                                      {"d", 86'400'000'000'000}}};

/// The largest unit up to `largest` of which there are at least `least` in `time`, or nanoseconds.
[[nodiscard]] constexpr time_unit unit_for(duration time, std::int64_t least = 1, std::size_t largest = 3) noexcept {
    for (std::size_t i = largest; i > 0; --i) {
        if (time.count() / time_units[i].nanoseconds >= least) return time_units[i];
    }
    return time_units[0];
}

/// Three digits that mean something, all of a larger number: 0.123, 1.23, 12.3, 123, 12 300.
[[nodiscard]] inline std::string three_digits(double value) {
    const double size = value < 0 ? -value : value;
    if (size == 0 || size >= 99.95) return fixed(value, 0);
    return fixed(value, size < 0.9995 ? 3 : size < 9.995 ? 2 : 1);
}
/// The same of value / unit, rounded exactly. [value >= 0, unit > 0]
[[nodiscard]] inline std::string three_digits(std::int64_t value, std::int64_t unit) {
    value = std::max<std::int64_t>(value, 0);
    for (const std::int64_t power : {1'000, 100, 10}) {
        const std::int64_t digits = scaled(value, power, unit);
        if (value == 0 || unit == 1 || digits >= 1'000) continue;
        const std::string decimals = std::to_string(power + digits % power).substr(1);
        return std::to_string(digits / power) + '.' + decimals;
    }
    return grouped(std::to_string(scaled(value, 1, unit)));
}
/// A time with its unit.
[[nodiscard]] inline std::string time_text(duration time) {
    const time_unit unit = unit_for(time);
    return three_digits(time.count(), unit.nanoseconds) + "\xC2\xA0" + unit.name;
}

}  // namespace forebay::inline v0::sim::html
