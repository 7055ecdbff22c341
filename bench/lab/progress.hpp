// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <mutex>
#include <string>
#include <utility>

namespace lab {

/// One line on standard error that says how far a command has come; nothing of a command that is done at once.
class progress_line {
public:
    progress_line(bool shown, std::size_t runs) : shown_{shown}, runs_{runs} {}
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;
    ~progress_line() {
        if (!last_.empty()) std::cerr << '\r' << std::string(last_.size(), ' ') << '\r' << std::flush;
    }

    /// Run number `run` begins.
    void begin(std::size_t run, const std::string& name) const {
        if (shown_) show("run " + std::to_string(run + 1) + " of " + std::to_string(runs_) + " (" + name + ')');
    }
    /// For `run_options::progress` of run number `run`.
    [[nodiscard]] std::function<void(std::uint64_t, forebay::time_point)> of(std::size_t run, std::string name) const {
        if (!shown_) return {};
        return [this, run, name = std::move(name)](std::uint64_t arrived, forebay::time_point now) {
            show("run " + std::to_string(run + 1) + " of " + std::to_string(runs_) + " (" + name +
                 "): " + std::to_string(arrived) + " requests, at " +
                 std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count()) +
                 " s");
        };
    }

private:
    void show(std::string text) const {
        const std::lock_guard lock{mutex_};
        const auto now = std::chrono::steady_clock::now();
        if (now - shown_at_ < std::chrono::milliseconds{200}) return;
        shown_at_ = now;
        const std::size_t before = last_.size();
        last_ = std::move(text);
        std::cerr << '\r' << last_ << std::string(before > last_.size() ? before - last_.size() : 0, ' ') << std::flush;
    }

    bool shown_;
    std::size_t runs_;
    mutable std::mutex mutex_;
    mutable std::string last_;
    mutable std::chrono::steady_clock::time_point shown_at_{std::chrono::steady_clock::now()};
};

}  // namespace lab
