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
/// request, a callback is a function pointer and a context, and the worker is woken only for what it waits for. What
/// is left over of full batches is kept for the next one. No limit, order, deadline, capacity or ledger.
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
            wake = pending_.sinks.size() == awaited_;
        }
        if (wake) ready_.notify_one();
    }

    /// The worker's loop; ends when stopped and empty.
    void run() {
        while (run_pending()) {
        }
    }

    /// Waits for a batch and runs what is pending. False when stopped and empty.
    bool run_pending() {
        const std::size_t missing = max_batch_size_ - kept_.sinks.size();
        {
            std::unique_lock lock{mutex_};
            if (kept_.sinks.empty()) {
                awaited_ = 1;  // the first one starts the delay
                ready_.wait(lock, [this] { return stopped_ || !pending_.sinks.empty(); });
                if (pending_.sinks.empty()) return false;
            }
            awaited_ = missing;
            if (pending_.sinks.size() < missing) {
                ready_.wait_for(lock, max_delay_, [&] { return stopped_ || pending_.sinks.size() >= missing; });
            }
            awaited_ = 0;
            std::swap(pending_, fresh_);
        }
        const std::size_t size = fresh_.sinks.size();
        std::size_t first = 0;
        if (!kept_.sinks.empty()) {
            first = std::min(missing, size);
            keep(0, first);
            run_batch(kept_, 0, kept_.sinks.size());
            kept_.clear();
        } else if (size < max_batch_size_) {
            first = size;
            run_batch(fresh_, 0, size);
        }
        for (; size - first >= max_batch_size_; first += max_batch_size_) run_batch(fresh_, first, max_batch_size_);
        keep(first, size);
        fresh_.clear();
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
        void clear() {
            requests.clear();
            sinks.clear();
        }
    };

    void run_batch(const work& from, std::size_t first, std::size_t size) {
        const std::span<Reply> replies{replies_.data(), size};
        model_(std::span<const Request>{from.requests}.subspan(first, size), replies);
        for (std::size_t i = 0; i < size; ++i) from.sinks[first + i].done(from.sinks[first + i].context, replies[i]);
    }
    void keep(std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
            kept_.requests.push_back(std::move(fresh_.requests[i]));
            kept_.sinks.push_back(fresh_.sinks[i]);
        }
    }

    std::size_t max_batch_size_;
    std::chrono::nanoseconds max_delay_;
    Model model_;
    std::mutex mutex_;
    std::condition_variable ready_;
    work pending_;
    std::size_t awaited_ = 0;  // how many pending requests the worker sleeps for; 0 = it does not sleep
    bool stopped_ = false;
    work fresh_;  // from here on: the worker's alone
    work kept_;
    std::vector<Reply> replies_;
};

}  // namespace rival
