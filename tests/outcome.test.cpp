// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/outcome.hpp>

#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace fb = forebay;

namespace {

/// Counts how many of its kind are alive, so that one that is lost or destroyed twice shows.
struct counted {
    static inline int alive = 0;
    static inline int made = 0;

    explicit counted(int n) noexcept : value{n} { ++alive, ++made; }
    counted(counted&& other) noexcept : value{std::exchange(other.value, -1)} { ++alive, ++made; }
    counted& operator=(counted&&) = delete;
    ~counted() { --alive; }

    int value;
};

}  // namespace

TEST_CASE("a result is an outcome: delivered, with nothing to do") {
    const fb::outcome<std::string> o = std::string{"four"};
    CHECK(o.how() == fb::ending::delivered);
    CHECK(o.why() == fb::failure::none);
    CHECK(o.advice() == fb::advice::none);
    CHECK(o.error() == nullptr);
    REQUIRE(o);
    CHECK(o.has_value());
    CHECK(o.value() == "four");
    CHECK(*o == "four");
    CHECK(o->size() == 4);
}

TEST_CASE("a result that can only be moved goes in and comes out") {
    fb::outcome<std::unique_ptr<int>> o = std::make_unique<int>(7);
    fb::outcome<std::unique_ptr<int>> moved = std::move(o);
    CHECK(**moved == 7);
    const std::unique_ptr<int> out = *std::move(moved);
    CHECK(*out == 7);
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<fb::outcome<std::string>>);
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<fb::outcome<std::string>>);
    STATIC_REQUIRE(std::is_nothrow_move_assignable_v<fb::outcome<std::string>>);
}

TEST_CASE("a result needs no default constructor and no assignment") {
    fb::outcome<counted> o{counted{5}};
    CHECK(o->value == 5);
    o = fb::outcome<counted>{counted{6}};
    CHECK(o->value == 6);
}

TEST_CASE("every result that was made is destroyed once, whichever way outcomes are moved and assigned") {
    const int before = counted::alive;
    {
        fb::outcome<counted> first{counted{1}};
        fb::outcome<counted> second{counted{2}};
        fb::outcome<counted> none{fb::ending::expired};
        CHECK(counted::alive == before + 2);
        second = std::move(first);  // with result <- with result
        CHECK(second->value == 1);
        CHECK(counted::alive == before + 2);
        none = std::move(second);  // without <- with
        CHECK(none->value == 1);
        CHECK(counted::alive == before + 3);
        none = fb::outcome<counted>{fb::ending::closed};  // with <- without
        CHECK(none.how() == fb::ending::closed);
        CHECK(counted::alive == before + 2);
    }
    CHECK(counted::alive == before);
}

TEST_CASE("an outcome assigned to itself keeps its result") {
    fb::outcome<std::unique_ptr<int>> o = std::make_unique<int>(7);
    fb::outcome<std::unique_ptr<int>>& self = o;
    o = std::move(self);
    REQUIRE(*o != nullptr);
    CHECK(**o == 7);
}

TEST_CASE("putting a result in moves it twice, and an ending makes none") {
    counted result{3};
    const int before = counted::made;
    const fb::outcome<counted> with{std::move(result)};
    CHECK(counted::made == before + 2);  // the parameter, then the place inside
    const fb::outcome<counted> without{fb::ending::cancelled};
    CHECK(counted::made == before + 2);
}

TEST_CASE("an ending without a result says what the caller can do") {
    using o = fb::outcome<int>;
    CHECK(o{fb::ending::cancelled}.advice() == fb::advice::none);
    CHECK(o{fb::ending::expired}.advice() == fb::advice::retry_later);
    CHECK(o{fb::ending::evicted}.advice() == fb::advice::retry_later);
    CHECK(o{fb::ending::closed}.advice() == fb::advice::retry);
    CHECK(o{fb::failure::exception}.advice() == fb::advice::give_up);
    CHECK(o{fb::failure::wrong_count}.advice() == fb::advice::give_up);
    CHECK(o{fb::failure::not_completed}.advice() == fb::advice::retry);
    CHECK_FALSE(o{fb::ending::expired});
    CHECK_FALSE(o{fb::failure::exception}.has_value());
}

TEST_CASE("a failure carries its reason and the host's exception, also after a move") {
    fb::outcome<int> o{fb::failure::exception, std::make_exception_ptr(std::runtime_error{"out of memory"})};
    const fb::outcome<int> moved = std::move(o);
    CHECK(moved.how() == fb::ending::failed);
    CHECK(moved.why() == fb::failure::exception);
    REQUIRE(moved.error());
    CHECK_THROWS_WITH(std::rethrow_exception(moved.error()), "out of memory");
    CHECK_FALSE(fb::outcome<int>{fb::failure::wrong_count}.error());
}

TEST_CASE("a result may be smaller than an error, or larger, and asks for its own alignment") {
    struct alignas(32) wide {
        unsigned char bytes[96];
    };
    const auto check = [](const auto& result) {
        using Result = std::remove_cvref_t<decltype(result)>;
        fb::outcome<Result> with{result};
        CHECK(reinterpret_cast<std::uintptr_t>(&*with) % alignof(Result) == 0);
        CHECK(std::memcmp(&*with, &result, sizeof(Result)) == 0);
        with = fb::outcome<Result>{fb::failure::exception, std::make_exception_ptr(1)};
        CHECK(with.error() != nullptr);
        with = fb::outcome<Result>{result};
        CHECK(with.error() == nullptr);
        CHECK(std::memcmp(&*with, &result, sizeof(Result)) == 0);
    };
    check(true);
    check('c');
    check(std::uint64_t{7});
    check(wide{{1, 2, 3}});
    STATIC_REQUIRE(alignof(fb::outcome<wide>) == 32);
}

TEST_CASE("an error is held by outcomes without a result, and let go of with the last of them") {
    const auto held = std::make_shared<int>(1);
    auto error = std::make_exception_ptr(held);
    const auto before = held.use_count();
    {
        fb::outcome<std::string> first{fb::failure::exception, std::move(error)};
        const std::exception_ptr seen = first.error();
        fb::outcome<std::string> second = std::move(first);
        CHECK(first.error() == nullptr);
        CHECK(first.why() == fb::failure::exception);
        CHECK(second.error() == seen);
        first = fb::outcome<std::string>{fb::ending::expired};
        CHECK(first.error() == nullptr);
        first = std::move(second);
        CHECK(first.error() == seen);
        first = std::string{"a result in its place"};
        CHECK(first.error() == nullptr);
        CHECK(held.use_count() == before);  // by `seen`
    }
    CHECK(held.use_count() == before - 1);
}

TEST_CASE("every ending has a name of its own, and a value that is none has one too") {
    std::set<std::string> names;
    for (int i = 0; i <= static_cast<int>(fb::ending::closed); ++i) {
        names.insert(fb::to_string(static_cast<fb::ending>(i)));
    }
    CHECK(names.size() == static_cast<std::size_t>(fb::ending::closed) + 1);
    CHECK(names.count("unknown") == 0);
    CHECK(std::string{fb::to_string(static_cast<fb::ending>(255))} == "unknown");
}
