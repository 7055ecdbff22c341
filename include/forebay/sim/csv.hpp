// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <istream>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

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
/// of line. Lines end in LF or CRLF, the last one also without, and are at most 1 MiB long; a BOM is skipped.
/// errors   trace_error
/// memory   of a stream, one block and the line that is being read
class csv_reader {
public:
    static constexpr std::size_t longest_line = std::size_t{1} << 20;

    /// The text must outlive the reader and the cells taken from it.
    csv_reader(std::string_view text, std::string file) : rest_{text}, file_{std::move(file)} { skip_mark(); }
    /// Cells hold until the next line. The stream is the reader's.
    csv_reader(std::unique_ptr<std::istream> in, std::string file)
        : block_(std::size_t{1} << 16), in_{std::move(in)}, file_{std::move(file)} {
        refill();
        skip_mark();
    }

    /// Goes to the next line; false at the end of the text.
    bool next_line() {
        ++line_number_;
        cursor_ = 0;
        cell_start_ = 0;
        std::size_t end = rest_.find('\n');
        while (end == std::string_view::npos && rest_.size() <= longest_line) {
            const std::size_t searched = rest_.size();
            if (!refill()) break;
            end = rest_.find('\n', searched);
        }
        line_ = rest_.substr(0, end);
        if (line_.size() > longest_line) {
            fail_at(longest_line + 1, "expected a line of at most " + std::to_string(longest_line) + " bytes");
        }
        if (rest_.empty()) return false;
        rest_.remove_prefix(std::min(line_.size() + 1, rest_.size()));
        if (line_.ends_with('\r')) line_.remove_suffix(1);
        return true;
    }
    /// Leaves out the first bytes of the line.
    void skip(std::size_t bytes) noexcept { cursor_ = bytes; }

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

    /// `cell` as any 64-bit number.
    [[nodiscard]] std::uint64_t identity(std::string_view column, std::string_view cell) const {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
        if (end != cell.data() + cell.size() || cell.empty()) fail("a whole number >= 0", column, cell);
        if (error != std::errc{}) fail("a number of at most 18446744073709551615", column, cell);
        return value;
    }

    /// `cell` as a length of time, a decimal number >= 0 of `unit`, exact to the nanosecond.
    /// unit  in nanoseconds [a power of ten up to a second]
    [[nodiscard]] duration time(std::string_view column, std::string_view cell, std::int64_t unit) const {
        constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
        std::size_t decimals = 0;
        for (std::int64_t power = unit; power > 1; power /= 10) ++decimals;
        const std::size_t point = std::min(cell.find('.'), cell.size());
        const std::string_view fraction = cell.substr(std::min(point + 1, cell.size()));
        const auto digits = [](std::string_view text) {
            return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
        };
        if (!digits(cell.substr(0, point)) ||
            (point < cell.size() && (!digits(fraction) || fraction.size() > decimals))) {
            fail(decimals == 0 ? "a whole number >= 0"
                               : "a number >= 0 with at most " + std::to_string(decimals) + " decimals",
                 column, cell);
        }
        std::int64_t whole = 0;
        const auto [end, error] = std::from_chars(cell.data(), cell.data() + point, whole);
        std::int64_t rest = 0;
        std::int64_t worth = unit;
        for (const char digit : fraction) rest += (digit - '0') * (worth /= 10);
        if (error != std::errc{} || whole > (most - rest) / unit) {
            std::string text = std::to_string(most / unit);
            if (unit > 1) text += '.' + std::to_string(unit + most % unit).substr(1);
            fail("a number of at most " + text, column, cell);
        }
        return duration{whole * unit + rest};
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

    /// Reads on behind what has not been taken yet, which moves to the start of the block; false at the end.
    bool refill() {
        if (in_ == nullptr || in_->eof()) return false;
        if (!rest_.empty()) std::memmove(block_.data(), rest_.data(), rest_.size());
        if (rest_.size() == block_.size()) block_.resize(2 * block_.size());
        in_->read(block_.data() + rest_.size(), static_cast<std::streamsize>(block_.size() - rest_.size()));
        const auto got = static_cast<std::size_t>(in_->gcount());
        if (in_->bad() || (got == 0 && !in_->eof())) {
            throw trace_error{file_, 0, 0, "expected a readable file, found that it cannot be read"};
        }
        rest_ = std::string_view{block_.data(), rest_.size() + got};
        return got > 0;
    }
    void skip_mark() noexcept {
        if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    }

    std::vector<char> block_;
    std::unique_ptr<std::istream> in_;
    std::string_view rest_;
    std::string file_;
    std::string_view line_;
    std::size_t line_number_{0};
    std::size_t cursor_{0};
    std::size_t cell_start_{0};
};

}  // namespace forebay::inline v0::sim
