// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace rival {

/// The fastest batcher of the hand-written kind: all that is pending is swapped out at once, nothing is allocated for a
/// request, a callback is a function pointer and a context, and a sleeping worker is woken only when it has to be. No
/// limit, order, deadline, capacity or ledger.
template <class Request, class Reply, class Model>
class swap_batcher {
public:
    using callback = void (*)(void* context, const Reply& reply);

    swap_batcher(std::size_t max_batch_size, std::chrono::nanoseconds max_delay, Model model)
        : max_batch_size_{max_batch_size}, max_delay_{max_delay}, model_{std::move(model)}, replies_(max_batch_size) {}

    void submit(Request request, callback done, void* context) {
        bool wake = false;
        {
            const std::lock_guard lock{mutex_};
            pending_.requests.push_back(std::move(request));
            pending_.sinks.push_back({done, context});
            // The first starts the delay, the last of a batch ends it.
            const std::size_t size = pending_.sinks.size();
            wake = sleeping_ && (size == 1 || size == max_batch_size_);
        }
        if (wake) ready_.notify_one();
    }

    /// The worker's loop; ends when stopped and empty.
    void run() {
        while (run_pending()) {
        }
    }

    /// Waits for a batch and runs all that is pending. False when stopped and empty.
    bool run_pending() {
        {
            std::unique_lock lock{mutex_};
            sleeping_ = true;
            ready_.wait(lock, [this] { return stopped_ || !pending_.sinks.empty(); });
            if (pending_.sinks.size() < max_batch_size_) {
                ready_.wait_for(lock, max_delay_,
                                [this] { return stopped_ || pending_.sinks.size() >= max_batch_size_; });
            }
            sleeping_ = false;
            if (pending_.sinks.empty()) return false;
            std::swap(pending_, running_);
        }
        for (std::size_t first = 0; first < running_.sinks.size(); first += max_batch_size_) {
            const std::size_t size = std::min(max_batch_size_, running_.sinks.size() - first);
            const std::span<Reply> replies{replies_.data(), size};
            model_(std::span<const Request>{running_.requests}.subspan(first, size), replies);
            for (std::size_t i = 0; i < size; ++i) {
                running_.sinks[first + i].done(running_.sinks[first + i].context, replies[i]);
            }
        }
        running_.requests.clear();
        running_.sinks.clear();
        return true;
    }

    void stop() {
        {
            const std::lock_guard lock{mutex_};
            stopped_ = true;
        }
        ready_.notify_all();
    }

private:
    struct sink {
        callback done;
        void* context;
    };
    struct work {
        std::vector<Request> requests;
        std::vector<sink> sinks;
    };

    std::size_t max_batch_size_;
    std::chrono::nanoseconds max_delay_;
    Model model_;
    std::mutex mutex_;
    std::condition_variable ready_;
    work pending_;
    bool sleeping_ = false;
    bool stopped_ = false;
    work running_;  // from here on: the worker's alone
    std::vector<Reply> replies_;
};

}  // namespace rival
