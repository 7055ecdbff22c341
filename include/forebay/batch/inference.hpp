// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/batch/batch.hpp>

#include <cstdint>
#include <span>
#include <type_traits>

namespace forebay::inline v0 {

/// The ways in which a host's inference callback can take a batch.
enum class inference_form : std::uint8_t {
    batch_by_value,  ///< callback(batch): the host keeps it and completes it when it is done, from any thread
    batch_in_place,  ///< callback(batch&): filled in before it returns
    span,            ///< callback(span of requests) -> range of results, one each, in the same order
    none,            ///< not an inference callback
};

/// Which form a callback has. One that takes anything is asked in the order of the enumerators.
template <class Inference, class Request, class Result>
inline constexpr inference_form inference_form_of = [] {
    if constexpr (std::is_invocable_v<Inference&, batch<Request, Result>>) {
        return inference_form::batch_by_value;
    } else if constexpr (std::is_invocable_v<Inference&, batch<Request, Result>&>) {
        return inference_form::batch_in_place;
    } else if constexpr (std::is_invocable_v<Inference&, std::span<Request>>) {
        using results = std::remove_reference_t<std::invoke_result_t<Inference&, std::span<Request>>>;
        return results_for<results, Result> ? inference_form::span : inference_form::none;
    } else {
        return inference_form::none;
    }
}();

}  // namespace forebay::inline v0
