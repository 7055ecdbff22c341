// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "sweep.hpp"

#include "capacity.hpp"
#include "csv_report.hpp"
#include "output.hpp"
#include "parallel.hpp"
#include "progress.hpp"
#include "scenario.hpp"
#include "serve.hpp"
#include "service_spec.hpp"
#include "statistics.hpp"
#include <forebay/sim/html_report.hpp>
#include <forebay/sim/table.hpp>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>
#include <vector>

namespace lab {

namespace {

namespace sim = forebay::sim;

struct settings {
    scenario setting;
    outputs to;
    std::vector<nano_rate> rates;
    std::uint64_t seeds{5};
    fraction attainment{99, 100};
    bool with_capacity{true};
};

/// "60,80,100" or "FROM:TO:STEP", TO included.
std::vector<nano_rate> to_rates(const std::string& text) {
    std::vector<nano_rate> rates;
    const std::vector<std::string> ends = split(text, ':');
    if (ends.size() == 1) {
        for (const std::string& each : split(text, ',')) rates.push_back(to_nano_rate(each));
        return rates;
    }
    if (ends.size() != 3) throw unexpected{"rates, such as 60,80,100 or 60:100:20"};
    const nano_rate last = to_nano_rate(ends[1]);
    const nano_rate step = to_nano_rate(ends[2]);
    for (nano_rate rate = to_nano_rate(ends[0]); rate <= last; rate += step) {
        rates.push_back(rate);
        if (rates.size() > 10'000) throw unexpected{"at most 10000 rates"};
    }
    if (rates.empty()) throw unexpected{"FROM:TO:STEP with TO >= FROM"};
    return rates;
}

double per_second(nano_rate rate) {
    return static_cast<double>(rate) / 1e9;
}

sim::report serve_at(const settings& chosen, const policy_choice& policy, nano_rate rate, std::uint64_t seed,
                     sim::run_options options) {
    const scenario& setting = chosen.setting;
    return serve(setting.workload().build(seed, rate), setting.service(seed), setting.executors(), policy,
                 std::move(options));
}

/// What one policy did at one rate, a report a seed.
struct point {
    nano_rate rate;
    std::vector<sim::report> runs;

    template <class Measure>
    [[nodiscard]] estimate of(const Measure& measure) const {
        std::vector<double> values;
        for (const sim::report& each : runs) values.push_back(measure(each));
        return estimated(values);
    }
};

double seconds(forebay::duration time) {
    return static_cast<double>(time.count()) / 1e9;
}

struct measure {
    const char* name;
    double (*of)(const sim::report&);
};
constexpr measure measures[]{
    {"throughput_rps", [](const sim::report& run) { return run.throughput_rps(); }},
    {"goodput_rps", [](const sim::report& run) { return run.goodput_rps(); }},
    {"slo_attainment", [](const sim::report& run) { return run.all.slo_attainment(); }},
    {"utilisation", [](const sim::report& run) { return run.utilisation(); }},
    {"batch_size_mean", [](const sim::report& run) { return run.mean_batch_size(); }},
    {"queue_delay_s_mean", [](const sim::report& run) { return run.all.queue_delay.mean_seconds; }},
    {"queue_delay_s_p99", [](const sim::report& run) { return seconds(run.all.queue_delay.p99); }},
    {"latency_s_mean", [](const sim::report& run) { return run.all.latency.mean_seconds; }},
    {"latency_s_p50", [](const sim::report& run) { return seconds(run.all.latency.p50); }},
    {"latency_s_p95", [](const sim::report& run) { return seconds(run.all.latency.p95); }},
    {"latency_s_p99", [](const sim::report& run) { return seconds(run.all.latency.p99); }},
};
constexpr const measure& attainment = measures[2];
constexpr const measure& mean_latency = measures[7];
constexpr const measure& p99 = measures[10];

struct swept {
    std::vector<point> points;
    /// In requests a second: highest rate with the attainment asked for; nothing if there is none, or no bound to it.
    std::optional<nano_rate> capacity;
};

std::optional<nano_rate> capacity_of(const settings& chosen, const policy_choice& policy) {
    return highest_rate(chosen.rates[chosen.rates.size() / 2], 200, [&](nano_rate rate) {
        point all{rate, {}};
        for (std::uint64_t i = 0; i < chosen.seeds; ++i) {
            sim::run_options options = chosen.setting.run_options();
            options.service_gap = false;
            all.runs.push_back(serve_at(chosen, policy, rate, chosen.setting.seed() + i, std::move(options)));
        }
        return all.of(attainment.of).mean >= chosen.attainment.value();
    });
}

std::vector<swept> sweep_all(const settings& chosen) {
    const std::vector<policy_choice>& policies = chosen.setting.policies();
    const std::size_t seeds = chosen.seeds;
    const std::size_t each = chosen.rates.size() * seeds;
    std::vector<swept> all(policies.size());
    for (swept& of : all) {
        for (const nano_rate rate : chosen.rates) of.points.push_back({rate, std::vector<sim::report>(seeds)});
    }
    const std::size_t runs = policies.size() * each;
    const progress_line progress{chosen.setting.progress(), runs + (chosen.with_capacity ? policies.size() : 0)};
    for_each_job(runs, chosen.setting.jobs(), [&](std::size_t i) {
        const policy_choice& policy = policies[i / each];
        point& to = all[i / each].points[i % each / seeds];
        progress.begin(i, policy.name);
        to.runs[i % seeds] =
            serve_at(chosen, policy, to.rate, chosen.setting.seed() + i % seeds, chosen.setting.run_options());
    });
    if (chosen.with_capacity) {
        for_each_job(policies.size(), chosen.setting.jobs(), [&](std::size_t i) {
            progress.begin(runs + i, policies[i].name);
            all[i].capacity = capacity_of(chosen, policies[i]);
        });
    }
    return all;
}

json echo(const settings& chosen) {
    json config = chosen.setting.echo("sweep");
    config["rates"] = json::array();
    for (const nano_rate rate : chosen.rates) config["rates"].push_back(per_second(rate));
    config["seeds"] = json::array();
    for (std::uint64_t i = 0; i < chosen.seeds; ++i) config["seeds"].push_back(chosen.setting.seed() + i);
    config["attainment"] = chosen.attainment.value();
    return config;
}

json to_json(const settings& chosen, const std::vector<swept>& all) {
    json whole;
    whole["forebay_lab"] = 1;
    whole["config"] = echo(chosen);
    whole["policies"] = json::array();
    for (std::size_t i = 0; i < all.size(); ++i) {
        json of;
        of["name"] = chosen.setting.policies()[i].name;
        of["capacity_at_slo"] = all[i].capacity ? json(per_second(*all[i].capacity)) : json(nullptr);
        of["points"] = json::array();
        for (const point& each : all[i].points) {
            json at;
            at["rate_rps"] = per_second(each.rate);
            for (const measure& what : measures) {
                const estimate found = each.of(what.of);
                at[what.name] = {{"mean", found.mean}, {"ci95", found.margin}};
            }
            of["points"].push_back(std::move(at));
        }
        whole["policies"].push_back(std::move(of));
    }
    return whole;
}

void write_csv(const settings& chosen, const std::vector<swept>& all, std::ostream& to) {
    to << "rate_rps,seed," << csv_header() << '\n';
    for (const swept& of : all) {
        for (const point& each : of.points) {
            for (std::size_t i = 0; i < each.runs.size(); ++i) {
                to << json(per_second(each.rate)).dump() << ',' << chosen.setting.seed() + i << ','
                   << csv_row(each.runs[i]) << '\n';
            }
        }
    }
}

std::string html(const settings& chosen, const std::vector<swept>& all) {
    sim::page page;
    page.title = "forebay policy lab: sweep";
    page.config = flat(echo(chosen));
    page.target = chosen.attainment.value();
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (const point& each : all[i].points) {
            const estimate met = each.of(attainment.of);
            const estimate late = each.of(p99.of);
            const auto time = [](double value) { return forebay::duration{std::llround(value * 1e9)}; };
            const bool any =
                each.of([](const sim::report& run) { return static_cast<double>(run.all.delivered()); }).mean > 0;
            page.sweep.push_back({chosen.setting.policies()[i].name, per_second(each.rate), met.mean,
                                  any ? std::optional{time(late.mean)} : std::nullopt, met.margin, time(late.margin)});
        }
    }
    return sim::html_page(page);
}

void print(const settings& chosen, const std::vector<swept>& all, std::ostream& out) {
    const auto shown = [](const estimate& of, double unit, int decimals) {
        const std::string mean = sim::decimal(of.mean * unit, decimals);
        return of.margin == 0 ? mean : mean + " ± " + sim::decimal(of.margin * unit, decimals);
    };
    sim::text_table table;
    table.add({"policy", "rate/s", "in SLO %", "mean ms", "p99 ms", "served/s", "busy %", "mean size", ""});
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (const point& each : all[i].points) {
            table.add({"  " + chosen.setting.policies()[i].name, sim::decimal(per_second(each.rate), 3),
                       shown(each.of(attainment.of), 100, 2), shown(each.of(mean_latency.of), 1e3, 3),
                       shown(each.of(p99.of), 1e3, 3), shown(each.of(measures[0].of), 1, 1),
                       shown(each.of(measures[3].of), 100, 1), shown(each.of(measures[4].of), 1, 2), ""});
        }
    }
    out << table.str() << "Means of " << chosen.seeds << " seeds ± half their 95 % interval (Student t).\n";
    if (!chosen.with_capacity) return;
    out << "\nHighest rate with " << sim::decimal(chosen.attainment.value() * 100, 2) << " % within the objective:\n";
    for (std::size_t i = 0; i < all.size(); ++i) {
        out << "  " << chosen.setting.policies()[i].name << "  "
            << (all[i].capacity ? sim::decimal(per_second(*all[i].capacity), 3) + "/s" : "none found") << '\n';
    }
}

int act(settings& chosen) {
    chosen.setting.check();
    chosen.to.check();
    if (chosen.rates.empty()) throw usage_error{"--rates: expected the rates to try, such as --rates 60:160:20"};
    if (!chosen.setting.workload().is_open()) {
        throw usage_error{"--clients: expected requests that do not wait for answers: their rate is a result"};
    }
    // Without an objective every answer is good, and no rate is too high.
    chosen.with_capacity = chosen.with_capacity && chosen.setting.workload().states_objective();
    output json_to{"--json", chosen.to.json};
    output csv_to{"--csv", chosen.to.csv};
    output html_to{"--html", chosen.to.html};
    const std::vector<swept> all = sweep_all(chosen);
    if (json_to) json_to.write(to_text(to_json(chosen, all)));
    if (csv_to) {
        write_csv(chosen, all, csv_to.stream());
        csv_to.close();
    }
    if (html_to) html_to.write(html(chosen, all));
    print(chosen, all, chosen.to.console());
    chosen.to.console().flush();
    return 0;
}

}  // namespace

