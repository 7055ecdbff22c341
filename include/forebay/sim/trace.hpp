// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>
#include <forebay/sim/csv.hpp>
#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <istream>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// What a column of a trace means.
enum class trace_field : std::uint8_t {
    arrival_us,    ///< microseconds since the trace began
    timestamp,     ///< YYYY-MM-DD HH:MM:SS, up to nine decimals, optional zone (Z or +HH:MM; none is taken as UTC)
    tenant,        ///< a name
    priority,      ///< `request_info::priority`, and the kind's name where there is no modality
    modality,      ///< the kind's name
    affinity,      ///< text that `request_info::key` is made from; several such columns count together
    cost,          ///< `request_info::cost`
    input_units,   ///< several such columns are added up
    output_units,  ///< several such columns are added up
    items,         ///< images or sub-requests
    slo_us,        ///< microseconds after arrival; an empty cell states none
    deadline_us,   ///< microseconds after arrival; an empty cell states none
    ignored,       ///< known, and not read
};

/// Which header names which field.
struct trace_column {
    std::string_view name;
    trace_field field;
};

/// The headers understood without being told: `arrival_us` files, and the Azure LLM inference traces. A header that is
/// not listed is an error: nothing is dropped unasked.
inline constexpr std::array<trace_column, 22> known_columns{{
    {"arrival_us", trace_field::arrival_us},
    {"TIMESTAMP", trace_field::timestamp},
    {"ContextTokens", trace_field::input_units},
    {"GeneratedTokens", trace_field::output_units},
    {"tenant", trace_field::tenant},
    {"class", trace_field::priority},
    {"modality", trace_field::modality},
    {"model", trace_field::affinity},
    {"affinity", trace_field::affinity},
    {"cost", trace_field::cost},
    {"input_units", trace_field::input_units},
    {"output_units", trace_field::output_units},
    {"text_tokens", trace_field::input_units},
    {"image_tokens", trace_field::input_units},
    {"output_tokens", trace_field::output_units},
    {"items", trace_field::items},
    {"images", trace_field::items},
    {"slo_us", trace_field::slo_us},
    {"deadline_us", trace_field::deadline_us},
    {"id", trace_field::ignored},
    {"session", trace_field::ignored},
    {"status", trace_field::ignored},
}};

/// Reads one text; see `parse_trace`.
class trace_parser {
public:
    trace_parser(std::string_view text, std::string file, std::span<const trace_column> columns)
        : csv_{text, std::move(file)}, known_{columns} {}

    [[nodiscard]] workload parse() && {
        read_header();
        while (csv_.next_line()) read_row();
        if (result_.arrivals.empty()) csv_.fail("expected a row after the header, found the end of the file");
        return std::move(result_);
    }

private:
    void read_header() {
        do {
            if (!csv_.next_line())
                csv_.fail("expected a header with arrival_us or TIMESTAMP, found the end of the file");
            constexpr std::string_view mark = "# forebay-trace ";
            if (csv_.line().starts_with(mark) && csv_.line().substr(mark.size()) != "1") {
                csv_.fail_at(mark.size() + 1, "expected version 1 of the trace format, found " +
                                                  csv_reader::quoted(csv_.line().substr(mark.size())));
            }
        } while (csv_.line().starts_with('#'));
        std::size_t times = 0;
        while (const auto name = csv_.next_cell()) {
            const auto known =
                std::find_if(known_.begin(), known_.end(), [&](const trace_column& c) { return c.name == *name; });
            if (known == known_.end()) csv_.fail("expected a known column, found " + csv_reader::quoted(*name));
            const trace_field field = known->field;
            for (const trace_column& earlier : columns_) {
                if (earlier.name == *name || (earlier.field == field && !may_repeat(field))) {
                    csv_.fail("expected a column of another meaning than " + csv_reader::quoted(earlier.name) +
                              ", found " + csv_reader::quoted(*name));
                }
            }
            times += field == trace_field::arrival_us || field == trace_field::timestamp;
            has_modality_ = has_modality_ || field == trace_field::modality;
            columns_.push_back({*name, field});
        }
        if (times != 1) {
            csv_.fail_at(
                1, "expected one column of arrival times (arrival_us or TIMESTAMP), found " + std::to_string(times));
        }
    }
    static bool may_repeat(trace_field field) noexcept {
        return field == trace_field::input_units || field == trace_field::output_units ||
               field == trace_field::affinity || field == trace_field::ignored;
    }

