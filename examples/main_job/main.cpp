// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// One model, one sequence of requests, three ways of serving them, in real time; then the policy lab's word on two of
// them. `--help` says more.
#include "arrivals.hpp"
#include "inference.hpp"
#include "model.hpp"
#include "options.hpp"
#include "plan.hpp"
#include "report.hpp"
#include "serving.hpp"
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/trace.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace fb = forebay;
using namespace example;
using namespace std::chrono_literals;

double milliseconds(fb::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}
double seconds(fb::duration d) {
    return std::chrono::duration<double>(d).count();
}

bool check(bool passed, const std::string& what) {
    std::printf("check  %-6s  %s\n", passed ? "ok" : "FAILED", what.c_str());
    return passed;
}

/// How far the model is from its definition, relative to the largest output.
double model_error(model& net) {
    std::vector<float> row(model::inputs);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = std::sin(static_cast<float>(i));
    std::vector<float> out(model::outputs);
    net.run(row, out);
    const std::vector<double> exact = model::reference(row);
    double worst = 0;
    double largest = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        worst = std::max(worst, std::abs(static_cast<double>(out[i]) - exact[i]));
        largest = std::max(largest, std::abs(exact[i]));
    }
    return worst / largest;
}

void print_service_times(const service_times& times) {
    std::printf("\nService time of a batch, measured (median)\n\n%8s %10s %12s %14s %8s\n", "rows", "ms", "ms per row",
                "gain per row", "GB/s");
    const double alone = milliseconds(times.points().front().time);
    for (const auto& [rows, time] : times.points()) {
        const double each = milliseconds(time) / static_cast<double>(rows);
        std::printf("%8d %10.2f %12.3f %13.1fx %8.1f\n", static_cast<int>(rows), milliseconds(time), each, alone / each,
                    static_cast<double>(model::weight_bytes()) / seconds(time) * 1e-9);
    }
}

void print_plan(const plan& p, double load) {
    std::printf("\nRequests\n");
    for (const std::string& line : p.origin) std::printf("  %s\n", line.c_str());
    std::printf("  rows of the model's input: text 1, image 2, video 4; %.2f in the mean\n", mean_rows(p.fast));
    std::printf("  capacity: %.0f requests/s one by one, %.0f/s in batches of %zu; offered: %.2f of it\n",
                p.single_capacity, p.batched_capacity, max_batch, load);
    std::printf("  a: %zu requests in %.1f s; b and c: %zu in %.1f s\n", p.slow.arrivals.size(), seconds(p.slow.span()),
                p.fast.arrivals.size(), seconds(p.fast.span()));
    std::printf("  b and c: batches of at most %zu, a wait of at most %.0f ms\n", max_batch, milliseconds(max_delay));
    std::printf("  c: tenant %s, the busiest, may send half of what it sends; every other twice what it sends\n",
                p.fast.tenants[busiest_tenant(p.fast)].c_str());
}

bool has_one_outcome_each(const served_run& run) {
    return std::ranges::all_of(run.fates, [](const fate& its) { return its.outcomes == 1; });
}

/// Whoever was let in has a reply, and the right one.
bool check_replies(std::span<const served_run> runs, const answer_key& expected) {
    std::size_t unserved = 0;
    std::size_t replies = 0;
    std::size_t wrong = 0;
    for (const served_run& run : runs) {
        for (std::size_t i = 0; i < run.fates.size(); ++i) {
            const fate& its = run.fates[i];
            if (its.refused_by != fb::limit::none) continue;
            if (its.outcomes == 0 || its.how != fb::ending::delivered) {
                ++unserved;
                continue;
            }
            ++replies;
            if (its.answer != expected[request_at(run.requests, i)]) ++wrong;
        }
    }
    const bool passed = check(unserved == 0, "every request that was let in was served");
    return check(wrong == 0, "each of " + std::to_string(replies) + " replies has the bits of a direct call") && passed;
}

/// In no more than burst + rate * time, as long as the requests were sent.
bool check_quota(const served_run& run, const tenant_quotas& quotas) {
    const std::string& name = run.requests.tenants[busiest_tenant(run.requests)];
    const fb::quota quota = quotas(fb::tenant_of(name));
    std::int64_t rows = 0;
    for (std::size_t i = 0; i < run.fates.size(); ++i) {
        const fb::request_info& info = run.requests.arrivals[i].info;
        if (info.tenant == fb::tenant_of(name) && run.fates[i].refused_by == fb::limit::none) rows += info.cost;
    }
    const double refilled = static_cast<double>(run.sending.count()) * static_cast<double>(quota.refill().tokens()) /
                            static_cast<double>(quota.refill().nanoseconds());
    const auto most = quota.burst() + static_cast<std::int64_t>(refilled) + 1;
    return check(rows <= most, "tenant " + name + " was held to its quota: " + std::to_string(rows) + " rows let in, " +
                                   std::to_string(most) + " allowed");
}

int serve(const options& chosen) {
    // The trace is read before anything that takes time, so that a mistake in it is told at once.
    arrivals source;
    if (!chosen.trace.empty()) source = trace_arrivals(chosen.trace, chosen.seed);

    std::fprintf(stderr, "building the model and measuring it\n");
    model net;
    inference run{net};
    std::printf("Model: perceptron 1024-4096-4096-1024, %.0f MB of weights, one thread, vectors of %zu floats\n",
                static_cast<double>(model::weight_bytes()) * 1e-6, model::vector_floats());
    const answer_key expected{run};
    const service_times times = service_times::measure(run);
    print_service_times(times);
    const plan work = make_plan(chosen, std::move(source), times);
    print_plan(work, chosen.load);
    std::fflush(stdout);

    std::fprintf(stderr, "serving\n");
    const batching how{max_batch, max_delay};
    const tenant_quotas quotas{work.fast};
    const std::array runs{
        serve_by_hand("a  one by one", work.slow, run, {1, 0ms}),
        serve_by_hand("b  batcher by hand", work.fast, run, how),
        serve_with_forebay("c  forebay", work.fast, run, how, quotas),
    };

    if (std::ranges::all_of(runs, has_one_outcome_each)) {  // else there is nothing that could be reported
        const std::array measured{report_of(runs[0]), report_of(runs[1]), report_of(runs[2])};
        print_measured(measured);
        const fb::sim::experiment lab{work.fast, times.table()};
        const std::array predicted{lab.run(runs[1].name, policies_by_hand(how)),
                                   lab.run(runs[2].name, forebay_policies(how, quotas))};
        print_predicted(std::span{measured}.subspan(1), predicted);
        std::printf("\nThe model took longer than at the start, for the same batches: b %+.1f %%, c %+.1f %%\n",
                    slowdown(runs[1], times), slowdown(runs[2], times));
    }
    std::printf("\n");
    bool passed = check(model_error(net) < 1e-4, "the model agrees with its definition, evaluated in double");
    passed = check(std::ranges::all_of(runs, has_one_outcome_each), "every request had exactly one outcome") && passed;
    passed = check_replies(runs, expected) && passed;
    passed = check_quota(runs[2], quotas) && passed;
    return passed ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        const std::optional<options> chosen = parse_options(count, arguments);
        return chosen ? serve(*chosen) : 0;
    } catch (const usage_error& error) {
        std::fprintf(stderr, "main_job: %s\n", error.what());
        return 2;
    } catch (const fb::sim::trace_error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "main_job: %s\n", error.what());
        return 1;
    }
}
