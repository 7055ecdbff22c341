// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "workload_options.hpp"

#include "quantity.hpp"
#include <forebay/sim/closed_loop.hpp>
#include <forebay/sim/overlay.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/traffic.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string_view>

namespace lab {

namespace sim = forebay::sim;

namespace {

/// Heading in --help; what stands under it is what the report's config tells of the workload.
constexpr const char* group_name = "Requests";

}  // namespace

workload_options::time_of_class workload_options::to_time_of_class(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return {{}, to_duration(text)};
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    return {static_cast<std::int32_t>(to_whole(std::string_view{text}.substr(0, colon), 0, most)),
            to_duration(std::string_view{text}.substr(colon + 1))};
}

std::optional<forebay::duration> workload_options::time_of(const std::vector<time_of_class>& all,
                                                           std::int32_t priority) {
    std::optional<forebay::duration> of_all;
    for (const time_of_class& each : all) {
        if (each.priority == priority) return each.time;
        if (!each.priority) of_all = each.time;
    }
    return of_all;
}

std::vector<workload_options::tenant_share> workload_options::to_tenants(const std::string& text) {
    std::vector<tenant_share> all;
    if (text.find_first_not_of("0123456789") == std::string::npos) {
        const std::int64_t count = to_whole(text, 1, 100'000);
        for (std::int64_t i = 1; i <= count; ++i) all.push_back({"t" + std::to_string(i), 1});
        return all;
    }
    for (const std::string& each : split(text, ',')) {
        const std::size_t colon = each.rfind(':');
        if (colon == 0 || colon == std::string::npos) throw unexpected{"a number, or NAME:WEIGHT,NAME:WEIGHT..."};
        all.push_back({each.substr(0, colon), to_nano_rate(each.substr(colon + 1))});
        const auto same = [&](const tenant_share& other) { return other.name == all.back().name; };
        if (std::count_if(all.begin(), all.end(), same) > 1) throw unexpected{"each tenant's name once"};
    }
    return all;
}

void workload_options::add_to(options& its) {
    options_ = its;
    its.begin_group(group_name);
    traces_.add_to(its);
    add_value(
        its, "--arrivals", arrivals_,
        [this](const std::string& text) {
            arrivals_text_ = text;
            return to_process(text);
        },
        "PROCESS", "When requests come, if from no trace, see below");
    add_value(
        its, "--requests", requests_,
        [](const std::string& text) { return static_cast<std::uint64_t>(to_whole(text, 1, std::int64_t{1} << 48)); },
        "N", "How many requests come; of a trace: at most");
    add_value(
        its, "--until", until_, [](const std::string& text) { return to_duration(text); }, "D",
        "No request comes from then on [duration]");
    add_value(
        its, "--classes", classes_,
        [](const std::string& text) {
            std::vector<nano_rate> rates;
            for (const std::string& each : split(text, ',')) rates.push_back(to_nano_rate(each));
            return rates;
        },
        "RATE,RATE...",
        "Rates of priority class 0, 1, ..., in place of the process's RATE; without --arrivals Poisson [requests/s]");
    add_value(its, "--tenants", tenants_, to_tenants, "N|NAME:WEIGHT,...",
              "Tenants who share the rate, each with a process of its own; of a trace: drawn for each request");
    add_values(
        its, "--overlay", [this](const std::string& text) { overlays_.push_back(to_overlay(text)); },
        "[WHERE:]LABELS[|LABELS...]",
        "Label requests, by size or by draw: 'input>=2000:class=1,slo=5s', 'at<1m:kind=early', "
        "'tenant=a,weight=3|tenant=b'; labels are "
        "tenant, kind, class, key, cost, deadline, slo, weight; may be repeated");
    add_value(
        its, "--clients", clients_,
        [](const std::string& text) { return static_cast<std::uint32_t>(to_whole(text, 1, 10'000'000)); }, "N",
        "In place of --arrivals: clients who wait for the answer before they ask again");
    add_value(
        its, "--think", think_, [](const std::string& text) { return to_distribution(text, true); }, "DISTRIBUTION",
        "Time from an answer to the client's next request, such as exponential:100ms [default constant:0]");
    add_value(
        its, "--bulk", bulk_, [](const std::string& text) { return to_distribution(text); }, "DISTRIBUTION",
        "Requests that come at once, at each instant of the process [default constant:1]");
    add_sizes(its);
    add_times(its);
    its.begin_group();
}

void workload_options::add_times(options& its) {
    add_values(
        its, "--slo", [this](const std::string& text) { objectives_.push_back(to_time_of_class(text)); }, "[CLASS:]D",
        "Latency up to which an answer is good, of all or of one class; may be repeated [duration]");
    add_values(
        its, "--deadline", [this](const std::string& text) { deadlines_.push_back(to_time_of_class(text)); },
        "[CLASS:]D", "Time after which a request that still waits expires, of all or of one class [duration]");
}

void workload_options::add_sizes(options& its) {
    using drawn = std::optional<sim::distribution>;
    const auto draw = [this](const char* name, const std::string& text, bool times = false) -> drawn {
        drawn_sizes_.emplace_back(name);
        return to_distribution(text, times);
    };
    const auto add = [&](const char* name, drawn& to, bool times, const char* help) {
        add_value(
            its, name, to, [=](const std::string& text) { return draw(name, text, times); }, "DISTRIBUTION", help);
    };
    // A word in place of the distribution says what the requests say themselves.
    const auto add_or = [&](const char* name, drawn& to, const std::string& word, bool& said, const std::string& help) {
        add_value(
            its, name, to,
            [=, &said](const std::string& text) -> drawn {
                said = text == word;
                if (said) return {};
                return draw(name, text);
            },
            "DISTRIBUTION|" + word, help);
    };
    add("--input", sizes_.input_units, false, "Units that go into the model with a request, such as prompt tokens");
    add("--output", sizes_.output_units, false, "Units that come out");
    add("--items", sizes_.items, false, "Images or sub-requests");
    add_or("--cost", sizes_.cost, "unknown", cost_is_unknown_,
           "Cost of a request as its caller states it, in the host's unit; unknown: of no request, also of a trace");
    add_or("--actual", sizes_.actual_cost, "units", cost_is_units_,
           "What it turns out to cost, settled as it ends; units: its input and output units, also of a trace [default "
           "as stated]");
    add("--recorded", sizes_.service, true, "Time a request takes alone, for --service recorded [duration]");
}

void workload_options::check() const {
    const bool drawn = arrivals_ || !classes_.empty();
    const int ways = static_cast<int>(traces_.any()) + static_cast<int>(drawn) + static_cast<int>(clients_.has_value());
    if (ways != 1) {
        throw usage_error{std::string{"expected one of --trace, --arrivals (or --classes) and --clients, found "} +
                          (ways == 0 ? "none" : "several")};
    }
    if (!traces_.any() && !requests_ && !until_) {
        throw usage_error{"--requests: expected how many requests come, such as --requests 100000 (or --until 10m)"};
    }
    if (drawn && classes_.empty() && arrivals_->mean == 0) {
        throw wrong_value("--arrivals", "a rate, such as " + arrivals_text_ + ":100", arrivals_text_);
    }
    traces_.check();
    if (clients_ && !overlays_.empty()) throw usage_error{"--overlay: expected --trace or --arrivals beside it"};
    if (think_ && !clients_) throw usage_error{"--think: expected --clients beside it"};
    if (traces_.any() && !drawn_sizes_.empty()) {
        throw usage_error{drawn_sizes_.front() + ": expected --arrivals or --clients, not --trace, beside it"};
    }
    if (bulk_ && !drawn) throw usage_error{"--bulk: expected --arrivals beside it"};
    if (clients_ && !classes_.empty()) throw usage_error{"--classes: expected --arrivals, not --clients, beside it"};
}

any_workload workload_options::build(std::uint64_t seed, std::optional<nano_rate> rate) const {
    any_workload all = traces_.any() ? build_traced(seed, rate)
                       : clients_    ? build_clients(seed)
                                     : build_drawn(seed, rate);
    if (!objectives_.empty() || !deadlines_.empty()) {
        all.add([objectives = objectives_, deadlines = deadlines_](sim::arrival& request) {
            if (const auto slo = time_of(objectives, request.info.priority)) request.slo = *slo;
            if (const auto patience = time_of(deadlines, request.info.priority)) {
                request.info.deadline = saturating_add(request.at, *patience);
            }
        });
    }
    if (cost_is_unknown_) all.add([](sim::arrival& request) { request.info.cost = forebay::unknown_cost; });
    if (cost_is_units_) {
        all.add([](sim::arrival& request) {
            request.actual_cost = request.input_units;
            if (__builtin_add_overflow(request.actual_cost, request.output_units, &request.actual_cost)) {
                request.actual_cost = std::numeric_limits<std::int64_t>::max();
            }
        });
    }
    // Where only a cost is stated, it is all that is known of the size.
    const bool costs = sizes_.cost || sizes_.actual_cost;
    if (traces_.maps_cost_alone() || (costs && !sizes_.input_units && !sizes_.output_units)) {
        all.add([](sim::arrival& request) {
            request.input_units = request.known_cost();
            request.output_units = 0;
        });
    }
    return all;
}

any_workload workload_options::build_traced(std::uint64_t seed, std::optional<nano_rate> rate) const {
    std::vector<sim::overlay_rule> rules;
    if (!tenants_.empty()) {
        sim::overlay_rule& draw = rules.emplace_back();
        for (const tenant_share& each : tenants_) {
            draw.labels.push_back({.weight = static_cast<std::uint64_t>(each.weight), .tenant = each.name});
        }
    }
    rules.insert(rules.end(), overlays_.begin(), overlays_.end());
    return traces_.build(seed, requests_.value_or(sim::traffic::any_number), until_.value_or(sim::unlimited), rules,
                         rate);
}

std::optional<nano_rate> workload_options::rate() const {
    if (!classes_.empty()) return std::accumulate(classes_.begin(), classes_.end(), nano_rate{0});
    if (arrivals_) return arrivals_->mean;
    return {};
}

any_workload workload_options::build_drawn(std::uint64_t seed, std::optional<nano_rate> rate) const {
    const process_choice process = arrivals_ ? *arrivals_ : to_process("poisson");
    const nano_rate stated = *this->rate();
    const std::vector<tenant_share> shares = tenants_.empty() ? std::vector<tenant_share>{{"default", 1}} : tenants_;
    nano_rate weights = 0;
    for (const tenant_share& each : shares) weights += each.weight;
    sim::traffic all;
    const auto add = [&](sim::profile sort, nano_rate mean) {
        if (rate) mean = sim::scaled(mean, *rate, stated);
        for (const tenant_share& each : shares) {
            const nano_rate own = sim::scaled(mean, each.weight, weights);
            if (own == 0)
                throw usage_error{"--tenants: expected a rate of at least 1e-9 a second for '" + each.name + "'"};
            sort.tenant = each.name;
            sim::arrival_process arrivals = process.at(own);
            if (bulk_) arrivals = arrivals.in_bulk(*bulk_);
            all.demands.push_back({sort, std::move(arrivals), sizes_});
        }
    };
    if (classes_.empty()) add({}, stated);
    for (std::size_t i = 0; i < classes_.size(); ++i) {
        add({.kind = std::to_string(i), .priority = static_cast<std::int32_t>(i)}, classes_[i]);
    }
    if (requests_) all.requests = *requests_;
    if (until_) all.until = *until_;
    all.seed = seed;
    if (!overlays_.empty()) return any_workload{sim::overlaid<sim::traffic>{std::move(all), overlays_, seed}};
    return any_workload{std::move(all)};
}

any_workload workload_options::build_clients(std::uint64_t seed) const {
    const std::vector<tenant_share> shares = tenants_.empty() ? std::vector<tenant_share>{{"default", 1}} : tenants_;
    sim::closed_loop all;
    nano_rate before = 0;
    nano_rate weights = 0;
    for (const tenant_share& each : shares) weights += each.weight;
    for (const tenant_share& each : shares) {
        // The n-th client goes to whom it falls: rounding moves none to nobody.
        const nano_rate from = sim::scaled(*clients_, before, weights);
        before += each.weight;
        const auto clients = static_cast<std::uint32_t>(sim::scaled(*clients_, before, weights) - from);
        if (clients == 0) continue;
        all.populations.push_back(
            {{.tenant = each.name}, clients, think_.value_or(sim::distribution::constant(0)), sizes_});
    }
    if (requests_) all.requests = *requests_;
    if (until_) all.until = *until_;
    all.seed = seed;
    return any_workload{std::move(all)};
}

bool workload_options::has_service() const {
    return sizes_.service.has_value() || traces_.has_service();
}

bool workload_options::states_objective() const {
    if (!objectives_.empty()) return true;
    const bool labelled = std::any_of(overlays_.begin(), overlays_.end(), [](const sim::overlay_rule& rule) {
        return std::any_of(rule.labels.begin(), rule.labels.end(),
                           [](const sim::overlay_label& label) { return label.slo.has_value(); });
    });
    if (labelled || !traces_.any()) return labelled;
    any_source source = build_traced(0, {}).open();
    const sim::arrival* const first = source.peek();
    return first != nullptr && first->slo != sim::unlimited;
}

json workload_options::echo() const {
    json result = json::object();
    if (!options_) return result;
    for (const given_option& each : options_->given(group_name)) {
        json& to = result[each.name];
        if (each.repeatable) {
            to = each.values;
        } else {
            to = each.values.front();
        }
    }
    return result;
}

}  // namespace lab
