// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "check.hpp"

#include "check_case.hpp"
#include <forebay/request.hpp>
#include <forebay/sim/random.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace lab {
namespace {

/// Columns: the widths stand before the first figure is known, so that lines appear as cases end.
constexpr std::array<std::size_t, 7> widths{41, 20, 10, 10, 8, 9, 4};

void print(std::ostream& out, const std::array<std::string, widths.size()>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string padding(widths[i] - std::min(widths[i], cells[i].size()), ' ');
        line += i < 2 ? cells[i] + padding : padding + cells[i];
        line += ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << std::endl;
}

/// Five digits that matter, the same in every locale.
std::string shown(double value) {
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 5).ptr;
    return {text.data(), end};
}
std::string percent(double value) {
    std::array<char, 400> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value * 100, std::chars_format::fixed, 2).ptr;
    return {text.data(), end};
}

/// Cases that shared their draws would all be off to the same side.
std::uint64_t own_seed(std::uint64_t seed, const std::string& name) {
    return forebay::sim::random_stream{seed, forebay::tenant_of(name)}.next();
}

}  // namespace

int check(const check_options& options, std::span<const check_case> cases, std::ostream& out) {
    const std::uint64_t requests = options.quick ? options.requests / 10 : options.requests;
    if (requests < 1000) throw std::invalid_argument("forebay: check needs at least 1000 requests a case");
    const double wider = std::max(1.0, std::sqrt(1e6 / static_cast<double>(requests)));

    std::size_t asked = 0;
    std::size_t figures = 0;
    std::size_t missed = 0;
    print(out, {"case", "figure", "theory", "simulated", "error %", "allowed %", ""});
    for (const check_case& each : cases) {
        if (each.name.find(options.filter) == std::string::npos) continue;
        ++asked;
        for (const figure& found : each.figures({requests, own_seed(options.seed, each.name)})) {
            const double error = found.simulated / found.theory - 1;
            const double allowed = found.tolerance * wider;
            const bool holds = std::fabs(error) <= allowed;  // not so for one that is not a number
            print(out, {each.name, found.what, shown(found.theory), shown(found.simulated), percent(error),
                        percent(allowed), holds ? "ok" : "MISS"});
            ++figures;
            missed += !holds;
        }
    }
    if (asked == 0) throw std::invalid_argument("forebay: no case of check has '" + options.filter + "' in its name");
    out << '\n'
        << asked << " cases of " << requests << " requests, seed " << options.seed << ": " << figures << " figures, "
        << missed << " missed\n";
    return missed == 0 ? 0 : 1;
}

int check(const check_options& options, std::ostream& out) {
    std::vector<check_case> all;
    for (const auto cases : {queue_cases, bounded_cases, class_cases, batch_cases, limit_cases}) {
        std::ranges::move(cases(), std::back_inserter(all));
    }
    return check(options, all, out);
}

}  // namespace lab
