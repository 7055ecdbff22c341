// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "json_report.hpp"

#include <forebay/outcome.hpp>
#include <forebay/rate.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

namespace lab {

namespace {

namespace sim = forebay::sim;
using forebay::ending;

double seconds(forebay::duration time) {
    return static_cast<double>(time.count()) / 1e9;
}

json to_json(const sim::spread& times) {
    json result{{"mean", nullptr}, {"p50", nullptr}, {"p90", nullptr},
                {"p95", nullptr},  {"p99", nullptr}, {"max", nullptr}};
    if (times.count == 0) return result;
    result["mean"] = times.mean_seconds;
    result["p50"] = seconds(times.p50);
    result["p90"] = seconds(times.p90);
    result["p95"] = seconds(times.p95);
    result["p99"] = seconds(times.p99);
    result["max"] = seconds(times.max);
    return result;
}

json to_json(const std::optional<forebay::quota>& limit) {
    if (!limit) return nullptr;
    const forebay::rate rate = limit->refill();
    const double per_second = static_cast<double>(rate.tokens()) * 1e9 / static_cast<double>(rate.nanoseconds());
    return {{"rate", per_second}, {"burst", limit->burst()}};
}

json reasons(const sim::tally& group) {
    json result = json::object();
    for (std::size_t i = 0; i < group.refused_by.size(); ++i) {
        if (group.refused_by[i] != 0) result[to_string(static_cast<forebay::limit>(i))] = group.refused_by[i];
    }
    return result;
}

/// The fields that all and every group have alike.
void add_fields(json& to, const sim::report& run, const sim::tally& group, double utilisation, double batch_size) {
    to["arrived"] = group.arrived;
    to["completed"] = group.delivered();
    to["refused"] = group.refused();
    to["expired"] = group.count(ending::expired);
    to["evicted"] = group.count(ending::evicted);
    to["failed"] = group.count(ending::failed);
    to["cancelled"] = group.count(ending::cancelled) + group.count(ending::closed);
    to["refused_by"] = reasons(group);
    to["throughput_rps"] = run.per_second(group.delivered());
    to["goodput_rps"] = run.per_second(group.good);
    to["slo_attainment"] = group.slo_attainment();
    to["utilisation"] = utilisation;
    to["batch_size"]["mean"] = batch_size > 0 ? json(batch_size) : json(nullptr);
    to["cost"] = group.cost;
    to["cost_in_worst_minute"] = group.use ? json(group.use->worst_minute) : json(nullptr);
    to["cost_beyond_quota"] = group.use ? json(group.use->beyond) : json(nullptr);
    to["queue_delay_s"] = to_json(group.queue_delay);
    to["latency_s"] = to_json(group.latency);
}

json of_group(const sim::report& run, const sim::tally& group, const char* title, json name) {
    json result;
    result[title] = std::move(name);
    const double time = seconds(run.elapsed) * static_cast<double>(run.executors);
    add_fields(result, run, group, time > 0 ? seconds(group.service) / time : 0.0, group.mean_batch_size());
    // Fairness is between tenants, of a whole run.
    result["jain"] = result["max_service_gap"] = nullptr;
    return result;
}

}  // namespace

json to_json(const sim::report& run) {
    json result;
    result["name"] = run.policy;
    add_fields(result, run, run.all, run.utilisation(), run.mean_batch_size());
    result["jain"] = run.jain ? json(*run.jain) : json(nullptr);
    result["jain_goodput"] = run.jain_goodput ? json(*run.jain_goodput) : json(nullptr);
    result["max_service_gap"] = run.max_service_gap ? json(seconds(*run.max_service_gap)) : json(nullptr);
    result["quota"] = to_json(run.watched);
    result["batches"] = run.batches;
    result["executors"] = run.executors;
    result["busy_s"] = seconds(run.busy);
    result["held_back_s"] = seconds(run.held_back);
    result["delayed"] = run.delayed;
    result["delayed_s"] = seconds(run.delayed_time);
    result["retry_estimates"] = run.retry_estimates;
    result["retry_too_early_s"] = seconds(run.retry_too_early);
    result["retry_too_late_s"] = seconds(run.retry_too_late);
    result["elapsed_s"] = seconds(run.elapsed);
    for (const char* list : {"classes", "tenants", "kinds"}) result[list] = json::array();
    for (const sim::tally& each : run.classes) {
        result["classes"].push_back(of_group(run, each, "class", each.priority));
    }
    for (const sim::tally& each : run.tenants) result["tenants"].push_back(of_group(run, each, "tenant", each.name));
    for (const sim::tally& each : run.kinds) result["kinds"].push_back(of_group(run, each, "kind", each.name));
    return result;
}

std::vector<std::pair<std::string, std::string>> flat(const json& config) {
    std::vector<std::pair<std::string, std::string>> pairs;
    const auto text = [](const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
    for (const auto& [name, value] : config.items()) {
        if (name == "policies") {
            for (const json& each : value) pairs.emplace_back("policy " + text(each["name"]), text(each["spec"]));
        } else if (value.is_object()) {
            for (const auto& [inner, of] : value.items()) pairs.emplace_back(inner, text(of));
        } else {
            pairs.emplace_back(name, text(value));
        }
    }
    return pairs;
}

std::string to_text(const json& whole) {
    return whole.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace lab
