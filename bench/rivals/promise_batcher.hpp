// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <future>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace rival {

/// The batcher people write: a promise for each task, a deque under a mutex, a thread that waits for a full batch or for
/// the delay to pass. Requests and replies of a batch live in vectors that are kept from batch to batch.
template <class Request, class Reply, class Model>
class promise_batcher {
public:
    promise_batcher(std::size_t max_batch_size, std::chrono::nanoseconds max_delay, Model model)
        : max_batch_size_{max_batch_size}, max_delay_{max_delay}, model_{std::move(model)} {}

    std::future<Reply> submit(Request request) {
        task entry{std::move(request), {}};
        std::future<Reply> reply = entry.promise.get_future();
        {
            const std::lock_guard lock{mutex_};
            queue_.push_back(std::move(entry));
        }
        ready_.notify_one();
        return reply;
    }

    /// The worker's loop; ends when stopped and empty.
    void run() {
        while (run_batch()) {
        }
    }

    /// Waits for a batch and runs it. False when stopped and empty.
    bool run_batch() {
        {
            std::unique_lock lock{mutex_};
            ready_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
            if (queue_.empty()) return false;
            if (queue_.size() < max_batch_size_) {
                ready_.wait_for(lock, max_delay_, [this] { return stopped_ || queue_.size() >= max_batch_size_; });
            }
            while (!queue_.empty() && promises_.size() < max_batch_size_) {
                requests_.push_back(std::move(queue_.front().request));
                promises_.push_back(std::move(queue_.front().promise));
                queue_.pop_front();
            }
        }
        replies_.resize(requests_.size());
        model_(std::span<const Request>{requests_}, std::span<Reply>{replies_});
        for (std::size_t i = 0; i < promises_.size(); ++i) promises_[i].set_value(std::move(replies_[i]));
        requests_.clear();
        promises_.clear();
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
    struct task {
        Request request;
        std::promise<Reply> promise;
    };

    std::size_t max_batch_size_;
    std::chrono::nanoseconds max_delay_;
    Model model_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<task> queue_;
    bool stopped_ = false;
    std::vector<Request> requests_;  // from here on: the worker's alone
    std::vector<Reply> replies_;
    std::vector<std::promise<Reply>> promises_;
};

}  // namespace rival
