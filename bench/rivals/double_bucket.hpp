// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>

namespace rival {

/// The token bucket people write: a level and a rate in doubles, refilled by the time since the last call. It answers
/// yes or no, not when, and drifts.
class double_bucket {
public:
    double_bucket(double tokens_per_nanosecond, double burst)
        : rate_{tokens_per_nanosecond}, burst_{burst}, level_{burst} {}

    bool try_acquire(double cost, std::chrono::nanoseconds now) noexcept {
        if (now > last_) {
            level_ = std::min(burst_, level_ + static_cast<double>((now - last_).count()) * rate_);
            last_ = now;
        }
        if (level_ < cost) return false;
        level_ -= cost;
        return true;
    }

private:
    double rate_;
    double burst_;
    double level_;
    std::chrono::nanoseconds last_{0};
};

/// The same, shared by threads the way people share it.
class alignas(64) locked_double_bucket {
public:
    locked_double_bucket(double tokens_per_nanosecond, double burst) : bucket_{tokens_per_nanosecond, burst} {}

    bool try_acquire(double cost, std::chrono::nanoseconds now) noexcept {
        const std::lock_guard lock{mutex_};
        return bucket_.try_acquire(cost, now);
    }

private:
    std::mutex mutex_;
    double_bucket bucket_;
};

}  // namespace rival
