// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "service_spec.hpp"

#include "command.hpp"
#include "quantity.hpp"
#include <forebay/sim/service_model.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace lab {

namespace {

namespace sim = forebay::sim;
using words = std::vector<std::string>;

struct form {
    const char* name;
    const char* arguments;
    const char* help;
    std::size_t count;
    any_service (*make)(const words& arguments, std::uint64_t seed);
};

constexpr form forms[]{
    {"constant", "D", "every batch takes D", 1,
     [](const words& given, std::uint64_t) { return any_service{sim::affine_service{.base = to_duration(given[0])}}; }},
    {"affine", "T0:A", "T0, and A for each request", 2,
     [](const words& given, std::uint64_t) {
         return any_service{sim::affine_service{.base = to_duration(given[0]), .per_request = to_duration(given[1])}};
     }},
};

}  // namespace

any_service to_service(const std::string& text, std::uint64_t seed) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string name = text.substr(0, colon);
    words known;
    for (const form& each : forms) {
        known.emplace_back(each.name);
        if (name != each.name) continue;
        const std::string whole = std::string{each.name} + ':' + each.arguments;
        const words given = colon == text.size() ? words{} : split(std::string_view{text}.substr(colon + 1), ':');
        if (given.size() != each.count) throw unexpected{whole};
        try {
            return each.make(given, seed);
        } catch (const unexpected& wrong) {
            throw unexpected{whole + ", " + wrong.what()};
        }
    }
    throw unexpected{"a service model (" + alternatives(known) + ")" + suggestion(name, known)};
}

std::string service_help() {
    std::string text = "Time the model takes for a batch:\n";
    for (const form& each : forms) {
        const std::string head = std::string{each.name} + ':' + each.arguments;
        text += "  " + head + std::string(head.size() < 34 ? 34 - head.size() : 1, ' ') + each.help + '\n';
    }
    return text;
}

}  // namespace lab
