// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include <forebay/forebay.hpp>

#include <cstdio>
#include <span>
#include <thread>
#include <vector>

namespace fb = forebay;

/// A stranger's first program: doubled numbers, from a worker thread, so that the thread library must have come along.
int main() {
    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 4, .max_queue_delay = fb::duration{0}}},
        [](std::span<const int> numbers) {
            std::vector<int> doubled;
            for (const int n : numbers) doubled.push_back(2 * n);
            return doubled;
        });
    int sum = 0;
    std::thread worker{[&] {
        for (int n = 1; n <= 10; ++n)
            (void)scheduler.submit(n, {}, [&](fb::outcome<int> reply) { sum += reply ? *reply : 0; });
        scheduler.poll();
    }};
    worker.join();
    std::printf("forebay %d.%d.%d: the sum is %d\n", FOREBAY_VERSION_MAJOR, FOREBAY_VERSION_MINOR,
                FOREBAY_VERSION_PATCH, sum);
    return sum == 110 && scheduler.stats().delivered == 10 ? 0 : 1;
}
