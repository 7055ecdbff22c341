// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "workload_options.hpp"

#include <forebay/sim/workload.hpp>

namespace lab {

namespace sim = forebay::sim;

void workload_options::add_to(CLI::App& app) {
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
    if (!requests_) throw usage_error{"--requests: expected how many requests come, such as --requests 100000"};
}

any_workload workload_options::build(std::uint64_t seed, std::optional<fraction>) const {
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
    result["arrivals"] = arrivals_;
    result["requests"] = *requests_;
    return result;
}

}  // namespace lab
