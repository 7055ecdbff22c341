// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "trace_options.hpp"

#include "first_requests.hpp"
#include <forebay/sim/merge.hpp>
#include <forebay/sim/trace.hpp>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

namespace lab {

namespace sim = forebay::sim;

namespace {

/// Requests of a model, and the time from the first to the last.
struct extent {
    std::uint64_t requests{0};
    forebay::duration span{0};
};
template <sim::workload_model Model>
extent extent_of(const Model& model) {
    extent found;
    auto source = model.open();
    forebay::time_point first{};
    for (const sim::arrival* next = source.peek(); next != nullptr; next = source.peek()) {
        if (found.requests++ == 0) first = next->at;
        found.span = saturating_sub(next->at, first);
        source.pop();
    }
    return found;
}

/// Factor of all gaps that gives so many requests (less the first) over their span this mean rate.
void stretch(sim::reshaping& shape, const extent& found, nano_rate rate) {
    if (found.requests < 2 || found.span <= forebay::duration{0}) {
        throw usage_error{"--trace: expected requests at two times at least, to change their rate"};
    }
    const auto gaps = static_cast<std::int64_t>(found.requests - 1);
    constexpr nano_rate billion = 1'000'000'000;
    shape.gap_numerator = sim::scaled(gaps, billion * billion, rate);  // the span that is wanted, in nanoseconds
    shape.gap_denominator = found.span.count();
}

}  // namespace

void trace_options::add_to(options& its) {
    add_values(
        its, "--trace", [this](const std::string& path) { paths_.push_back(path); }, "FILE",
        "Requests from a CSV file; may be repeated: several are merged on their common time");
    const auto noted = [this](const char* name, auto read) {
        return [this, name, read = std::move(read)](const std::string& text) {
            given_.emplace_back(name);
            return read(text);
        };
    };
    add_value(its, "--map", mapping_, noted("--map", [](const std::string& text) { return sim::parse_mapping(text); }),
              "FIELD=COLUMN[:FORMAT],...",
              "What a file's columns mean, such as arrival=TIMESTAMP:datetime,cost=ContextTokens; where only costs are "
              "named, they are the size");
    its.add_flag("--sort", sort_, "The files' rows may be in any order; all are then held in memory");
    add_value(its, "--time-scale", time_scale_,
              noted("--time-scale",
                    [](const std::string& text) {
                        const fraction scale = to_fraction(text);
                        if (scale.numerator == 0) throw unexpected{"a number above 0"};
                        return std::optional{scale};
                    }),
              "K", "Divide the trace's gaps by K: 2 doubles the rate and keeps the shape of bursts");
    add_value(its, "--target-rate", target_rate_,
              noted("--target-rate", [](const std::string& text) { return std::optional{to_nano_rate(text)}; }), "RATE",
              "Scale the trace's gaps so that this is its mean rate [requests/s]");
    add_value(its, "--thin", shape_.keep,
              noted("--thin",
                    [this](const std::string& text) {
                        const fraction part = to_fraction(text);
                        if (part.value() > 1) throw unexpected{"a probability from 0 to 1"};
                        shape_.of = static_cast<std::uint64_t>(part.denominator);
                        return static_cast<std::uint64_t>(part.numerator);
                    }),
              "P", "Keep each request of the trace with probability P, drawn from the seed");
    add_value(its, "--superpose", copies_,
              noted("--superpose",
                    [this](const std::string& text) {
                        const std::size_t colon = text.find(':');
                        if (colon != std::string::npos) spread_ = to_duration(std::string_view{text}.substr(colon + 1));
                        return static_cast<std::size_t>(to_whole(std::string_view{text}.substr(0, colon), 1, 10'000));
                    }),
              "N[:SPREAD]", "The trace N times over, each copy later by a delay drawn from 0 to SPREAD [default 1s]");
    add_value(its, "--window", shape_.from,
              noted("--window",
                    [this](const std::string& text) {
                        const std::vector<std::string> ends = split(text, ':');
                        if (ends.size() != 2) throw unexpected{"FROM:UNTIL, two durations, such as 10m:20m"};
                        shape_.until = to_duration(ends[1]);
                        const forebay::duration from = to_duration(ends[0]);
                        if (shape_.until <= from) throw unexpected{"FROM:UNTIL with UNTIL behind FROM"};
                        shape_.from_zero = true;
                        return from;
                    }),
              "FROM:UNTIL", "Keep that part of the trace, from its first request on [durations]");
}

void trace_options::check() const {
    if (!any() && (!given_.empty() || sort_)) {
        throw usage_error{(given_.empty() ? "--sort" : given_.front()) + ": expected --trace beside it"};
    }
    if (time_scale_ && target_rate_) throw usage_error{"--target-rate: expected no --time-scale beside it"};
}

bool trace_options::maps_cost_alone() const {
    const auto names = [&](sim::trace_field field) {
        return std::any_of(mapping_.entries.begin(), mapping_.entries.end(),
                           [&](const sim::trace_mapping::entry& each) { return each.field == field; });
    };
    return (names(sim::trace_field::cost) || names(sim::trace_field::actual_cost)) &&
           !names(sim::trace_field::input_units) && !names(sim::trace_field::output_units);
}

bool trace_options::has_service() const {
    for (const std::string& path : paths_) {
        auto source = sim::trace_file{path, mapping_, sort_}.open();
        const sim::arrival* const first = source.peek();
        if (first != nullptr && first->service > forebay::duration{0}) return true;
    }
    return false;
}

any_workload trace_options::build(std::uint64_t seed, std::uint64_t most, forebay::duration until,
                                  const std::vector<sim::overlay_rule>& rules, std::optional<nano_rate> rate) const {
    sim::merged<sim::trace_file> files;
    for (const std::string& path : paths_) files.parts.push_back({sim::trace_file{path, mapping_, sort_}, {}});
    sim::reshaping shape = shape_;
    shape.seed = seed;
    shape.until = std::min(shape.until, until);
    sim::reshaped all{sim::superpose(files, copies_, spread_, seed), shape};
    if (!rate) rate = target_rate_;
    if (rate) {
        stretch(all.how, extent_of(first_requests<decltype(all)>{all, most}), *rate);
    } else if (time_scale_) {
        all.how.gap_numerator = time_scale_->denominator;
        all.how.gap_denominator = time_scale_->numerator;
    }
    const first_requests<decltype(all)> first{std::move(all), most};
    if (rules.empty()) return any_workload{first};
    return any_workload{sim::overlaid<first_requests<decltype(all)>>{first, rules, seed}};
}

namespace {

sim::overlay_label to_label(const std::string& text) {
    sim::overlay_label label;
    for (const std::string& part : split(text, ',')) {
        const std::size_t equals = std::min(part.find('='), part.size());
        const std::string name = part.substr(0, equals);
        const std::string value = part.substr(std::min(equals + 1, part.size()));
        if (value.empty()) throw unexpected{"NAME=VALUE, not '" + part + "'"};
        if (name == "tenant") {
            label.tenant = value;
        } else if (name == "kind") {
            label.kind = value;
        } else if (name == "class") {
            label.priority = static_cast<std::int32_t>(to_whole(value, 0, std::numeric_limits<std::int32_t>::max()));
        } else if (name == "key") {
            label.key = static_cast<std::uint64_t>(to_whole(value));
        } else if (name == "cost") {
            label.cost = to_whole(value);
        } else if (name == "deadline") {
            label.patience = to_duration(value);
        } else if (name == "slo") {
            label.slo = to_duration(value);
        } else if (name == "weight") {
            label.weight = static_cast<std::uint64_t>(to_whole(value, 0, 1'000'000'000));
        } else {
            const std::vector<std::string> known{"tenant", "kind", "class", "key", "cost", "deadline", "slo", "weight"};
            throw unexpected{"a label of " + alternatives(known) + ", not '" + name + "'" + suggestion(name, known)};
        }
    }
    return label;
}

void read_where(sim::overlay_rule& rule, const std::string& text) {
    using measure = sim::overlay_rule::measure;
    constexpr std::pair<const char*, measure> measures[]{
        {"input", measure::input_units}, {"output", measure::output_units}, {"items", measure::items},
        {"cost", measure::cost},         {"class", measure::priority},      {"at", measure::since_ns}};
    const std::size_t sign = std::min(text.find_first_of("<>="), text.size());
    const std::string name = text.substr(0, sign);
    const std::string rest = text.substr(sign);
    if (rest.starts_with('=') && name == "tenant") {
        rule.tenant = rest.substr(1);
        return;
    }
    if (rest.starts_with('=') && name == "kind") {
        rule.kind = rest.substr(1);
        return;
    }
    for (const auto& [known, of] : measures) {
        if (name != known) continue;
        rule.of = of;
        const auto bound = [&rule](std::string_view value) {
            return rule.of == measure::since_ns ? to_duration(value).count() : to_whole(value);
        };
        if (rest.starts_with(">=")) {
            rule.at_least = bound(std::string_view{rest}.substr(2));
            return;
        }
        if (rest.starts_with('<')) {
            rule.below = bound(std::string_view{rest}.substr(1));
            return;
        }
    }
    throw unexpected{
        "input, output, items, cost, class or at with >=N or <N, or tenant=NAME or kind=NAME, before the ':'"};
}

}  // namespace

sim::overlay_rule to_overlay(const std::string& text) {
    sim::overlay_rule rule;
    const std::size_t colon = text.find(':');
    if (colon != std::string::npos) read_where(rule, text.substr(0, colon));
    for (const std::string& each : split(text.substr(colon == std::string::npos ? 0 : colon + 1), '|')) {
        rule.labels.push_back(to_label(each));
    }
    return rule;
}

}  // namespace lab
