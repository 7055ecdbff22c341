// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iostream>
#include <string>

namespace lab {

struct check_options {
    /// Requests of each case. [>= 1000]
    std::uint64_t requests{1'000'000};
    std::uint64_t seed{1909};
    /// Only cases whose name contains this; empty = all.
    std::string filter{};
    /// A tenth of the requests.
    bool quick{false};
};

/// Serves systems that queueing theory has solved with the scheduler, and prints what theory says of each beside what
/// the lab found: one line a figure, ended by ok or MISS.
///
/// A mean may be off by 5 %, other figures by what their line says; with fewer than a million requests by as much more
/// as the sampling error grows, sqrt(1,000,000 / requests).
/// returns  0 if all are within, 1 if not
/// errors   std::invalid_argument if no case has such a name, or for fewer than 1000 requests
[[nodiscard]] int check(const check_options& options, std::ostream& out = std::cout);

}  // namespace lab
