// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "plan.hpp"

#include <forebay/sim/service_model.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace example {
namespace {

namespace fb = forebay;

double seconds(fb::duration d) {
    return std::chrono::duration<double>(d).count();
}

/// Requests a second, if they are run in the order given, so many together, without a pause.
double capacity(const fb::sim::workload& requests, const service_times& times, std::size_t together) {
    const fb::sim::table_service service = times.table();
    const std::span all{requests.arrivals};
    fb::duration sum{0};
    for (std::size_t i = 0; i < all.size(); i += together) {
        fb::sim::batch_shape batch;
        for (const fb::sim::arrival& one : all.subspan(i, std::min(together, all.size() - i))) batch.add(one);
        sum += service(batch);
    }
    return static_cast<double>(all.size()) / seconds(sum);
}

}  // namespace

plan make_plan(const options& chosen, arrivals source, const service_times& times) {
    if (chosen.trace.empty()) {
        // Enough for the fastest run: a request has at least one row, and no batch takes less time a row than the best.
        double rows_per_second = 0;
        for (const auto& [rows, time] : times.points()) {
            rows_per_second = std::max(rows_per_second, static_cast<double>(rows) / seconds(time));
        }
        const double most = chosen.seconds * chosen.load * rows_per_second;
        source = built_in_arrivals(static_cast<std::size_t>(most) + 2, chosen.seed);
    }
    const auto offered = [&](double full) {
        const double rate = chosen.load * full;
        return at_rate(source.requests, static_cast<std::size_t>(rate * chosen.seconds) + 1, rate);
    };
    const double single = capacity(source.requests, times, 1);
    const double batched = capacity(source.requests, times, max_batch);
    return {std::move(source.origin), single, batched, offered(single), offered(batched)};
}

}  // namespace example
