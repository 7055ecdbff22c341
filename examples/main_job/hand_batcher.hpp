// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace example {

/// The batcher people write by hand: a queue, a lock, a fixed size, a timeout and a promise per request. First come
/// first served; whoever sends more gets more; nothing bounds the queue. Forebay's rival in this program, and with size
/// 1 the way without batching: one call per request behind a mutex.
template <class Request, class Reply>
class hand_batcher {
public:
    using clock = std::chrono::steady_clock;

    hand_batcher(std::size_t max_size, clock::duration timeout) : max_size_{max_size}, timeout_{timeout} {}

    std::future<Reply> submit(Request request) {
        std::promise<Reply> promise;
        std::future<Reply> future = promise.get_future();
        {
            const std::lock_guard lock{mutex_};
            queue_.push_back({request, std::move(promise), clock::now()});
        }
        arrived_.notify_one();
        return future;
    }

    /// Serves until closed and empty. `model` takes a span of requests and returns a reply for each.
    template <class Model>
    void run(Model model) {
        std::vector<Request> requests;
        std::vector<std::promise<Reply>> promises;
        std::unique_lock lock{mutex_};
        for (;;) {
            arrived_.wait(lock, [&] { return closed_ || !queue_.empty(); });
            if (queue_.empty()) return;
            arrived_.wait_until(lock, queue_.front().arrived + timeout_,
                                [&] { return closed_ || queue_.size() >= max_size_; });
            requests.clear();
            promises.clear();
            for (std::size_t n = std::min(max_size_, queue_.size()); n > 0; --n) {
                requests.push_back(queue_.front().request);
                promises.push_back(std::move(queue_.front().promise));
                queue_.pop_front();
            }
            lock.unlock();
            try {
                std::vector<Reply> replies = model(std::span<const Request>{requests});
                for (std::size_t i = 0; i < promises.size(); ++i) promises[i].set_value(std::move(replies.at(i)));
            } catch (...) {
                for (std::promise<Reply>& promise : promises) {
                    try {
                        promise.set_exception(std::current_exception());
                    } catch (const std::future_error&) {
                        continue;  // it had its reply before the exception came
                    }
                }
            }
            lock.lock();
        }
    }

    /// What is queued is still served.
    void close() {
        {
            const std::lock_guard lock{mutex_};
            closed_ = true;
        }
        arrived_.notify_one();
    }

private:
    struct waiting {
        Request request;
        std::promise<Reply> promise;
        clock::time_point arrived;
    };

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<waiting> queue_;
    bool closed_{false};
    std::size_t max_size_;
    clock::duration timeout_;
};

}  // namespace example
