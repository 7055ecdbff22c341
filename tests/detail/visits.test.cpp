// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/visits.hpp>
#include <forebay/sync.hpp>

namespace {

/// A thread is whoever the test says it is.
struct pretended {
    using thread_id = int;
    static inline int now = 0;
    static int this_thread() noexcept { return now; }
};
using list = forebay::detail::visits<pretended>;

TEST_CASE("who is inside is told apart by thread, and stays leave in any order") {
    list inside;
    CHECK_FALSE(inside.this_thread_is_inside());
    CHECK_FALSE(inside.another_thread_is_inside());

    pretended::now = 1;
    list::visit first;
    inside.enter(first);
    list::visit nested;
    inside.enter(nested);
    CHECK(inside.this_thread_is_inside());
    CHECK_FALSE(inside.another_thread_is_inside());

    pretended::now = 2;
    CHECK_FALSE(inside.this_thread_is_inside());
    CHECK(inside.another_thread_is_inside());
    list::visit other;
    inside.enter(other);

    inside.leave(first);
    CHECK(inside.another_thread_is_inside());
    inside.leave(nested);
    CHECK(inside.this_thread_is_inside());
    CHECK_FALSE(inside.another_thread_is_inside());
    inside.leave(other);
    CHECK_FALSE(inside.this_thread_is_inside());
}

TEST_CASE("a stay that closes counts for its own thread alone") {
    list inside;
    pretended::now = 1;
    list::visit closing;
    closing.closing = true;
    inside.enter(closing);
    CHECK(inside.this_thread_is_closing());
    CHECK_FALSE(inside.another_thread_is_closing());
    pretended::now = 2;
    CHECK_FALSE(inside.this_thread_is_closing());
    CHECK(inside.another_thread_is_closing());
}

}  // namespace
