// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "csv_report.hpp"

#include <forebay/admission/permit.hpp>
#include <forebay/outcome.hpp>
#include <forebay/request.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <ostream>

namespace lab {

namespace {

namespace sim = forebay::sim;
using forebay::ending;

/// Nanoseconds as seconds, every digit of them.
std::string seconds(std::int64_t nanoseconds) {
    std::string text = nanoseconds < 0 ? "-" : "";
    const std::uint64_t size =
        nanoseconds < 0 ? 0 - static_cast<std::uint64_t>(nanoseconds) : static_cast<std::uint64_t>(nanoseconds);
    const std::string decimals = std::to_string(size % 1'000'000'000);
    return text + std::to_string(size / 1'000'000'000) + '.' + std::string(9 - decimals.size(), '0') + decimals;
}
std::string seconds(forebay::duration time) {
    return seconds(time.count());
}
std::string seconds(forebay::time_point at) {
    return seconds(at.time_since_epoch().count());
}

/// The shortest text that reads back as the same number.
std::string number(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string number_or_none(std::int64_t value, std::int64_t none) {
    return value == none ? std::string{} : std::to_string(value);
}

/// As the report calls it.
const char* outcome_name(const sim::request_record& ended) {
    if (!ended.admitted) return "refused";
    return ended.how == ending::delivered ? "completed" : forebay::to_string(ended.how);
}

}  // namespace

std::string csv_cell(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string{text};
    std::string quoted = "\"";
    for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

std::string csv_header() {
    std::string text =
        "policy,arrived,completed,refused,expired,evicted,failed,throughput_rps,goodput_rps,slo_attainment,utilisation,"
        "batch_size_mean";
    for (const char* what : {"queue_delay_s", "latency_s"}) {
        for (const char* which : {"mean", "p50", "p90", "p95", "p99", "max"}) {
            text += std::string{","} + what + '_' + which;
        }
    }
    text += ",jain,max_service_gap,batches,elapsed_s,delayed,delayed_s";
    return text + ",cost,cost_in_worst_minute,cost_beyond_quota";
}

std::string csv_row(const sim::report& run) {
    std::string row = csv_cell(run.policy);
    const auto add = [&](const std::string& cell) {
        row += ',';
        row += cell;
    };
    const sim::tally& all = run.all;
    for (const std::uint64_t count : {all.arrived, all.delivered(), all.refused(), all.count(ending::expired),
                                      all.count(ending::evicted), all.count(ending::failed)}) {
        add(std::to_string(count));
    }
    for (const double value : {run.throughput_rps(), run.goodput_rps(), all.slo_attainment(), run.utilisation()}) {
        add(number(value));
    }
    add(run.batches == 0 ? std::string{} : number(run.mean_batch_size()));
    for (const sim::spread& times : {all.queue_delay, all.latency}) {
        const bool none = times.count == 0;
        add(none ? std::string{} : number(times.mean_seconds));
        for (const forebay::duration time : {times.p50, times.p90, times.p95, times.p99, times.max}) {
            add(none ? std::string{} : seconds(time));
        }
    }
    add(run.jain ? number(*run.jain) : std::string{});
    add(run.max_service_gap ? seconds(*run.max_service_gap) : std::string{});
    add(std::to_string(run.batches));
    add(seconds(run.elapsed));
    add(std::to_string(run.delayed));
    add(seconds(run.delayed_time));
    add(std::to_string(all.cost));
    add(all.use ? std::to_string(all.use->worst_minute) : std::string{});
    add(all.use ? std::to_string(all.use->beyond) : std::string{});
    return row;
}

requests_csv::requests_csv(std::ostream& to) : to_{&to} {
    *to_ << "policy,request,arrival_s,tenant,class,kind,key,cost,actual_cost,outcome,refused_by,dispatch_s,end_s,"
            "queue_delay_s,latency_s,batch_size\n";
}

void requests_csv::add(std::string_view policy, const any_source::held& names, const sim::request_record& ended) {
    const sim::arrival& request = ended.request;
    const bool ran = ended.dispatched != forebay::no_deadline;
    std::string row = csv_cell(policy);
    const auto add = [&](const std::string& cell) {
        row += ',';
        row += cell;
    };
    add(std::to_string(request.sequence));
    add(seconds(request.at));
    add(csv_cell(names.tenants().at(request.tenant)));
    add(std::to_string(request.info.priority));
    add(csv_cell(names.kinds().at(request.kind)));
    add(std::to_string(request.info.key));
    add(number_or_none(request.info.cost, forebay::unknown_cost));
    add(number_or_none(request.actual_cost, forebay::as_charged));
    add(outcome_name(ended));
    add(ended.admitted ? "" : forebay::to_string(ended.refused_by));
    add(ran ? seconds(ended.dispatched) : std::string{});
    add(seconds(ended.ended));
    add(ran ? seconds(ended.dispatched - request.at) : std::string{});
    add(ended.admitted ? seconds(ended.ended - request.at) : std::string{});
    add(std::to_string(ended.batch));
    *to_ << row << '\n';
}

}  // namespace lab
