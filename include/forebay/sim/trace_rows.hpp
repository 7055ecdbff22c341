// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/csv.hpp>
#include <forebay/sim/trace_columns.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// The rows of one trace as requests, one by one: what every way to read a trace goes through.
///
/// `#` lines may stand before the header. Of these, `# forebay-trace N` is the version, and `# tenants=A,B` and
/// `# kinds=A,B` give names their places; the others say what they like.
/// errors   trace_error at the first cell that is not as expected; nothing is skipped or repaired
class trace_rows {
public:
    /// Reads the header.
    /// known    which headers are understood, and what they mean
    /// in_order whether rows must be in order of time
    trace_rows(csv_reader csv, const trace_mapping& mapping, std::span<const trace_column> known, bool in_order)
        : csv_{std::move(csv)}, in_order_{in_order} {
        read_header(mapping, known);
    }

    /// The next row, in the order of the file; false after the last.
    bool next(arrival& request) {
        if (!csv_.next_line()) {
            if (rows_ == 0) csv_.fail("expected a row after the header, found the end of the file");
            return false;
        }
        read_row(request);
        if (in_order_ && rows_ > 0 && request.at < last_) {
            csv_.fail_at(1, "expected rows in order of time, found one that is earlier than line " +
                                std::to_string(csv_.line_number() - 1));
        }
        last_ = request.at;
        ++rows_;
        return true;
    }

    [[nodiscard]] const std::vector<std::string>& tenants() const noexcept { return tenants_.all; }
    [[nodiscard]] const std::vector<std::string>& kinds() const noexcept { return kinds_.all; }

private:
    /// What one column of the file is read into.
    struct column {
        std::string name;
        std::vector<trace_mapping::entry> meanings;
    };
    struct names {
        struct hash : std::hash<std::string_view> {
            using is_transparent = void;
        };
        std::unordered_map<std::string, std::uint32_t, hash, std::equal_to<>> index;
        std::vector<std::string> all;
        std::vector<tenant_id> ids;

        std::uint32_t operator[](std::string_view name) {
            if (const auto found = index.find(name); found != index.end()) return found->second;
            all.emplace_back(name);
            ids.push_back(tenant_of(name));
            return index.emplace(all.back(), static_cast<std::uint32_t>(all.size() - 1)).first->second;
        }
    };

    void read_header(const trace_mapping& mapping, std::span<const trace_column> known) {
        do {
            if (!csv_.next_line())
                csv_.fail("expected a header with arrival_us or TIMESTAMP, found the end of the file");
            read_comment();
        } while (csv_.line().starts_with('#'));
        while (const auto name = csv_.next_cell()) {
            column added{std::string{*name}, {}};
            for (const auto& entry : mapping.entries) {
                if (entry.column == *name) added.meanings.push_back(entry);
            }
            if (added.meanings.empty()) {
                const auto found =
                    std::find_if(known.begin(), known.end(), [&](const trace_column& c) { return c.name == *name; });
                if (found == known.end()) csv_.fail("expected a known column, found " + csv_reader::quoted(*name));
                added.meanings.push_back({added.name, found->field, found->unit});
            }
            for (const column& earlier : columns_) {
                if (earlier.name == *name || share_a_meaning(earlier, added)) {
                    csv_.fail("expected a column of another meaning than " + csv_reader::quoted(earlier.name) +
                              ", found " + csv_reader::quoted(*name));
                }
            }
            columns_.push_back(std::move(added));
        }
        std::size_t times = 0;
        for (const column& each : columns_) {
            for (const auto& meaning : each.meanings) {
                times += meaning.field == trace_field::arrival_us || meaning.field == trace_field::timestamp;
                has_modality_ = has_modality_ || meaning.field == trace_field::modality;
            }
        }
        for (const auto& entry : mapping.entries) {
            if (std::none_of(columns_.begin(), columns_.end(),
                             [&](const column& c) { return c.name == entry.column; })) {
                csv_.fail_at(1, "expected a column " + csv_reader::quoted(entry.column) + ", which the mapping names");
            }
        }
        if (times != 1) {
            csv_.fail_at(
                1, "expected one column of arrival times (arrival_us or TIMESTAMP), found " + std::to_string(times));
        }
    }
    void read_comment() {
        const auto starts_with = [&](std::string_view mark) {
            if (!csv_.line().starts_with(mark)) return false;
            csv_.skip(mark.size());
            return true;
        };
        if (starts_with("# forebay-trace ")) {
            const auto version = csv_.next_cell();
            if (version != "1" || csv_.next_cell()) {
                csv_.fail_at(
                    17, "expected version 1 of the trace format, found " + csv_reader::quoted(csv_.line().substr(16)));
            }
        }
        const bool of_tenants = starts_with("# tenants=");
        if (!of_tenants && !starts_with("# kinds=")) return;
        while (const auto name = csv_.next_cell()) {
            if (name->empty()) csv_.fail("expected a name, found nothing");
            (of_tenants ? tenants_ : kinds_)[*name];
        }
    }
    static bool share_a_meaning(const column& a, const column& b) {
        for (const auto& of_a : a.meanings) {
            for (const auto& of_b : b.meanings) {
                if (of_a.field == of_b.field && !may_repeat(of_a.field)) return true;
            }
        }
        return false;
    }
    static bool may_repeat(trace_field field) noexcept {
        return field == trace_field::input_units || field == trace_field::output_units ||
               field == trace_field::actual_cost || field == trace_field::affinity || field == trace_field::ignored;
    }

