// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "run.hpp"

#include "arrivals_spec.hpp"
#include "csv_report.hpp"
#include "json_report.hpp"
#include "output.hpp"
#include "parallel.hpp"
#include "progress.hpp"
#include "scenario.hpp"
#include "serve.hpp"
#include "service_spec.hpp"
#include <forebay/sim/html_report.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/table.hpp>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

namespace lab {

namespace {

namespace sim = forebay::sim;

struct settings {
    scenario setting;
    outputs to;
};

/// What a run took in real time: scheduler, adaptors, service model and the bookkeeping of the report.
struct measured {
    sim::report report;
    double nanoseconds{0};
};

measured serve_once(const settings& chosen, const any_workload& requests, const any_service& service,
                    const policy_choice& policy, sim::run_options options) {
    const auto start = std::chrono::steady_clock::now();
    measured result{serve(requests, service, chosen.setting.executors(), policy, std::move(options))};
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    result.nanoseconds = took.count() / static_cast<double>(std::max<std::uint64_t>(result.report.all.arrived, 1));
    return result;
}

sim::run_options options_of(const settings& chosen) {
    sim::run_options options = chosen.setting.run_options();
    if (!chosen.to.html.empty()) {
        options.curves = true;
        options.timeline = 240;
    }
    return options;
}

std::vector<measured> serve_all(const settings& chosen, output& requests_to) {
    const scenario& setting = chosen.setting;
    const std::vector<policy_choice>& policies = setting.policies();
    any_workload requests = setting.workload().build(setting.seed());
    const any_service service = setting.service(setting.seed());
    const progress_line progress{setting.progress(), policies.size()};
    std::vector<measured> runs(policies.size());
    if (!requests_to) {
        for_each_job(policies.size(), setting.jobs(), [&](std::size_t i) {
            sim::run_options options = options_of(chosen);
            options.progress = progress.of(i, policies[i].name);
            runs[i] = serve_once(chosen, requests, service, policies[i], std::move(options));
        });
        return runs;
    }
    const any_source::held* names = nullptr;
    requests.watch([&names](const any_source::held& opened) { names = &opened; });
    requests_csv csv{requests_to.stream()};
    for (std::size_t i = 0; i < policies.size(); ++i) {
        sim::run_options options = options_of(chosen);
        options.progress = progress.of(i, policies[i].name);
        options.each = [&](const sim::request_record& ended) { csv.add(policies[i].name, *names, ended); };
        runs[i] = serve_once(chosen, requests, service, policies[i], std::move(options));
    }
    return runs;
}

std::string html(const settings& chosen, const std::vector<sim::report>& runs) {
    sim::page page;
    page.title = "forebay policy lab: run";
    page.runs = runs;
    page.config = flat(chosen.setting.echo("run"));
    return sim::html_page(page);
}

json document(const settings& chosen, const std::vector<measured>& runs) {
    json whole;
    whole["forebay_lab"] = 1;
    whole["config"] = chosen.setting.echo("run");
    whole["policies"] = json::array();
    for (const measured& each : runs) {
        whole["policies"].push_back(to_json(each.report));
        if (chosen.setting.timing()) whole["policies"].back()["timing"] = {{"ns_per_request", each.nanoseconds}};
    }
    return whole;
}

void write_json(const settings& chosen, const std::vector<measured>& runs, output& to) {
    to.write(to_text(document(chosen, runs)));
}

void write_csv(const std::vector<measured>& runs, output& to) {
    to.stream() << csv_header() << '\n';
    for (const measured& each : runs) to.stream() << csv_row(each.report) << '\n';
    to.close();
}

void print(const settings& chosen, const std::vector<measured>& runs, const std::vector<sim::report>& reports) {
    std::ostream& console = chosen.to.console();
    console << sim::table(reports);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const sim::report& run = runs[i].report;
        if (chosen.setting.timing()) {
            console << run.policy << ": " << sim::decimal(runs[i].nanoseconds, 0) << " ns a request in real time\n";
        }
        if (run.all.count(forebay::limit::queued_requests) > 0 && !chosen.setting.policies()[i].capacity) {
            console << run.policy << ": refused " << run.all.count(forebay::limit::queued_requests)
                    << " requests because " << default_capacity << " waited; capacity:N in its SPEC changes that\n";
        }
    }
    console.flush();
}

int act(settings& chosen) {
    chosen.setting.check();
    chosen.to.check();
    output json_to{"--json", chosen.to.json};
    output csv_to{"--csv", chosen.to.csv};
    output requests_to{"--requests-csv", chosen.to.requests_csv};
    output html_to{"--html", chosen.to.html};
    const std::vector<measured> runs = serve_all(chosen, requests_to);
    if (requests_to) requests_to.close();
    if (json_to) write_json(chosen, runs, json_to);
    if (csv_to) write_csv(runs, csv_to);
    std::vector<sim::report> reports;
    for (const measured& each : runs) reports.push_back(each.report);
    if (html_to) html_to.write(html(chosen, reports));
    print(chosen, runs, reports);
    return 0;
}

}  // namespace

command add_run(program& line) {
    const auto chosen = std::make_shared<settings>();
    options its = line.add_command("run", "Try policies side by side on one workload");
    chosen->setting.add_to(its);
    chosen->to.add_tables(its);
    chosen->to.add_requests(its);
    chosen->to.add_html(its);
    its.footer(arrivals_help() + '\n' + service_help() + '\n' + policy_help() +
               "\nExample: Poisson arrivals, 160 a second, a model that takes 4 ms and 1 ms a request, without and "
               "with batches\n"
               "  bash bench/lab.sh run --arrivals poisson:160 --requests 100000 --service affine:4ms:1ms \\\n"
               "      --policy 'alone=order:fifo' --policy 'batches=order:fifo,batch:8,delay:2ms'\n");
    return {its, [chosen] { return act(*chosen); }};
}

json run_to_json(const std::vector<std::string>& words) {
    program line;
    settings chosen;
    options its = line.add_command("run", "");
    chosen.setting.add_to(its);
    json whole;
    line.dispatch({its,
                   [&] {
                       chosen.setting.check();
                       output no_requests;
                       whole = document(chosen, serve_all(chosen, no_requests));
                       return 0;
                   }},
                  words);
    return whole;
}

}  // namespace lab
