// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/contract.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace forebay::inline v0 {

/// How a request ended. Exactly one of these, exactly once.
enum class ending : std::uint8_t {
    delivered,  ///< the model answered; `value()` holds the result
    failed,     ///< it reached the model, and the host's code threw, gave the wrong number of results, or gave up
    expired,    ///< its deadline passed before it was handed to the model
    cancelled,  ///< the host cancelled it
    evicted,    ///< it made room for a more urgent one
    closed,     ///< the scheduler was closed or destroyed first
};

/// What the caller can do about an ending.
enum class advice : std::uint8_t {
    none,         ///< nothing to do: delivered, or the caller's own wish
    retry,        ///< the same request may succeed at once
    retry_later,  ///< the service is overloaded: wait, then try again
    give_up,      ///< the same request will end the same way here
};

/// Why a request failed.
enum class failure : std::uint8_t {
    none,           ///< it did not
    exception,      ///< the inference callback threw, or the host failed it with an error
    wrong_count,    ///< the callback returned more or fewer results than the batch has requests
    not_completed,  ///< the batch was dropped, or returned, without an answer for this request
};

/// The one outcome of a request: a result, or a reason with what the caller can do about it.
///
/// Result   what the model returns for one request; nothrow movable. Move-only is fine.
/// threads  a value: as safe as Result
template <class Result>
class outcome {
    static_assert(
        std::is_nothrow_move_constructible_v<Result>,
        "forebay: a result must be nothrow move constructible: it is moved out of the batch into the sink, and "
        "nothing could be delivered if that threw");

public:
    /// Delivered. Implicit, so that a result is an outcome.
    outcome(Result result) noexcept : ending_{ending::delivered}, result_{std::move(result)} {}
    /// Ended without a result.
    explicit outcome(ending how) noexcept : ending_{how}, no_result_{} {
        FOREBAY_EXPECTS(how != ending::delivered, "an outcome that was delivered holds a result");
    }
    /// Failed, with the reason and, if there is one, the host's exception.
    explicit outcome(failure why, std::exception_ptr error = nullptr) noexcept
        : ending_{ending::failed}, failure_{why}, no_result_{std::move(error)} {}

    outcome(outcome&& other) noexcept : ending_{other.ending_}, failure_{other.failure_} {
        if (other.has_value()) {
            std::construct_at(&result_, std::move(other.result_));
        } else {
            std::construct_at(&no_result_, std::move(other.no_result_.error));
        }
    }
    outcome& operator=(outcome&& other) noexcept {
        if (this != &other) {
            std::destroy_at(this);
            std::construct_at(this, std::move(other));
        }
        return *this;
    }
    ~outcome() { has_value() ? std::destroy_at(&result_) : std::destroy_at(&no_result_); }

    [[nodiscard]] ending how() const noexcept { return ending_; }
    [[nodiscard]] failure why() const noexcept { return failure_; }
    /// What the host's code threw, or null.
    [[nodiscard]] std::exception_ptr error() const noexcept { return has_value() ? nullptr : no_result_.error; }

    [[nodiscard]] bool has_value() const noexcept { return ending_ == ending::delivered; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

    /// The result. Only of a delivered outcome.
    [[nodiscard]] Result& value() & noexcept {
        FOREBAY_EXPECTS(has_value(), "ask has_value() before value(): this request ended without a result");
        return result_;
    }
    [[nodiscard]] const Result& value() const& noexcept {
        FOREBAY_EXPECTS(has_value(), "ask has_value() before value(): this request ended without a result");
        return result_;
    }
    [[nodiscard]] Result&& value() && noexcept { return std::move(value()); }

    [[nodiscard]] Result& operator*() & noexcept { return value(); }
    [[nodiscard]] const Result& operator*() const& noexcept { return value(); }
    [[nodiscard]] Result&& operator*() && noexcept { return std::move(value()); }
    [[nodiscard]] Result* operator->() noexcept { return &value(); }
    [[nodiscard]] const Result* operator->() const noexcept { return &value(); }

    [[nodiscard]] forebay::advice advice() const noexcept {
        switch (ending_) {
            case ending::delivered:
            case ending::cancelled: return forebay::advice::none;
            case ending::failed:
                return failure_ == failure::not_completed ? forebay::advice::retry : forebay::advice::give_up;
            case ending::expired:
            case ending::evicted: return forebay::advice::retry_later;
            case ending::closed: return forebay::advice::retry;
        }
        return forebay::advice::give_up;
    }

private:
    ending ending_;
    failure failure_{failure::none};
    // An error takes no room, and no work, where there is a result. What is left of the room is zeroed, so that a compiler
    // that follows the bytes does not see them unset.
    struct alignas(Result) alignas(std::exception_ptr) nothing {
        std::exception_ptr error{};
        std::byte rest[sizeof(Result) > sizeof(std::exception_ptr) ? sizeof(Result) - sizeof(std::exception_ptr) : 1]{};
    };
    union {
        Result result_;
        nothing no_result_;
    };
};

/// The enumerator's name, for logs and metrics.
[[nodiscard]] constexpr const char* to_string(ending how) noexcept {
    switch (how) {
        case ending::delivered: return "delivered";
        case ending::failed: return "failed";
        case ending::expired: return "expired";
        case ending::cancelled: return "cancelled";
        case ending::evicted: return "evicted";
        case ending::closed: return "closed";
    }
    return "unknown";
}

}  // namespace forebay::inline v0
