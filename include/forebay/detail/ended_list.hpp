// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/outcome.hpp>
#include <forebay/request.hpp>

#include <cstddef>
#include <cstdint>

namespace forebay::inline v0::detail {

/// Requests that ended alike and whose sinks are still to be called.
struct ended_list {
    static constexpr std::size_t most = 32;

    explicit ended_list(ending as = ending::expired) noexcept : how{as} {}
    [[nodiscard]] bool full() const noexcept { return count == most; }
    [[nodiscard]] ticket operator[](std::size_t i) const noexcept { return {ids[i].slot, ids[i].generation}; }
    void add(ticket id) noexcept { ids[count++] = {id.slot, id.generation}; }

    ending how;
    std::size_t count{0};
    struct {  // a ticket that nobody sets to zero first
        std::uint32_t slot, generation;
    } ids[most];
};

}  // namespace forebay::inline v0::detail
