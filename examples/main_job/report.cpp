// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <forebay/sim/recorder.hpp>
#include <forebay/sim/table.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace example {
namespace {

namespace sim = forebay::sim;

/// Of more tenants only the one that sends the most is shown.
constexpr std::size_t most_tenants = 5;

std::string milliseconds(forebay::duration time) {
    return sim::decimal(static_cast<double>(time.count()) / 1e6, 2);
}

/// By how much the prediction is off, in percent of what was measured.
std::string difference(double measured, double predicted) {
    if (measured == 0) return "-";
    const double percent = (predicted / measured - 1) * 100;
    std::string text = percent < 0 ? "" : "+";
    text += sim::decimal(percent, 1);
    return text + " %";
}

std::string refusals(const sim::tally& of) {
    std::string text;
    for (std::size_t i = 0; i < of.refused_by.size(); ++i) {
        if (of.refused_by[i] == 0) continue;
        text += (text.empty() ? "" : ", ") + std::string{to_string(static_cast<forebay::limit>(i))} + ' ' +
                std::to_string(of.refused_by[i]);
    }
    return text.empty() ? "none" : text;
}

}  // namespace

sim::report report_of(const served_run& run) {
    const auto since_start = [&](forebay::time_point t) { return forebay::time_point{t - run.start}; };
    const auto& arrivals = run.requests.arrivals;
    sim::recorder recorder{run.name, 1};

    // The recorder is told in order of time.
    using index = std::size_t;
    std::vector<std::pair<forebay::time_point, index>> ends;
    std::multimap<forebay::time_point, const sim::arrival*> served;  // by when the model began with them
    for (index i = 0; i < run.fates.size(); ++i) {
        const fate& its = run.fates[i];
        if (its.refused_by != forebay::limit::none) continue;
        ends.emplace_back(since_start(its.ended), i);
        if (its.how == forebay::ending::delivered) served.emplace(its.started, &arrivals[i]);
    }
    std::ranges::sort(ends);

    index next = 0;
    const auto arrive_until = [&](forebay::time_point time) {
        for (; next < arrivals.size() && arrivals[next].at <= time; ++next) {
            const forebay::limit why = run.fates[next].refused_by;
            why == forebay::limit::none ? recorder.admitted(arrivals[next]) : recorder.refused(arrivals[next], why);
        }
    };
    auto end = ends.begin();
    sim::batch_run last;
    const auto end_before = [&](forebay::time_point time) {
        for (; end != ends.end() && end->first < time; ++end) {
            arrive_until(end->first);
            const sim::arrival& request = arrivals[end->second];
            const forebay::ending how = run.fates[end->second].how;
            if (how == forebay::ending::delivered) {
                recorder.delivered(request, last, end->first);
            } else {
                recorder.ended(request, how, end->first);
            }
        }
    };
    // Its requests are told their outcome after a call has ended and before the next begins.
    for (const inference::call& call : run.calls) {
        const forebay::time_point start = since_start(call.start);
        end_before(start);
        arrive_until(start);
        std::vector<const sim::arrival*> members;
        for (auto [at, stop] = served.equal_range(call.start); at != stop; ++at) members.push_back(at->second);
        if (members.empty()) continue;
        recorder.started(members, start);
        end_before(since_start(call.end));
        arrive_until(since_start(call.end));
        last = recorder.returned(members, start, since_start(call.end));
    }
    end_before(forebay::no_deadline);
    arrive_until(forebay::no_deadline);
    return std::move(recorder).finish(run.requests.tenants, run.requests.kinds);
}

void print_measured(std::span<const sim::report> runs) {
    std::printf("\nMeasured (latency in ms, from the instant a request was due until its reply was ready)\n\n");
    sim::text_table table;
    table.add({"", "sent", "served", "p50", "p95", "p99", "served/s", "mean batch", "refused"});
    for (const sim::report& run : runs) {
        table.add({run.policy, std::to_string(run.all.arrived), std::to_string(run.all.delivered()),
                   milliseconds(run.all.latency.p50), milliseconds(run.all.latency.p95),
                   milliseconds(run.all.latency.p99), sim::decimal(run.throughput_rps(), 0),
                   sim::decimal(run.mean_batch_size(), 1), refusals(run.all)});
        const auto add_group = [&](const sim::tally& group, const std::string& sort) {
            const auto time = [&](forebay::duration each) { return group.delivered() == 0 ? "-" : milliseconds(each); };
            table.add({"   " + sort + group.name, std::to_string(group.arrived), std::to_string(group.delivered()),
                       time(group.latency.p50), time(group.latency.p95), time(group.latency.p99),
                       sim::decimal(run.per_second(group.delivered()), 0), "", refusals(group)});
        };
        for (const sim::tally& kind : run.kinds) add_group(kind, "");
        if (run.tenants.size() <= most_tenants) {
            for (const sim::tally& tenant : run.tenants) add_group(tenant, "tenant ");
        } else {
            add_group(*std::ranges::max_element(run.tenants, {}, &sim::tally::arrived), "tenant ");
        }
    }
    std::fputs(table.str().c_str(), stdout);
}

void print_predicted(std::span<const sim::report> measured, std::span<const sim::report> predicted) {
    std::printf("\nPredicted by the policy lab from the service times above, beside what was measured\n\n");
    sim::text_table table;
    table.add({"", "p50 ms", "lab", "off", "p95 ms", "lab", "off", "p99 ms", "lab", "off", ""});
    for (std::size_t i = 0; i < measured.size(); ++i) {
        const sim::report& was = measured[i];
        const sim::report& said = predicted[i];
        table.add({was.policy, "", "", "", "", "", "", "", "", "", ""});
        for (std::size_t k = 0; k < was.kinds.size(); ++k) {
            std::vector<std::string> row{"   " + was.kinds[k].name};
            for (const auto which : {&sim::spread::p50, &sim::spread::p95, &sim::spread::p99}) {
                const forebay::duration real = was.kinds[k].latency.*which;
                const forebay::duration lab = said.kinds[k].latency.*which;
                row.push_back(milliseconds(real));
                row.push_back(milliseconds(lab));
                row.push_back(difference(static_cast<double>(real.count()), static_cast<double>(lab.count())));
            }
            row.push_back("");
            table.add(std::move(row));
        }
    }
    std::fputs(table.str().c_str(), stdout);

    sim::text_table rates;
    rates.add({"", "mean batch", "lab", "off", "served/s", "lab", "off", "refused", "lab", ""});
    for (std::size_t i = 0; i < measured.size(); ++i) {
        const sim::report& was = measured[i];
        const sim::report& said = predicted[i];
        rates.add({was.policy, sim::decimal(was.mean_batch_size(), 1), sim::decimal(said.mean_batch_size(), 1),
                   difference(was.mean_batch_size(), said.mean_batch_size()), sim::decimal(was.throughput_rps(), 0),
                   sim::decimal(said.throughput_rps(), 0), difference(was.throughput_rps(), said.throughput_rps()),
                   std::to_string(was.all.refused()), std::to_string(said.all.refused()), ""});
    }
    std::printf("\n%s", rates.str().c_str());
}

double slowdown(const served_run& run, const service_times& times) {
    const sim::table_service service = times.table();
    forebay::duration took{0};
    forebay::duration expected{0};
    for (const inference::call& call : run.calls) {
        took += call.end - call.start;
        expected += service({.cost = call.rows});
    }
    return (static_cast<double>(took.count()) / static_cast<double>(expected.count()) - 1) * 100;
}

}  // namespace example
