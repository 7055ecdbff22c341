// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "check_command.hpp"

#include "check.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace lab {

command add_check(program& line) {
    const auto chosen = std::make_shared<check_options>();
    options its = line.add_command("check", "Compare the lab with what queueing theory says");
    add_value(
        its, "--requests", chosen->requests,
        [](const std::string& text) { return static_cast<std::uint64_t>(to_whole(text, 1000, std::int64_t{1} << 40)); },
        "N", "Requests of each case; fewer than a million widen the bounds [default 1000000]");
    add_seed(its, chosen->seed);
    its.add_text("--only", chosen->filter, "TEXT", "Only cases whose name contains this");
    its.add_flag("--quick", chosen->quick, "A tenth of the requests");
    its.footer(
        "Status 0 if every figure is within its bound, 1 if one is not.\n"
        "\nExample: the cases of one server with exponential service, quickly\n"
        "  bash bench/lab.sh check --only M/M/1 --quick\n");
    return {its, [chosen] { return check(*chosen); }};
}

}  // namespace lab
