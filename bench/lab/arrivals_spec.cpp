// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "arrivals_spec.hpp"

#include "command.hpp"
#include <forebay/sim/random.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace lab {

namespace {

namespace sim = forebay::sim;
using sim::arrival_process;
using sim::distribution;
using words = std::vector<std::string>;
constexpr nano_rate billion = 1'000'000'000;

/// A rate that may be 0, in one part of a process.
nano_rate to_nano_or_none(const std::string& text) {
    return to_nano(to_fraction(text));
}
double to_real(const std::string& text) {
    return to_fraction(text).value();
}
forebay::rate to_rate(nano_rate per_second) {
    return per_second == 0 ? forebay::rate::zero() : lab::to_rate(from_nano(per_second));
}

struct step {
    nano_rate arrivals;
    forebay::duration lasts;
};
/// Mean over time, to the nearest 1e-9 a second.
nano_rate mean_of(const std::vector<step>& steps) {
    sim::wide requests = 0;
    sim::wide time = 0;
    for (const step& each : steps) {
        const auto lasts = static_cast<sim::wide>(each.lasts.count());
        requests += static_cast<sim::wide>(each.arrivals) * lasts;
        time += lasts;
    }
    if (time == 0 || requests == 0) throw unexpected{"a rate above 0 and times above 0"};
    return static_cast<nano_rate>((requests + time / 2) / time);
}
/// The same steps at another mean.
std::vector<step> at_mean(std::vector<step> steps, nano_rate before, nano_rate after) {
    for (step& each : steps) each.arrivals = sim::scaled(each.arrivals, after, before);
    return steps;
}

struct form {
    const char* name;
    const char* arguments;
    const char* help;
    process_choice (*make)(const words& given);
};

constexpr form forms[]{
    {"poisson", "RATE", "independent users",
     [](const words& given) -> process_choice {
         return {given.empty() ? 0 : to_nano_rate(given.at(0)),
                 [](nano_rate mean) { return arrival_process::poisson(to_rate(mean)); }};
     }},
    {"deterministic", "RATE", "one every 1/RATE",
     [](const words& given) -> process_choice {
         return {given.empty() ? 0 : to_nano_rate(given.at(0)),
                 [](nano_rate mean) { return arrival_process::deterministic(to_rate(mean)); }};
     }},
    {"gamma", "RATE:CV", "gamma gaps; CV above 1: in bursts, below 1: more even than Poisson",
     [](const words& given) -> process_choice {
         return {to_nano_rate(given.at(0)),
                 [cv = to_real(given.at(1))](nano_rate mean) { return arrival_process::gamma(to_rate(mean), cv); }};
     }},
    {"weibull", "RATE:CV", "Weibull gaps",
     [](const words& given) -> process_choice {
         return {to_nano_rate(given.at(0)),
                 [cv = to_real(given.at(1))](nano_rate mean) { return arrival_process::weibull(to_rate(mean), cv); }};
     }},
    {"onoff", "R1:R2:T1:T2", "Poisson at R1 and at R2 in turns, for exponential times of mean T1 and T2",
     [](const words& given) -> process_choice {
         const std::vector<step> both{{to_nano_or_none(given.at(0)), to_duration(given.at(2))},
                                      {to_nano_or_none(given.at(1)), to_duration(given.at(3))}};
         return {mean_of(both), [both](nano_rate mean) {
                     const std::vector<step> now = at_mean(both, mean_of(both), mean);
                     return arrival_process::on_off(to_rate(now[0].arrivals), to_rate(now[1].arrivals), now[0].lasts,
                                                    now[1].lasts);
                 }};
     }},
    {"sinusoid", "RATE:AMPLITUDE:PERIOD", "Poisson, at RATE * (1 + AMPLITUDE * sin(2 pi t / PERIOD))",
     [](const words& given) -> process_choice {
         return {to_nano_rate(given.at(0)),
                 [amplitude = to_real(given.at(1)), period = to_duration(given.at(2))](nano_rate mean) {
                     return arrival_process::sinusoid(to_rate(mean), amplitude, period);
                 }};
     }},
    {"steps", "R1:D1:R2:D2...", "Poisson, at R1 for D1, at R2 for D2 and so on, then from the start",
     [](const words& given) -> process_choice {
         if (given.empty() || given.size() % 2 != 0) throw unexpected{"a rate and a duration for each step"};
         std::vector<step> all;
         for (std::size_t i = 0; i < given.size(); i += 2) {
             all.push_back({to_nano_or_none(given[i]), to_duration(given[i + 1])});
         }
         return {mean_of(all), [all](nano_rate mean) {
                     std::vector<arrival_process::step> now;
                     for (const step& each : at_mean(all, mean_of(all), mean)) {
                         now.push_back({to_rate(each.arrivals), each.lasts});
                     }
                     return arrival_process::steps(std::move(now));
                 }};
     }},
};

struct shape {
    const char* name;
    const char* arguments;
    distribution (*make)(const words& given, std::int64_t (*amount)(const std::string&));
};
using amount_reader = std::int64_t (*)(const std::string&);

constexpr shape shapes[]{
    {"constant", "N",
     [](const words& given, amount_reader amount) { return distribution::constant(amount(given[0])); }},
    {"uniform", "LEAST:MOST",
     [](const words& given, amount_reader amount) {
         return distribution::uniform(amount(given[0]), amount(given[1]));
     }},
    {"exponential", "MEAN",
     [](const words& given, amount_reader amount) { return distribution::exponential(amount(given[0])); }},
    {"normal", "MEAN:DEVIATION",
     [](const words& given, amount_reader amount) { return distribution::normal(amount(given[0]), amount(given[1])); }},
    {"lognormal", "MEAN:CV",
     [](const words& given, amount_reader amount) {
         return distribution::lognormal(amount(given[0]), to_real(given[1]));
     }},
    {"gamma", "MEAN:CV",
     [](const words& given, amount_reader amount) { return distribution::gamma(amount(given[0]), to_real(given[1])); }},
    {"weibull", "MEAN:CV",
     [](const words& given, amount_reader amount) {
         return distribution::weibull(amount(given[0]), to_real(given[1]));
     }},
    {"pareto", "LEAST:ALPHA",
     [](const words& given, amount_reader amount) {
         return distribution::pareto(amount(given[0]), to_real(given[1]));
     }},
    {"bounded-pareto", "LEAST:MOST:ALPHA",
     [](const words& given, amount_reader amount) {
         return distribution::bounded_pareto(amount(given[0]), amount(given[1]), to_real(given[2]));
     }},
    {"zipf", "COUNT:EXPONENT",
     [](const words& given, amount_reader) { return distribution::zipf(to_whole(given[0], 1), to_real(given[1])); }},
};

/// The arguments after "NAME:", as many as `wanted` names (any number for one that ends in "...").
words arguments_of(const std::string& text, const std::string& wanted, bool may_be_none) {
    const std::size_t colon = text.find(':');
    const words given = colon == std::string::npos ? words{} : split(std::string_view{text}.substr(colon + 1), ':');
    const auto count = static_cast<std::size_t>(std::count(wanted.begin(), wanted.end(), ':')) + 1;
    if (wanted.ends_with("...") || given.size() == count || (may_be_none && given.empty())) return given;
    throw unexpected{text.substr(0, colon) + ':' + wanted};
}

template <class Form, std::size_t Count, class Make>
auto chosen_form(const std::string& text, const Form (&all)[Count], const char* what, const Make& make) {
    const std::string name = text.substr(0, text.find(':'));
    words known;
    for (const Form& each : all) {
        known.emplace_back(each.name);
        if (name != each.name) continue;
        try {
            return make(each);
        } catch (const unexpected& wrong) {
            const std::string whole = name + ':' + each.arguments;
            if (wrong.what() == whole) throw;
            throw unexpected{whole + ", " + wrong.what()};
        }
    }
    throw unexpected{std::string{what} + " (" + alternatives(known) + ")" + suggestion(name, known)};
}

std::string line_of(const char* name, const char* arguments, const char* help) {
    const std::string head = std::string{name} + ':' + arguments;
    return "  " + head + std::string(head.size() < 34 ? 34 - head.size() : 1, ' ') + help + '\n';
}

}  // namespace

