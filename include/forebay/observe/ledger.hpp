// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/observe/observer.hpp>
#include <forebay/outcome.hpp>
#include <forebay/verdict.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace forebay::inline v0 {

/// Where every submitted request is, or how it ended: a value, so a snapshot is a copy. Counters only grow
/// (but for a result that could not be taken out of the model's answer: it goes from delivered to failed); the three
/// gauges say how many are there now. All in requests unless said otherwise.
///
/// threads  plain numbers: whoever owns it serialises
struct ledger {
private:
    template <std::size_t Size>
    static constexpr std::uint64_t sum(const std::array<std::uint64_t, Size>& counters) noexcept {
        std::uint64_t total = 0;
        for (const std::uint64_t counter : counters) total += counter;
        return total;
    }

    template <class Self>
    static constexpr auto& of(Self& self, ending how) noexcept {
        switch (how) {
            case ending::delivered: return self.delivered;
            case ending::failed: return self.failed;
            case ending::expired: return self.expired;
            case ending::cancelled: return self.cancelled;
            case ending::evicted: return self.evicted;
            case ending::closed: break;
        }
        return self.closed;
    }

public:
    /// Calls to submit, refused ones too.
    std::uint64_t submitted{0};
    /// Refused at submit; `refused_by` says by which limit, indexed by `limit`.
    std::uint64_t refused{0};
    std::array<std::uint64_t, static_cast<std::size_t>(limit::closed) + 1> refused_by{};

    /// Gauge: accepted, waiting for their reserved slot of a rate.
    std::uint64_t waiting{0};
    /// Gauge: in the queue.
    std::uint64_t queued{0};
    /// Gauge: in a batch that was handed to the model.
    std::uint64_t running{0};

    /// Ended, by `ending`.
    std::uint64_t delivered{0};
    std::uint64_t failed{0};
    std::uint64_t expired{0};
    std::uint64_t cancelled{0};
    std::uint64_t evicted{0};
    std::uint64_t closed{0};

    /// Handed to the model. A request that is dispatched twice counts twice.
    std::uint64_t dispatched{0};
    /// Batches handed to the model; `batches_by` says why then, indexed by `dispatch_cause`. [batches]
    std::uint64_t batches{0};
    std::array<std::uint64_t, dispatch_cause_count> batches_by{};
    /// Sinks that threw. Their request counts by its ending all the same. [calls]
    std::uint64_t sink_failures{0};

    /// Accepted requests that have ended.
    [[nodiscard]] constexpr std::uint64_t ended() const noexcept {
        return delivered + failed + expired + cancelled + evicted + closed;
    }

    /// The identity that holds at every instant: each submitted request is in exactly one place.
    [[nodiscard]] constexpr bool balanced() const noexcept {
        return submitted == refused + waiting + queued + running + ended() && refused == sum(refused_by) &&
               batches == sum(batches_by);
    }

    /// The counter of one ending.
    [[nodiscard]] constexpr std::uint64_t& operator[](ending how) noexcept { return of(*this, how); }
    [[nodiscard]] constexpr std::uint64_t operator[](ending how) const noexcept { return of(*this, how); }
    [[nodiscard]] constexpr std::uint64_t operator[](limit which) const noexcept {
        return refused_by[static_cast<std::size_t>(which)];
    }
    [[nodiscard]] constexpr std::uint64_t operator[](dispatch_cause cause) const noexcept {
        return batches_by[static_cast<std::size_t>(cause)];
    }

    /// `n` requests ended. Taking them off their gauge is the caller's.
    constexpr void count(ending how, std::uint64_t n = 1) noexcept { (*this)[how] += n; }
    /// One submitted request was refused.
    constexpr void count(limit which) noexcept {
        ++refused;
        ++refused_by[static_cast<std::size_t>(which)];
    }
    /// One batch of `size` requests was handed to the model. Moving them between gauges is the caller's.
    constexpr void count(dispatch_cause cause, std::size_t size) noexcept {
        ++batches;
        ++batches_by[static_cast<std::size_t>(cause)];
        dispatched += size;
    }

    friend constexpr bool operator==(const ledger&, const ledger&) noexcept = default;
};

}  // namespace forebay::inline v0
