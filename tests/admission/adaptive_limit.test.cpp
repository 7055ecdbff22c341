// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/adaptive_limit.hpp>
#include <forebay/admission/shared.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/policies.hpp>
#include <forebay/scheduler.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <queue>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

/// A service that takes `alone` for a request while at most `capacity` are inside, and in proportion longer beyond that:
/// more inside gain nothing. Batches of `together` go in at once and share their time; larger ones are cheaper by a base.
struct shared_service {
    std::int64_t capacity{50};
    duration alone{20ms};
    std::size_t together{1};
    bool cheaper_together{false};

    [[nodiscard]] duration takes(std::int64_t inside, std::size_t size) const {
        const duration base = alone * std::max(inside, capacity) / capacity;
        const auto requests = static_cast<std::int64_t>(size);
        return cheaper_together ? base / 2 + base * requests / 2 : base * requests;
    }
};

/// Drives a limit with more demand than it admits, or `demand` at once, in virtual time.
template <class State>
class closed_loop {
public:
    explicit closed_loop(State& state) : state_{state} {}

    std::int64_t demand{std::numeric_limits<std::int64_t>::max()};

    /// Returns the mean of the limit over the last half of that time.
    double run(const shared_service& service, duration length) {
        const time_point until = now_ + length;
        const time_point half = now_ + length / 2;
        double sum = 0;
        std::int64_t samples = 0;
        while (now_ < until) {
            for (;;) {
                std::vector<permit> batch;
                while (batch.size() < service.together && inside_ < demand) {
                    permit taken;
                    if (!state_.try_acquire({}, now_, taken)) break;
                    batch.push_back(taken);
                    ++inside_;
                }
                if (batch.empty()) break;
                const std::size_t size = batch.size();
                running_.push({now_ + service.takes(inside_, size), sequence_++, now_, std::move(batch)});
            }
            if (running_.empty()) return 0;
            now_ = running_.top().ends;
            batch_out done = running_.top();
            running_.pop();
            for (permit& each : done.permits) state_.settle(each, 1, now_);
            inside_ -= static_cast<std::int64_t>(done.permits.size());
            state_.batch_done(done.permits.size(), now_ - done.began, failing, now_);
            if (now_ >= half) {
                sum += static_cast<double>(state_.most());
                ++samples;
            }
        }
        return sum / static_cast<double>(samples);
    }

    bool failing{false};

private:
    struct batch_out {
        time_point ends;
        std::uint64_t sequence;
        time_point began;
        std::vector<permit> permits;
        friend bool operator<(const batch_out& a, const batch_out& b) noexcept {
            return a.ends != b.ends ? a.ends > b.ends : a.sequence > b.sequence;
        }
    };

    State& state_;
    std::priority_queue<batch_out> running_;
    std::uint64_t sequence_{0};
    std::int64_t inside_{0};
    time_point now_{1h};
};

}  // namespace

#define BOTH_FORMS "", multi_threaded, single_threaded

TEMPLATE_TEST_CASE("vegas finds a service's capacity, and again after it halves and doubles", BOTH_FORMS) {
    auto limit = adaptive_limit{.rule = vegas{}, .window = 100ms}.template build<TestType>();
    closed_loop loop{limit};
    // It keeps 3 to 6 (10 to 100 requests: log10 is 1) or 6 to 12 (from 100 on) more than run at full speed.
    const double at_first = loop.run({.capacity = 50}, 60s);
    REQUIRE(at_first > 50);
    REQUIRE(at_first < 60);
    const double halved = loop.run({.capacity = 25}, 60s);
    REQUIRE(halved > 25);
    REQUIRE(halved < 35);
    const double doubled = loop.run({.capacity = 200}, 120s);
    REQUIRE(doubled > 200);
    REQUIRE(doubled < 220);
}

TEMPLATE_TEST_CASE("aimd saws below the capacity at which service takes too long", BOTH_FORMS) {
    auto limit = adaptive_limit{.rule = aimd{.too_long = 25ms}, .window = 100ms}.template build<TestType>();
    closed_loop loop{limit};
    // 25 ms are reached with 1.25 times the capacity inside.
    const double at_first = loop.run({.capacity = 40}, 120s);
    REQUIRE(at_first > 50 * 0.85);
    REQUIRE(at_first < 52);
    const double halved = loop.run({.capacity = 20}, 120s);
    REQUIRE(halved > 25 * 0.85);
    REQUIRE(halved < 26.5);
    const double doubled = loop.run({.capacity = 80}, 120s);
    REQUIRE(doubled > 100 * 0.85);
    REQUIRE(doubled < 102);
}

