// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "scenario.hpp"

#include "service_spec.hpp"
#include <forebay/time.hpp>

#include <limits>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace lab {

void scenario::add_to(options& its, bool many_policies) {
    workload_.add_to(its);
    its.add_text("--service", service_, "MODEL", "Time the model takes for a batch, see below");
    add_value(
        its, "--executors", executors_,
        [](const std::string& text) { return static_cast<std::size_t>(to_whole(text, 1, 65'536)); }, "C",
        "Batches that run at once [default 1]");
    if (many_policies) {
        add_values(
            its, "--policy", [this](const std::string& text) { policies_.push_back(to_policy(text)); }, "NAME=SPEC",
            "A policy to try, see below; may be repeated [default fifo=order:fifo]");
    }
    add_value(
        its, "--quota", quota_,
        [this](const std::string& text) {
            quota_text_ = text;
            return std::optional{to_quota(text)};
        },
        "RATE:BURST",
        "Tell how far each tenant exceeds that, whatever the policy is [cost/s, cost; default the policy's "
        "cost-limit]");
    add_seed(its, seed_);
    add_value(
        its, "--percentiles", precision_,
        [](const std::string& text) {
            if (text == "exact") return forebay::sim::percentiles::exact;
            if (text == "histogram") return forebay::sim::percentiles::histogram;
            throw unexpected{"exact or histogram"};
        },
        "exact|histogram", "histogram: memory does not grow with the run; at most 1/32 too high [default exact]");
    add_value(
        its, "--jobs", jobs_, [](const std::string& text) { return static_cast<std::size_t>(to_whole(text, 1, 1024)); },
        "N", "Runs at once, on as many threads; changes no result [default 1]");
    its.add_flag("--timing", timing_, "Add real time to the report: nanoseconds a request (differs from run to run)");
    its.add_flag("--progress", progress_, "Say on standard error how far it is, also where that is no terminal");
}

void scenario::check() {
    workload_.check();
    if (service_.empty() && workload_.has_service()) service_ = "recorded";
    if (service_.empty()) {
        throw usage_error{
            "--service: expected how long the model takes for a batch, such as --service constant:5ms; only a trace "
            "with a column service_us can do without"};
    }
    static_cast<void>(service(seed_));
    if (policies_.empty()) policies_.emplace_back();
    for (std::size_t i = 0; i < policies_.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (policies_[i].name == policies_[j].name) {
                throw usage_error{"--policy: expected names that differ, found '" + policies_[i].name + "' twice"};
            }
        }
    }
}

bool scenario::progress() const noexcept {
    return progress_ || isatty(STDERR_FILENO) == 1;
}

any_service scenario::service(std::uint64_t seed) const {
    return read_value("--service", service_, [&](const std::string& text) { return to_service(text, seed); });
}

forebay::sim::run_options scenario::run_options() const {
    forebay::sim::run_options options;
    options.precision = precision_;
    options.quota = quota_;
    return options;
}

json scenario::echo(const char* command) const {
    json result;
    result["command"] = command;
    result["workload"] = workload_.echo();
    result["service"] = service_;
    result["executors"] = executors_;
    result["seed"] = seed_;
    if (quota_) result["quota"] = quota_text_;
    result["percentiles"] = precision_ == forebay::sim::percentiles::exact ? "exact" : "histogram";
    result["policies"] = json::array();
    for (const policy_choice& each : policies_) {
        result["policies"].push_back({{"name", each.name}, {"spec", each.spec}});
    }
    return result;
}

}  // namespace lab
