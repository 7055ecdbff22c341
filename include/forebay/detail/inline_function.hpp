// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/contract.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

namespace forebay::inline v0::detail {

template <class Signature, std::size_t Capacity = 64>
class inline_function;

/// A callable that was put on the heap by its owner's own choice: one pointer, movable, not copyable.
template <class Target>
class heap_callable {
public:
    template <class Source>
    explicit heap_callable(std::in_place_t, Source&& source)
        : target_{std::make_unique<Target>(std::forward<Source>(source))} {}

    template <class... Args>
    requires std::is_invocable_v<Target&, Args...>
    decltype(auto) operator()(Args&&... args) noexcept(std::is_nothrow_invocable_v<Target&, Args...>) {
        return (*target_)(std::forward<Args>(args)...);
    }

private:
    std::unique_ptr<Target> target_;
};

/// Any callable of a signature, held in place: moving never throws, nothing is ever allocated. Not for pointers to
/// members (wrap them in a lambda), not copyable.
///
/// Capacity  largest callable it takes                             [bytes]
/// size      Capacity, plus two pointers for a Capacity that is a multiple of 16
/// cost      call: one indirect call; move: a fixed-size copy where the callable is trivially copyable
template <class Result, class... Args, std::size_t Capacity>
class inline_function<Result(Args...), Capacity> {
    // Scalars and references travel in registers, the rest by reference, so that a move-only argument moves once.
    template <class Arg>
    using passed = std::conditional_t<std::is_scalar_v<Arg>, Arg, Arg&&>;

    struct operations {
        Result (*invoke)(void* target, passed<Args>... args);
        void (*relocate)(void* from, void* to) noexcept;  // null: copy the bytes
        void (*destroy)(void* target) noexcept;           // null: nothing to do
        Result (*spend)(void* target, passed<Args>... args);
    };

    template <class Callable>
    static constexpr bool fits =
        sizeof(Callable) <= Capacity &&
        alignof(Callable) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<Callable>;

    template <class Callable>
    static constexpr bool is_plain =
        std::is_trivially_copyable_v<Callable>&& std::is_trivially_destructible_v<Callable>;

public:
    inline_function() noexcept = default;

    /// Takes over `callable`. A null function pointer makes an empty one.
    template <class Source, class Callable = std::decay_t<Source>>
    requires(!std::is_same_v<Callable, inline_function> && !std::is_member_pointer_v<Callable> &&
             std::is_invocable_r_v<Result, Callable&, Args...>) inline_function(Source&& callable)
    noexcept(std::is_nothrow_constructible_v<Callable, Source>) {
        static_assert(fits<Callable>,
                      "forebay: this callable is larger than its inline storage (64 bytes unless stated otherwise), "
                      "over-aligned, or may throw when moved; capture a pointer, or wrap it: forebay::on_heap(f)");
        if constexpr (fits<Callable>) {
            if constexpr (std::is_pointer_v<std::remove_reference_t<Source>>) {
                if (callable == nullptr) return;
            }
            std::construct_at(reinterpret_cast<Callable*>(storage_), std::forward<Source>(callable));
            operations_ = &operations_of<Callable>;
        }
    }

    inline_function(inline_function&& other) noexcept { take(other); }
    inline_function& operator=(inline_function&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    ~inline_function() { destroy(); }

    [[nodiscard]] explicit operator bool() const noexcept { return operations_ != nullptr; }

    /// Calls it. Only when not empty.
    Result operator()(passed<Args>... args) {
        FOREBAY_EXPECTS(operations_ != nullptr, "test the function before calling it: this one is empty");
        return operations_->invoke(storage_, std::forward<Args>(args)...);
    }

    /// Calls it and destroys it, also if it throws: for a function that is called once. Only when not empty.
    Result spend(passed<Args>... args) {
        FOREBAY_EXPECTS(operations_ != nullptr, "test the function before calling it: this one is empty");
        return std::exchange(operations_, nullptr)->spend(storage_, std::forward<Args>(args)...);
    }

    /// Destroys the callable, if any.
    void reset() noexcept {
        destroy();
        operations_ = nullptr;
    }

private:
    template <class Callable>
    static Result invoke(void* target, passed<Args>... args) {
        if constexpr (std::is_void_v<Result>) {
            (*static_cast<Callable*>(target))(std::forward<Args>(args)...);
        } else {
            return (*static_cast<Callable*>(target))(std::forward<Args>(args)...);
        }
    }
    template <class Callable>
    static Result invoke_once(void* target, passed<Args>... args) {
        struct last {
            Callable& of;
            ~last() { std::destroy_at(&of); }
        } const guard{*static_cast<Callable*>(target)};
        return invoke<Callable>(target, std::forward<Args>(args)...);
    }
    template <class Callable>
    static void relocate(void* from, void* to) noexcept {
        auto* const source = static_cast<Callable*>(from);
        std::construct_at(static_cast<Callable*>(to), std::move(*source));
        std::destroy_at(source);
    }
    template <class Callable>
    static void destroy_target(void* target) noexcept {
        std::destroy_at(static_cast<Callable*>(target));
    }

    template <class Callable>
    static constexpr operations operations_of{
        &invoke<Callable>, is_plain<Callable> ? nullptr : &relocate<Callable>,
        std::is_trivially_destructible_v<Callable> ? nullptr : &destroy_target<Callable>,
        std::is_trivially_destructible_v<Callable> ? &invoke<Callable> : &invoke_once<Callable>};

    void take(inline_function& other) noexcept {
        if (other.operations_ == nullptr) return;
        if (other.operations_->relocate != nullptr) {
            other.operations_->relocate(other.storage_, storage_);
        } else {
            std::memcpy(storage_, other.storage_, Capacity);
        }
        operations_ = std::exchange(other.operations_, nullptr);
    }
    void destroy() noexcept {
        if (operations_ != nullptr && operations_->destroy != nullptr) operations_->destroy(storage_);
    }

    const operations* operations_{nullptr};
    alignas(std::max_align_t) std::byte storage_[Capacity];
};

}  // namespace forebay::inline v0::detail

namespace forebay::inline v0 {

/// Puts a callable on the heap, for one that is larger than the 64 bytes held in place or whose move may throw.
///
/// returns  a move-only callable of one pointer that calls it
/// cost     one allocation, and its possible std::bad_alloc, here and now
///
///     scheduler.submit(prompt, info, on_heap([big = std::move(big)](auto outcome) { ... }));
template <class Callable>
[[nodiscard]] auto on_heap(Callable&& callable) {
    return detail::heap_callable<std::decay_t<Callable>>{std::in_place, std::forward<Callable>(callable)};
}

}  // namespace forebay::inline v0