TEMPLATE_TEST_CASE("gradient2 follows a capacity that halves and doubles", BOTH_FORMS) {
    auto limit = adaptive_limit{.rule = gradient2{}, .ceiling = 200, .window = 100ms}.template build<TestType>();
    closed_loop loop{limit};
    const double at_first = loop.run({.capacity = 50}, 10s);
    REQUIRE(at_first > 50);
    REQUIRE(at_first < 110);
    const double halved = loop.run({.capacity = 25}, 5s);
    REQUIRE(halved < at_first * 0.75);
    REQUIRE(halved > 20);
    const double doubled = loop.run({.capacity = 100}, 20s);
    REQUIRE(doubled > 100);
}

TEMPLATE_TEST_CASE("An adaptive limit does not grow while it does not bind", BOTH_FORMS) {
    const auto unused = [](auto rule) {
        auto limit = adaptive_limit<decltype(rule)>{.rule = rule, .window = 100ms}.template build<TestType>();
        closed_loop loop{limit};
        loop.demand = 15;  // of 20: more than half, less than all
        loop.run({.capacity = 50}, 60s);
        REQUIRE(limit.most() == 20);
        loop.demand = 1000;
        loop.run({.capacity = 50}, 60s);
        REQUIRE(limit.most() > 20);
    };
    unused(gradient2{});
    unused(aimd{.too_long = 100ms});
    unused(vegas{});
}

TEMPLATE_TEST_CASE("An adaptive limit stays between its floor and its ceiling", BOTH_FORMS) {
    auto limit =
        adaptive_limit{.rule = aimd{.too_long = 1ns}, .initial = 20, .floor = 4, .ceiling = 30, .window = 100ms}
            .template build<TestType>();
    closed_loop loop{limit};
    loop.run({.capacity = 50}, 60s);
    REQUIRE(limit.most() == 4);

    auto high =
        adaptive_limit{.rule = vegas{}, .ceiling = 30, .window = 100ms, .probe_every = 1000}.template build<TestType>();
    closed_loop other{high};
    other.run({.capacity = 500}, 60s);
    REQUIRE(high.most() == 30);
}

TEMPLATE_TEST_CASE("Larger batches are not taken for overload, nor smaller ones", BOTH_FORMS) {
    // A request of a batch of 8 takes 9/16 of one alone: whoever compares across sizes is misled by the change.
    auto limit = adaptive_limit{.rule = vegas{}, .window = 100ms, .probe_every = 1'000'000}.template build<TestType>();
    closed_loop loop{limit};
    const double ones = loop.run({.capacity = 50, .cheaper_together = true}, 60s);
    const double eights = loop.run({.capacity = 50, .together = 8, .cheaper_together = true}, 60s);
    const double ones_again = loop.run({.capacity = 50, .cheaper_together = true}, 60s);
    REQUIRE(ones == Approx(55).margin(6));
    REQUIRE(eights == Approx(55).margin(8));
    REQUIRE(ones_again == Approx(55).margin(6));
}

TEMPLATE_TEST_CASE("A service that has become slower for good is measured anew", BOTH_FORMS) {
    for (const duration window : {100ms, 10ms}) {  // longer than the service takes, and shorter
        INFO("window " << window.count() << " ns");
        auto limit = adaptive_limit{.rule = vegas{}, .window = window, .least_batches = 1}.template build<TestType>();
        closed_loop loop{limit};
        loop.run({.capacity = 50}, 600 * window);
        const double slower = loop.run({.capacity = 50, .alone = 600ms}, 200s);
        REQUIRE(slower > 45);
        REQUIRE(slower < 62);
    }
}

TEMPLATE_TEST_CASE("gradient2 notices overload after a slow time, too", BOTH_FORMS) {
    auto limit = adaptive_limit{.rule = gradient2{}, .ceiling = 200, .window = 100ms}.template build<TestType>();
    closed_loop loop{limit};
    loop.demand = 40;
    loop.run({.capacity = 50, .alone = 200ms}, 60s);
    loop.run({.capacity = 50, .alone = 20ms}, 10s);
    loop.demand = 1000;
    const double before = loop.run({.capacity = 50, .alone = 20ms}, 4s);
    const double after = loop.run({.capacity = 10, .alone = 20ms}, 4s);
    REQUIRE(after < before * 0.6);
}

TEMPLATE_TEST_CASE("An adaptive limit of which less than half is used stays as it is", BOTH_FORMS) {
    auto limit = adaptive_limit{.rule = aimd{.too_long = 1ns}, .window = 100ms}.template build<TestType>();
    closed_loop loop{limit};
    loop.demand = 9;
    loop.run({.capacity = 50}, 10s);
    REQUIRE(limit.most() == 20);
    loop.demand = 10;
    loop.run({.capacity = 50}, 10s);
    REQUIRE(limit.most() < 20);
}

