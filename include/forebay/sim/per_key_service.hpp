// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/service_model.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// A model of its own for each key that is named (a variant, an adapter), another one for all the rest.
template <service_model Model>
class per_key_service {
public:
    /// errors  std::invalid_argument if a key is named twice
    per_key_service(Model rest, std::vector<std::pair<std::uint64_t, Model>> models)
        : rest_{std::move(rest)}, models_{std::move(models)} {
        std::stable_sort(models_.begin(), models_.end(), before);
        const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
        if (std::adjacent_find(models_.begin(), models_.end(), same) != models_.end()) {
            throw std::invalid_argument("forebay: per_key_service needs keys that differ");
        }
    }

    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        const auto found = std::lower_bound(models_.begin(), models_.end(), shape.key,
                                            [](const auto& each, std::uint64_t key) { return each.first < key; });
        return found != models_.end() && found->first == shape.key ? found->second(shape) : rest_(shape);
    }

private:
    using named = std::pair<std::uint64_t, Model>;
    static bool before(const named& a, const named& b) { return a.first < b.first; }

    Model rest_;
    std::vector<named> models_;
};

}  // namespace forebay::inline v0::sim
