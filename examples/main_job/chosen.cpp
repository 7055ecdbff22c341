// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "chosen.hpp"

#include "arrivals.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace example {

tenant_quotas::tenant_quotas(const forebay::sim::workload& requests) {
    const std::vector<std::int64_t> rows = rows_by_tenant(requests);
    const std::size_t busiest = busiest_tenant(requests);
    const double seconds = std::max(std::chrono::duration<double>(requests.span()).count(), 1e-3);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double sent = static_cast<double>(rows[i]) / seconds;
        const double allowed = i == busiest ? sent / 2 : sent * 2;
        // At least the largest request, which would never be let in otherwise.
        const auto burst = static_cast<std::int64_t>(allowed / 4) + static_cast<std::int64_t>(rows_of(modality::video));
        quotas_.emplace(forebay::tenant_of(requests.tenants[i]),
                        forebay::quota{forebay::rate::per_hour(std::llround(allowed * 3600) + 1), burst});
    }
}

}  // namespace example
