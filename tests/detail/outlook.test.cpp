// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/outlook.hpp>

#include <chrono>
#include <cstdint>
#include <limits>

namespace fb = forebay;
using fb::certainty;
using fb::detail::outlook;
using namespace std::chrono_literals;

namespace {

[[nodiscard]] constexpr fb::time_point at(std::int64_t ns) {
    return fb::time_point{fb::duration{ns}};
}
/// A full queue's refusal, before anything is known of the time.
[[nodiscard]] constexpr fb::verdict full(std::int64_t missing = 1) {
    return fb::retry_at(at(100), fb::limit::queued_cost, missing, certainty::on_completion);
}
[[nodiscard]] constexpr fb::verdict told(std::int64_t when, certainty how_sure, std::int64_t missing = 1) {
    return fb::retry_at(at(when), fb::limit::queued_cost, missing, how_sure);
}

}  // namespace

TEST_CASE("outlook: batches leave while executors are free, then as these come back, one after the other") {
    // Three executors, one of them free; the others took theirs at 40 and 70, and one takes 90: back at 130 and 160.
    const outlook of{.now = at(100), .due = at(110), .executors = 3, .free = 1, .next_back = at(130), .usual = 90ns};
    CHECK(of.departure(1) == at(110));
    CHECK(of.departure(2) == at(130));
    CHECK(of.departure(3) == at(160));
    CHECK(of.departure(4) == at(190));
    // None is out: what leaves at 110 is back at 200.
    const outlook idle{.now = at(100), .due = at(110), .executors = 1, .free = 1, .usual = 90ns};
    CHECK(idle.departure(2) == at(200));
    CHECK(idle.departure(4) == at(380));
    // What comes back early waits until a batch is due.
    const outlook early{.now = at(100), .due = at(150), .executors = 1, .next_back = at(120), .usual = 90ns};
    CHECK(early.departure(1) == at(150));
}

TEST_CASE("outlook: nothing leaves that is not due, and none is said to come back that never did") {
    CHECK(outlook{.now = at(0), .free = 1}.departure(1) == fb::no_deadline);
    CHECK(outlook{.now = at(0), .free = 1, .next_slot = at(7)}.departure(1) == at(7));
    CHECK(outlook{.now = at(0), .due = at(3)}.departure(1) == fb::no_deadline);
    const outlook slow{.now = at(0), .due = at(3), .next_back = at(9), .usual = fb::duration::max()};
    CHECK(slow.departure(1) == at(9));
    CHECK(slow.departure(2) == fb::no_deadline);
    CHECK(slow.departure(std::numeric_limits<std::int64_t>::max()) == fb::no_deadline);
}

TEST_CASE("outlook: room by the next batch is exact if an executor is free and the batch surely suffices") {
    outlook of{.now = at(100), .due = at(110), .executors = 2, .free = 1, .next_back = at(130), .usual = 90ns};
    of.by_next_batch = 5;
    of.by_batch = 8;
    of.batches = 3;
    CHECK(with_time(full(5), of) == told(110, certainty::exact, 5));
    CHECK(with_time(full(6), of) == told(110, certainty::estimate, 6));  // on the average, one batch frees 8
    CHECK(with_time(full(9), of) == told(130, certainty::estimate, 9));
    CHECK(with_time(full(17), of) == told(175, certainty::estimate, 17));
    CHECK(with_time(full(1'000), of) == told(175, certainty::estimate, 1'000));  // by then all have left
    of.next_slot = at(110);
    CHECK(with_time(full(5), of) == told(110, certainty::estimate, 5));
    of.next_slot = at(111);
    CHECK(with_time(full(5), of) == told(110, certainty::exact, 5));
    of.free = 0;
    CHECK(with_time(full(5), of) == told(130, certainty::estimate, 5));
}

TEST_CASE("outlook: room by a deadline is exact if nothing leaves before it, and the request frees enough") {
    outlook of{.now = at(100), .due = at(110), .executors = 1, .free = 1, .usual = 90ns};
    of.by_next_batch = 5;
    of.by_batch = 5;
    of.batches = 2;
    of.next_deadline = at(110);  // what expires at an instant goes before what leaves at it
    of.by_deadline = 3;
    CHECK(with_time(full(3), of) == told(110, certainty::exact, 3));
    // Without the one that expires, the batch may not be due any more, or free less.
    CHECK(with_time(full(4), of) == told(110, certainty::estimate, 4));
    of.next_deadline = at(111);
    CHECK(with_time(full(4), of) == told(110, certainty::exact, 4));
    of.by_deadline = 9;
    of.next_deadline = at(150);
    CHECK(with_time(full(9), of) == told(150, certainty::estimate, 9));  // the second batch leaves at 200
    of.free = 0;
    of.next_back = at(160);
    CHECK(with_time(full(3), of) == told(150, certainty::estimate, 3));
    of.next_back = at(140);
    CHECK(with_time(full(3), of) == told(140, certainty::estimate, 3));
}

TEST_CASE("outlook: where nothing is known of what runs, nothing is said but that something must end") {
    outlook of{.now = at(100), .due = at(110), .executors = 1};
    of.by_next_batch = 5;
    CHECK(with_time(full(), of) == full());
    of.next_deadline = at(150);
    of.by_deadline = 1;
    CHECK(with_time(full(1), of) == told(150, certainty::estimate));
    CHECK(with_time(full(2), of) == full(2));
}

TEST_CASE("outlook: who waits for something to end is told when a batch is back, or a deadline passes") {
    const auto waits = fb::retry_at(at(100), fb::limit::concurrency, 2, certainty::on_completion);
    const auto said = [](std::int64_t when) {
        return fb::retry_at(at(when), fb::limit::concurrency, 2, certainty::estimate);
    };
    outlook of{.now = at(100), .due = at(110), .executors = 1, .free = 1};
    CHECK(with_end(waits, of) == waits);
    of.usual = 30ns;
    CHECK(with_end(waits, of) == said(140));
    of.next_back = at(125);
    CHECK(with_end(waits, of) == said(125));
    of.next_deadline = at(120);
    CHECK(with_end(waits, of) == said(120));
    const auto later = fb::retry_at(at(130), fb::limit::rate, 2, certainty::on_completion);  // and a rate besides
    CHECK(with_end(later, of) == fb::retry_at(at(130), fb::limit::rate, 2, certainty::estimate));
    const auto exact = fb::retry_at(at(100), fb::limit::rate, 2);
    CHECK(with_end(exact, of) == exact);
    CHECK(with_end(fb::never(fb::limit::concurrency, 2), of) == fb::never(fb::limit::concurrency, 2));
}
