// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/arrival.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/sim/source.hpp>
#include <forebay/time.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace lab {

/// What is said of requests on the command line, whatever brings them: it goes before what the workload says.
using request_rule = std::function<void(forebay::sim::arrival&)>;

/// Any arrival source, closed loops included.
class any_source {
public:
    /// What stands behind, also for those who want its names while a run has it.
    struct held {
        virtual ~held() = default;
        [[nodiscard]] virtual const forebay::sim::arrival* peek() = 0;
        virtual void pop() = 0;
        [[nodiscard]] virtual const std::vector<std::string>& tenants() const = 0;
        [[nodiscard]] virtual const std::vector<std::string>& kinds() const = 0;
        virtual void ended(const forebay::sim::arrival& request, forebay::time_point now) = 0;
    };

    /// model  what the source may refer to
    any_source(std::shared_ptr<const void> model, std::unique_ptr<held> source)
        : model_{std::move(model)}, source_{std::move(source)} {}

    [[nodiscard]] const forebay::sim::arrival* peek() { return source_->peek(); }
    void pop() { source_->pop(); }
    [[nodiscard]] const std::vector<std::string>& tenants() const { return source_->tenants(); }
    [[nodiscard]] const std::vector<std::string>& kinds() const { return source_->kinds(); }
    void ended(const forebay::sim::arrival& request, forebay::time_point now) { source_->ended(request, now); }

    [[nodiscard]] const held& names() const noexcept { return *source_; }

private:
    std::shared_ptr<const void> model_;
    std::unique_ptr<held> source_;
};

/// Any workload model, with the rules that apply to its requests. Copies share the model.
class any_workload {
    template <class Source>
    struct held_of final : any_source::held {
        held_of(Source opened, const std::vector<request_rule>& applied) : source{std::move(opened)}, rules{applied} {}

        const forebay::sim::arrival* peek() override {
            const forebay::sim::arrival* next = source.peek();
            if (next == nullptr || rules.empty()) return next;
            shown = *next;
            for (const request_rule& rule : rules) rule(shown);
            return &shown;
        }
        void pop() override { source.pop(); }
        const std::vector<std::string>& tenants() const override { return source.tenants(); }
        const std::vector<std::string>& kinds() const override { return source.kinds(); }
        void ended(const forebay::sim::arrival& request, forebay::time_point now) override {
            if constexpr (forebay::sim::answered_source<Source>) source.ended(request, now);
        }

        Source source;
        std::vector<request_rule> rules;
        forebay::sim::arrival shown;
    };
    struct described {
        virtual ~described() = default;
        [[nodiscard]] virtual std::unique_ptr<any_source::held> open(const std::vector<request_rule>& rules) const = 0;
    };
    template <class Model>
    struct described_as final : described {
        explicit described_as(Model chosen) : model{std::move(chosen)} {}
        [[nodiscard]] std::unique_ptr<any_source::held> open(const std::vector<request_rule>& rules) const override {
            return std::make_unique<held_of<decltype(model.open())>>(model.open(), rules);
        }
        Model model;
    };

public:
    // A copy is none of these: asked first, since to ask whether it is a model would be to ask this again.
    template <class Model>
    requires(!std::is_same_v<Model, any_workload> &&
             forebay::sim::workload_model<Model>) explicit any_workload(Model model)
        : model_{std::make_shared<described_as<Model>>(std::move(model))} {}

    void add(request_rule rule) { rules_.push_back(std::move(rule)); }
    /// Calls told(source) for every source that is opened from then on.
    void watch(std::function<void(const any_source::held&)> told) { told_ = std::move(told); }

    [[nodiscard]] any_source open() const {
        any_source source{model_, model_->open(rules_)};
        if (told_) told_(source.names());
        return source;
    }

private:
    std::shared_ptr<const described> model_;
    std::vector<request_rule> rules_;
    std::function<void(const any_source::held&)> told_;
};

/// Any service model.
struct any_service {
    std::function<forebay::duration(const forebay::sim::batch_shape&)> time;

    [[nodiscard]] forebay::duration operator()(const forebay::sim::batch_shape& shape) const { return time(shape); }
};

}  // namespace lab
