// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "tune.hpp"

#include "csv_report.hpp"
#include "output.hpp"
#include "parallel.hpp"
#include "progress.hpp"
#include "scenario.hpp"
#include "serve.hpp"
#include "service_spec.hpp"
#include <forebay/sim/table.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace lab {

namespace {

namespace sim = forebay::sim;

/// "p99:50ms": that part of the requests is answered within that time.
struct target {
    std::string name;
    forebay::duration sim::spread::*percentile{nullptr};
    forebay::duration most{0};
};

struct settings {
    scenario setting;
    outputs to;
    std::optional<target> aim;
    std::vector<std::size_t> batches{1, 2, 4, 8, 16, 32, 64};
    std::vector<forebay::duration> delays;
};

target to_target(const std::string& text) {
    constexpr std::array<std::pair<const char*, forebay::duration sim::spread::*>, 5> known{
        {{"p50", &sim::spread::p50},
         {"p90", &sim::spread::p90},
         {"p95", &sim::spread::p95},
         {"p99", &sim::spread::p99},
         {"max", &sim::spread::max}}};
    const std::vector<std::string> parts = split(text, ':');
    for (const auto& [name, percentile] : known) {
        if (parts.size() == 2 && parts[0] == name) return {name, percentile, to_duration(parts[1])};
    }
    throw unexpected{"p50, p90, p95, p99 or max, and a duration, such as p99:50ms"};
}

/// One size and delay, and what came of it.
struct tried {
    policy_choice policy;
    sim::report run{};
    bool meets{false};
    /// No other is both faster and cheaper.
    bool on_front{false};

    /// Executor time for each request that was answered: what it costs. [s]
    [[nodiscard]] double cost() const {
        const auto answered = static_cast<double>(run.all.delivered());
        return answered > 0 ? static_cast<double>(run.busy.count()) / 1e9 / answered : 0.0;
    }
};

std::vector<tried> candidates(const settings& chosen) {
    const policy_choice& base = chosen.setting.policies().front();
    std::vector<tried> all;
    for (const std::size_t batch : chosen.batches) {
        for (const forebay::duration delay : chosen.delays) {
            if (batch == 1 && delay > forebay::duration{0}) continue;  // nobody to wait for
            policy_choice policy = base;
            policy.batching = {.max_batch_size = batch, .max_queue_delay = delay};
            policy.name = "batch:" + std::to_string(batch) + ",delay:" + to_text(delay);
            all.push_back({std::move(policy)});
        }
    }
    return all;
}

void judge(const settings& chosen, std::vector<tried>& all) {
    const target& aim = *chosen.aim;
    const auto latency = [&](const tried& of) { return of.run.all.latency.*(aim.percentile); };
    for (tried& each : all) {
        // Whoever turns requests away has none of their latencies: that is no way to meet a target.
        each.meets = each.run.all.delivered() == each.run.all.arrived && latency(each) <= aim.most;
        each.on_front =
            each.run.all.delivered() > 0 && std::none_of(all.begin(), all.end(), [&](const tried& other) {
                if (other.run.all.delivered() < each.run.all.delivered() || other.run.all.delivered() == 0)
                    return false;
                // Of those that do alike the first stays: the smallest size, then the shortest delay.
                const bool as_good = latency(other) <= latency(each) && other.cost() <= each.cost();
                return as_good && (latency(other) < latency(each) || other.cost() < each.cost() || &other < &each);
            });
    }
}

/// The cheapest that meets the target; of equally cheap ones the fastest, then the first.
const tried* best_of(const settings& chosen, const std::vector<tried>& all) {
    const auto better = [&](const tried& a, const tried& b) {
        if (a.cost() != b.cost()) return a.cost() < b.cost();
        return a.run.all.latency.*(chosen.aim->percentile) < b.run.all.latency.*(chosen.aim->percentile);
    };
    const tried* best = nullptr;
    for (const tried& each : all) {
        if (each.meets && (best == nullptr || better(each, *best))) best = &each;
    }
    return best;
}

json described(const tried& of) {
    json result;
    result["max_batch_size"] = of.policy.batching.max_batch_size;
    result["max_queue_delay_s"] = static_cast<double>(of.policy.batching.max_queue_delay.count()) / 1e9;
    result["meets_target"] = of.meets;
    result["on_front"] = of.on_front;
    result["cost_s_per_request"] = of.cost();
    result["report"] = to_json(of.run);
    return result;
}

json to_json(const settings& chosen, const std::vector<tried>& all) {
    json whole;
    whole["forebay_lab"] = 1;
    whole["config"] = chosen.setting.echo("tune");
    whole["config"]["target"] = {{"percentile", chosen.aim->name},
                                 {"bound_s", static_cast<double>(chosen.aim->most.count()) / 1e9}};
    const tried* const best = best_of(chosen, all);
    whole["best"] = best == nullptr ? json(nullptr) : described(*best);
    whole["candidates"] = json::array();
    for (const tried& each : all) whole["candidates"].push_back(described(each));
    return whole;
}

void print(const settings& chosen, const std::vector<tried>& all, std::ostream& out) {
    std::vector<const tried*> front;
    for (const tried& each : all) {
        if (each.on_front) front.push_back(&each);
    }
    std::sort(front.begin(), front.end(), [](const tried* a, const tried* b) {
        return a->cost() != b->cost() ? a->cost() > b->cost() : a < b;  // both of one vector
    });
    sim::text_table table;
    table.add({"fastest to cheapest", chosen.aim->name + " ms", "executor ms/request", "mean size", "busy %",
               "served/s", "target"});
    for (const tried* each : front) {
        table.add({"  " + each->policy.name, sim::milliseconds(each->run.all.latency.*(chosen.aim->percentile)),
                   sim::decimal(each->cost() * 1e3, 4), sim::decimal(each->run.mean_batch_size(), 2),
                   sim::decimal(each->run.utilisation() * 100, 1), sim::decimal(each->run.throughput_rps(), 1),
                   each->meets ? "met" : "missed"});
    }
    out << "Of " << all.size() << " sizes and delays, those than which no other is faster and as cheap:\n"
        << table.str() << '\n';
    if (const tried* const best = best_of(chosen, all)) {
        out << "Cheapest with " << chosen.aim->name << " <= " << to_text(chosen.aim->most)
            << " and none lost: " << best->policy.name << '\n';
    } else {
        out << "None answers all requests with " << chosen.aim->name << " <= " << to_text(chosen.aim->most) << '\n';
    }
    out.flush();
}

int act(settings& chosen) {
    chosen.setting.check();
    chosen.to.check();
    if (!chosen.aim) throw usage_error{"--target: expected a latency to keep, such as --target p99:50ms"};
    if (chosen.setting.policies().size() > 1) throw usage_error{"--policy: expected one, whose batching is varied"};
    if (chosen.delays.empty()) {
        chosen.delays.push_back(forebay::duration{0});
        for (const int part : {32, 16, 8, 4, 2}) chosen.delays.push_back(chosen.aim->most / part);
        chosen.delays.erase(std::unique(chosen.delays.begin(), chosen.delays.end()), chosen.delays.end());
    }
    output json_to{"--json", chosen.to.json};
    output csv_to{"--csv", chosen.to.csv};
    std::vector<tried> all = candidates(chosen);
    const any_workload requests = chosen.setting.workload().build(chosen.setting.seed());
    const any_service service = chosen.setting.service(chosen.setting.seed());
    {
        const progress_line progress{chosen.setting.progress(), all.size()};
        for_each_job(all.size(), chosen.setting.jobs(), [&](std::size_t i) {
            progress.begin(i, all[i].policy.name);
            all[i].run =
                serve(requests, service, chosen.setting.executors(), all[i].policy, chosen.setting.run_options());
        });
    }
    judge(chosen, all);
    if (json_to) json_to.write(to_text(to_json(chosen, all)));
    if (csv_to) {
        csv_to.stream() << csv_header() << '\n';
        for (const tried& each : all) csv_to.stream() << csv_row(each.run) << '\n';
        csv_to.close();
    }
    print(chosen, all, chosen.to.console());
    return 0;
}

}  // namespace