    void read_row() {
        if (csv_.line().empty()) wrong_count("an empty line");
        row now;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const auto cell = csv_.next_cell();
            if (!cell) wrong_count(std::to_string(i));
            read_cell(now, columns_[i], *cell);
        }
        if (csv_.next_cell()) wrong_count("more");
        arrival& request = now.request;
        if (!result_.arrivals.empty() && request.at < result_.arrivals.back().at) {
            csv_.fail_at(1, "expected rows in order of time, found one that is earlier than line " +
                                std::to_string(csv_.line_number() - 1));
        }
        if (now.patience != unlimited) request.info.deadline = saturating_add(request.at, now.patience);
        request.info.tenant = tenant_of(now.tenant);
        request.tenant = intern(tenants_, result_.tenants, now.tenant);
        request.kind = intern(kinds_, result_.kinds, now.kind);
        result_.arrivals.push_back(request);
    }
    [[noreturn]] void wrong_count(const std::string& found) const {
        csv_.fail("expected " + std::to_string(columns_.size()) + " cells as in the header, found " + found);
    }

    /// A row as far as it has been read.
    struct row {
        arrival request;
        duration patience{unlimited};
        std::string_view tenant{"default"};
        std::string_view kind{"default"};
        bool has_input{false};
        bool has_output{false};
    };
    void read_cell(row& to, const trace_column& column, std::string_view cell) const {
        arrival& request = to.request;
        const auto number = [&] { return csv_.number(column.name, cell); };
        const auto microseconds = [&] {
            return duration{csv_.number(column.name, cell, std::numeric_limits<std::int64_t>::max() / 1000) * 1000};
        };
        const auto name = [&] {
            if (cell.empty()) csv_.fail("a name", column.name, cell);
            return cell;
        };
        const auto add_to = [&](std::int64_t& sum, bool& started) {
            if (!std::exchange(started, true)) sum = 0;
            sum += csv_.number(column.name, cell, std::numeric_limits<std::int64_t>::max() - sum);
        };
        switch (column.field) {
            case trace_field::arrival_us: request.at = time_point{microseconds()}; break;
            case trace_field::timestamp: request.at = csv_.timestamp(column.name, cell); break;
            case trace_field::tenant: to.tenant = name(); break;
            case trace_field::modality: to.kind = name(); break;
            case trace_field::priority:
                request.info.priority =
                    static_cast<std::int32_t>(csv_.number(column.name, cell, std::numeric_limits<std::int32_t>::max()));
                if (!has_modality_) to.kind = cell;
                break;
            case trace_field::affinity:
                request.info.key = static_cast<std::uint64_t>(tenant_of(cell, hash_key{request.info.key, 0}));
                break;
            case trace_field::cost: request.info.cost = number(); break;
            case trace_field::input_units: add_to(request.input_units, to.has_input); break;
            case trace_field::output_units: add_to(request.output_units, to.has_output); break;
            case trace_field::items: request.items = number(); break;
            case trace_field::slo_us: to.request.slo = cell.empty() ? unlimited : microseconds(); break;
            case trace_field::deadline_us: to.patience = cell.empty() ? unlimited : microseconds(); break;
            case trace_field::ignored: break;
        }
    }

    using names = std::unordered_map<std::string_view, std::uint32_t>;
    static std::uint32_t intern(names& index, std::vector<std::string>& all, std::string_view name) {
        const auto [found, is_new] = index.try_emplace(name, static_cast<std::uint32_t>(all.size()));
        if (is_new) all.emplace_back(name);
        return found->second;
    }

    csv_reader csv_;
    std::span<const trace_column> known_;
    std::vector<trace_column> columns_;
    bool has_modality_{false};
    names tenants_;
    names kinds_;
    workload result_;
};

/// The requests that a CSV text describes: optional `#` lines, a header, one row a request in order of time.
///
/// text     UTF-8 with or without BOM, LF or CRLF, with or without an end of line after the last row
/// file     its name in messages
/// columns  which headers are understood, and what they mean
/// returns  the rows in the order of the file; times as the file gives them (`timestamp`: since 1970), so that several
///          files of one clock can be merged. Cost 1, priority 0 and no deadline where the file says nothing.
/// errors   trace_error at the first cell that is not as expected; nothing is skipped or repaired
/// cost     one pass
[[nodiscard]] inline workload parse_trace(std::string_view text, std::string file = "trace",
                                          std::span<const trace_column> columns = known_columns) {
    return trace_parser{text, std::move(file), columns}.parse();
}

/// The same from a stream, which is read to its end.
[[nodiscard]] inline workload read_trace(std::istream& in, const std::string& file,
                                         std::span<const trace_column> columns = known_columns) {
    std::string text;
    std::vector<char> block(std::size_t{1} << 16);
    while (in.read(block.data(), static_cast<std::streamsize>(block.size())), in.gcount() > 0) {
        text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad() || !in.eof()) throw trace_error{file, 0, 0, "expected a readable file, found that it cannot be read"};
    return parse_trace(text, file, columns);
}

/// The same from a file.
[[nodiscard]] inline workload read_trace(const std::string& path,
                                         std::span<const trace_column> columns = known_columns) {
    errno = 0;
    std::ifstream in{path, std::ios::binary};
    if (!in) {
        const std::string reason = errno == 0 ? "it cannot be opened" : std::generic_category().message(errno);
        throw trace_error{path, 0, 0, "expected a readable file, found: " + reason};
    }
    return read_trace(in, path, columns);
}

}  // namespace forebay::inline v0::sim
