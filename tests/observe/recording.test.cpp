// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/observe/recording.hpp>

namespace fb = forebay;
using namespace std::chrono_literals;

TEST_CASE("a recording observer keeps each length in its own histogram") {
    fb::recording_observer watch;
    watch.on_submit({}, fb::time_point{});
    watch.on_dispatch(fb::dispatch_cause::full, 32, fb::time_point{});
    watch.on_start({}, 3ns);
    watch.on_start({}, 4ns);
    watch.on_end({}, fb::ending::delivered, 10ns);
    watch.on_batch_done(32, 7ns);
    CHECK(watch.batch_size.count() == 1);
    CHECK(watch.batch_size.max() == 32);
    CHECK(watch.queue_delay.count() == 2);
    CHECK(watch.queue_delay.sum() == 7);
    CHECK(watch.latency.count() == 1);
    CHECK(watch.latency.max() == 10);
    CHECK(watch.service_time.count() == 1);
    CHECK(watch.service_time.max() == 7);
}

TEST_CASE("only delivered requests have a latency") {
    fb::recording_observer watch;
    for (const fb::ending how :
         {fb::ending::failed, fb::ending::expired, fb::ending::cancelled, fb::ending::evicted, fb::ending::closed}) {
        watch.on_end({}, how, 10ns);
    }
    CHECK(watch.latency.count() == 0);
}

TEST_CASE("a length below zero counts as zero") {
    fb::recording_observer watch;
    watch.on_start({}, -5ns);
    CHECK(watch.queue_delay.count() == 1);
    CHECK(watch.queue_delay.max() == 0);
}

TEST_CASE("merged observers hold what both have seen") {
    fb::recording_observer left;
    fb::recording_observer right;
    left.on_start({}, 1ns);
    right.on_start({}, 2ns);
    right.on_end({}, fb::ending::delivered, 3ns);
    right.on_dispatch(fb::dispatch_cause::idle, 4, fb::time_point{});
    right.on_batch_done(4, 5ns);
    left.merge(right);
    CHECK(left.queue_delay.count() == 2);
    CHECK(left.latency.sum() == 3);
    CHECK(left.batch_size.sum() == 4);
    CHECK(left.service_time.sum() == 5);
}
