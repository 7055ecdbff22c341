// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace forebay::inline v0 {

// The only header that names the standard library's threads, atomics and locks. Every class that threads share takes a
// `Sync` and names its atomics, locks and waits through it, so that the same code also runs under a scheduler that owns
// every interleaving. Demands on a Sync, numbered:
//
// 1. `atomic<T>`: load, store, exchange, compare_exchange_weak, fetch_add with the std::memory_order arguments.
// 2. `mutex`, `scoped_lock`, `unique_lock` (can be released and taken again): a lock that blocks.
// 3. `word_lock`: a Lockable of at most 8 bytes, for critical sections of a few instructions that call no host code.
// 4. `condition`: notify_one, notify_all, wait(lock), wait_until(lock, std::chrono::steady_clock::time_point).
// 5. `thread_id`, `this_thread()`: who runs, comparable.
// 6. `concurrent`: whether two threads may be inside at all.
// 7. `relax()`: lets a moment pass for another thread; `wait_until(attempt)`: lets others run until attempt() is true.

/// For objects that several threads use at once.
struct multi_threaded {
    static constexpr bool concurrent = true;

    template <class T>
    using atomic = std::atomic<T>;

    /// Tells the processor that this thread waits for another: a few dozen cycles in which that one has the cache line.
    static void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("isb");
#endif
    }

    /// Four bytes. Spins briefly, then sleeps in the kernel until it is woken. Taken and given back in a few instructions where
    /// nobody else wants it, which std::mutex is not.
    class mutex {
    public:
        void lock() noexcept {
            if (!try_lock()) [[unlikely]]
                wait_for_it();
        }
        [[nodiscard]] bool try_lock() noexcept {
            std::uint32_t expected = free;
            return state_.compare_exchange_weak(expected, held, std::memory_order_acquire, std::memory_order_relaxed);
        }
        void unlock() noexcept {
            if (state_.exchange(free, std::memory_order_release) == contended) [[unlikely]]
                wake_one();
        }

    private:
        /// Looking before trying: a try that fails takes the line from who holds the lock.
        [[nodiscard]] bool try_if_free() noexcept {
            return state_.load(std::memory_order_relaxed) == free && try_lock();
        }
        // Kept out of line, so that who finds the lock free does not pay for the registers that waiting needs.
        [[gnu::cold, gnu::noinline]] void wait_for_it() noexcept {
            if (spin([this] { return try_if_free(); })) return;
            while (state_.exchange(contended, std::memory_order_acquire) != free) {
                state_.wait(contended, std::memory_order_relaxed);
            }
        }
        [[gnu::cold, gnu::noinline]] void wake_one() noexcept { state_.notify_one(); }

        static constexpr std::uint32_t free = 0;
        static constexpr std::uint32_t held = 1;
        static constexpr std::uint32_t contended = 2;
        std::atomic<std::uint32_t> state_{free};
    };

    /// Given back by a plain store, so that it costs one locked instruction and not two. So nobody can be woken.
    class word_lock {
    public:
        void lock() noexcept {
            if (!try_lock()) [[unlikely]]
                wait_for_it();
        }
        [[nodiscard]] bool try_lock() noexcept { return !held_.exchange(true, std::memory_order_acquire); }
        void unlock() noexcept { held_.store(false, std::memory_order_release); }

    private:
        [[gnu::cold, gnu::noinline]] void wait_for_it() noexcept {
            wait_until([this] { return !held_.load(std::memory_order_relaxed) && try_lock(); });
        }

        std::atomic<bool> held_{false};
    };

    using scoped_lock = std::lock_guard<mutex>;
    using unique_lock = std::unique_lock<mutex>;
    using condition = std::condition_variable_any;

    using thread_id = std::thread::id;
    [[nodiscard]] static thread_id this_thread() noexcept {
        return std::this_thread::get_id();
    }

    /// For what another CPU is about to do. If that is not so, its thread is not running: then sleeps between the attempts.
    template <class Attempt>
    static void wait_until(Attempt attempt) noexcept {
        while (!spin(attempt)) std::this_thread::sleep_for(std::chrono::microseconds{50});
    }

private:
    /// Tries again and again, for as long as it may take another CPU to get through a short section.
    template <class Attempt>
    [[nodiscard]] static bool spin(Attempt attempt) noexcept {
        for (int left = 64; left > 0; --left) {
            for (int i = 0; i < 4; ++i) relax();
            if (attempt()) return true;
        }
        return false;
    }
};

/// For objects that one thread uses, or that the host locks: plain loads and stores, locks that cost nothing.
struct single_threaded {
    static constexpr bool concurrent = false;

    template <class T>
    class atomic {
    public:
        constexpr atomic() noexcept = default;
        constexpr explicit atomic(T value) noexcept : value_{value} {}
        atomic(const atomic&) = delete;
        atomic& operator=(const atomic&) = delete;

        [[nodiscard]] T load(std::memory_order = std::memory_order_seq_cst) const noexcept { return value_; }
        void store(T value, std::memory_order = std::memory_order_seq_cst) noexcept { value_ = value; }
        T exchange(T value, std::memory_order = std::memory_order_seq_cst) noexcept {
            const T old = value_;
            value_ = value;
            return old;
        }
        bool compare_exchange_weak(T& expected, T desired, std::memory_order = std::memory_order_seq_cst,
                                   std::memory_order = std::memory_order_seq_cst) noexcept {
            if (value_ != expected) {
                expected = value_;
                return false;
            }
            value_ = desired;
            return true;
        }
        T fetch_add(T amount, std::memory_order = std::memory_order_seq_cst) noexcept {
            const T old = value_;
            value_ = static_cast<T>(value_ + amount);
            return old;
        }

    private:
        T value_{};
    };

    static void relax() noexcept {}
    template <class Attempt>
    static void wait_until(Attempt attempt) noexcept {
        while (!attempt()) {
        }
    }

    struct word_lock {
        void lock() noexcept {}
        [[nodiscard]] bool try_lock() noexcept { return true; }
        void unlock() noexcept {}
    };
    using mutex = word_lock;
    struct scoped_lock {
        explicit scoped_lock(mutex&) noexcept {}
        scoped_lock(const scoped_lock&) = delete;
        scoped_lock& operator=(const scoped_lock&) = delete;
        ~scoped_lock() {}  // user-provided, so that it is never an unused variable
    };
    struct unique_lock {
        explicit unique_lock(mutex&) noexcept {}
        unique_lock(const unique_lock&) = delete;
        unique_lock& operator=(const unique_lock&) = delete;
        ~unique_lock() {}
        void lock() noexcept {}
        void unlock() noexcept {}
    };
    /// Nobody else can wake a single thread: a wait returns at once.
    struct condition {
        void notify_one() noexcept {}
        void notify_all() noexcept {}
        void wait(unique_lock&) noexcept {}
        void wait_until(unique_lock&, std::chrono::steady_clock::time_point) noexcept {}
    };

    using thread_id = int;
    [[nodiscard]] static thread_id this_thread() noexcept { return 0; }
};

}  // namespace forebay::inline v0
