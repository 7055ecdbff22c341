// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace forebay::inline v0::sim {

/// What a column of a trace means.
enum class trace_field : std::uint8_t {
    arrival_us,    ///< time since the trace began
    timestamp,     ///< YYYY-MM-DD HH:MM:SS, up to nine decimals, optional zone (Z or +HH:MM; none is taken as UTC)
    tenant,        ///< a name
    priority,      ///< `request_info::priority`, and the kind's name where there is no modality
    modality,      ///< the kind's name
    affinity,      ///< text that `request_info::key` is made from; several such columns count together
    key,           ///< `request_info::key` itself
    cost,          ///< `request_info::cost`; `unknown` for unknown_cost
    actual_cost,   ///< `arrival::actual_cost`; several such columns are added up; an empty cell states none
    input_units,   ///< several such columns are added up
    output_units,  ///< several such columns are added up
    items,         ///< images or sub-requests
    service_us,    ///< `arrival::service`; an empty cell states none
    slo_us,        ///< time after arrival; an empty cell states none
    deadline_us,   ///< time after arrival; an empty cell states none
    ignored,       ///< known, and not read
};

/// Which header names which field.
struct trace_column {
    std::string_view name;
    trace_field field;
    /// What 1 stands for in a field that is a time; up to as many decimals as nanoseconds need. [ns, a power of ten]
    std::int64_t unit{1000};
};

/// The headers understood without being told: `arrival_us` files, and the Azure LLM inference traces. A header that is
/// not listed is an error: nothing is dropped unasked.
inline constexpr std::array<trace_column, 25> known_columns{{
    {"arrival_us", trace_field::arrival_us},
    {"TIMESTAMP", trace_field::timestamp},
    {"ContextTokens", trace_field::input_units},
    {"GeneratedTokens", trace_field::output_units},
    {"tenant", trace_field::tenant},
    {"class", trace_field::priority},
    {"modality", trace_field::modality},
    {"model", trace_field::affinity},
    {"affinity", trace_field::affinity},
    {"key", trace_field::key},
    {"cost", trace_field::cost},
    {"actual_cost", trace_field::actual_cost},
    {"input_units", trace_field::input_units},
    {"output_units", trace_field::output_units},
    {"text_tokens", trace_field::input_units},
    {"image_tokens", trace_field::input_units},
    {"output_tokens", trace_field::output_units},
    {"items", trace_field::items},
    {"images", trace_field::items},
    {"service_us", trace_field::service_us},
    {"slo_us", trace_field::slo_us},
    {"deadline_us", trace_field::deadline_us},
    {"id", trace_field::ignored},
    {"session", trace_field::ignored},
    {"status", trace_field::ignored},
}};

/// What the columns of a foreign file mean, beyond `known_columns`: for a header named here, what stands here counts
/// instead. One column may have several meanings.
struct trace_mapping {
    struct entry {
        std::string column;
        trace_field field;
        std::int64_t unit{1000};
    };
    std::vector<entry> entries;
};

/// Reads `FIELD=COLUMN` or `FIELD=COLUMN:FORMAT`, separated by commas, as in
/// `arrival=TIMESTAMP:datetime,cost=ContextTokens`.
///
/// FIELD    arrival, tenant, class, modality, affinity, key, cost, actual, input, output, items, service, slo, deadline;
///          ignore for a column that is not to be read
/// COLUMN   the header's text, without a comma
/// FORMAT   of arrival: datetime; of arrival, service, slo and deadline: s, ms, us (if none is given) or ns
/// errors   std::invalid_argument, which says at which character what was expected
[[nodiscard]] inline trace_mapping parse_mapping(std::string_view text) {
    struct meaning {
        std::string_view name;
        trace_field field;
    };
    constexpr std::array<meaning, 15> fields{{{"arrival", trace_field::arrival_us},
                                              {"tenant", trace_field::tenant},
                                              {"class", trace_field::priority},
                                              {"modality", trace_field::modality},
                                              {"affinity", trace_field::affinity},
                                              {"key", trace_field::key},
                                              {"cost", trace_field::cost},
                                              {"actual", trace_field::actual_cost},
                                              {"input", trace_field::input_units},
                                              {"output", trace_field::output_units},
                                              {"items", trace_field::items},
                                              {"service", trace_field::service_us},
                                              {"slo", trace_field::slo_us},
                                              {"deadline", trace_field::deadline_us},
                                              {"ignore", trace_field::ignored}}};
    struct unit {
        std::string_view name;
        std::int64_t nanoseconds;
    };
    constexpr std::array<unit, 4> units{{{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1000}, {"ns", 1}}};

    trace_mapping result;
    std::size_t at = 0;
    const auto fail = [&](std::size_t where, const std::string& expected, std::string_view found) {
        throw std::invalid_argument("forebay: mapping, character " + std::to_string(where + 1) + ": expected " +
                                    expected + ", found " +
                                    (found.empty() ? "nothing" : "'" + std::string{found} + "'"));
    };
    for (bool more = true; more;) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        const std::string_view part = text.substr(at, end - at);
        const std::size_t equals = std::min(part.find('='), part.size());
        const auto field = std::find_if(fields.begin(), fields.end(),
                                        [&](const meaning& each) { return each.name == part.substr(0, equals); });
        if (field == fields.end()) {
            std::string names;
            for (const meaning& each : fields) names += (names.empty() ? "" : " ") + std::string{each.name};
            fail(at, "FIELD=COLUMN with FIELD one of " + names, part.substr(0, equals));
        }
        if (equals == part.size()) fail(at + equals, "'=' and a column after the field", {});
        trace_mapping::entry added{{}, field->field};
        std::string_view column = part.substr(equals + 1);
        const std::size_t colon = column.rfind(':');
        const std::string_view format = colon == std::string_view::npos ? std::string_view{} : column.substr(colon + 1);
        if (colon != std::string_view::npos) {
            const std::size_t where = at + equals + 1 + colon + 1;
            const bool arrival = added.field == trace_field::arrival_us;
            const auto known =
                std::find_if(units.begin(), units.end(), [&](const unit& u) { return u.name == format; });
            if (arrival && format == "datetime") {
                added.field = trace_field::timestamp;
            } else if (!arrival && added.field != trace_field::service_us && added.field != trace_field::slo_us &&
                       added.field != trace_field::deadline_us) {
                fail(where - 1, "no format, as this field is no time", column.substr(colon));
            } else if (known == units.end()) {
                fail(where, arrival ? "a format: datetime s ms us ns" : "a format: s ms us ns", format);
            } else {
                added.unit = known->nanoseconds;
            }
            column = column.substr(0, colon);
        }
        if (column.empty()) fail(at + equals + 1, "the name of a column", {});
        added.column = column;
        result.entries.push_back(added);
        more = end < text.size();
        at = end + 1;
    }
    return result;
}

}  // namespace forebay::inline v0::sim
