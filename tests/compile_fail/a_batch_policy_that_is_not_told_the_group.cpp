// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: a batch policy needs a member max_batch_size and plan(waiting_group) -> batch_plan, noexcept
#include <forebay/batch/batch_collector.hpp>

struct at_once {
    std::size_t max_batch_size{4};
#ifdef FOREBAY_CONTROL
    forebay::batch_plan plan(const forebay::waiting_group& group) const noexcept {
        return {forebay::time_point::min(), group.count, forebay::dispatch_cause::idle};
    }
#else
    forebay::batch_plan plan() const noexcept {
        return {};
    }
#endif
};
const forebay::batch_collector<int, forebay::fifo, at_once> collector{{}, {}, {}, 4};
