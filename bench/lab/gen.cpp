// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "gen.hpp"

#include "any_workload.hpp"
#include "output.hpp"
#include "workload_options.hpp"
#include <forebay/sim/trace_writer.hpp>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lab {

namespace {

namespace sim = forebay::sim;

struct settings {
    workload_options workload;
    std::uint64_t seed{1};
    std::string to{"-"};
};

int act(const settings& chosen) {
    chosen.workload.check();
    if (!chosen.workload.is_open()) {
        throw usage_error{"--clients: expected requests that do not wait for answers: their times are those of a run"};
    }
    any_source source = chosen.workload.build(chosen.seed).open();
    // Before the file is opened: a workload that cannot be read destroys nothing.
    const sim::arrival* next = source.peek();
    output to{"--out", chosen.to};
    std::vector<std::string> comments{"seed=" + std::to_string(chosen.seed)};
    const json given = chosen.workload.echo();
    for (const auto& [option, value] : given.items()) {
        comments.push_back("--" + option + '=' + (value.is_string() ? value.get<std::string>() : value.dump()));
    }
    for (std::string& each : comments) {
        for (char& c : each) c = static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
    sim::trace_writer writer{to.stream(), source.tenants(), source.kinds(), comments};
    for (; next != nullptr; next = source.peek()) {
        writer.write(*next, source.tenants(), source.kinds());
        source.pop();
    }
    writer.flush();
    to.close();
    return 0;
}

}  // namespace

command add_gen(program& line) {
    const auto chosen = std::make_shared<settings>();
    options its = line.add_command("gen", "Write a workload as a trace");
    chosen->workload.add_to(its);
    add_seed(its, chosen->seed);
    its.add_text("--out", chosen->to, "FILE", "Where to [default -, standard output]");
    its.footer(arrivals_help() +
               "\nThe file (CSV, forebay-trace 1) keeps every request to the nanosecond: run gives the same numbers\n"
               "for it as for the workload itself.\n"
               "\nExample: bursts of two tenants, an hour of it\n"
               "  bash bench/lab.sh gen --arrivals gamma:20:3 --tenants acme:1,flood:3 --until 1h \\\n"
               "      --input lognormal:800:1.2 --out bursts.csv\n");
    return {its, [chosen] { return act(*chosen); }};
}

}  // namespace lab
