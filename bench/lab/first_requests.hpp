// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/arrival.hpp>
#include <forebay/sim/source.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lab {

/// The first `most` requests of a workload, as a workload.
template <forebay::sim::workload_model Model>
struct first_requests {
    Model model;
    std::uint64_t most;

    template <forebay::sim::arrival_source Source>
    class source {
    public:
        source(Source opened, std::uint64_t most) : source_{std::move(opened)}, left_{most} {}
        [[nodiscard]] const forebay::sim::arrival* peek() { return left_ == 0 ? nullptr : source_.peek(); }
        void pop() {
            --left_;
            source_.pop();
        }
        [[nodiscard]] const std::vector<std::string>& tenants() const { return source_.tenants(); }
        [[nodiscard]] const std::vector<std::string>& kinds() const { return source_.kinds(); }

    private:
        Source source_;
        std::uint64_t left_;
    };

    [[nodiscard]] auto open() const { return source<decltype(model.open())>{model.open(), most}; }
};

}  // namespace lab
