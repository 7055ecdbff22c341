// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace lab {

/// Calls work(0) to work(count - 1), on up to `jobs` threads. Which thread takes which, and when, must not matter.
/// errors  of those that threw, the one with the lowest number; the others have been called too
template <class Work>
void for_each_job(std::size_t count, std::size_t jobs, const Work& work) {
    std::vector<std::exception_ptr> thrown(count);
    std::atomic<std::size_t> next{0};
    const auto labour = [&] {
        for (std::size_t i = next++; i < count; i = next++) {
            try {
                work(i);
            } catch (...) {
                thrown[i] = std::current_exception();
            }
        }
    };
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < std::min(count, jobs); ++i) others.emplace_back(labour);
    labour();
    for (std::thread& each : others) each.join();
    for (const std::exception_ptr& each : thrown) {
        if (each) std::rethrow_exception(each);
    }
}

}  // namespace lab
