// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace forebay::inline v0::detail {

/// Which threads are inside the host's code on an object's behalf, so that its destructor can wait for the others and
/// a call from inside is known as such. The object's lock guards it.
///
/// cost  O(threads inside)
template <class Sync>
class visits {
public:
    /// One stay, on the stack of the thread that is inside.
    struct visit {
        typename Sync::thread_id thread{Sync::this_thread()};
        visit* next{nullptr};
        bool closing{false};  // as part of closing the object
    };

    void enter(visit& stay) noexcept {
        stay.next = first_;
        first_ = &stay;
    }
    void leave(visit& stay) noexcept {
        visit** at = &first_;
        while (*at != &stay) at = &(*at)->next;
        *at = stay.next;
    }

    [[nodiscard]] bool this_thread_is_inside() const noexcept {
        return any([](const visit& stay) { return stay.thread == Sync::this_thread(); });
    }
    [[nodiscard]] bool another_thread_is_inside() const noexcept {
        return any([](const visit& stay) { return stay.thread != Sync::this_thread(); });
    }
    [[nodiscard]] bool another_thread_is_closing() const noexcept {
        return any([](const visit& stay) { return stay.closing && stay.thread != Sync::this_thread(); });
    }
    [[nodiscard]] bool this_thread_is_closing() const noexcept {
        return any([](const visit& stay) { return stay.closing && stay.thread == Sync::this_thread(); });
    }

private:
    template <class Wanted>
    [[nodiscard]] bool any(Wanted wanted) const noexcept {
        for (const visit* at = first_; at != nullptr; at = at->next) {
            if (wanted(*at)) return true;
        }
        return false;
    }

    visit* first_{nullptr};
};

}  // namespace forebay::inline v0::detail
