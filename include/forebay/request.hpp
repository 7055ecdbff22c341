// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace forebay::inline v0 {

/// Who asks. Any 64-bit number the host knows its clients by, or `tenant_of(text)`. Its own type, so that a priority or
/// a cost is not taken for one.
enum class tenant_id : std::uint64_t {};

/// Cost of a request of which the caller does not know it: `policies::costs` estimates it. Where nothing does, the request
/// is refused with limit::bad_cost.
inline constexpr std::int64_t unknown_cost = std::numeric_limits<std::int64_t>::min();

/// What forebay needs to know of a request; the payload itself stays opaque.
struct request_info {
    /// Who asks. Limits are held and fairness is kept per tenant.
    tenant_id tenant{};
    /// Urgency class, 0 first. A class the queue's order does not have is refused, never mapped to another.
    std::int32_t priority{0};
    /// Size of the payload, for limits that count `by_bytes`; 0 where nobody counts it. [bytes; more counts as 2^32 - 1]
    std::uint32_t bytes{0};
    /// Compatibility: only requests with equal key share a batch (model variant, shape, adapter).
    std::uint64_t key{0};
    /// What the request costs, in the host's unit (tokens, pixels, milliseconds). [>= 0, or unknown_cost]
    std::int64_t cost{1};
    /// When an answer stops being useful. A request not handed to the model before this instant expires at it.
    time_point deadline{no_deadline};

    friend constexpr bool operator==(const request_info&, const request_info&) noexcept = default;
};

static_assert(sizeof(request_info) == 40);  // one is kept for each request that waits

/// Names one accepted request of one scheduler: a place in its table and how often that place has been used. An old ticket
/// does not touch the request that took its place. Another scheduler's ticket means nothing here, and may by chance name
/// some other request. A default-made ticket names no request.
struct ticket {
    std::uint32_t slot{0};
    std::uint32_t generation{0};

    friend constexpr bool operator==(ticket, ticket) noexcept = default;
};

/// 128-bit key of `tenant_of`. Choose it at random and keep it secret where clients choose their own names.
struct hash_key {
    std::uint64_t low{0x0706050403020100ULL};
    std::uint64_t high{0x0f0e0d0c0b0a0908ULL};
};

/// The tenant named by a text (an API key, an account name): its 64-bit SipHash-2-4.
///
/// text     any bytes
/// key      secret of the hash; with the default the number is the same in every process and can be logged and compared,
///          but whoever chooses names can search for two that meet (about 2^32 tries)
/// cost     O(size of text), allocates nothing, throws nothing
/// source   Aumasson, Bernstein: SipHash: a fast short-input PRF, INDOCRYPT 2012
[[nodiscard]] constexpr tenant_id tenant_of(std::string_view text, hash_key key = {}) noexcept {
    const auto rotl = [](std::uint64_t x, int b) { return (x << b) | (x >> (64 - b)); };
    std::uint64_t v0 = key.low ^ 0x736f6d6570736575ULL;
    std::uint64_t v1 = key.high ^ 0x646f72616e646f6dULL;
    std::uint64_t v2 = key.low ^ 0x6c7967656e657261ULL;
    std::uint64_t v3 = key.high ^ 0x7465646279746573ULL;
    const auto rounds = [&](int n) {
        for (int i = 0; i < n; ++i) {
            v0 += v1, v1 = rotl(v1, 13), v1 ^= v0, v0 = rotl(v0, 32);
            v2 += v3, v3 = rotl(v3, 16), v3 ^= v2;
            v0 += v3, v3 = rotl(v3, 21), v3 ^= v0;
            v2 += v1, v1 = rotl(v1, 17), v1 ^= v2, v2 = rotl(v2, 32);
        }
    };
    const auto word = [&](std::size_t from, std::size_t bytes) {
        std::uint64_t m = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
            m |= std::uint64_t{static_cast<unsigned char>(text[from + i])} << (8 * i);
        }
        return m;
    };
    const std::size_t whole = text.size() / 8 * 8;
    for (std::size_t i = 0; i < whole; i += 8) {
        const std::uint64_t m = word(i, 8);
        v3 ^= m;
        rounds(2);
        v0 ^= m;
    }
    const std::uint64_t last = word(whole, text.size() - whole) | (std::uint64_t{text.size()} << 56);
    v3 ^= last;
    rounds(2);
    v0 ^= last;
    v2 ^= 0xff;
    rounds(4);
    return tenant_id{v0 ^ v1 ^ v2 ^ v3};
}

}  // namespace forebay::inline v0
