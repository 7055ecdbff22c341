// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/batch/batch.hpp>
#include <forebay/detail/inline_function.hpp>
#include <forebay/outcome.hpp>
#include <forebay/time.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

namespace forebay::inline v0::detail {

/// What went wrong in host code after its requests had been counted.
struct slips {
    std::uint64_t sink_failures{0};
    std::uint64_t not_delivered{0};  // counted as delivered, and then taking the result threw
};

/// How long a request waited before it was queued, where that may be.
struct wait_at_gate {
    duration length;  // no initialiser: that of a duration may throw, on paper
};
struct no_wait_at_gate {
    static constexpr duration length{0};
};

/// A request as the scheduler holds it: the payload until it runs, what admission took, where it runs, who is told.
template <class Request, class Result, class Permit = permit, class Waited = no_wait_at_gate>
struct job {
    std::optional<Request> request{};
    Permit taken{};
    batch_record<Request>* in{nullptr};           // once it runs
    std::uint32_t index{0};                       // in that record
    inline_function<void(outcome<Result>)> sink;  // last: most sinks use the beginning of its storage only
    [[no_unique_address]] Waited waited{};        // seldom anything, or asked for

    /// Calls the sink, then destroys it and the payload.
    void tell(outcome<Result>&& how, slips& found) noexcept {
        try {
            sink.spend(std::move(how));
        } catch (...) {
            ++found.sink_failures;
        }
        request.reset();
    }
};

/// next(), the outcome of a member that was counted as `how`; a failed one if the host's range throws.
template <class Result, class Next>
[[nodiscard]] outcome<Result> ask(Next& next, ending how, bool claimed, slips& found) noexcept {
    try {
        return next();
    } catch (...) {
        if (claimed && how == ending::delivered) ++found.not_delivered;
        return outcome<Result>{failure::exception, std::current_exception()};
    }
}

}  // namespace forebay::inline v0::detail
