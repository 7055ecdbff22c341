// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/observe/observer.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <type_traits>

namespace fb = forebay;

namespace {

// The model of the concept's comment.
struct count_refusals : fb::no_observer {
    void on_refuse(const fb::request_info&, const fb::verdict&) noexcept { ++refusals; }
    std::uint64_t refusals{0};
};

struct may_throw : fb::no_observer {
    void on_refuse(const fb::request_info&, const fb::verdict&) {}
};

struct lacks_a_hook {
    void on_submit(const fb::request_info&, fb::time_point) noexcept {}
};

struct cannot_move : fb::no_observer {
    cannot_move(cannot_move&&) = delete;
};

}  // namespace

static_assert(fb::observer<fb::no_observer>);
static_assert(std::is_empty_v<fb::no_observer> && std::is_trivially_copyable_v<fb::no_observer>);
static_assert(fb::observer<count_refusals>);
static_assert(!fb::observer<may_throw>);
static_assert(!fb::observer<lacks_a_hook>);
static_assert(!fb::observer<cannot_move>);
static_assert(!fb::observer<int>);

TEST_CASE("an observer writes only the hooks it wants") {
    count_refusals watch;
    watch.on_submit({}, fb::time_point{});
    watch.on_refuse({}, fb::never(fb::limit::closed));
    watch.on_end({}, fb::ending::expired, fb::duration{});
    CHECK(watch.refusals == 1);
}

TEST_CASE("each dispatch cause has its own name") {
    std::set<std::string> names;
    for (std::size_t i = 0; i < fb::dispatch_cause_count; ++i) {
        names.insert(fb::to_string(static_cast<fb::dispatch_cause>(i)));
    }
    CHECK(names == std::set<std::string>{"full", "delay", "deadline", "idle", "drain", "preferred"});
    CHECK(std::string{fb::to_string(static_cast<fb::dispatch_cause>(fb::dispatch_cause_count))} == "unknown");
}
