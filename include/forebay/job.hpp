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
#include <type_traits>
#include <utility>

namespace forebay::inline v0::detail {

/// What went wrong in host code after its requests had been counted.
struct slips {
    std::uint64_t sink_failures{0};
    std::uint64_t not_delivered{0};  // counted as delivered, and then taking the result threw
};

/// A request as the scheduler holds it: the payload until it runs, what admission took, where it runs, who is told.
template <class Request, class Result, class Permit = permit>
struct job {
    std::optional<Request> request{};
    Permit taken{};
    batch_record<Request>* in{nullptr};           // once it runs
    std::uint32_t index{0};                       // in that record
    inline_function<void(outcome<Result>)> sink;  // last: most sinks use the beginning of its storage only

    /// Calls the sink, then destroys it and the payload.
    void tell(outcome<Result>&& how, slips& found) noexcept {
        try {
            sink.spend(std::move(how));
        } catch (...) {
            ++found.sink_failures;
        }
        if constexpr (!std::is_trivially_destructible_v<Request>) request.reset();
    }
};

/// The same, of a request that may have waited for its slot before it was queued. (Derived, since an empty member in its
/// place costs g++ 12 some 20 instructions a request where nobody waits.)
template <class Request, class Result, class Permit = permit>
struct delayed_job : job<Request, Result, Permit> {
    template <class... Parts>
    explicit delayed_job(Parts&&... parts) noexcept : job<Request, Result, Permit>{std::forward<Parts>(parts)...} {}

    duration waited{duration::zero()};
};

/// next(), the outcome of a member that was counted as `how`, if it was; a failed one if the host's range throws.
template <class Result, class Next>
[[nodiscard]] outcome<Result> ask(Next& next, ending how, bool counted, slips& found) noexcept {
    try {
        return next();
    } catch (...) {
        if (counted && how == ending::delivered) ++found.not_delivered;
        return outcome<Result>{failure::exception, std::current_exception()};
    }
}

}  // namespace forebay::inline v0::detail