command add_sweep(program& line) {
    const auto chosen = std::make_shared<settings>();
    options its = line.add_command("sweep", "Try policies at several rates, over several seeds");
    chosen->setting.add_to(its);
    add_value(its, "--rates", chosen->rates, to_rates, "R,R...|FROM:TO:STEP",
              "Mean rates to try, in place of the workload's own [requests/s]");
    add_value(
        its, "--seeds", chosen->seeds,
        [](const std::string& text) { return static_cast<std::uint64_t>(to_whole(text, 1, 10'000)); }, "N",
        "Runs at each rate, with --seed and the N - 1 after it [default 5]");
    add_value(
        its, "--attainment", chosen->attainment,
        [](const std::string& text) {
            const fraction share = to_fraction(text);
            if (share.value() > 1) throw unexpected{"a share from 0 to 1, such as 0.99"};
            return share;
        },
        "SHARE", "What capacity_at_slo asks of the mean share of good answers [default 0.99]");
    its.add_flag("!--no-capacity", chosen->with_capacity, "Do not search for capacity_at_slo");
    chosen->to.add_tables(its);
    chosen->to.add_html(its);
    its.footer(
        "capacity_at_slo is found by bisection, to half a percent, where --slo or a trace states an objective.\n\n" +
        arrivals_help() + '\n' + service_help() + '\n' + policy_help() +
        "\nExample: up to where batches help\n"
        "  bash bench/lab.sh sweep --arrivals poisson:100 --requests 20000 --rates 100:400:100 --seeds 5 \\\n"
        "      --service affine:4ms:1ms --slo 50ms --policy 'alone=order:fifo' --policy 'batches=batch:8' --jobs 2\n");
    return {its, [chosen] { return act(*chosen); }};
}

}  // namespace lab
