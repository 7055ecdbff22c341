// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/request.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/source.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace forebay::inline v0::sim {

/// Writes requests as a trace (`# forebay-trace 1`, CSV) that reads back as exactly the same requests.
///
/// All but `arrival::sequence` and `arrival::client` is kept, to the nanosecond; names too, in their places.
/// errors   std::invalid_argument for a request that the format has no words for: a time or a size below 0, a name that
///          is empty or holds a quote or an end of line; std::runtime_error if the stream takes no more
///
///     sim::trace_writer writer{out, source.tenants(), source.kinds()};
///     for (; const sim::arrival* next = source.peek(); source.pop()) writer.write(*next, source.tenants(), source.kinds());
///     writer.flush();
class trace_writer {
public:
    using names = std::vector<std::string>;

    /// Writes what stands before the rows.
    /// tenants, kinds  as far as they are known; later ones follow as they come
    /// comments        one `#` line each, such as "seed=7"
    trace_writer(std::ostream& out, const names& tenants, const names& kinds,
                 std::span<const std::string> comments = {})
        : out_{out} {
        text_ = "# forebay-trace 1\n";
        for (const std::string& each : comments) {
            if (each.find_first_of("\n\r") != std::string::npos || each.starts_with("tenants=") ||
                each.starts_with("kinds=") || each.starts_with("forebay-trace ")) {
                refuse("expected a comment of one line that is none of the format's own, found " + each);
            }
            text_ += "# " + each + '\n';
        }
        list("# tenants=", tenants);
        list("# kinds=", kinds);
        text_ +=
            "arrival_us,tenant,class,modality,key,cost,actual_cost,input_units,output_units,items,service_us,slo_us,"
            "deadline_us\n";
    }

    /// tenants, kinds  as they are now
    void write(const arrival& request, const names& tenants, const names& kinds) {
        const std::size_t start = text_.size();
        try {
            time(request.at.time_since_epoch());
            name(tenants.at(request.tenant));
            number(request.info.priority);
            name(kinds.at(request.kind));
            decimal(request.info.key);
            number_or(request.info.cost, unknown_cost, "unknown");
            number_or(request.actual_cost, as_charged, "");
            for (const std::int64_t size : {request.input_units, request.output_units, request.items}) number(size);
            time_or(request.service, duration{0});
            time_or(request.slo, unlimited);
            time_or(request.patience(), unlimited);
        } catch (...) {
            text_.resize(start);
            throw;
        }
        text_.back() = '\n';
        if (text_.size() >= block) flush();
    }

    /// Hands what has been written to the stream. Rows not flushed are lost.
    void flush() {
        out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
        text_.clear();
        if (!out_.flush()) throw std::runtime_error("forebay: a trace could not be written");
    }

private:
    static constexpr std::size_t block = std::size_t{1} << 16;

    [[noreturn]] static void refuse(const std::string& what) {
        throw std::invalid_argument("forebay: writing a trace: " + what);
    }
    template <class Number>
    void decimal(Number value) {
        std::array<char, 24> digits{};
        text_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
        text_ += ',';
    }
    void number(std::int64_t value) {
        if (value < 0) refuse("expected sizes and classes >= 0, found " + std::to_string(value));
        decimal(value);
    }
    void number_or(std::int64_t value, std::int64_t none, std::string_view word) {
        if (value != none) return number(value);
        text_ += word;
        text_ += ',';
    }
    /// In microseconds.
    void time(duration value) {
        const std::int64_t nanoseconds = value.count();
        if (nanoseconds < 0) refuse("expected times >= 0, found " + std::to_string(nanoseconds) + " ns");
        decimal(nanoseconds / 1000);
        if (nanoseconds % 1000 == 0) return;
        std::string rest = std::to_string(1000 + nanoseconds % 1000);
        rest.erase(rest.find_last_not_of('0') + 1);
        text_.back() = '.';
        text_.append(rest, 1);
        text_ += ',';
    }
    void time_or(duration value, duration none) {
        if (value != none) return time(value);
        text_ += ',';
    }
    void name(std::string_view text) {
        if (text.empty() || text.find_first_of("\"\n\r") != std::string_view::npos) {
            refuse("expected names without quotes and ends of line, found '" + std::string{text} + "'");
        }
        const bool bare = text.find(',') == std::string_view::npos && text.front() != ' ' && text.back() != ' ';
        if (!bare) text_ += '"';
        text_ += text;
        if (!bare) text_ += '"';
        text_ += ',';
    }
    /// A few names a line, so that no line grows with their number.
    void list(std::string_view mark, const names& all) {
        constexpr std::size_t a_line = 64;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (i % a_line == 0) text_ += mark;
            name(all[i]);
            if (i % a_line == a_line - 1 || i + 1 == all.size()) text_.back() = '\n';
        }
    }

    std::ostream& out_;
    std::string text_;
};

/// Writes all requests of a model; see `trace_writer`.
/// returns  how many
template <workload_model Model>
std::uint64_t write_trace(std::ostream& out, const Model& model, std::span<const std::string> comments = {}) {
    auto source = model.open();
    static_assert(!answered_source<decltype(source)>,
                  "forebay: the requests of a closed loop come after answers: they can be written as a run goes on");
    std::uint64_t count = 0;
    const arrival* next = source.peek();
    trace_writer writer{out, source.tenants(), source.kinds(), comments};
    for (; next != nullptr; next = source.peek()) {
        writer.write(*next, source.tenants(), source.kinds());
        source.pop();
        ++count;
    }
    writer.flush();
    return count;
}

}  // namespace forebay::inline v0::sim
