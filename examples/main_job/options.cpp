// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace example {
namespace {

constexpr const char* help =
    R"(Serves the same requests three ways, on one in-process model and in real time, and compares them:
  a  one call per request, first come first served, behind a mutex
  b  the batcher people write by hand: fixed size and timeout, no limits
  c  forebay: a quota for each tenant, urgent modalities first, batching
Then sets the policy lab's prediction for (b) and (c) beside what was measured.

  --trace FILE   arrivals to replay, in the Azure LLM format or as CSV with an arrival_us column;
                 without it: a built-in workload of three tenants and three modalities
  --seconds N    length of each of the three runs [0.1 .. 3600, default 10]
  --load X       offered load as a part of capacity [0.05 .. 2, default 0.8]
  --seed N       seed of everything that is drawn [default 1]
  --help         this text

Exit status: 0 all checks passed, 1 a check failed, 2 bad option or input.
)";

[[noreturn]] void refuse(std::string_view name, const char* expected, const std::string& text) {
    throw usage_error(std::string{name} + ": expected " + expected + ", got '" + text + "'");
}

double parse_number(std::string_view name, const std::string& text, double least, double most, const char* expected) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);  // std::from_chars has no double in libc++ 19
    if (text.empty() || *end != '\0' || !(value >= least && value <= most)) refuse(name, expected, text);
    return value;
}

std::uint64_t parse_seed(std::string_view name, const std::string& text) {
    std::uint64_t value = 0;
    const char* const past = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), past, value);
    if (error != std::errc{} || end != past) refuse(name, "a whole number from 0 to 2^64 - 1", text);
    return value;
}

}  // namespace

std::optional<options> parse_options(int count, const char* const* arguments) {
    options result;
    for (int i = 1; i < count; ++i) {
        const std::string_view name{arguments[i]};
        if (name == "--help" || name == "-h") {
            std::fputs(help, stdout);
            return std::nullopt;
        }
        if (name != "--trace" && name != "--seconds" && name != "--load" && name != "--seed") {
            throw usage_error("unknown option '" + std::string{name} + "' (--help lists them)");
        }
        if (++i == count) throw usage_error(std::string{name} + ": expected a value after it");
        const std::string value{arguments[i]};
        if (name == "--trace") {
            if (value.empty()) throw usage_error("--trace: expected the name of a file");
            result.trace = value;
        } else if (name == "--seconds") {
            result.seconds = parse_number(name, value, 0.1, 3600, "a number of seconds from 0.1 to 3600");
        } else if (name == "--load") {
            result.load = parse_number(name, value, 0.05, 2, "a number from 0.05 to 2");
        } else {
            result.seed = parse_seed(name, value);
        }
    }
    return result;
}

}  // namespace example
