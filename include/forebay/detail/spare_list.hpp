// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace forebay::inline v0::detail {

/// A fixed number of objects that are used, brought back, and used again; the last one back is the next.
/// cost  all O(1); allocates at construction only
template <class Object>
class spare_list {
public:
    /// `count` objects, each made from `parts`.
    template <class... Parts>
    explicit spare_list(std::size_t count, const Parts&... parts) {
        all_.reserve(count);
        spare_.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            all_.push_back(std::make_unique<Object>(parts...));
            spare_.push_back(all_.back().get());
        }
    }

    [[nodiscard]] const std::vector<std::unique_ptr<Object>>& all() const noexcept { return all_; }
    [[nodiscard]] bool empty() const noexcept { return spare_.empty(); }
    /// The next one; it stays in the list. Only when not empty.
    [[nodiscard]] Object& next() const noexcept { return *spare_.back(); }
    void take_next() noexcept { spare_.pop_back(); }
    void bring_back(Object& used) noexcept { spare_.push_back(&used); }

private:
    std::vector<std::unique_ptr<Object>> all_;
    std::vector<Object*> spare_;
};

}  // namespace forebay::inline v0::detail
