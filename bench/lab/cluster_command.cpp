// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "cluster_command.hpp"

#include "arrivals_spec.hpp"
#include "cluster.hpp"
#include "csv_report.hpp"
#include "output.hpp"
#include "quantity.hpp"
#include <forebay/sim/table.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

namespace lab {

namespace {

namespace sim = forebay::sim;

constexpr std::int64_t most_hosts = 1024;

/// One of the values that an option lists, and how it was written.
template <class Value>
struct named {
    std::string text;
    Value value;
};

/// "A,B,C", each as `read` reads it.
template <class Value, class Read>
void add_list(options& its, const std::string& name, std::vector<named<Value>>& to, Read read, const std::string& type,
              const std::string& help) {
    add_value(
        its, name, to,
        [read](const std::string& text) {
            std::vector<named<Value>> all;
            for (const std::string& part : split(text, ',')) all.push_back({part, read(part)});
            return all;
        },
        type, help);
}

/// Hosts -> how many of the requests come to each.
using load_of = std::vector<std::uint64_t> (*)(std::size_t hosts, fraction first);
struct load {
    load_of weights;
    fraction first{};
};

load to_load(const std::string& text) {
    if (text == "even") {
        return {[](std::size_t hosts, fraction) { return std::vector<std::uint64_t>(hosts, 1); }};
    }
    if (text == "skewed") {
        return {[](std::size_t hosts, fraction) {
            std::vector<std::uint64_t> weights;
            for (std::size_t i = 1; i <= hosts; ++i) weights.push_back(1'000'000 / i);
            return weights;
        }};
    }
    const std::vector<std::string> parts = split(text, ':');
    if (parts.size() == 2 && parts[0] == "skewed") {
        const fraction first = to_fraction(parts[1]);
        if (first.numerator > 0 && first.numerator < first.denominator) {
            return {[](std::size_t hosts, fraction of) {
                        const auto others = static_cast<std::uint64_t>(of.denominator - of.numerator);
                        std::vector<std::uint64_t> weights(hosts, others);
                        weights[0] = hosts > 1 ? static_cast<std::uint64_t>(of.numerator) * (hosts - 1) : 1;
                        return weights;
                    },
                    first};
        }
    }
    throw unexpected{"even, skewed, or skewed:SHARE with a share between 0 and 1, such as skewed:0.8"};
}

cluster_setting::outage to_outage(const std::string& text) {
    if (text == "there") return {};
    const std::vector<std::string> parts = split(text, ':');
    if (parts.size() == 2 && (parts[0] == "away" || parts[0] == "half")) {
        const std::vector<std::string> times = split(parts[1], '-');
        if (times.size() == 2) {
            const cluster_setting::outage result{to_duration(times[0]), to_duration(times[1]), parts[0] == "half"};
            if (result.from < result.until) return result;
        }
    }
    throw unexpected{"there, away:FROM-TO or half:FROM-TO, such as away:10s-20s"};
}

forebay::quota to_quota(const std::string& text) {
    const std::vector<std::string> parts = split(text, ':');
    if (parts.size() != 2) throw unexpected{"RATE:BURST, such as 1000:100 (a second, at once)"};
    const forebay::rate refill = to_rate(parts[0]);
    // A share of it for each of so many hosts has to fit, too.
    if (refill.nanoseconds() > 1'000'000'000'000'000) throw unexpected{"a rate with at most six decimals"};
    return {refill, to_whole(parts[1], 1, std::int64_t{1} << 40)};
}

forebay::duration above_zero(const std::string& text) {
    const forebay::duration time = to_duration(text);
    if (time <= forebay::duration{0} || time > std::chrono::hours{24}) {
        throw unexpected{"a duration above 0 and at most 24h"};
    }
    return time;
}

/// What a host may admit without a lease: its share of the whole, or the same for each.
struct safe_choice {
    bool share{true};
    std::optional<forebay::quota> fixed{};

    [[nodiscard]] std::optional<forebay::quota> of(const forebay::quota& total, std::int64_t hosts) const {
        if (!share) return fixed;
        return forebay::quota{
            forebay::rate::per(total.refill().tokens(), forebay::duration{total.refill().nanoseconds() * hosts}),
            std::max<std::int64_t>(total.burst() / hosts, 1)};
    }
};

struct settings {
    std::vector<named<std::int64_t>> hosts{{"8", 8}};
    named<forebay::quota> quota{"1000:100", {forebay::rate::per_second(1000), 100}};
    named<std::optional<process_choice>> arrivals{};
    std::vector<named<load>> loads{{"even", to_load("even")}};
    std::vector<named<forebay::duration>> latencies{{"10ms", std::chrono::milliseconds{10}}};
    std::vector<named<cluster_setting::outage>> stores{{"there", {}}};
    named<safe_choice> safe{"share", {}};
    forebay::duration lease_length{std::chrono::seconds{1}};
    forebay::duration length{std::chrono::seconds{30}};
    std::uint64_t seed{1};
    outputs to;
};

template <class Read>
auto with_text(Read read) {
    return [read](const std::string& text) { return named<decltype(read(text))>{text, read(text)}; };
}

void add_options(options& its, settings& chosen) {
    add_list(
        its, "--hosts", chosen.hosts, [](const std::string& text) { return to_whole(text, 1, most_hosts); }, "N[,N...]",
        "Hosts that share the quota [default 8]");
    add_value(its, "--quota", chosen.quota, with_text(to_quota), "RATE:BURST",
              "What all may do together [requests/s, requests; default 1000:100]");
    add_value(its, "--arrivals", chosen.arrivals, with_text([](const std::string& text) {
                  const process_choice process = to_process(text);
                  if (process.mean == 0) throw unexpected{"a rate, such as " + text + ":1500"};
                  return std::optional{process};
              }),
              "PROCESS",
              "When requests come, to all hosts together: see 'run --help' [default poisson, 1.5 times the quota]");
    add_list(its, "--load", chosen.loads, to_load, "HOW[,HOW...]",
             "even; skewed: to host i in proportion to 1/i; skewed:SHARE: that share to the first, the rest evenly "
             "[default even]");
    add_list(its, "--latency", chosen.latencies, to_duration, "D[,D...]",
             "From asking the store to its answer [default 10ms]");
    add_list(its, "--store", chosen.stores, to_outage, "HOW[,HOW...]",
             "there; away:FROM-TO: answers nobody between these times; half:FROM-TO: does not answer every second host "
             "[default there]");
    add_value(its, "--safe", chosen.safe, with_text([](const std::string& text) {
                  if (text == "share") return safe_choice{};
                  if (text == "none") return safe_choice{false, std::nullopt};
                  try {
                      return safe_choice{false, to_quota(text)};
                  } catch (const unexpected&) {
                      throw unexpected{"share, none, or RATE:BURST such as 100:10"};
                  }
              }),
              "HOW",
              "What a host may admit while it has no lease: share, its part of the quota; none; or RATE:BURST each "
              "[default share]");
    add_value(its, "--lease", chosen.lease_length, above_zero, "D", "How long a lease is valid [default 1s]");
    add_value(its, "--length", chosen.length, above_zero, "D", "How long requests come [default 30s]");
    add_seed(its, chosen.seed);
}

json echo(const settings& chosen) {
    const auto listed = [](const auto& all) {
        std::string text;
        for (const auto& each : all) text += (text.empty() ? "" : ",") + each.text;
        return text;
    };
    json result;
    result["command"] = "cluster";
    result["hosts"] = listed(chosen.hosts);
    result["quota"] = chosen.quota.text;
    result["arrivals"] = chosen.arrivals.value ? json(chosen.arrivals.text) : json(nullptr);
    result["load"] = listed(chosen.loads);
    result["latency"] = listed(chosen.latencies);
    result["store"] = listed(chosen.stores);
    result["safe"] = chosen.safe.text;
    result["lease"] = to_text(chosen.lease_length);
    result["length"] = to_text(chosen.length);
    result["seed"] = chosen.seed;
    return result;
}

double seconds(forebay::duration time) {
    return static_cast<double>(time.count()) / 1e9;
}

json whole_run(const settings& chosen) {
    const forebay::rate half_more = forebay::rate::per(
        chosen.quota.value.refill().tokens() * 3, forebay::duration{chosen.quota.value.refill().nanoseconds() * 2});
    const std::optional<process_choice>& process = chosen.arrivals.value;
    const sim::arrival_process arrivals =
        process ? process->at(process->mean) : sim::arrival_process::poisson(half_more);
    json rows = json::array();
    for (const auto& store : chosen.stores) {
        for (const auto& spread : chosen.loads) {
            for (const auto& latency : chosen.latencies) {
                for (const auto& hosts : chosen.hosts) {
                    // Named after what varies.
                    std::string name;
                    const auto add = [&name](const auto& all, const auto& one, const char* unit = "") {
                        if (all.size() > 1) name += (name.empty() ? "" : ", ") + one.text + unit;
                    };
                    add(chosen.hosts, hosts, " hosts");
                    add(chosen.loads, spread);
                    add(chosen.latencies, latency);
                    add(chosen.stores, store);
                    cluster_setting setting;
                    setting.total = chosen.quota.value;
                    setting.hosts = static_cast<int>(hosts.value);
                    setting.weights = spread.value.weights(static_cast<std::size_t>(hosts.value), spread.value.first);
                    setting.latency = latency.value;
                    setting.away = store.value;
                    setting.safe = chosen.safe.value.of(chosen.quota.value, hosts.value);
                    setting.lease_length = chosen.lease_length;
                    setting.length = chosen.length;
                    const cluster_report seen = cluster{setting, arrivals, chosen.seed}.run();
                    json row;
                    row["name"] = name.empty() ? "leases" : name;
                    row["hosts"] = hosts.value;
                    row["load"] = spread.text;
                    row["latency_s"] = seconds(latency.value);
                    row["store"] = store.text;
                    row["arrived"] = seen.arrived;
                    row["admitted"] = seen.admitted;
                    row["one_bucket"] = seen.one_bucket;
                    row["of_one_bucket"] = cluster_report::share(seen.admitted, seen.one_bucket);
                    row["error"] = seen.error();
                    row["refused"] = seen.refused();
                    row["without_lease"] = seen.safely;
                    row["burst"] = seen.worst_burst;
                    row["asks_per_s"] =
                        static_cast<double>(seen.asks) / static_cast<double>(hosts.value) / seconds(chosen.length);
                    rows.push_back(std::move(row));
                }
            }
        }
    }
    json result;
    result["forebay_lab"] = 1;
    result["config"] = echo(chosen);
    result["policies"] = std::move(rows);
    return result;
}

void write_csv(const json& rows, output& to) {
    std::string text;
    for (const auto& [name, value] : rows.at(0).items()) text += (text.empty() ? "" : ",") + name;
    text += '\n';
    for (const json& row : rows) {
        bool first = true;
        for (const auto& [name, value] : row.items()) {
            if (!first) text += ',';
            first = false;
            text += value.is_string() ? csv_cell(value.get<std::string>()) : value.dump();
        }
        text += '\n';
    }
    to.write(text);
}

void print(const json& rows, std::ostream& console) {
    sim::text_table table;
    table.add({"store", "load", "latency ms", "hosts", "arrived", "admitted", "one bucket", "error %", "refused %",
               "no lease", "burst", "asks /s host", ""});
    for (const json& row : rows) {
        const auto whole = [&](const char* name) { return std::to_string(row.at(name).get<std::int64_t>()); };
        const auto number = [&](const char* name, double factor, int decimals) {
            return sim::decimal(row.at(name).get<double>() * factor, decimals);
        };
        table.add({row.at("store").get<std::string>(), row.at("load").get<std::string>(), number("latency_s", 1e3, 1),
                   whole("hosts"), whole("arrived"), whole("admitted"), whole("one_bucket"), number("error", 100, 2),
                   number("refused", 100, 2), whole("without_lease"), number("burst", 1, 0), number("asks_per_s", 1, 1),
                   ""});
    }
    console << table.str();
    console.flush();
}

}  // namespace

command add_cluster(program& line) {
    const auto chosen = std::make_shared<settings>();
    options its = line.add_command("cluster", "One quota for several hosts by leases, beside one bucket for all");
    add_options(its, *chosen);
    chosen->to.add_tables(its);
    its.footer(
        "Where an option lists several values, every combination is run. The shipped quota_lease runs on each host; "
        "the\n"
        "same requests go to one bucket of the quota.\n"
        "error: what the hosts admit together, against the bucket. no lease: admitted while the host had none.\n"
        "burst: most admitted in any time beyond what the rate brings in it. asks: to the store, a second and host.\n"
        "\nExample: two and eight hosts, the store away for all between 10 and 20 s, or for every second host\n"
        "  bash bench/lab.sh cluster --hosts 2,8 --load even,skewed --store there,away:10s-20s,half:10s-20s\n");
    return {its, [chosen] {
                chosen->to.check();
                output json_to{"--json", chosen->to.json};
                output csv_to{"--csv", chosen->to.csv};
                const json whole = whole_run(*chosen);
                if (json_to) json_to.write(to_text(whole));
                if (csv_to) write_csv(whole.at("policies"), csv_to);
                print(whole.at("policies"), chosen->to.console());
                return 0;
            }};
}

json cluster_to_json(const std::vector<std::string>& words) {
    program line;
    settings chosen;
    options its = line.add_command("cluster", "");
    add_options(its, chosen);
    json whole;
    line.dispatch({its,
                   [&] {
                       whole = whole_run(chosen);
                       return 0;
                   }},
                  words);
    return whole;
}

}  // namespace lab
