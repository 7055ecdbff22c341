// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/source.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

template <arrival_source Source>
class merged_source;

/// Several workloads of one kind as one, on the time they share. Those of one instant come in the order of the parts.
/// Streams: of each part, only the next request is held.
template <workload_model Model>
struct merged {
    struct part {
        Model model;
        /// By how much all of its requests come later. [>= 0]
        duration delay{0};
    };
    std::vector<part> parts{};

    /// errors  std::invalid_argument for a delay < 0
    [[nodiscard]] auto open() const {
        using source = decltype(parts.front().model.open());
        std::vector<std::pair<source, duration>> opened;
        opened.reserve(parts.size());
        for (const part& each : parts) {
            if (each.delay < duration{0}) throw std::invalid_argument("forebay: a merged part's delay must be >= 0");
            opened.emplace_back(each.model.open(), each.delay);
        }
        return merged_source<source>{std::move(opened)};
    }
};

/// `copies` times the same workload: more load at the same time of day. The first as it is; each other one later by an
/// own delay drawn from 0 .. spread, so that copies of a request do not come as one.
/// [copies >= 1, spread >= 0]
template <workload_model Model>
[[nodiscard]] merged<Model> superpose(const Model& model, std::size_t copies, duration spread, std::uint64_t seed) {
    if (copies == 0 || spread < duration{0} || spread == duration::max()) {
        throw std::invalid_argument("forebay: a superposition needs at least one copy and a spread >= 0");
    }
    merged<Model> result;
    random_stream delays{seed, tenant_id{}, 3};
    for (std::size_t i = 0; i < copies; ++i) {
        const auto drawn = static_cast<std::int64_t>(delays.below(static_cast<std::uint64_t>(spread.count()) + 1));
        result.parts.push_back({model, i == 0 ? duration{0} : duration{drawn}});
    }
    return result;
}

/// cost  O(log parts) a request
template <arrival_source Source>
class merged_source {
    static_assert(!answered_source<Source>,
                  "forebay: closed loops are not merged: give one closed_loop several populations");

public:
    explicit merged_source(std::vector<std::pair<Source, duration>> sources) {
        parts_.reserve(sources.size());
        for (auto& [source, delay] : sources) parts_.push_back({std::move(source), delay, {}, {}, {}});
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            if (advance(parts_[i])) order_.push_back(i);
        }
        std::make_heap(order_.begin(), order_.end(), later{parts_});
    }

    [[nodiscard]] const arrival* peek() const noexcept {
        return order_.empty() ? nullptr : &parts_[order_.front()].next;
    }
    void pop() {
        std::pop_heap(order_.begin(), order_.end(), later{parts_});
        part& taken = parts_[order_.back()];
        taken.source.pop();
        if (advance(taken)) {
            std::push_heap(order_.begin(), order_.end(), later{parts_});
        } else {
            order_.pop_back();
        }
    }
    [[nodiscard]] const std::vector<std::string>& tenants() const noexcept { return names_.tenants; }
    [[nodiscard]] const std::vector<std::string>& kinds() const noexcept { return names_.kinds; }

private:
    struct part {
        Source source;
        duration delay;
        std::vector<std::uint32_t> tenants;  // what its indices are here
        std::vector<std::uint32_t> kinds;
        arrival next;
    };
    struct later {
        const std::vector<part>& parts;
        bool operator()(std::size_t a, std::size_t b) const noexcept {
            const time_point of_a = parts[a].next.at;
            const time_point of_b = parts[b].next.at;
            return of_a != of_b ? of_a > of_b : a > b;
        }
    };

    bool advance(part& from) {
        const arrival* const found = from.source.peek();
        // Names first: a part whose requests are still to come has its place among the others already.
        for (std::size_t i = from.tenants.size(); i < from.source.tenants().size(); ++i) {
            from.tenants.push_back(names_.tenant_index(from.source.tenants()[i]));
        }
        for (std::size_t i = from.kinds.size(); i < from.source.kinds().size(); ++i) {
            from.kinds.push_back(names_.kind_index(from.source.kinds()[i]));
        }
        if (found == nullptr) return false;
        from.next = *found;
        if (from.delay != duration{0}) move_to(from.next, saturating_add(from.next.at, from.delay));
        from.next.tenant = from.tenants.at(found->tenant);
        from.next.kind = from.kinds.at(found->kind);
        return true;
    }

    std::vector<part> parts_;
    std::vector<std::size_t> order_;  // a heap of parts that have a next request, the first in front
    name_lists names_;
};

}  // namespace forebay::inline v0::sim