nano_rate to_nano(fraction per_second) {
    if (per_second.value() > 1e9) throw unexpected{"a rate of at most 1e9 per second"};
    return per_second.numerator * (billion / per_second.denominator);
}

nano_rate to_nano_rate(const std::string& text) {
    static_cast<void>(to_rate(text));
    return to_nano(to_fraction(text));
}

fraction from_nano(nano_rate per_second) {
    return {per_second, billion};
}

process_choice to_process(const std::string& text) {
    return chosen_form(text, forms, "an arrival process", [&](const form& each) {
        const std::string arguments = each.arguments;
        const process_choice made = each.make(arguments_of(text, arguments, arguments == "RATE"));
        if (made.mean > 0) static_cast<void>(made.at(made.mean));  // what cannot be is refused now
        return made;
    });
}

distribution to_distribution(const std::string& text, bool times) {
    amount_reader amount = [](const std::string& number) { return to_whole(number); };
    if (times) amount = [](const std::string& time) { return to_duration(time).count(); };
    return chosen_form(text, shapes, "a distribution",
                       [&](const shape& each) { return each.make(arguments_of(text, each.arguments, false), amount); });
}

std::string arrivals_help() {
    std::string text = "Arrival processes, rates a second:\n";
    for (const form& each : forms) text += line_of(each.name, each.arguments, each.help);
    text += "Distributions:\n";
    std::string line = "  ";
    for (const shape& each : shapes) {
        const std::string next = std::string{each.name} + ':' + each.arguments;
        if (line.size() + next.size() > 110) {
            text += line + '\n';
            line = "  ";
        }
        line += next + "  ";
    }
    return text + line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
}

}  // namespace lab