command add_tune(program& line) {
    const auto chosen = std::make_shared<settings>();
    options its = line.add_command("tune", "Find the batch size and delay for a latency target");
    chosen->setting.add_to(its);
    add_value(
        its, "--target", chosen->aim, [](const std::string& text) { return std::optional{to_target(text)}; },
        "PERCENTILE:D", "Latency to keep: p50, p90, p95, p99 or max, and a duration, such as p99:50ms");
    add_value(
        its, "--batches", chosen->batches,
        [](const std::string& text) {
            std::vector<std::size_t> sizes;
            for (const std::string& each : split(text, ',')) {
                sizes.push_back(static_cast<std::size_t>(to_whole(each, 1, 1 << 20)));
            }
            return sizes;
        },
        "N,N...", "Values of max_batch_size to try [default 1,2,4,8,16,32,64]");
    add_value(
        its, "--delays", chosen->delays,
        [](const std::string& text) {
            std::vector<forebay::duration> delays;
            for (const std::string& each : split(text, ',')) delays.push_back(to_duration(each));
            return delays;
        },
        "D,D...", "Values of max_queue_delay to try [default 0 and 1/32 to 1/2 of the target; durations]");
    chosen->to.add_tables(its);
    its.footer(
        "Cost is the executor time a request takes; order, limit, deadline and capacity are those of --policy.\n\n" +
        arrivals_help() + '\n' + service_help() + '\n' + policy_help() +
        "\nExample: keep p99 below 50 ms at the least cost\n"
        "  bash bench/lab.sh tune --arrivals poisson:300 --requests 50000 --service affine:8ms:1ms \\\n"
        "      --target p99:50ms --jobs 2\n");
    return {its, [chosen] { return act(*chosen); }};
}

}  // namespace lab
