// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "arrivals.hpp"

#include "inference.hpp"
#include <forebay/sim/random.hpp>
#include <forebay/sim/trace.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace example {
namespace {

namespace sim = forebay::sim;

struct part {
    const char* name;
    std::uint64_t percent;
};
constexpr std::array<part, 3> tenant_mix{{{"acme", 30}, {"birch", 30}, {"flood", 40}}};
constexpr std::array<part, 3> modality_mix{{{"text", 60}, {"image", 30}, {"video", 10}}};

sim::profile profile_of(std::string tenant, modality kind) {
    const auto rows = static_cast<std::int64_t>(rows_of(kind));
    return {.tenant = std::move(tenant),
            .kind = to_string(kind),
            .priority = static_cast<std::int32_t>(kind),
            .cost = rows,
            .input_units = rows};
}

bool is_modality(const std::string& name) {
    return std::ranges::any_of(modality_mix, [&](const part& one) { return name == one.name; });
}

modality modality_named(const std::string& name) {
    return *std::ranges::find_if(modalities, [&](modality kind) { return name == to_string(kind); });
}

std::size_t draw(sim::random_stream& stream, const std::array<part, 3>& mix) {
    return stream.pick(std::array{mix[0].percent, mix[1].percent, mix[2].percent});
}

std::string mix_text(const std::array<part, 3>& mix) {
    std::string text;
    for (const part& one : mix) {
        text += std::string{text.empty() ? "" : ", "} + one.name + ' ' + std::to_string(one.percent) + " %";
    }
    return text;
}

}  // namespace

arrivals built_in_arrivals(std::size_t count, std::uint64_t seed) {
    std::vector<sim::flow> flows;
    for (const part& tenant : tenant_mix) {
        for (const part& kind : modality_mix) {
            const auto share = static_cast<std::int64_t>(tenant.percent * kind.percent);
            flows.push_back({profile_of(tenant.name, modality_named(kind.name)), forebay::rate::per_second(share)});
        }
    }
    return {sim::poisson(flows, count, seed),
            {"built-in workload, seed " + std::to_string(seed) + ": Poisson; tenants " + mix_text(tenant_mix) + "; " +
             mix_text(modality_mix)}};
}

arrivals trace_arrivals(const std::string& file, std::uint64_t seed) {
    const sim::workload trace = sim::read_trace(file);
    const bool draws_tenants = trace.tenants.size() < 2;
    const bool draws_modalities = !std::ranges::all_of(trace.kinds, is_modality);

    arrivals result;
    for (const modality kind : modalities) result.requests.kind_index(to_string(kind));  // in order of urgency
    result.requests.arrivals.reserve(trace.arrivals.size());
    sim::random_stream tenant_stream{seed, {}, 0};
    sim::random_stream modality_stream{seed, {}, 1};
    for (sim::arrival a : trace.arrivals) {
        const std::string tenant =
            draws_tenants ? tenant_mix[draw(tenant_stream, tenant_mix)].name : trace.tenants[a.tenant];
        const std::string kind =
            draws_modalities ? modality_mix[draw(modality_stream, modality_mix)].name : trace.kinds[a.kind];
        const sim::profile sort = profile_of(tenant, modality_named(kind));
        result.requests.label(a, sort);
        a.input_units = sort.input_units;
        result.requests.arrivals.push_back(a);
    }
    result.origin.push_back("trace " + file + ": " + std::to_string(trace.arrivals.size()) + " requests");
    const std::string drawn_by = " by a draw with seed " + std::to_string(seed) + ": ";
    if (draws_tenants) result.origin.push_back("it names no tenants: overlaid" + drawn_by + mix_text(tenant_mix));
    if (draws_modalities)
        result.origin.push_back("it names no modalities: overlaid" + drawn_by + mix_text(modality_mix));
    return result;
}

sim::workload at_rate(const sim::workload& requests, std::size_t count, double per_second) {
    sim::workload result = requests;
    result.arrivals.resize(std::min(count, requests.arrivals.size()));
    const auto gaps = static_cast<double>(result.arrivals.size() - 1);
    // All at one instant have no rate to bring them to: they stay so.
    const std::int64_t span = std::max<std::int64_t>(result.span().count(), 1);
    sim::stretch(result, std::llround(gaps / per_second * 1e9), span);
    return result;
}

double mean_rows(const sim::workload& requests) {
    std::size_t rows = 0;
    for (const sim::arrival& a : requests.arrivals) rows += rows_of(static_cast<modality>(a.info.priority));
    return static_cast<double>(rows) / static_cast<double>(requests.arrivals.size());
}

std::vector<std::int64_t> rows_by_tenant(const sim::workload& requests) {
    std::vector<std::int64_t> rows(requests.tenants.size());
    for (const sim::arrival& a : requests.arrivals) rows[a.tenant] += a.info.cost;
    return rows;
}

std::size_t busiest_tenant(const sim::workload& requests) {
    const std::vector<std::int64_t> rows = rows_by_tenant(requests);
    return static_cast<std::size_t>(std::ranges::max_element(rows) - rows.begin());
}

}  // namespace example
