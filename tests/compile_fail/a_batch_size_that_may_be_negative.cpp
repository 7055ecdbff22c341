// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: a batch policy needs a member max_batch_size
#include <forebay/batch/batch_collector.hpp>

struct at_once {
#ifdef FOREBAY_CONTROL
    std::size_t max_batch_size{4};
#else
    int max_batch_size{4};
#endif
    forebay::batch_plan plan(const forebay::waiting_group& group) const noexcept {
        return {forebay::time_point::min(), group.count, forebay::dispatch_cause::idle};
    }
};
const forebay::batch_collector<int, forebay::fifo, at_once> collector{{}, {}, {}, 4};
