// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/detail/http_text.hpp>
#include <forebay/outcome.hpp>
#include <forebay/rate.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace forebay::inline v0 {

// What a server says of a refusal or an outcome in HTTP: status codes, and field values as text. The server sends them.

/// Status codes: those that forebay's answers map to, and those a host needs before forebay is asked.
/// source   RFC 9110, section 15; 429: RFC 6585, section 4; 499: nginx
namespace http_code {
inline constexpr int ok = 200;
inline constexpr int accepted = 202;
inline constexpr int bad_request = 400;
inline constexpr int unauthorized = 401;     ///< the host's identity step: nobody it knows; goes with WWW-Authenticate
inline constexpr int forbidden = 403;        ///< the host's identity step: somebody it knows, who may not do this
inline constexpr int request_timeout = 408;  ///< the host's reading: the request did not arrive whole in time
inline constexpr int content_too_large = 413;
inline constexpr int too_many_requests = 429;
inline constexpr int client_closed_request = 499;  ///< in no RFC; for logs, since nobody is left to read it
inline constexpr int internal_server_error = 500;
inline constexpr int service_unavailable = 503;
inline constexpr int gateway_timeout = 504;
}  // namespace http_code

/// The status code for admission's answer.
///
/// 4xx or 5xx says whose doing it is. A quota is the client's: it sent more than it may while others are served, and each
/// server of the service would say the same. What waits and runs is the server's: 5xx, on which a proxy may try another.
/// Clients repeat 429 and 503 by themselves, so what no waiting helps gets neither, unless another server may help.
///
/// Not told apart by a verdict: `never` by a rate is 413, as for a request larger than the burst; a host whose quota has
/// no refill may want 403 once it is used up. An in-flight limit is taken for the server's; a host that sets one for each
/// client may want 429.
///
/// returns  one of http_code; 202 for an admitted request, which has no outcome yet
/// cost     O(1), allocates nothing, throws nothing
[[nodiscard]] constexpr int http_status(const verdict& said) noexcept {
    if (said) return http_code::accepted;
    const bool later = said.kind == answer::retry_at;
    switch (said.which) {  // no default: a limit without a line here is a warning
        // The client's quota; or one request that is more than a full bucket.
        case limit::rate: return later ? http_code::too_many_requests : http_code::content_too_large;
        // The server is full; or one request that is more than all it can hold.
        case limit::concurrency:
        case limit::queued_cost: return later ? http_code::service_unavailable : http_code::content_too_large;
        // The server is full, or shuts down, or the host's own policy said no without saying why. It never depends on
        // the request, so another server may take it.
        case limit::queued_requests:
        case limit::closed:
        case limit::none: return http_code::service_unavailable;
        // Larger than a batch may be. Of the cost, not only of the bytes: the closest there is, and clients do not repeat it.
        case limit::oversize: return http_code::content_too_large;
        // As ending::expired.
        case limit::deadline: return http_code::gateway_timeout;
        // Numbers that mean nothing here.
        case limit::bad_cost:
        case limit::bad_priority: return http_code::bad_request;
    }
    return http_code::internal_server_error;
}

/// The status code for how a request ended.
/// returns  one of http_code
/// cost     O(1), allocates nothing, throws nothing
[[nodiscard]] constexpr int http_status(ending how) noexcept {
    switch (how) {
        case ending::delivered: return http_code::ok;
        // The model or the host's code. A host that throws for a bad prompt maps its own exception first.
        case ending::failed: return http_code::internal_server_error;
        // The model behind this server did not answer in time, as google.rpc.Code maps DEADLINE_EXCEEDED. Not 408: that
        // says the client was slow to send, and lets it repeat the request at once.
        case ending::expired: return http_code::gateway_timeout;
        case ending::cancelled: return http_code::client_closed_request;
        // Overload, and shutting down: the server's doing.
        case ending::evicted:
        case ending::closed: return http_code::service_unavailable;
    }
    return http_code::internal_server_error;
}
/// The status code for an outcome: that of its ending.
template <class Result>
[[nodiscard]] constexpr int http_status(const outcome<Result>& ended) noexcept {
    return http_status(ended.how());
}

