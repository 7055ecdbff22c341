// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace rival {

/// The least a blocking hand-over between two threads costs: one slot, one mutex, one condition variable.
template <class Item>
class hand_over {
public:
    void put(Item item) {
        {
            const std::lock_guard lock{mutex_};
            slot_ = std::move(item);
        }
        ready_.notify_one();
    }

    /// Waits for an item; none once stopped.
    std::optional<Item> take() {
        std::unique_lock lock{mutex_};
        ready_.wait(lock, [this] { return stopped_ || slot_; });
        return std::exchange(slot_, std::nullopt);
    }

    void stop() {
        {
            const std::lock_guard lock{mutex_};
            stopped_ = true;
        }
        ready_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable ready_;
    std::optional<Item> slot_;
    bool stopped_ = false;
};

}  // namespace rival
