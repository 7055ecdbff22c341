// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quantity.hpp"
#include <forebay/sim/arrival_process.hpp>
#include <forebay/sim/distribution.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace lab {

/// A rate in 1e-9 requests a second: what all rates of the command line can be written in.
using nano_rate = std::int64_t;

[[nodiscard]] nano_rate to_nano(fraction per_second);
/// [above 0]
[[nodiscard]] nano_rate to_nano_rate(const std::string& text);
[[nodiscard]] fraction from_nano(nano_rate per_second);

/// What `--arrivals PROCESS` says, at any mean rate: all rates of a process change in proportion.
struct process_choice {
    /// Mean requests (or instants, with --bulk) a second; 0 where none was written.
    nano_rate mean{0};
    std::function<forebay::sim::arrival_process(nano_rate mean)> at;
};

/// "poisson:RATE", "gamma:RATE:CV" and so on. The RATE of poisson and deterministic may be left out.
/// errors  unexpected, std::invalid_argument
[[nodiscard]] process_choice to_process(const std::string& text);

/// "constant:N", "lognormal:MEAN:CV" and so on.
/// times  whether amounts are durations instead of whole numbers
/// errors  unexpected, std::invalid_argument
[[nodiscard]] forebay::sim::distribution to_distribution(const std::string& text, bool times = false);

/// The forms there are, as lines for --help.
[[nodiscard]] std::string arrivals_help();

}  // namespace lab
