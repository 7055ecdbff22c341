// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: forebay: the order must be a discipline
#include <forebay/queue/priority_queue.hpp>
#include <forebay/queue/strict_priority.hpp>

struct cheapest_first {
#ifdef FOREBAY_CONTROL
    std::uint64_t rank(const forebay::queued& r) const noexcept {
        return std::uint64_t(r.info.cost);
    }
#else
    std::uint64_t rank(const forebay::queued& r) const {
        return std::uint64_t(r.info.cost);
    }
#endif
};
const forebay::priority_queue<int, forebay::strict_priority<cheapest_first>> waiting;