    /// A row as far as it has been read.
    struct row {
        arrival& request;
        duration patience{unlimited};
        std::string_view tenant{"default"};
        std::string_view kind{"default"};
        bool has_input{false};
        bool has_output{false};
        bool has_actual_cost{false};
    };
    void read_row(arrival& request) {
        if (csv_.line().empty()) wrong_count("an empty line");
        request = arrival{};
        row now{request};
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const auto cell = csv_.next_cell();
            if (!cell) wrong_count(std::to_string(i));
            for (const auto& meaning : columns_[i].meanings) read_cell(now, meaning, *cell);
        }
        if (csv_.next_cell()) wrong_count("more");
        if (now.patience != unlimited) request.info.deadline = saturating_add(request.at, now.patience);
        request.tenant = tenants_[now.tenant];
        request.info.tenant = tenants_.ids[request.tenant];
        request.kind = kinds_[now.kind];
    }
    [[noreturn]] void wrong_count(const std::string& found) const {
        csv_.fail("expected " + std::to_string(columns_.size()) + " cells as in the header, found " + found);
    }
    void read_cell(row& to, const trace_mapping::entry& meaning, std::string_view cell) const {
        arrival& request = to.request;
        const auto number = [&] { return csv_.number(meaning.column, cell); };
        const auto time = [&] { return csv_.time(meaning.column, cell, meaning.unit); };
        const auto time_or = [&](duration none) { return cell.empty() ? none : time(); };
        const auto name = [&] {
            if (cell.empty()) csv_.fail("a name", meaning.column, cell);
            return cell;
        };
        const auto add_to = [&](std::int64_t& sum, bool& started) {
            if (!std::exchange(started, true)) sum = 0;
            sum += csv_.number(meaning.column, cell, std::numeric_limits<std::int64_t>::max() - sum);
        };
        switch (meaning.field) {
            case trace_field::arrival_us: request.at = time_point{time()}; break;
            case trace_field::timestamp: request.at = csv_.timestamp(meaning.column, cell); break;
            case trace_field::tenant: to.tenant = name(); break;
            case trace_field::modality: to.kind = name(); break;
            case trace_field::priority:
                request.info.priority = static_cast<std::int32_t>(
                    csv_.number(meaning.column, cell, std::numeric_limits<std::int32_t>::max()));
                if (!has_modality_) to.kind = cell;
                break;
            case trace_field::affinity:
                request.info.key = static_cast<std::uint64_t>(tenant_of(cell, hash_key{request.info.key, 0}));
                break;
            case trace_field::key: request.info.key = csv_.identity(meaning.column, cell); break;
            case trace_field::cost: request.info.cost = cell == "unknown" ? unknown_cost : number(); break;
            case trace_field::actual_cost:
                if (!cell.empty()) add_to(request.actual_cost, to.has_actual_cost);
                break;
            case trace_field::input_units: add_to(request.input_units, to.has_input); break;
            case trace_field::output_units: add_to(request.output_units, to.has_output); break;
            case trace_field::items: request.items = number(); break;
            case trace_field::service_us: request.service = time_or(duration{0}); break;
            case trace_field::slo_us: request.slo = time_or(unlimited); break;
            case trace_field::deadline_us: to.patience = time_or(unlimited); break;
            case trace_field::ignored: break;
        }
    }

    csv_reader csv_;
    bool in_order_;
    bool has_modality_{false};
    std::vector<column> columns_;
    names tenants_;
    names kinds_;
    std::uint64_t rows_{0};
    time_point last_{};
};

}  // namespace forebay::inline v0::sim
