// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "service_spec.hpp"

#include "command.hpp"
#include "quantity.hpp"
#include <forebay/sim/random.hpp>
#include <forebay/sim/random_service.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/sim/shared_service.hpp>
#include <forebay/sim/stepped_service.hpp>
#include <forebay/sim/token_service.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace lab {

namespace {

namespace sim = forebay::sim;
using words = std::vector<std::string>;

/// "20us", or "0.5ns" and the like: fractions of a nanosecond count here.
sim::time_per time_per_unit(const std::string& text) {
    constexpr std::int64_t finer = 1'000'000;
    if (text.ends_with("ns")) {
        const fraction exact = to_fraction(std::string_view{text}.substr(0, text.size() - 2));
        if (exact.value() > 1e9) return {to_duration(text), 1};
        return {forebay::duration{sim::scaled(exact.numerator, finer, exact.denominator)}, finer};
    }
    return {to_duration(text), 1};
}

struct form {
    const char* name;
    const char* arguments;
    const char* help;
    std::size_t count;
    any_service (*make)(const words& arguments, std::uint64_t seed);
};

constexpr form forms[]{
    {"constant", "D", "every batch takes D", 1,
     [](const words& given, std::uint64_t) { return any_service{sim::constant_service{to_duration(given[0])}}; }},
    {"exponential", "MEAN[,MEAN...]", "drawn for each batch; a mean for each priority class, or one for all", 1,
     [](const words& given, std::uint64_t seed) {
         std::vector<forebay::duration> means;
         for (const std::string& each : split(given[0], ',')) means.push_back(to_duration(each));
         return any_service{sim::exponential_service{std::move(means), seed}};
     }},
    {"affine", "T0:A", "T0, and A for each request", 2,
     [](const words& given, std::uint64_t) {
         return any_service{sim::affine_service{.base = to_duration(given[0]), .per_request = to_duration(given[1])}};
     }},
    {"tokens", "A:B", "A, and B for each token: input and output units", 2,
     [](const words& given, std::uint64_t) {
         const auto [time, units] = time_per_unit(given[1]);
         return any_service{sim::token_service{to_duration(given[0]), {time, units}, {}, {time, units}}};
     }},
    {"prompt", "A:B:C:D", "A, B a token in, C a squared token in, D a token out (0 = none)", 4,
     [](const words& given, std::uint64_t) {
         return any_service{sim::token_service{to_duration(given[0]), time_per_unit(given[1]), time_per_unit(given[2]),
                                               time_per_unit(given[3])}};
     }},
    {"padded", "A:B", "A, and B for each token in, all padded to the longest", 2,
     [](const words& given, std::uint64_t) {
         return any_service{sim::padded_service{to_duration(given[0]), time_per_unit(given[1])}};
     }},
    {"table", "N=D,N=D...", "measured times of batches of N, straight lines between", 1,
     [](const words& given, std::uint64_t) {
         std::vector<sim::table_service::point> points;
         for (const std::string& each : split(given[0], ',')) {
             const std::vector<std::string> ends = split(each, '=');
             if (ends.size() != 2) throw unexpected{"N=D, such as 8=12ms"};
             points.push_back({to_whole(ends[0], 1), to_duration(ends[1])});
         }
         return any_service{sim::table_service{std::move(points)}};
     }},
    {"recorded", "sum|longest", "as recorded with the requests (service_us): one by one, or together", 1,
     [](const words& given, std::uint64_t) {
         using together = sim::recorded_service::together;
         if (given[0] != "sum" && given[0] != "longest") throw unexpected{"sum or longest"};
         return any_service{sim::recorded_service{given[0] == "sum" ? together::sum : together::longest}};
     }},
};

/// One model, without what varies it.
any_service to_plain_service(const std::string& text, std::uint64_t seed) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string name = text.substr(0, colon);
    words known;
    for (const form& each : forms) {
        known.emplace_back(each.name);
        if (name != each.name) continue;
        const std::string whole = std::string{each.name} + ':' + each.arguments;
        words given = colon == text.size() ? words{} : split(std::string_view{text}.substr(colon + 1), ':');
        if (given.empty() && name == "recorded") given = {"sum"};
        if (given.size() != each.count) throw unexpected{whole};
        try {
            return each.make(given, seed);
        } catch (const unexpected& wrong) {
            throw unexpected{whole + ", " + wrong.what()};
        }
    }
    throw unexpected{"a service model (" + alternatives(known) + ")" + suggestion(name, known)};
}

any_service varied(any_service inner, const std::string& text, std::uint64_t seed) {
    const words given = split(text, ':');
    if (given.size() == 2 && given[0] == "noise") {
        return any_service{sim::noisy_service{std::move(inner), to_fraction(given[1]).value(), seed}};
    }
    if (given.size() == 3 && given[0] == "stragglers") {
        const auto one_in = static_cast<std::uint64_t>(to_whole(given[1], 1));
        return any_service{sim::straggler_service{std::move(inner), one_in, to_fraction(given[2]).value(), seed}};
    }
    if (given.size() == 2 && given[0] == "shared") {
        return any_service{sim::shared_service{std::move(inner), to_whole(given[1], 1)}};
    }
    if (given.size() == 2 && given[0] == "step") {
        using stepped = sim::stepped_service<any_service>;
        std::vector<stepped::step> steps;
        for (const std::string& each : split(given[1], ',')) {
            const words ends = split(each, '=');
            if (ends.size() != 2) throw unexpected{"step:FROM=SPEED,FROM=SPEED..., such as step:1m=0.5,2m=1"};
            const fraction speed = to_fraction(ends[1]);
            steps.push_back({to_duration(ends[0]), speed.numerator, speed.denominator});
        }
        return any_service{stepped{std::move(inner), std::move(steps)}};
    }
    throw unexpected{"noise:CV, stragglers:ONE_IN:FACTOR, shared:N or step:FROM=SPEED,FROM=SPEED... after the '+'"};
}

}  // namespace

any_service to_service(const std::string& text, std::uint64_t seed) {
    const words parts = split(text, '+');
    any_service service = to_plain_service(parts.front(), seed);
    for (std::size_t i = 1; i < parts.size(); ++i) service = varied(std::move(service), parts[i], seed);
    return service;
}

std::string service_help() {
    std::string text = "Time the model takes for a batch:\n";
    for (const form& each : forms) {
        const std::string head = std::string{each.name} + ':' + each.arguments;
        text += "  " + head + std::string(head.size() < 34 ? 34 - head.size() : 1, ' ') + each.help + '\n';
    }
    return text +
           "  MODEL+noise:CV                    any of them times a lognormal factor of mean 1\n"
           "  MODEL+stragglers:ONE_IN:FACTOR    one batch in ONE_IN takes FACTOR times as long\n"
           "  MODEL+shared:N                    the k-th batch at once, k above N, takes k / N times as long\n"
           "  MODEL+step:FROM=SPEED,...         SPEED times as fast from FROM on (0.5: half), since the first "
           "request\n";
}

}  // namespace lab
