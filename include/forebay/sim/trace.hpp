// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/arrival.hpp>
#include <forebay/sim/csv.hpp>
#include <forebay/sim/source.hpp>
#include <forebay/sim/trace_columns.hpp>
#include <forebay/sim/trace_rows.hpp>
#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <istream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

class trace_source;

/// A CSV trace that every run reads for itself, row by row: it may be larger than the memory.
///
/// The file: optional `#` lines, a header, one row a request in order of time; UTF-8 with or without BOM, LF or CRLF, with
/// or without an end of line after the last row. Times are as the file gives them (`timestamp`: since 1970), so that
/// several files of one clock can be merged. Cost 1, priority 0 and no deadline where it says nothing.
///
///     sim::trace_file{.path = "conv.csv", .mapping = sim::parse_mapping("arrival=TIMESTAMP:datetime,cost=ContextTokens")}
struct trace_file {
    std::string path{};
    trace_mapping mapping{};
    /// Rows may stand in any order, and come in order of time (those of one instant in the order of the file).
    /// The whole trace is then held in memory: about 120 bytes a row.
    bool sort{false};

    /// errors  trace_error at the first cell that is not as expected, from here and from the source; nothing is skipped
    ///         or repaired
    [[nodiscard]] trace_source open() const;
};

/// memory  one block of the file, and the names in it; all rows where they are to be sorted
class trace_source {
public:
    trace_source(trace_rows rows, bool sort) : rows_{std::move(rows)}, sort_{sort} {
        if (!sort_) return;
        while (rows_.next(now_)) {
            now_.sequence = sorted_.size();
            sorted_.push_back(now_);
        }
        std::sort(sorted_.begin(), sorted_.end(), [](const arrival& a, const arrival& b) {
            return a.at != b.at ? a.at < b.at : a.sequence < b.sequence;
        });
    }

    [[nodiscard]] const arrival* peek() {
        if (sort_) return next_ < sorted_.size() ? &sorted_[next_] : nullptr;
        if (state_ == state::unread) state_ = rows_.next(now_) ? state::read : state::ended;
        return state_ == state::read ? &now_ : nullptr;
    }
    void pop() noexcept {
        ++next_;
        state_ = state::unread;
    }
    [[nodiscard]] const std::vector<std::string>& tenants() const noexcept { return rows_.tenants(); }
    [[nodiscard]] const std::vector<std::string>& kinds() const noexcept { return rows_.kinds(); }

private:
    enum class state { unread, read, ended };

    trace_rows rows_;
    bool sort_;
    state state_{state::unread};
    arrival now_;
    std::vector<arrival> sorted_;
    std::size_t next_{0};
};

/// A reader of that file.
/// errors  trace_error with the reason if it cannot be opened
[[nodiscard]] inline csv_reader open_csv(const std::string& path) {
    errno = 0;
    auto in = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!*in) {
        const std::string reason = errno == 0 ? "it cannot be opened" : std::generic_category().message(errno);
        throw trace_error{path, 0, 0, "expected a readable file, found: " + reason};
    }
    return {std::move(in), path};
}

inline trace_source trace_file::open() const {
    return {trace_rows{open_csv(path), mapping, known_columns, !sort}, sort};
}

/// All rows of a trace, in memory.
[[nodiscard]] inline workload read_rows(trace_rows rows) {
    workload result;
    for (arrival row; rows.next(row);) result.arrivals.push_back(row);
    result.tenants = rows.tenants();
    result.kinds = rows.kinds();
    return result;
}

/// The requests that a CSV text describes, as in a trace_file.
///
/// file     its name in messages
/// columns  which headers are understood, and what they mean
/// errors   trace_error
[[nodiscard]] inline workload parse_trace(std::string_view text, std::string file = "trace",
                                          std::span<const trace_column> columns = known_columns) {
    return read_rows(trace_rows{csv_reader{text, std::move(file)}, {}, columns, true});
}

/// The same from a stream, which is read to its end.
[[nodiscard]] inline workload read_trace(std::istream& in, const std::string& file,
                                         std::span<const trace_column> columns = known_columns) {
    // The reader owns its stream: it is given another one on the same buffer.
    auto same = std::make_unique<std::istream>(in.rdbuf());
    same->setstate(in.rdstate());
    return read_rows(trace_rows{csv_reader{std::move(same), file}, {}, columns, true});
}

/// The same from a file.
[[nodiscard]] inline workload read_trace(const std::string& path,
                                         std::span<const trace_column> columns = known_columns) {
    return read_rows(trace_rows{open_csv(path), {}, columns, true});
}

}  // namespace forebay::inline v0::sim
