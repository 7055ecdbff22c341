// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace forebay::inline v0::sim {

/// A trace that cannot be read. `what()` is one line, "FILE:LINE:COLUMN: expected ..., found ...".
class trace_error : public std::runtime_error {
public:
    trace_error(const std::string& file, std::size_t line, std::size_t column, const std::string& message)
        : runtime_error{file + ':' + std::to_string(line) + ':' + std::to_string(column) + ": " + message},
          file_{file},
          line_{line},
          column_{column} {}

    [[nodiscard]] const std::string& file() const noexcept { return file_; }
    /// From 1; 0 if the file could not be read at all.
    [[nodiscard]] std::size_t line() const noexcept { return line_; }
    /// Byte in the line at which the offending cell starts, from 1; 0 as above.
    [[nodiscard]] std::size_t column() const noexcept { return column_; }

private:
    std::string file_;
    std::size_t line_;
    std::size_t column_;
};

/// Takes the cells of a CSV text one by one, and says of each that is not as expected where it stands.
///
/// Cells end at a comma; blanks and one pair of quotes around them are dropped. A quoted cell holds no quote and no end
/// of line. Lines end in LF or CRLF, the last one also without; a BOM is skipped.
/// errors   trace_error
class csv_reader {
public:
    /// The text must outlive the reader and the cells taken from it.
    csv_reader(std::string_view text, std::string file) : rest_{text}, file_{std::move(file)} {
        if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    }

    /// Goes to the next line; false at the end of the text.
    bool next_line() {
        ++line_number_;
        cursor_ = 0;
        cell_start_ = 0;
        line_ = rest_.substr(0, rest_.find('\n'));
        if (rest_.empty()) return false;
        rest_.remove_prefix(std::min(line_.size() + 1, rest_.size()));
        if (line_.ends_with('\r')) line_.remove_suffix(1);
        return true;
    }

    /// The whole line as it stands in the text.
    [[nodiscard]] std::string_view line() const noexcept { return line_; }
    [[nodiscard]] std::size_t line_number() const noexcept { return line_number_; }

    /// The next cell of the line; nothing when it has no further one.
    [[nodiscard]] std::optional<std::string_view> next_cell() {
        if (cursor_ > line_.size()) {
            cell_start_ = line_.size();
            return std::nullopt;
        }
        while (cursor_ < line_.size() && line_[cursor_] == ' ') ++cursor_;
        cell_start_ = cursor_;
        std::size_t end = std::min(line_.find(',', cursor_), line_.size());
        std::string_view cell;
        if (cursor_ < line_.size() && line_[cursor_] == '"') {
            const std::size_t close = line_.find('"', cursor_ + 1);
            if (close == std::string_view::npos) fail_at(cell_start_ + 1, "expected a closing quote on the same line");
            cell = line_.substr(cursor_ + 1, close - cursor_ - 1);
            end = std::min(line_.find_first_not_of(' ', close + 1), line_.size());
            if (end < line_.size() && line_[end] != ',') fail_at(end + 1, "expected a comma after the closing quote");
        } else {
            cell = line_.substr(cursor_, end - cursor_);
            while (cell.ends_with(' ')) cell.remove_suffix(1);
        }
        cursor_ = end + 1;
        return cell;
    }

    /// Throws a trace_error at the start of the cell taken last (at the end of a line that has run out of cells).
    [[noreturn]] void fail(const std::string& message) const { fail_at(cell_start_ + 1, message); }
    /// "expected WHAT in column NAME, found CELL".
    [[noreturn]] void fail(std::string_view expected, std::string_view column, std::string_view cell) const {
        fail("expected " + std::string{expected} + " in column " + shown(column) + ", found " +
             (cell.empty() ? "nothing" : quoted(cell)));
    }
    [[noreturn]] void fail_at(std::size_t position, const std::string& message) const {
        throw trace_error{file_, line_number_, position, message};
    }
    /// Text of the file in quotes, cut and cleaned to fit a message of one line.
    [[nodiscard]] static std::string quoted(std::string_view text) { return std::string{"'"} + shown(text) + "'"; }

    /// `cell` as a whole number in [0, most].
    [[nodiscard]] std::int64_t number(std::string_view column, std::string_view cell,
                                      std::int64_t most = std::numeric_limits<std::int64_t>::max()) const {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
        if (end != cell.data() + cell.size() || cell.empty() || cell.starts_with('-')) {
            fail("a whole number >= 0", column, cell);
        }
        if (error != std::errc{} || value > most) fail("a number of at most " + std::to_string(most), column, cell);
        return value;
    }

    /// `cell` as YYYY-MM-DD HH:MM:SS, with up to nine decimals and a zone (Z or +HH:MM; none is taken as UTC), in
    /// nanoseconds since 1970.
    [[nodiscard]] time_point timestamp(std::string_view column, std::string_view cell) const {
        const auto wrong = [&] { fail("a time YYYY-MM-DD HH:MM:SS.fffffff", column, cell); };
        std::string_view left = cell;
        const auto digits = [&](std::size_t count) {
            int value = 0;
            for (std::size_t i = 0; i < count; ++i) {
                if (i >= left.size() || left[i] < '0' || left[i] > '9') wrong();
                value = value * 10 + (left[i] - '0');
            }
            left.remove_prefix(count);
            return value;
        };
        const auto expect = [&](std::string_view allowed) {
            if (left.empty() || allowed.find(left.front()) == std::string_view::npos) wrong();
            left.remove_prefix(1);
        };
        const int year = digits(4);
        expect("-");
        const auto month = static_cast<unsigned>(digits(2));
        expect("-");
        const auto day = static_cast<unsigned>(digits(2));
        expect(" T");
        const int hour = digits(2);
        expect(":");
        const int minute = digits(2);
        expect(":");
        const int second = digits(2);
        std::int64_t nanoseconds = 0;
        if (left.starts_with('.')) {
            left.remove_prefix(1);
            std::int64_t unit = 100'000'000;
            do {
                nanoseconds += digits(1) * unit;
                unit /= 10;
            } while (unit > 0 && !left.empty() && left.front() >= '0' && left.front() <= '9');
        }
        std::chrono::minutes zone{0};
        if (left == "Z") {
            left = {};
        } else if (!left.empty()) {
            const int sign = left.front() == '-' ? -1 : 1;
            expect("+-");
            const int hours = digits(2);
            expect(":");
            zone = sign * (std::chrono::hours{hours} + std::chrono::minutes{digits(2)});
        }
        const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                               std::chrono::day{day}};
        // The years that 64 bits of nanoseconds hold end in 2262.
        if (!left.empty() || !date.ok() || year < 1970 || year > 2261 || hour > 23 || minute > 59 || second > 59)
            wrong();
        return time_point{std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{hour} +
                          std::chrono::minutes{minute} - zone + std::chrono::seconds{second} + duration{nanoseconds}};
    }

private:
    static std::string shown(std::string_view text) {
        constexpr std::size_t longest = 60;
        std::string result;
        for (const char c : text.substr(0, longest)) result += static_cast<unsigned char>(c) < ' ' ? '?' : c;
        return text.size() > longest ? result + "..." : result;
    }

    std::string_view rest_;
    std::string file_;
    std::string_view line_;
    std::size_t line_number_{0};
    std::size_t cursor_{0};
    std::size_t cell_start_{0};
};

}  // namespace forebay::inline v0::sim
