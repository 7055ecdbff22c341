// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/source.hpp>
#include <forebay/time.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// What an overlay says of a request; what is not given stays as it is.
struct overlay_label {
    /// How often it is drawn, relative to the other labels of its rule.
    std::uint64_t weight{1};
    std::optional<std::string> tenant{};
    std::optional<std::string> kind{};
    std::optional<std::int32_t> priority{};
    std::optional<std::uint64_t> key{};
    std::optional<std::int64_t> cost{};
    /// Time after arrival at which it expires if no executor has taken it; `unlimited` takes a deadline away.
    std::optional<duration> patience{};
    std::optional<duration> slo{};
};

/// Which requests get one of some labels.
struct overlay_rule {
    enum class measure : std::uint8_t {
        anything,
        input_units,
        output_units,
        items,
        cost,
        service_ns,
        priority,
        since_ns
    };

    /// Those for which this lies in [at_least, below); since_ns: nanoseconds since the first request ...
    measure of{measure::anything};
    std::int64_t at_least{0};
    std::int64_t below{std::numeric_limits<std::int64_t>::max()};
    /// ... and that are of this tenant and kind, where they are named.
    std::optional<std::string> tenant{};
    std::optional<std::string> kind{};
    /// One of them, by seeded draw; a single one always.
    std::vector<overlay_label> labels{};
};

template <arrival_source Source>
class overlaid_source;

/// A workload (a trace, mostly, which has no tenants or deadlines) whose requests are labelled while it streams, by size
/// or by seeded draw. Rules are applied in their order, each to what the one before has left.
///
/// What is drawn for a request depends on its place, the rule and the seed only, not on what other rules hit.
template <workload_model Model>
struct overlaid {
    Model model;
    std::vector<overlay_rule> rules{};
    std::uint64_t seed{1};

    /// errors  std::invalid_argument for a rule without a label of weight > 0
    [[nodiscard]] auto open() const { return overlaid_source<decltype(model.open())>{model.open(), rules, seed}; }
};

template <arrival_source Source>
class overlaid_source {
    static_assert(!answered_source<Source>, "forebay: label a closed loop's populations themselves");

public:
    overlaid_source(Source source, const std::vector<overlay_rule>& rules, std::uint64_t seed)
        : source_{std::move(source)} {
        for (const overlay_rule& each : rules) {
            const auto place = static_cast<std::uint64_t>(rules_.size());
            rules_.push_back({each, {}, random_stream{seed, tenant_id{}, 1 + (place << 32)}});
            for (const overlay_label& label : each.labels) rules_.back().weights.push_back(label.weight);
            random_stream{0}.pick(rules_.back().weights);  // refuses weights that cannot be, before the run
        }
        for (const std::string& name : source_.tenants()) names_.tenant_index(name);
        for (const std::string& name : source_.kinds()) names_.kind_index(name);
    }

    [[nodiscard]] const arrival* peek() {
        if (!next_) {
            if (const arrival* const found = source_.peek()) {
                next_ = *found;
                if (!first_) first_ = found->at;
                next_->tenant = names_.tenant_index(source_.tenants()[found->tenant]);
                next_->kind = names_.kind_index(source_.kinds()[found->kind]);
                for (rule& each : rules_) apply(each, *next_);
            }
        }
        return next_ ? &*next_ : nullptr;
    }
    void pop() {
        next_.reset();
        source_.pop();
    }
    [[nodiscard]] const std::vector<std::string>& tenants() const noexcept { return names_.tenants; }
    [[nodiscard]] const std::vector<std::string>& kinds() const noexcept { return names_.kinds; }

private:
    struct rule {
        overlay_rule what;
        std::vector<std::uint64_t> weights;
        random_stream draw;
    };

    void apply(rule& by, arrival& request) {
        const std::size_t drawn = by.weights.size() == 1 ? 0 : by.draw.pick(by.weights);
        if (!hits(by.what, request)) return;
        const overlay_label& label = by.what.labels[drawn];
        if (label.tenant) {
            request.tenant = names_.tenant_index(*label.tenant);
            request.info.tenant = tenant_of(*label.tenant);
        }
        if (label.kind) request.kind = names_.kind_index(*label.kind);
        if (label.priority) request.info.priority = *label.priority;
        if (label.key) request.info.key = *label.key;
        if (label.cost) request.info.cost = *label.cost;
        if (label.slo) request.slo = *label.slo;
        if (label.patience) {
            request.info.deadline =
                *label.patience == unlimited ? no_deadline : saturating_add(request.at, *label.patience);
        }
    }
    [[nodiscard]] bool hits(const overlay_rule& by, const arrival& request) const {
        if (by.tenant && names_.tenants[request.tenant] != *by.tenant) return false;
        if (by.kind && names_.kinds[request.kind] != *by.kind) return false;
        if (by.of == overlay_rule::measure::anything) return true;
        const std::int64_t size = measured(by.of, request);
        return size >= by.at_least && size < by.below;
    }
    [[nodiscard]] std::int64_t measured(overlay_rule::measure of, const arrival& request) const noexcept {
        switch (of) {
            case overlay_rule::measure::input_units: return request.input_units;
            case overlay_rule::measure::output_units: return request.output_units;
            case overlay_rule::measure::items: return request.items;
            case overlay_rule::measure::cost: return request.info.cost;
            case overlay_rule::measure::service_ns: return request.service.count();
            case overlay_rule::measure::priority: return request.info.priority;
            case overlay_rule::measure::since_ns: return saturating_sub(request.at, *first_).count();
            case overlay_rule::measure::anything: break;
        }
        return 0;
    }

    Source source_;
    std::vector<rule> rules_;
    name_lists names_;
    std::optional<arrival> next_;
    std::optional<time_point> first_;
};

}  // namespace forebay::inline v0::sim
