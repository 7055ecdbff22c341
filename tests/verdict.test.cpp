// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/verdict.hpp>

#include <set>
#include <string>
#include <type_traits>

namespace fb = forebay;

namespace {

constexpr fb::time_point noon{fb::duration{1000}};

}  // namespace

TEST_CASE("admitted is true, holds from now, and no limit bound") {
    constexpr fb::verdict v = fb::admitted(noon);
    STATIC_REQUIRE(v);
    STATIC_REQUIRE(v.kind == fb::answer::admitted);
    STATIC_REQUIRE(v.how_sure == fb::certainty::exact);
    STATIC_REQUIRE(v.which == fb::limit::none);
    STATIC_REQUIRE(v.when == noon);
    STATIC_REQUIRE(v.missing == 0);
}

TEST_CASE("retry_at is false and says when, which limit, how much was missing and how sure it is") {
    constexpr fb::verdict exact = fb::retry_at(noon, fb::limit::rate, 3);
    STATIC_REQUIRE_FALSE(exact);
    STATIC_REQUIRE(exact.kind == fb::answer::retry_at);
    STATIC_REQUIRE(exact.how_sure == fb::certainty::exact);
    STATIC_REQUIRE(exact.which == fb::limit::rate);
    STATIC_REQUIRE(exact.when == noon);
    STATIC_REQUIRE(exact.missing == 3);

    constexpr fb::verdict guess = fb::retry_at(noon, fb::limit::concurrency, 1, fb::certainty::on_completion);
    STATIC_REQUIRE(guess.how_sure == fb::certainty::on_completion);
    STATIC_REQUIRE(guess != fb::retry_at(noon, fb::limit::concurrency, 1));
}

TEST_CASE("never is false and names no instant at which asking again would help") {
    constexpr fb::verdict v = fb::never(fb::limit::oversize, 12);
    STATIC_REQUIRE_FALSE(v);
    STATIC_REQUIRE(v.kind == fb::answer::never);
    STATIC_REQUIRE(v.which == fb::limit::oversize);
    STATIC_REQUIRE(v.when == fb::no_deadline);
    STATIC_REQUIRE(v.missing == 12);
    STATIC_REQUIRE(fb::never(fb::limit::closed).missing == 0);
}

TEST_CASE("a verdict is flat, small and not mistaken for a number") {
    STATIC_REQUIRE(std::is_trivially_copyable_v<fb::verdict>);
    STATIC_REQUIRE(sizeof(fb::verdict) <= 24);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<fb::verdict, bool>);
}

TEST_CASE("every limit has a name of its own, and a value that is none has one too") {
    std::set<std::string> names;
    for (int i = 0; i <= static_cast<int>(fb::limit::closed); ++i) {
        names.insert(fb::to_string(static_cast<fb::limit>(i)));
    }
    CHECK(names.size() == static_cast<std::size_t>(fb::limit::closed) + 1);
    CHECK(names.count("unknown") == 0);
    CHECK(std::string{fb::to_string(static_cast<fb::limit>(255))} == "unknown");
    STATIC_REQUIRE(*fb::to_string(fb::limit::queued_cost) == 'q');
}
