// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace example {
namespace {

double milliseconds(forebay::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}

/// The smallest value that at least `percent` in a hundred of the values do not exceed.
forebay::duration nearest_rank(const std::vector<forebay::duration>& sorted, std::size_t percent) {
    return sorted[(sorted.size() * percent + 99) / 100 - 1];
}

void print_difference(forebay::duration measured, forebay::duration predicted) {
    if (measured.count() == 0) {
        std::printf("  %8s %9s %7s", "-", "-", "-");
        return;
    }
    std::printf("  %8.2f %9.2f %+6.0f%%", milliseconds(measured), milliseconds(predicted),
                (milliseconds(predicted) / milliseconds(measured) - 1) * 100);
}

}  // namespace

void set_percentiles(modality_figures& figures, std::vector<forebay::duration>& latencies) {
    figures.served = latencies.size();
    if (latencies.empty()) return;
    std::ranges::sort(latencies);
    figures.p50 = nearest_rank(latencies, 50);
    figures.p95 = nearest_rank(latencies, 95);
    figures.p99 = nearest_rank(latencies, 99);
}

run_figures figures_of(const served_run& run) {
    run_figures result{.name = run.name};
    std::size_t served = 0;
    for (const modality kind : modalities) {
        modality_figures& figures = result.by_modality[static_cast<std::size_t>(kind)];
        std::vector<forebay::duration> latencies;
        for (const record& one : run.records) {
            if (one.kind != kind) continue;
            ++figures.sent;
            if (one.served) latencies.push_back(one.latency);
        }
        set_percentiles(figures, latencies);
        served += figures.served;
    }
    for (const record& one : run.records) ++result.refused_by[static_cast<std::size_t>(one.refused_by)];
    result.refused_by[static_cast<std::size_t>(forebay::limit::none)] = 0;
    if (run.batches > 0) result.mean_batch = static_cast<double>(served) / static_cast<double>(run.batches);
    const double seconds = std::chrono::duration<double>(run.length).count();
    if (seconds > 0) result.served_per_second = static_cast<double>(served) / seconds;
    return result;
}

void print_measured(std::span<const run_figures> runs) {
    std::printf(
        "\nMeasured: latency in ms, from the instant a request was due to arrive until its reply was ready\n\n");
    std::printf("%-24s %8s %8s %9s %9s %9s %10s %11s   %s\n", "", "sent", "served", "p50", "p95", "p99", "served/s",
                "mean batch", "refused");
    for (const run_figures& run : runs) {
        std::string refused;
        for (std::size_t i = 0; i < run.refused_by.size(); ++i) {
            if (run.refused_by[i] == 0) continue;
            refused += refused.empty() ? "" : ", ";
            refused += to_string(static_cast<forebay::limit>(i)) + std::string{" "} + std::to_string(run.refused_by[i]);
        }
        std::printf("%-62s %19.0f %11.1f   %s\n", run.name.c_str(), run.served_per_second, run.mean_batch,
                    refused.empty() ? "none" : refused.c_str());
        for (const modality kind : modalities) {
            const modality_figures& f = run.by_modality[static_cast<std::size_t>(kind)];
            std::printf("  %-22s %8zu %8zu", to_string(kind), f.sent, f.served);
            if (f.served > 0) {
                std::printf(" %9.2f %9.2f %9.2f", milliseconds(f.p50), milliseconds(f.p95), milliseconds(f.p99));
            }
            std::printf("\n");
        }
    }
}

void print_predicted(std::span<const run_figures> measured, std::span<const run_figures> predicted) {
    std::printf("\nThe policy lab's prediction from the service times above, beside what was measured\n\n");
    std::printf("%-14s  %26s  %26s  %26s\n", "", "p50 ms", "p95 ms", "p99 ms");
    std::printf("%-14s", "");
    for (int i = 0; i < 3; ++i) std::printf("  %8s %9s %7s", "measured", "predicted", "diff");
    std::printf("\n");
    for (std::size_t i = 0; i < measured.size(); ++i) {
        std::printf("%s: mean batch measured %.1f, predicted %.1f; served/s %.0f, %.0f\n", measured[i].name.c_str(),
                    measured[i].mean_batch, predicted[i].mean_batch, measured[i].served_per_second,
                    predicted[i].served_per_second);
        for (const modality kind : modalities) {
            const modality_figures& was = measured[i].by_modality[static_cast<std::size_t>(kind)];
            const modality_figures& said = predicted[i].by_modality[static_cast<std::size_t>(kind)];
            std::printf("  %-12s", to_string(kind));
            print_difference(was.p50, said.p50);
            print_difference(was.p95, said.p95);
            print_difference(was.p99, said.p99);
            std::printf("\n");
        }
    }
}

}  // namespace example
