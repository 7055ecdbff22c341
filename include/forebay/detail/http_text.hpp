// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace forebay::inline v0::detail {

/// Writes a List of String Items with Parameters: the part of RFC 9651 (section 4.1) that the RateLimit fields use.
///
/// cost     one allocation, at construction, if `most` is right
/// errors   std::invalid_argument for a string with other than printable ASCII: the RFC has none such, and a line break
///          would begin another header field. Quotes and backslashes are escaped.
class structured_field {
public:
    /// What an item takes at most beside its texts: quotes, separator, and four parameters with Integers.
    static constexpr std::size_t per_item = 96;
    [[nodiscard]] static constexpr std::size_t most_of_string(std::string_view text) noexcept {
        return 2 * text.size() + 2;
    }
    [[nodiscard]] static constexpr std::size_t most_of_bytes(std::string_view octets) noexcept {
        return (octets.size() + 2) / 3 * 4 + 2;
    }

    explicit structured_field(std::size_t most) { text_.reserve(most); }

    void item(std::string_view value) {
        if (!text_.empty()) text_ += ", ";
        quoted(value);
    }
    /// An Integer, held within 0 .. 999,999,999,999,999, the largest of the RFC (section 3.3.1).
    void parameter(std::string_view key, std::int64_t value) {
        char digits[16];
        const auto end =
            std::to_chars(std::begin(digits), std::end(digits), std::clamp<std::int64_t>(value, 0, 999'999'999'999'999))
                .ptr;
        open(key);
        text_.append(digits, end);
    }
    void parameter(std::string_view key, std::string_view value) {
        open(key);
        quoted(value);
    }
    /// A Byte Sequence: base64 (RFC 4648, section 4), padded, between colons.
    void octets(std::string_view key, std::string_view value) {
        constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        open(key);
        text_ += ':';
        for (std::size_t i = 0; i < value.size(); i += 3) {
            const auto octet = [&](std::size_t at) {
                return at < value.size() ? std::uint32_t{static_cast<unsigned char>(value[at])} : 0U;
            };
            const std::uint32_t bits = octet(i) << 16 | octet(i + 1) << 8 | octet(i + 2);
            text_ += alphabet[bits >> 18];
            text_ += alphabet[bits >> 12 & 63];
            text_ += i + 1 < value.size() ? alphabet[bits >> 6 & 63] : '=';
            text_ += i + 2 < value.size() ? alphabet[bits & 63] : '=';
        }
        text_ += ':';
    }

    [[nodiscard]] std::string text() && noexcept { return std::move(text_); }

private:
    void open(std::string_view key) { ((text_ += ';') += key) += '='; }
    void quoted(std::string_view value) {
        text_ += '"';
        for (const char c : value) {
            if (c < ' ' || c > '~') {
                throw std::invalid_argument("forebay: names and units told in HTTP fields must be printable ASCII");
            }
            if (c == '"' || c == '\\') text_ += '\\';
            text_ += c;
        }
        text_ += '"';
    }

    std::string text_;
};

/// A length of time as Go writes it, which is what model APIs send, in whole milliseconds, rounded up.
[[nodiscard]] inline std::string duration_text(duration length) {
    constexpr std::int64_t second = 1000, minute = 60 * second, hour = 60 * minute;
    const std::int64_t all = std::chrono::ceil<std::chrono::milliseconds>(std::max(length, duration::zero())).count();
    if (all > 0 && all < second) return std::to_string(all) += "ms";
    char text[24];  // 2562047h47m16.855s is the longest
    char* end = std::begin(text);
    const auto put = [&](std::int64_t number, char unit) {
        end = std::to_chars(end, std::end(text), number).ptr;
        *end++ = unit;
    };
    if (all >= hour) put(all / hour, 'h');
    if (all >= minute) put(all % hour / minute, 'm');
    put(all % minute / second, 's');
    if (std::int64_t rest = all % second; rest != 0) {
        end[-1] = '.';
        for (std::int64_t digit = 100; rest != 0; rest %= digit, digit /= 10) {
            *end++ = static_cast<char>('0' + rest / digit);
        }
        *end++ = 's';
    }
    return {std::begin(text), end};
}

}  // namespace forebay::inline v0::detail
