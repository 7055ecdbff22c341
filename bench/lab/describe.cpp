// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "describe.hpp"

#include "any_workload.hpp"
#include "json_report.hpp"
#include "output.hpp"
#include "workload_options.hpp"
#include <forebay/sim/random.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/table.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace lab {

namespace {

namespace sim = forebay::sim;

struct settings {
    workload_options workload;
    std::uint64_t seed{1};
    outputs to;
};

/// One measure of every request that states it.
struct measure {
    const char* name;
    std::vector<std::int64_t> values{};
};

struct description {
    std::uint64_t requests{0};
    forebay::time_point first{};
    forebay::time_point last{};
    double gap_cv{0};
    std::vector<measure> sizes{{"input_units"}, {"output_units"}, {"items"}, {"cost"}, {"actual_cost"}, {"service_ns"}};
    std::vector<std::pair<std::string, std::uint64_t>> tenants{};
    std::vector<std::pair<std::string, std::uint64_t>> kinds{};
    std::map<std::int32_t, std::uint64_t> classes{};
    std::uint64_t with_slo{0};
    std::uint64_t with_deadline{0};

    [[nodiscard]] double span() const { return static_cast<double>((last - first).count()) / 1e9; }
    [[nodiscard]] double per_second(std::uint64_t count) const {
        return span() > 0 ? static_cast<double>(count) / span() : 0.0;
    }
    /// Of the gaps, of which there is one less than of requests.
    [[nodiscard]] double rate() const { return requests > 1 ? per_second(requests - 1) : 0.0; }
};

description described(any_source source) {
    description result;
    std::vector<std::uint64_t> tenants;
    std::vector<std::uint64_t> kinds;
    sim::wide squares = 0;
    for (const sim::arrival* next = source.peek(); next != nullptr; next = source.peek()) {
        const sim::arrival& each = *next;
        if (result.requests++ == 0) result.first = result.last = each.at;
        const auto gap = static_cast<sim::wide>((each.at - result.last).count());
        squares += gap * gap;
        result.last = each.at;
        tenants.resize(std::max<std::size_t>(tenants.size(), each.tenant + std::size_t{1}));
        kinds.resize(std::max<std::size_t>(kinds.size(), each.kind + std::size_t{1}));
        ++tenants[each.tenant];
        ++kinds[each.kind];
        ++result.classes[each.info.priority];
        result.with_slo += each.slo != sim::unlimited;
        result.with_deadline += each.info.deadline != forebay::no_deadline;
        const std::int64_t sizes[]{each.input_units, each.output_units, each.items,
                                   each.info.cost,   each.actual_cost,  each.service.count()};
        for (std::size_t i = 0; i < result.sizes.size(); ++i) {
            if (sizes[i] >= 0) result.sizes[i].values.push_back(sizes[i]);
        }
        source.pop();
    }
    for (std::size_t i = 0; i < tenants.size(); ++i) result.tenants.emplace_back(source.tenants()[i], tenants[i]);
    for (std::size_t i = 0; i < kinds.size(); ++i) result.kinds.emplace_back(source.kinds()[i], kinds[i]);
    if (result.requests > 1 && result.last > result.first) {
        const double gaps = static_cast<double>(result.requests - 1);
        const double mean = static_cast<double>((result.last - result.first).count()) / gaps;
        const double ratio = static_cast<double>(squares) / gaps / (mean * mean);
        result.gap_cv = std::sqrt(std::max(ratio - 1, 0.0));
    }
    for (measure& each : result.sizes) std::sort(each.values.begin(), each.values.end());
    return result;
}

std::int64_t at(const measure& of, std::size_t permille) {
    return of.values[sim::nearest_rank(of.values.size(), permille)];
}
double mean(const measure& of) {
    sim::wide sum = 0;
    for (const std::int64_t value : of.values) sum += static_cast<sim::wide>(value);
    return static_cast<double>(sum) / static_cast<double>(of.values.size());
}
constexpr std::pair<const char*, std::size_t> shown[]{{"min", 0},   {"p50", 500}, {"p90", 900},
                                                      {"p95", 950}, {"p99", 990}, {"max", 1000}};

json to_json(const description& of) {
    json result;
    result["requests"] = of.requests;
    result["span_s"] = of.span();
    result["rate_rps"] = of.rate();
    result["gap_cv"] = of.gap_cv;
    result["with_slo"] = of.with_slo;
    result["with_deadline"] = of.with_deadline;
    for (const measure& each : of.sizes) {
        if (each.values.empty()) continue;
        json& to = result["sizes"][each.name];
        to["stated"] = each.values.size();
        to["mean"] = mean(each);
        for (const auto& [name, permille] : shown) to[name] = at(each, permille);
    }
    const auto list = [&](const char* lists, const char* one, const auto& all) {
        result[lists] = json::array();
        for (const auto& [name, count] : all) {
            result[lists].push_back({{one, name}, {"requests", count}, {"rate_rps", of.per_second(count)}});
        }
    };
    list("classes", "class", of.classes);
    list("tenants", "tenant", of.tenants);
    list("kinds", "kind", of.kinds);
    return result;
}

void print(const description& of, std::ostream& out) {
    sim::text_table whole;
    whole.add({"requests", "span s", "rate/s", "CV of gaps", "with objective", "with deadline", ""});
    whole.add({std::to_string(of.requests), sim::decimal(of.span(), 3), sim::decimal(of.rate(), 3),
               sim::decimal(of.gap_cv, 3), std::to_string(of.with_slo), std::to_string(of.with_deadline), ""});
    out << whole.str() << '\n';
    sim::text_table sizes;
    sizes.add({"size", "mean", "min", "p50", "p90", "p95", "p99", "max", ""});
    for (const measure& each : of.sizes) {
        if (each.values.empty()) continue;
        std::vector<std::string> row{each.name, sim::decimal(mean(each), 1)};
        for (const auto& [name, permille] : shown) row.push_back(std::to_string(at(each, permille)));
        row.emplace_back();
        sizes.add(std::move(row));
    }
    out << sizes.str() << '\n';
    sim::text_table groups;
    groups.add({"group", "requests", "rate/s", "share %", ""});
    const auto list = [&](const std::string& title, const auto& all) {
        std::size_t rows = 0;
        for (const auto& [name, count] : all) {
            if (++rows > 20) {
                groups.add({title + "s: " + std::to_string(all.size()) + " in all", "", "", "", ""});
                break;
            }
            std::string label = title + ' ';
            if constexpr (std::is_integral_v<std::decay_t<decltype(name)>>) {
                label += std::to_string(name);
            } else {
                label += name;
            }
            groups.add({label, std::to_string(count), sim::decimal(of.per_second(count), 3),
                        sim::decimal(100.0 * static_cast<double>(count) / static_cast<double>(of.requests), 2), ""});
        }
    };
    list("class", of.classes);
    list("tenant", of.tenants);
    list("kind", of.kinds);
    out << groups.str() << std::flush;
}

int act(const settings& chosen) {
    chosen.workload.check();
    if (!chosen.workload.is_open()) throw usage_error{"--clients: expected requests that do not wait for answers"};
    output json_to{"--json", chosen.to.json};
    const description found = described(chosen.workload.build(chosen.seed).open());
    if (found.requests == 0) throw usage_error{"describe: expected at least one request, found none"};
    if (json_to) {
        json whole;
        whole["forebay_lab"] = 1;
        whole["config"] = {{"command", "describe"}, {"workload", chosen.workload.echo()}, {"seed", chosen.seed}};
        whole["workload"] = to_json(found);
        json_to.write(to_text(whole));
    }
    print(found, chosen.to.console());
    return 0;
}

}  // namespace

command add_describe(program& line) {
    const auto chosen = std::make_shared<settings>();
    options its = line.add_command("describe", "Say what a trace holds: rate, bursts, sizes, tenants");
    chosen->workload.add_to(its);
    add_seed(its, chosen->seed);
    its.add_text("--json", chosen->to.json, "FILE", "Write it as JSON ('-': standard output)");
    its.footer(
        "CV of gaps: deviation of the times between requests over their mean; Poisson has 1.\n"
        "Sizes in the trace's units, percentiles by nearest rank; all requests are held in memory.\n"
        "\nExample: a trace with foreign headers, twice as fast\n"
        "  bash bench/lab.sh describe --trace conv.csv --map arrival=TIMESTAMP:datetime,cost=ContextTokens \\\n"
        "      --time-scale 2\n");
    return {its, [chosen] { return act(*chosen); }};
}

}  // namespace lab
