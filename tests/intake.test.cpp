// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/intake.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace fb = forebay;
using host::at;
using namespace std::chrono_literals;

namespace {

/// Promises each request a slot 10 ns after the one before it, and keeps count of what is given back.
struct one_after_the_other {
    struct state {
        std::int64_t next{0};
        [[nodiscard]] fb::verdict try_acquire(const fb::request_info& info, fb::time_point now,
                                              fb::permit& taken) noexcept {
            return reserve(info, now, 0ns, taken);
        }
        [[nodiscard]] fb::verdict reserve(const fb::request_info&, fb::time_point now, fb::duration max_wait,
                                          fb::permit& taken) noexcept {
            if (at(next) > now + max_wait) return fb::retry_at(at(next) - max_wait, fb::limit::rate, 1);
            taken.live = true;
            next += 10;
            return fb::admitted(std::max(now, at(next - 10)));
        }
        void settle(fb::permit& taken, std::int64_t, fb::time_point) noexcept { taken = {}; }
        void give_back(fb::permit& taken, fb::time_point) noexcept { taken = {}; }
    };
    template <class Sync>
    [[nodiscard]] state build() const {
        return {};
    }
};

struct ages : fb::no_observer {
    std::vector<fb::duration> ended;
    void on_end(const fb::request_info&, fb::ending, fb::duration length) noexcept { ended.push_back(length); }
};

}  // namespace

TEST_CASE("intake: who waits for its slot is counted as waiting, is lined up in it, and its age is all of its time") {
    fb::policies chosen{.admission = one_after_the_other{},
                        .on_refusal = fb::delay{.max_wait = 100ns},
                        .observer = ages{},
                        .sync = fb::single_threaded{}};
    fb::detail::request_intake<int, int, decltype(chosen)> desk{std::move(chosen), 10};
    fb::ticket ids[3];
    for (fb::ticket& id : ids) REQUIRE(desk.accept(id, at(0), 7, {}, [](fb::outcome<int>) {}));
    CHECK(desk.counts().queued == 1);
    CHECK(desk.counts().waiting == 2);
    desk.seat(at(9));
    CHECK(desk.counts().waiting == 2);
    desk.seat(at(10));
    CHECK(desk.counts().queued == 2);
    CHECK(desk.counts().waiting == 1);
    CHECK(desk.counts().balanced());
    fb::detail::ended_list over;
    CHECK(desk.cancel_queued(at(12), ids[2], over));  // waits
    CHECK(desk.cancel_queued(at(13), ids[1], over));  // queued
    CHECK(desk.observer().ended == std::vector<fb::duration>{12ns, 13ns});
    desk.flush(at(14), over);
    CHECK(over.count == 3);
    CHECK(desk.counts().ended() == 3);
    CHECK(desk.counts().balanced());
    desk.release(over);
}
