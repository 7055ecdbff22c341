// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/request.hpp>

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>

namespace fb = forebay;

namespace {

constexpr std::uint64_t number(fb::tenant_id tenant) {
    return static_cast<std::uint64_t>(tenant);
}

/// The input of the published vectors: the bytes 0, 1, 2 ... [bytes <= 300]
std::string counting(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) text.push_back(static_cast<char>(i % 256));
    return text;
}

}  // namespace

// The numbers below are those of OpenSSL 3's SIPHASH MAC (8 bytes, read little endian) for the same key and bytes. The
// default key is the one of the paper's test vectors, bytes 00 to 0f.

TEST_CASE("tenant_of is SipHash-2-4") {
    CHECK(number(fb::tenant_of(counting(0))) == 0x726fdb47dd0e0e31ULL);
    CHECK(number(fb::tenant_of(counting(1))) == 0x74f839c593dc67fdULL);
    CHECK(number(fb::tenant_of(counting(7))) == 0xab0200f58b01d137ULL);
    CHECK(number(fb::tenant_of(counting(8))) == 0x93f5f5799a932462ULL);
    CHECK(number(fb::tenant_of(counting(15))) == 0xa129ca6149be45e5ULL);
    CHECK(number(fb::tenant_of(counting(63))) == 0x958a324ceb064572ULL);
}

TEST_CASE("tenant_of is SipHash-2-4 at every length from 0 to 63") {
    std::uint64_t all = 0;
    for (int length = 0; length < 64; ++length) {
        all ^= std::rotl(number(fb::tenant_of(counting(static_cast<std::size_t>(length)))), length);
    }
    CHECK(all == 0xb708e381849a1197ULL);
}

TEST_CASE("bytes above 127, long texts and other keys are hashed alike") {
    CHECK(number(fb::tenant_of(std::string(8, '\xff'))) == 0x2a68ff30a3d9da34ULL);
    CHECK(number(fb::tenant_of(counting(300))) == 0x4b0b710db6117839ULL);
    CHECK(number(fb::tenant_of("acme", {.low = 1, .high = 2})) == 0x9227d09a0a9c2154ULL);
}

TEST_CASE("a tenant can be named in a constant expression") {
    STATIC_REQUIRE(number(fb::tenant_of("acme")) == 0x12a98bc0c9b00b84ULL);
    STATIC_REQUIRE(noexcept(fb::tenant_of("acme")));
}

TEST_CASE("a request says nothing by default but that it costs one and may wait for ever") {
    constexpr fb::request_info info;
    STATIC_REQUIRE(info.tenant == fb::tenant_id{0});
    STATIC_REQUIRE(info.priority == 0);
    STATIC_REQUIRE(info.key == 0);
    STATIC_REQUIRE(info.cost == 1);
    STATIC_REQUIRE(info.deadline == fb::no_deadline);
}

TEST_CASE("neither a number nor another part of a request is taken for a tenant") {
    STATIC_REQUIRE_FALSE(std::is_convertible_v<int, fb::tenant_id>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::uint64_t, fb::tenant_id>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<fb::tenant_id, std::uint64_t>);
}

TEST_CASE("tickets are equal only where slot and generation are") {
    STATIC_REQUIRE(fb::ticket{3, 4} == fb::ticket{3, 4});
    STATIC_REQUIRE(fb::ticket{3, 4} != fb::ticket{3, 5});
    STATIC_REQUIRE(fb::ticket{3, 4} != fb::ticket{2, 4});
    STATIC_REQUIRE(sizeof(fb::ticket) == 8);
}
