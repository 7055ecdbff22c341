// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "workload_options.hpp"

#include <forebay/sim/trace.hpp>
#include <forebay/sim/workload.hpp>

namespace lab {

namespace sim = forebay::sim;

workload_options::time_of_class workload_options::to_time_of_class(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return {{}, to_duration(text)};
    const auto priority =
        to_whole(std::string_view{text}.substr(0, colon), 0, std::numeric_limits<std::int32_t>::max());
    return {static_cast<std::int32_t>(priority), to_duration(std::string_view{text}.substr(colon + 1))};
}

void workload_options::add_to(CLI::App& app) {
    add_values(
        app, "--trace", [this](const std::string& path) { traces_.push_back(path); }, "FILE",
        "Requests from a CSV file; several are merged on their common time");
    add_values(
        app, "--slo", [this](const std::string& text) { objectives_.push_back(to_time_of_class(text)); }, "[CLASS:]D",
        "Latency up to which an answer is good, of all or of one priority class; may be repeated [duration]");
    app.add_option("--arrivals", arrivals_, "When requests come, rates a second: poisson:RATE")->type_name("PROCESS");
    add_value(
        app, "--requests", requests_,
        [](const std::string& text) { return static_cast<std::size_t>(to_whole(text, 1, std::int64_t{1} << 40)); }, "N",
        "How many requests come");
    add_value(
        app, "--classes", classes_,
        [](const std::string& text) {
            std::vector<fraction> rates;
            for (const std::string& each : split(text, ',')) rates.push_back(to_fraction(each));
            return rates;
        },
        "RATE,RATE...", "Rates of priority class 0, 1, ..., in place of the process's RATE [requests/s]");
}

void workload_options::check() const {
    if (traces_.empty() && !requests_)
        throw usage_error{"--requests: expected how many requests come, such as --requests 100000"};
}

any_workload workload_options::build(std::uint64_t seed, std::optional<fraction>) const {
    any_workload all = build_unlabelled(seed);
    if (!objectives_.empty()) {
        all.add([objectives = objectives_](sim::arrival& request) {
            for (const time_of_class& each : objectives) {
                if (!each.priority || *each.priority == request.info.priority) request.slo = each.time;
            }
        });
    }
    return all;
}

any_workload workload_options::build_unlabelled(std::uint64_t seed) const {
    if (!traces_.empty()) {
        std::vector<sim::workload> parts;
        for (const std::string& path : traces_) parts.push_back(sim::read_trace(path));
        return any_workload{sim::merge(parts)};
    }
    std::vector<sim::flow> flows;
    if (!classes_.empty()) {
        std::int32_t priority = 0;
        for (const fraction& each : classes_) {
            flows.push_back({{.kind = std::to_string(priority), .priority = priority}, to_rate(each)});
            ++priority;
        }
    } else {
        const std::vector<std::string> parts = split(arrivals_, ':');
        if (parts.size() != 2 || parts[0] != "poisson") throw wrong_value("--arrivals", "poisson:RATE", arrivals_);
        flows.push_back({{}, read_value("--arrivals", parts[1], [](const std::string& t) { return to_rate(t); })});
    }
    return any_workload{sim::poisson(flows, *requests_, seed)};
}

json workload_options::echo() const {
    json result;
    if (!traces_.empty()) result["traces"] = traces_;
    if (!arrivals_.empty()) result["arrivals"] = arrivals_;
    if (requests_) result["requests"] = *requests_;
    return result;
}

}  // namespace lab
