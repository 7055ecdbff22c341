// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../rivals/promise_batcher.hpp"
#include "../rivals/swap_batcher.hpp"
#include <forebay/admission/per_tenant.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/policies.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/scheduler.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <span>
#include <vector>

/// Three ways from submit to outcome, with the same requests, the same batches and the same model, which does next to
/// nothing. Each way can `submit(id)`, `run()` on a worker, `step()` through what is pending on the caller's thread,
/// `finish()` once the outcomes of a burst are awaited, and `stop()`.
namespace contestants {

namespace fb = forebay;

inline constexpr std::size_t batch_size = 32;
/// Never waited for: bursts are whole batches.
inline constexpr std::chrono::milliseconds delay{100};

struct prompt {
    std::uint64_t id;
    const void* body;
};
using reply = std::uint64_t;

/// Where the outcomes of a burst go. Written by the worker between `expect` and the return of `wait`.
class tally {
public:
    void expect(std::size_t count) noexcept {
        left_ = count;
        done_.store(0, std::memory_order_relaxed);
    }
    void take(reply value) noexcept {
        sum_ += value;
        if (--left_ != 0) return;
        done_.store(1, std::memory_order_release);
        done_.notify_one();
    }
    void wait() noexcept { done_.wait(0, std::memory_order_acquire); }

    /// Ends the program if the replies are not those to the first `requests` ids.
    void check(std::uint64_t requests) const {
        if (left_ == 0 && sum_ == requests * (requests - 1) / 2) return;
        std::fprintf(stderr, "wrong replies: %zu missing\n", left_);
        std::exit(2);
    }

private:
    std::size_t left_ = 0;
    std::uint64_t sum_ = 0;
    std::atomic<int> done_{0};
};

/// Answers each request with its id, from a buffer of its own: a span in, a span out.
struct echo {
    std::array<reply, batch_size> replies{};
    std::span<const reply> operator()(std::span<const prompt> prompts) noexcept {
        for (std::size_t i = 0; i < prompts.size(); ++i) replies[i] = prompts[i].id;
        return std::span{replies}.first(prompts.size());
    }
};
inline auto make_scheduler(fb::steady_clock clock) {
    return fb::make_scheduler<prompt, reply>(
        fb::policies{.admission = fb::per_tenant{fb::quota{fb::rate::per_second(1'000'000'000), 1'000'000}},
                     .order = fb::strict_priority{},
                     .batching = fb::size_or_delay{.max_batch_size = batch_size, .max_queue_delay = delay},
                     .clock = clock},
        echo{});
}

/// Admission for each tenant, priorities, batching, deadlines, bounds and the ledger, all at work.
class forebay_way {
public:
    void begin(std::size_t burst) {
        outcomes_.expect(burst);
        now_ = clock_.now();
    }
    void submit(std::uint64_t id) {
        // The deadlines of a burst differ, as if its requests had come a microsecond apart.
        const auto ticket =
            scheduler_.submit_at(now_, prompt{id, this},
                                 {.tenant = fb::tenant_id{id % 64},
                                  .priority = static_cast<std::int32_t>(id % 8),
                                  .deadline = now_ + std::chrono::seconds{10} + std::chrono::microseconds{id % 1024}},
                                 [this](fb::outcome<reply> outcome) { outcomes_.take(*outcome); });
        if (ticket) return;
        std::fprintf(stderr, "refused by %s\n", fb::to_string(ticket.error().which));
        std::exit(2);
    }
    void step() { scheduler_.poll_at(now_); }
    void finish() { outcomes_.wait(); }
    void check(std::uint64_t requests) const { outcomes_.check(requests); }
    void run() { scheduler_.run(); }
    void stop() { scheduler_.close(); }

private:
    fb::steady_clock clock_;
    fb::time_point now_{};
    tally outcomes_;
    decltype(make_scheduler(fb::steady_clock{})) scheduler_ = make_scheduler(clock_);
};

struct plain_model {
    void operator()(std::span<const prompt> prompts, std::span<reply> replies) const noexcept {
        for (std::size_t i = 0; i < prompts.size(); ++i) replies[i] = prompts[i].id;
    }
};

class promise_way {
public:
    void begin(std::size_t burst) {
        outcomes_.expect(burst);
        futures_.reserve(burst);
    }
    void submit(std::uint64_t id) { futures_.push_back(batcher_.submit({id, this})); }
    void step() { batcher_.run_batch(); }
    void finish() {
        for (std::future<reply>& each : futures_) outcomes_.take(each.get());
        futures_.clear();
    }
    void check(std::uint64_t requests) const { outcomes_.check(requests); }
    void run() { batcher_.run(); }
    void stop() { batcher_.stop(); }

private:
    tally outcomes_;
    std::vector<std::future<reply>> futures_;
    rival::promise_batcher<prompt, reply, plain_model> batcher_{batch_size, delay, {}};
};

class swap_way {
public:
    void begin(std::size_t burst) { outcomes_.expect(burst); }
    void submit(std::uint64_t id) {
        batcher_.submit(
            {id, this}, [](void* to, const reply& value) { static_cast<tally*>(to)->take(value); }, &outcomes_);
    }
    void step() { batcher_.run_pending(); }
    void finish() { outcomes_.wait(); }
    void check(std::uint64_t requests) const { outcomes_.check(requests); }
    void run() { batcher_.run(); }
    void stop() { batcher_.stop(); }

private:
    tally outcomes_;
    rival::swap_batcher<prompt, reply, plain_model> batcher_{batch_size, delay, {}};
};

}  // namespace contestants