/// The value of Retry-After for a refusal: whole seconds, rounded up, so that a client that keeps to it is not early.
///
/// now      the caller's time                                             [as given to submit, or later]
/// returns  at least "1" for retry_at, also where the time has come meanwhile or nothing is known of it (on_completion):
///          "0" would bring the client straight back; at most "9223372037". An estimate is told as it is
///          nothing for admitted, for never, and where `said.when` is no_deadline: send no such field
/// cost     O(1); no allocation, since the text fits the string itself
/// source   RFC 9110, section 10.2.3 (delay-seconds)
[[nodiscard]] inline std::optional<std::string> retry_after(const verdict& said, time_point now) {
    if (said.kind != answer::retry_at || said.when == no_deadline) return std::nullopt;
    const auto wait = std::chrono::ceil<std::chrono::seconds>(saturating_sub(said.when, now));
    return std::to_string(std::max<std::int64_t>(wait.count(), 1));
}

/// A limit as clients are told of it. Made by `advertise` from a bucket's quota, or written by hand.
///
/// The texts are views: they must live until the field is written.
struct advertised_limit {
    /// The policy's name, the same in both fields. [printable ASCII, not empty]
    std::string_view name;
    /// What may be used in a window. [units, told within 0 .. 999,999,999,999,999]
    std::int64_t allowed{0};
    /// What is left of it; debt is told as 0. [units, told within 0 .. 999,999,999,999,999]
    std::int64_t remaining{0};
    /// The window. [time, told in whole seconds, rounded up; <= 0 = not told]
    duration window{0};
    /// How long the client should make do with what remains. [time, told rounded up; <= 0 = not told]
    duration reset{0};
    /// What is counted, if not requests. The draft registers "content-bytes" and "concurrent-requests", and none for the
    /// tokens of a model. [printable ASCII; empty = not told, which means requests]
    std::string_view unit{};
    /// Whose share of the quota it is, where one client uses several. Clients see it. [any bytes; empty = not told]
    std::string_view partition{};
};

/// What to tell clients of a token bucket.
///
/// name       of the policy; not looked at before a field is written
/// of         the bucket's quota
/// remaining  what it holds, `available(now)`                           [tokens]
/// returns    allowed  the burst
///            window   in which an empty bucket is full again: a client that uses no more than `allowed` in any window as
///                     told, in whole seconds, is not refused by a bucket that was full; none where nothing refills
///            reset    until the bucket is full, if nothing is used; duration::max() where it never is
/// cost       O(1), allocates nothing, throws nothing
[[nodiscard]] constexpr advertised_limit advertise(std::string_view name, const quota& of,
                                                   std::int64_t remaining) noexcept {
    advertised_limit told{.name = name, .allowed = of.burst(), .remaining = remaining};
    const std::int64_t per_ns = of.refill().tokens();
    const auto minted_in = [&](std::int64_t ticks) { return duration{(ticks - 1) / per_ns + 1}; };
    if (per_ns > 0) told.window = minted_in(of.burst() * of.refill().nanoseconds());  // fits 63 bits: see quota
    if (remaining >= of.burst()) return told;
    std::int64_t ticks = 0;
    const bool beyond = per_ns == 0 || __builtin_sub_overflow(of.burst(), remaining, &ticks) ||
                        __builtin_mul_overflow(ticks, of.refill().nanoseconds(), &ticks);
    told.reset = beyond ? duration::max() : minted_in(ticks);
    return told;
}
/// The same in the answer to `said`: if that is a refusal with a time, `reset` ends no later than what
/// `retry_after(said, now)` says, as section 6 of the draft wants it.
[[nodiscard]] constexpr advertised_limit advertise(std::string_view name, const quota& of, std::int64_t remaining,
                                                   const verdict& said, time_point now) noexcept {
    advertised_limit told = advertise(name, of, remaining);
    if (said.kind == answer::retry_at) {
        told.reset = std::min(told.reset, std::max(duration{1}, saturating_sub(said.when, now)));
    }
    return told;
}

