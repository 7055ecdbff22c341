// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/request.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace forebay::inline v0::detail {

/// How requests come in beside whoever looks after them: that one says how much may come, and fetches what has. What it
/// said is kept here, so that a request on its way in touches one cache line beside its slot, and waits for nobody's work.
///
/// Lock     lockable
/// threads  everything under `lock`, which the caller takes; but what `fetch` returned is the fetcher's
template <class Lock>
class alignas(64) doorway {
public:
    /// What there is room for.
    struct allowance {
        std::size_t requests;
        std::int64_t cost;
        std::size_t keys;         // new ones, beside that of the last request, if that is new (again)
        time_point expires_from;  // nothing that waits is due earlier
    };
    /// Requests that come in between two fetches, at most.
    static constexpr std::size_t most = 256;

    doorway() noexcept { here_ = next_ = end_ = places_[0].data(); }
    doorway(const doorway&) = delete;
    doorway& operator=(const doorway&) = delete;

    Lock lock;

    /// Whether such a request may come in at `now`. False decides nothing: then all else has to be asked.
    [[nodiscard]] bool lets_in(const request_info& info, time_point now) const noexcept {
        return next_ != end_ && static_cast<std::uint64_t>(info.cost) <= static_cast<std::uint64_t>(room_) &&
               now < expires_from_ && now < info.deadline && (info.key == key_ || keys_ > 0);
    }
    /// It has come in. Only one that was let in.
    void add(const request_info& info, std::uint32_t slot) noexcept {
        *next_++ = slot;
        room_ -= info.cost;
        if (info.deadline < expires_from_) expires_from_ = info.deadline;
        if (info.key != key_) {
            key_ = info.key;
            --keys_;
        }
    }

    /// How many have come in since they were last fetched.
    [[nodiscard]] std::size_t count() const noexcept { return static_cast<std::size_t>(next_ - here_); }
    /// The slots of those, in order, until the next call; and what may come in from now on, these not counted in it but
    /// for their number.
    std::span<const std::uint32_t> fetch(const allowance& next) noexcept {
        const std::span<const std::uint32_t> came{here_, next_};
        expires_from_ = came.empty() ? next.expires_from : std::min(expires_from_, next.expires_from);
        room_ = next.cost - (room_granted_ - room_);
        room_granted_ = room_;
        keys_ = next.keys > keys_granted_ - keys_ ? static_cast<std::uint32_t>(next.keys) - (keys_granted_ - keys_) : 0;
        keys_granted_ = keys_;
        here_ = next_ = here_ == places_[0].data() ? places_[1].data() : places_[0].data();
        end_ = here_ + std::min(next.requests, most);
        return came;
    }

private:
    std::uint32_t keys_{0};
    std::uint64_t key_{0};  // of the last one
    std::int64_t room_{0};
    time_point expires_from_{no_deadline};
    std::uint32_t* next_;  // here the next one is written down, before
    std::uint32_t* end_;

    alignas(64) std::uint32_t* here_;  // the first of those that have come
    std::int64_t room_granted_{0};
    std::uint32_t keys_granted_{0};
    std::array<std::array<std::uint32_t, most>, 2> places_;
};

}  // namespace forebay::inline v0::detail
