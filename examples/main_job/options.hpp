// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace example {

/// A command line that cannot be.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct options {
    /// Arrivals to replay; empty: the built-in workload.
    std::string trace;
    /// Length of each of the three runs. [0.1 .. 3600]
    double seconds{10};
    /// Offered load, as a part of capacity. [0.05 .. 2]
    double load{0.8};
    std::uint64_t seed{1};
};

/// The command line, or nothing after `--help`, which it prints.
/// errors   usage_error, which names the option and what it expects
std::optional<options> parse_options(int count, const char* const* arguments);

}  // namespace example
