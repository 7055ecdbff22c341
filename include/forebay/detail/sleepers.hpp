// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace forebay::inline v0::detail {

/// Threads that sleep until there is something to do. Everything but `tell` and `tell_all` is called under the lock they
/// sleep with.
template <class Sync>
class sleepers {
public:
    /// Sleeps until told, or until `next`, which is `left` away from now, at `now` of the clock that can be waited on.
    template <class Lock>
    void sleep(Lock& lock, time_point next, duration left, std::chrono::steady_clock::time_point now) {
        wake_at_ = next;
        ++count_;
        if (next == no_deadline) {
            wake_.wait(lock);
        } else {
            wake_.wait_until(lock, now + std::min<duration>(left, std::chrono::steady_clock::time_point::max() - now));
        }
        --count_;
        wake_at_ = no_deadline;  // others may sleep on: the next change wakes one of them
    }
    /// Waits to be told, uncounted.
    template <class Lock>
    void wait(Lock& lock) {
        wake_.wait(lock);
    }

    [[nodiscard]] bool any() const noexcept { return count_ > 0; }
    /// Whether what changes need not be told: nobody sleeps, or one is on its way and will look.
    [[nodiscard]] bool covered(time_point now) const noexcept { return count_ == 0 || wake_at_ <= now; }
    /// Whether one has to be told of a change, after which `next()` is when there is something to do. Once it is, the next
    /// change is silent.
    template <class Next>
    [[nodiscard]] bool must_know(time_point now, Next&& next) noexcept {
        if (covered(now)) return false;
        const time_point at = next();
        if (at >= wake_at_) return false;
        wake_at_ = at;
        return true;
    }

    void tell() noexcept { wake_.notify_one(); }
    void tell_all() noexcept { wake_.notify_all(); }

private:
    typename Sync::condition wake_;
    std::size_t count_{0};
    time_point wake_at_{no_deadline};  // when they wake by themselves
};

}  // namespace forebay::inline v0::detail
