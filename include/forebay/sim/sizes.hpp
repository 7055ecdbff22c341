// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/distribution.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/time.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace forebay::inline v0::sim {

/// Which sizes of a request vary, and how. What is not given stays as the profile has it.
struct sizes {
    std::optional<distribution> input_units{};
    std::optional<distribution> output_units{};
    std::optional<distribution> items{};
    std::optional<distribution> cost{};
    /// `arrival::service`, in nanoseconds.
    std::optional<distribution> service{};
    /// `arrival::actual_cost`.
    std::optional<distribution> actual_cost{};
};

/// Draws the sizes of one request after the other, each from a stream of its own:
/// (seed, tenant, variable + k 2^32), k = 3 for input_units and on in the order of `sizes`.
class size_draws {
public:
    size_draws(const sizes& of, std::uint64_t seed, tenant_id tenant, std::uint64_t variable) {
        std::uint64_t k = 3;
        for (const auto member : {&sizes::input_units, &sizes::output_units, &sizes::items, &sizes::cost,
                                  &sizes::service, &sizes::actual_cost}) {
            if (of.*member) {
                drawn_.push_back({k, *(of.*member), random_stream{seed, tenant, variable + (k << 32)}});
            }
            ++k;
        }
    }

    void draw(arrival& request) {
        for (one& each : drawn_) {
            const std::int64_t value = each.from.draw(each.bits);
            switch (each.which) {
                case 3: request.input_units = value; break;
                case 4: request.output_units = value; break;
                case 5: request.items = value; break;
                case 6: request.info.cost = value; break;
                case 7: request.service = duration{value}; break;
                default: request.actual_cost = value; break;
            }
        }
    }

private:
    struct one {
        std::uint64_t which;
        distribution from;
        random_stream bits;
    };
    std::vector<one> drawn_;
};

/// A request of that sort at time 0, sizes included.
[[nodiscard]] inline arrival request_of(const profile& sort, name_lists& names) {
    arrival result;
    names.label(result, sort);
    result.input_units = sort.input_units;
    result.output_units = sort.output_units;
    result.items = sort.items;
    return result;
}

}  // namespace forebay::inline v0::sim
