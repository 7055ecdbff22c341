// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/inline_function.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace fb = forebay;
using fb::detail::inline_function;

namespace {

struct tally {
    int alive{0};
    int moves{0};
};

// Counts what becomes of it.
template <std::size_t Padding>
struct watched {
    explicit watched(tally& of) : of_{&of} { ++of_->alive; }
    watched(watched&& other) noexcept : of_{other.of_} { ++of_->alive, ++of_->moves; }
    watched& operator=(watched&&) = delete;
    ~watched() { --of_->alive; }
    int operator()() const { return of_->alive; }

    tally* of_;
    std::array<std::byte, Padding> padding_{};
};

struct move_only_argument {
    explicit move_only_argument(int* moves) : moves_{moves} {}
    move_only_argument(move_only_argument&& other) noexcept : moves_{other.moves_} { ++*moves_; }
    move_only_argument& operator=(move_only_argument&&) = delete;
    ~move_only_argument() = default;
    int* moves_;
};

int forty_two() {
    return 42;
}

using small = inline_function<int()>;

}  // namespace

static_assert(sizeof(inline_function<void()>) == 64 + 2 * sizeof(void*));
static_assert(sizeof(inline_function<void(), 16>) == 16 + 2 * sizeof(void*));
static_assert(std::is_nothrow_move_constructible_v<small> && std::is_nothrow_move_assignable_v<small>);
static_assert(!std::is_copy_constructible_v<small> && !std::is_copy_assignable_v<small>);
static_assert(!std::is_constructible_v<small, int>);
static_assert(!std::is_constructible_v<inline_function<int*()>, decltype([] { return 1.0; })>);
static_assert(!std::is_copy_constructible_v<decltype(fb::on_heap([] {}))>);
static_assert(sizeof(fb::on_heap([] {})) == sizeof(void*));

TEST_CASE("an inline function calls what it was made from, with its state") {
    int calls = 0;
    inline_function<int(int)> add = [&calls, sum = 0](int x) mutable {
        ++calls;
        return sum += x;
    };
    CHECK(add(3) == 3);
    CHECK(add(4) == 7);
    inline_function<int(int)> moved = std::move(add);
    CHECK(moved(5) == 12);
    CHECK(calls == 3);
}

TEST_CASE("an inline function is empty when default made, moved from or reset") {
    small empty;
    CHECK(!empty);
    small full = &forty_two;
    CHECK(full);
    small taken = std::move(full);
    CHECK(!full);  // NOLINT: the state after a move is the promise
    CHECK(taken() == 42);
    taken.reset();
    CHECK(!taken);
    taken.reset();
    taken = small{};
    CHECK(!taken);
    taken = std::move(empty);
    CHECK(!taken);
    int (*nothing)() = nullptr;
    CHECK(!small{nothing});
    CHECK(small{forty_two}() == 42);
}

TEST_CASE("each callable is destroyed exactly once, wherever it was moved") {
    tally seen;
    {
        small first = watched<8>{seen};
        CHECK(seen.alive == 1);
        small second = std::move(first);
        CHECK(seen.alive == 1);
        CHECK(second() == 1);
        first = std::move(second);
        CHECK(seen.alive == 1);
        second = watched<56>{seen};
        CHECK(seen.alive == 2);
        first = std::move(second);
        CHECK(seen.alive == 1);
        small& same = first;
        first = std::move(same);
        CHECK(first() == 1);
        first.reset();
        CHECK(seen.alive == 0);
        second = watched<8>{seen};
    }
    CHECK(seen.alive == 0);
}

TEST_CASE("a callable may fill the storage to its last byte") {
    tally seen;
    static_assert(sizeof(watched<56>) == 64);
    small exact = watched<56>{seen};
    CHECK(exact() == 1);

    std::array<unsigned char, 64> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(i + 1);
    auto sum = [bytes] {
        int total = 0;
        for (const unsigned char byte : bytes) total = total * 31 % 65521 + byte;
        return total;
    };
    static_assert(sizeof(sum) == 64);
    const int expected = sum();
    small first = sum;
    small second = std::move(first);
    CHECK(second() == expected);
}

TEST_CASE("move-only callables, arguments and results pass through") {
    inline_function<std::unique_ptr<int>(std::unique_ptr<int>)> add =
        [one = std::make_unique<int>(1)](std::unique_ptr<int> x) { return std::make_unique<int>(*x + *one); };
    auto moved = std::move(add);
    CHECK(*moved(std::make_unique<int>(41)) == 42);

    int value = 0;
    inline_function<int&(int&)> same = [](int& x) -> int& { return x; };
    same(value) = 5;
    CHECK(value == 5);

    inline_function<void(int)> ignores_result = [&value](int x) { return value = x; };
    ignores_result(6);
    CHECK(value == 6);
}

TEST_CASE("an argument by value is moved once into the call and once into the parameter") {
    int moves = 0;
    inline_function<void(move_only_argument)> by_value = [](move_only_argument) {};
    by_value(move_only_argument{&moves});
    CHECK(moves == 1);
    moves = 0;
    inline_function<void(move_only_argument)> by_reference = [](move_only_argument&&) {};
    by_reference(move_only_argument{&moves});
    CHECK(moves == 0);
}

TEST_CASE("what the callable throws comes out, and it can be called again") {
    small throws = [calls = 0]() mutable -> int {
        if (++calls == 1) throw std::runtime_error("first");
        return calls;
    };
    CHECK_THROWS_AS(throws(), std::runtime_error);
    CHECK(throws() == 2);
}

TEST_CASE("a constructor that throws leaves nothing behind") {
    struct stubborn {
        stubborn() = default;
        stubborn(const stubborn&) { throw std::runtime_error("no copy"); }
        stubborn(stubborn&&) noexcept {}
        stubborn& operator=(const stubborn&) = delete;
        int operator()() const { return 1; }
    };
    const stubborn source;
    CHECK_THROWS_AS(small{source}, std::runtime_error);
}

TEST_CASE("on_heap takes what is too large or may throw when moved") {
    tally seen;
    {
        small large = fb::on_heap(watched<1000>{seen});
        CHECK(seen.alive == 1);
        const int moves = seen.moves;
        small moved = std::move(large);
        CHECK(moved() == 1);
        CHECK(seen.moves == moves);
    }
    CHECK(seen.alive == 0);

    inline_function<int(std::unique_ptr<int>), 8> sum =
        fb::on_heap([offset = std::make_unique<int>(2), padding = std::array<char, 100>{}](std::unique_ptr<int> x) {
            return *x + *offset + padding[0];
        });
    CHECK(sum(std::make_unique<int>(40)) == 42);

    int target = 0;
    auto by_reference = fb::on_heap([](int& x) -> int& { return ++x; });
    static_assert(std::is_same_v<decltype(by_reference(target)), int&>);
    static_assert(!std::is_invocable_v<decltype(by_reference)&, const char*>);
    by_reference(target) += 10;
    CHECK(target == 11);
}
