// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "any_workload.hpp"
#include <forebay/sim/report.hpp>
#include <forebay/sim/run_options.hpp>

#include <iosfwd>
#include <string>
#include <string_view>

namespace lab {

/// A cell of a CSV file: in quotes where it has to be.
[[nodiscard]] std::string csv_cell(std::string_view text);

/// Names of the columns of one run, and one run as a row; both without an end of line. Times in seconds; an empty cell
/// where there is nothing to take a number from.
[[nodiscard]] std::string csv_header();
[[nodiscard]] std::string csv_row(const forebay::sim::report& run);

/// One row a request, as it ends. Times in seconds, to the nanosecond, in the workload's time.
class requests_csv {
public:
    explicit requests_csv(std::ostream& to);
    void add(std::string_view policy, const any_source::held& names, const forebay::sim::request_record& ended);

private:
    std::ostream* to_;
};

}  // namespace lab