namespace detail {

/// The RateLimit-Policy field, or the RateLimit field.
enum class ratelimit_field : bool { policy, limit };

inline std::string write(ratelimit_field which, std::span<const advertised_limit> limits) {
    std::size_t most = 0;
    for (const advertised_limit& one : limits) {
        most += structured_field::per_item + structured_field::most_of_string(one.name) +
                structured_field::most_of_string(one.unit) + structured_field::most_of_bytes(one.partition);
    }
    structured_field field{most};
    const auto seconds = [&](const char* key, duration length) {
        if (length > duration::zero()) field.parameter(key, std::chrono::ceil<std::chrono::seconds>(length).count());
    };
    for (const advertised_limit& one : limits) {
        if (one.name.empty()) throw std::invalid_argument("forebay: an advertised limit must have a name");
        field.item(one.name);
        if (which == ratelimit_field::policy) {
            field.parameter("q", one.allowed);
            if (!one.unit.empty()) field.parameter("qu", one.unit);
            seconds("w", one.window);
        } else {
            field.parameter("r", one.remaining);
            seconds("t", one.reset);
        }
        if (!one.partition.empty()) field.octets("pk", one.partition);
    }
    return std::move(field).text();
}

}  // namespace detail

/// The value of RateLimit-Policy: what the limits are. The same for every answer to one client.
///
/// limits   in the order they are to appear
/// returns  the text, as `"requests";q=60;w=6, "tokens";q=40000;qu="tokens";w=60`; empty without limits: send no such field
/// errors   std::invalid_argument for a name that is empty, or a name or unit that is not printable ASCII. Quotes and
///          backslashes are escaped.
/// cost     O(size of the text), which is the only allocation
/// source   draft-ietf-httpapi-ratelimit-headers-11, section 3; RFC 9651
[[nodiscard]] inline std::string ratelimit_policy(std::span<const advertised_limit> limits) {
    return detail::write(detail::ratelimit_field::policy, limits);
}
[[nodiscard]] inline std::string ratelimit_policy(std::initializer_list<advertised_limit> limits) {
    return ratelimit_policy(std::span<const advertised_limit>{limits});
}

/// The value of RateLimit: where the client stands, as `"requests";r=59;t=1`. All else as ratelimit_policy.
/// source   draft-ietf-httpapi-ratelimit-headers-11, section 4; RFC 9651
[[nodiscard]] inline std::string ratelimit(std::span<const advertised_limit> limits) {
    return detail::write(detail::ratelimit_field::limit, limits);
}
[[nodiscard]] inline std::string ratelimit(std::initializer_list<advertised_limit> limits) {
    return ratelimit(std::span<const advertised_limit>{limits});
}

/// A header field. The name is a literal.
struct http_field {
    std::string_view name;
    std::string value;
};

namespace detail {

inline std::array<http_field, 3> x_ratelimit(const advertised_limit& told,
                                             const std::array<std::string_view, 3>& names) {
    return {http_field{names[0], std::to_string(std::max<std::int64_t>(told.allowed, 0))},
            http_field{names[1], std::to_string(std::max<std::int64_t>(told.remaining, 0))},
            http_field{names[2], duration_text(told.reset)}};
}

}  // namespace detail

/// A limit on requests in the fields that the model APIs' clients read: how many, how many are left, and until when it is
/// as if none had been sent, as `60`, `59`, `1s`; the time as Go writes it: 0s, 120ms, 8.64s, 6m0s, 1h0m0s.
///
/// told     only `allowed`, `remaining` and `reset` are looked at; what is negative is told as 0
/// cost     O(1); allocates only for a number of more than 15 digits or a time of more than 15 characters
/// source   OpenAI's guide to rate limits, "Rate limits in headers"
[[nodiscard]] inline std::array<http_field, 3> x_ratelimit_requests(const advertised_limit& told) {
    return detail::x_ratelimit(
        told, {"x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"});
}
/// The same of a limit on tokens.
[[nodiscard]] inline std::array<http_field, 3> x_ratelimit_tokens(const advertised_limit& told) {
    return detail::x_ratelimit(
        told, {"x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"});
}

}  // namespace forebay::inline v0
