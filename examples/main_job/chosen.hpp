// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inference.hpp"
#include <forebay/admission/per_tenant.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/policies.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/sim/workload.hpp>
#include <forebay/time.hpp>

#include <cstddef>
#include <map>

namespace example {

/// What each tenant may send, in rows: the busiest half of what it does send, every other twice as much as it does.
/// A quarter of a second's worth may come at once.
class tenant_quotas {
public:
    explicit tenant_quotas(const forebay::sim::workload& requests);

    [[nodiscard]] forebay::quota operator()(forebay::tenant_id who) const noexcept {
        const auto found = quotas_.find(who);
        return found != quotas_.end() ? found->second : unknown_;
    }

private:
    std::map<forebay::tenant_id, forebay::quota> quotas_;
    forebay::quota unknown_{forebay::rate::zero(), 1};
};

/// How batches are made, by hand and by forebay alike.
struct batching {
    std::size_t max_size;
    forebay::duration max_delay;
};

/// What (c) runs on, and what the lab predicts it with.
[[nodiscard]] inline auto forebay_policies(batching how, const tenant_quotas& quotas) {
    return forebay::policies{
        .admission = forebay::per_tenant{quotas, forebay::by_cost},
        .order = forebay::strict_priority{forebay::fifo{}, modalities.size()},
        .batching = forebay::size_or_delay{.max_batch_size = how.max_size, .max_queue_delay = how.max_delay},
        .capacity = {.max_requests = 100'000},
    };
}

/// The hand-written batcher (b), said in forebay's words for the lab.
[[nodiscard]] inline auto policies_by_hand(batching how) {
    return forebay::policies{
        .batching = forebay::size_or_delay{.max_batch_size = how.max_size, .max_queue_delay = how.max_delay},
        .capacity = {.max_requests = 1'000'000},
    };
}

}  // namespace example
