// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

// A host that watches what the scheduler does to it: which locks are held when its code is called, how often its clock is
// read, who sleeps, and what came out of each request.

#include <forebay/admission/permit.hpp>
#include <forebay/outcome.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>
#include <forebay/time.hpp>
#include <forebay/verdict.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace host {

namespace fb = forebay;

[[nodiscard]] constexpr fb::time_point at(std::int64_t ns) {
    return fb::time_point{fb::duration{ns}};
}

/// Locks of `watched` that this thread holds.
inline thread_local int locks_held = 0;

/// multi_threaded, which also counts the locks each thread holds and the threads that sleep.
struct watched {
    static constexpr bool concurrent = true;
    template <class T>
    using atomic = std::atomic<T>;

    class mutex {
    public:
        void lock() {
            if (owner_.load() == std::this_thread::get_id()) {
                // Would block for ever: end with a message that a test run shows.
                std::fputs("host code was called under the scheduler's lock, and called back\n", stderr);
                std::abort();
            }
            mutex_.lock();
            own();
        }
        [[nodiscard]] bool try_lock() {
            if (!mutex_.try_lock()) return false;
            own();
            return true;
        }
        void unlock() {
            --locks_held;
            owner_.store(std::thread::id{});
            mutex_.unlock();
        }

    private:
        void own() {
            owner_.store(std::this_thread::get_id());
            ++locks_held;
        }

        std::mutex mutex_;
        std::atomic<std::thread::id> owner_{};
    };
    using scoped_lock = std::lock_guard<mutex>;
    using unique_lock = std::unique_lock<mutex>;
    using word_lock = mutex;

    static inline std::atomic<int> sleeping{0};
    class condition {
    public:
        void notify_one() { condition_.notify_one(); }
        void notify_all() { condition_.notify_all(); }
        // Counted under the lock: once a thread shows as sleeping and the lock is free, a notify reaches it.
        void wait(unique_lock& lock) {
            ++sleeping;
            condition_.wait(lock);
            --sleeping;
        }
        void wait_until(unique_lock& lock, std::chrono::steady_clock::time_point until) {
            ++sleeping;
            condition_.wait_until(lock, until);
            --sleeping;
        }

    private:
        std::condition_variable_any condition_;
    };

    using thread_id = std::thread::id;
    [[nodiscard]] static thread_id this_thread() noexcept { return std::this_thread::get_id(); }
};

/// A manual clock that counts its readings, and those made under a lock.
class counting_clock {
public:
    [[nodiscard]] fb::time_point now() const noexcept {
        ++state_->reads;
        if (locks_held > 0) ++state_->reads_under_lock;
        return state_->now;
    }
    void set(fb::time_point t) const noexcept { state_->now = t; }
    [[nodiscard]] int reads() const noexcept { return state_->reads; }
    [[nodiscard]] int reads_under_lock() const noexcept { return state_->reads_under_lock; }

private:
    struct state {
        fb::time_point now{};
        int reads{0};
        int reads_under_lock{0};
    };
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

/// What a sink was told.
template <class Result>
struct ended {
    int tag;
    fb::ending how;
    fb::failure why;
    std::exception_ptr error;
    std::optional<Result> result;
};

/// Keeps what its sinks are told, in the order in which they are.
template <class Result = int>
struct mailbox {
    std::vector<ended<Result>> all;

    [[nodiscard]] auto sink(int tag) {
        return [this, tag](fb::outcome<Result> outcome) {
            all.push_back({tag, outcome.how(), outcome.why(), outcome.error(), std::nullopt});
            if (outcome) all.back().result.emplace(std::move(*outcome));
        };
    }
    [[nodiscard]] std::size_t count(fb::ending how) const {
        std::size_t found = 0;
        for (const auto& one : all) found += one.how == how ? 1U : 0U;
        return found;
    }
    [[nodiscard]] std::size_t count(int tag) const {
        std::size_t found = 0;
        for (const auto& one : all) found += one.tag == tag ? 1U : 0U;
        return found;
    }
    /// What the one sink with this tag was told.
    [[nodiscard]] const ended<Result>& operator[](int tag) const {
        for (const auto& one : all) {
            if (one.tag == tag) return one;
        }
        throw std::out_of_range("no such outcome");
    }
};

/// Text of an exception that a request failed with, or of its int; empty if there is none.
[[nodiscard]] inline std::string text_of(const std::exception_ptr& error) {
    if (!error) return {};
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& known) {
        return known.what();
    } catch (int number) {
        return std::to_string(number);
    } catch (...) {
        return "unknown";
    }
}

/// An admission that takes what a request costs and remembers what became of it.
struct ledger_of_permits {
    struct log {
        std::int64_t live{0};
        std::vector<std::int64_t> settled;
        std::vector<std::int64_t> given_back;
        bool refuse{false};

        log() {  // a state allocates nothing once it is built
            settled.reserve(1'000);
            given_back.reserve(1'000);
        }
    };
    std::shared_ptr<log> seen = std::make_shared<log>();

    struct state {
        std::shared_ptr<log> seen;

        [[nodiscard]] fb::verdict try_acquire(const fb::request_info& info, fb::time_point now,
                                              fb::permit& taken) noexcept {
            if (seen->refuse) return fb::retry_at(now + fb::duration{7}, fb::limit::rate, 1);
            taken = {.charged = info.cost, .tenant = info.tenant, .bucket = 0, .live = true};
            ++seen->live;
            return fb::admitted(now);
        }
        void settle(fb::permit& taken, std::int64_t actual, fb::time_point) noexcept {
            if (!std::exchange(taken.live, false)) return;
            --seen->live;
            seen->settled.push_back(actual == forebay::as_charged ? taken.charged : actual);
        }
        void give_back(fb::permit& taken, fb::time_point) noexcept {
            if (!std::exchange(taken.live, false)) return;
            --seen->live;
            seen->given_back.push_back(taken.charged);
        }
    };
    template <class Sync>
    [[nodiscard]] state build() const {
        return {seen};
    }
};

/// Waits for a condition that other threads bring about. returns  false if it did not come true for a very long time
template <class Condition>
[[nodiscard]] bool soon(Condition&& condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::yield();
    }
    return true;
}

/// Waits until so many threads sleep in a wait of `watched`.
[[nodiscard]] inline bool asleep(int threads) {
    return soon([&] { return watched::sleeping == threads; });
}

/// A door that host code waits at until the test opens it.
class door {
public:
    void open() { open_ = true; }
    void wait() const {
        while (!open_) std::this_thread::yield();
    }

private:
    std::atomic<bool> open_{false};
};

}  // namespace host
