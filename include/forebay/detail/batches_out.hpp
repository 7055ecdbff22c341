// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/time.hpp>

#include <cstddef>
#include <optional>

namespace forebay::inline v0::detail {

/// The batches that occupy an executor, in the order in which they left, and for how long one usually does.
///
/// Record  has `time_point dispatched`, and `Record* before` and `Record* after` for this list's use
/// cost    all O(1); allocates nothing
/// source  the mean: RFC 6298, section 2 (what is new counts an eighth)
template <class Record>
class batches_out {
public:
    explicit batches_out(std::size_t executors) noexcept : executors_{executors} {}

    [[nodiscard]] std::size_t executors() const noexcept { return executors_; }
    [[nodiscard]] std::size_t busy() const noexcept { return busy_; }

    /// It leaves now. Only one that is not out.
    void left(Record& of) noexcept {
        of.before = last_;
        of.after = nullptr;
        (last_ == nullptr ? first_ : last_->after) = &of;
        last_ = &of;
        ++busy_;
    }
    /// It is back, `service` after it left [>= 0]. Only one that is out.
    void back(Record& of, duration service) noexcept {
        (of.before == nullptr ? first_ : of.before->after) = of.after;
        (of.after == nullptr ? last_ : of.after->before) = of.before;
        --busy_;
        usual_ = usual_ ? *usual_ + (service - *usual_) / 8 : service;
    }

    /// How long one is out; nothing before the first is back.
    [[nodiscard]] const std::optional<duration>& usual() const noexcept { return usual_; }
    /// When the one that has been out longest is expected back: after the usual time; where that is over, once it is as
    /// much overdue again. [>= now] `no_deadline` where none is out, or none has ever been back.
    [[nodiscard]] time_point next_back(time_point now) const noexcept {
        if (first_ == nullptr || !usual_) return no_deadline;
        const time_point expected = saturating_add(first_->dispatched, *usual_);
        return expected < now ? saturating_add(now, saturating_sub(now, expected)) : expected;
    }

private:
    std::size_t executors_;
    std::size_t busy_{0};
    Record* first_{nullptr};
    Record* last_{nullptr};
    std::optional<duration> usual_{};
};

}  // namespace forebay::inline v0::detail