TEMPLATE_TEST_CASE("A failed batch lowers aimd and vegas", BOTH_FORMS) {
    auto limit = adaptive_limit{.rule = aimd{}, .window = 100ms}.template build<TestType>();
    closed_loop loop{limit};
    loop.failing = true;
    loop.run({.capacity = 50}, 60s);
    REQUIRE(limit.most() == 1);
    loop.failing = false;
    loop.run({.capacity = 50}, 60s);
    REQUIRE(limit.most() > 20);
}

TEST_CASE("An adaptive limit refuses knobs that cannot be") {
    const auto refused = [](adaptive_limit<> chosen) {
        REQUIRE_THROWS_AS(chosen.build<single_threaded>(), std::invalid_argument);
    };
    REQUIRE_NOTHROW(adaptive_limit{}.build<single_threaded>());
    refused({.floor = 0});
    refused({.initial = 5, .floor = 6});
    refused({.initial = 2000});
    refused({.floor = 20, .ceiling = 19});
    refused({.ceiling = (std::int64_t{1} << 31) + 1});
    refused({.window = 0ns});
    refused({.least_batches = 0});
    refused({.probe_every = 1});
    refused({.rule = {.tolerance = 0}});
}

TEMPLATE_TEST_CASE("What a window is told at its extremes does not break the limit", BOTH_FORMS) {
    auto limit = adaptive_limit{.rule = vegas{}, .window = 1ns, .least_batches = 1}.template build<TestType>();
    time_point now = time_point::min();
    for (const duration service : {duration{0}, duration{1}, duration::max(), duration{-5}, duration{1}}) {
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::numeric_limits<std::size_t>::max()}) {
            permit taken;
            if (limit.try_acquire({}, now, taken)) limit.settle(taken, 0, now);
            limit.batch_done(size, service, false, now);
            REQUIRE(limit.most() >= 1);
            REQUIRE(limit.most() <= 1000);
            now = saturating_add(now, duration::max() / 4);
        }
    }
    REQUIRE(limit.in_flight() == 0);
}

TEMPLATE_TEST_CASE("A window does not count what was sent before it opened", BOTH_FORMS) {
    auto limit = adaptive_limit{.rule = aimd{.too_long = 1s}, .initial = 10, .window = 1ms, .least_batches = 1}
                     .template build<TestType>();
    std::vector<permit> out(10);
    for (permit& each : out) REQUIRE(limit.try_acquire({}, time_point{1h}, each));
    limit.batch_done(1, 1ms, false, time_point{1h});  // the first opens the first window
    limit.batch_done(1, 1ms, false, time_point{1h + 1ms});
    REQUIRE(limit.most() == 11);
    limit.batch_done(1, 5s, false, time_point{1h + 1s});  // slow, under an earlier limit
    REQUIRE(limit.most() == 11);
    limit.batch_done(1, 5s, false, time_point{1h + 6s});
    REQUIRE(limit.most() < 11);
}

TEST_CASE("A scheduler tells its adaptive limit of each batch") {
    manual_clock clock;
    const auto shared_limit = share(
        adaptive_limit{.rule = aimd{.too_long = 5ms}, .initial = 8, .ceiling = 9, .window = 1ms, .least_batches = 1});
    duration service{1ms};
    bool broken = false;
    auto scheduler = make_scheduler<int, int>(
        policies{.admission = shared_limit, .batching = size_or_delay{.max_batch_size = 4}, .clock = clock},
        [&](std::span<const int> in) {
            clock.advance(service * static_cast<std::int64_t>(in.size()));
            if (broken) throw std::runtime_error{"broken"};
            return std::vector<int>(in.begin(), in.end());
        });
    const auto fill_and_serve = [&] {
        int admitted = 0;
        while (scheduler.submit(1, {}, [](outcome<int>) {})) ++admitted;
        static_cast<void>(scheduler.poll());
        static_cast<void>(scheduler.poll());
        return admitted;
    };
    REQUIRE(fill_and_serve() == 8);
    REQUIRE(shared_limit.target().in_flight() == 0);
    fill_and_serve();
    REQUIRE(shared_limit.target().most() == 9);
    service = 20ms;
    for (int i = 0; i < 4; ++i) fill_and_serve();
    const std::int64_t slow = shared_limit.target().most();
    REQUIRE(slow < 8);
    service = 1ms;
    broken = true;
    for (int i = 0; i < 4; ++i) fill_and_serve();
    REQUIRE(shared_limit.target().most() < slow);
    broken = false;
    for (int i = 0; i < 40; ++i) fill_and_serve();
    REQUIRE(shared_limit.target().most() == 9);
}
