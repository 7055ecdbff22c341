// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../threads.hpp"
#include "contestants.hpp"

#include <cstddef>
#include <cstdint>
#include <thread>

namespace contestants {

/// A way with a worker thread on the n-th CPU. The caller is the producer.
template <class Way>
class served {
public:
    explicit served(std::size_t cpu)
        : worker_{[this, cpu] {
              threads::pin(cpu);
              way_.run();
          }} {}
    ~served() {
        way_.stop();
        worker_.join();
    }

    /// Sends `bursts` times `burst` requests, many in flight, and waits for the outcomes of each burst.
    void serve(std::size_t bursts, std::size_t burst) {
        for (std::size_t b = 0; b < bursts; ++b) {
            way_.begin(burst);
            for (std::size_t i = 0; i < burst; ++i) way_.submit(next_++);
            way_.finish();
        }
        way_.check(next_);
    }

private:
    std::uint64_t next_ = 0;
    Way way_;
    std::thread worker_;
};

}  // namespace contestants
