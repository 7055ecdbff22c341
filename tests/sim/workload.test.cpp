// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/workload.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 4711;

fb::time_point at(fb::duration since) {
    return fb::time_point{since};
}

sim::flow text(std::int64_t per_second) {
    return {
        {.tenant = "acme", .kind = "text", .priority = 0, .cost = 3, .patience = 50ms, .slo = 20ms, .input_units = 9},
        fb::rate::per_second(per_second)};
}
sim::flow video(std::int64_t per_second) {
    return {{.tenant = "globex", .kind = "video", .priority = 2, .cost = 40}, fb::rate::per_second(per_second)};
}

std::vector<sim::arrival> of_kind(const sim::workload& all, const std::string& kind) {
    std::vector<sim::arrival> found;
    for (const sim::arrival& one : all.arrivals) {
        if (all.kinds.at(one.kind) == kind) found.push_back(one);
    }
    return found;
}

sim::workload at_milliseconds(const std::vector<int>& times, const std::string& kind) {
    sim::workload result;
    for (const int time : times) {
        sim::arrival one;
        one.at = at(std::chrono::milliseconds{time});
        result.label(one, {.kind = kind, .patience = 10ms});
        result.arrivals.push_back(one);
    }
    return result;
}

}  // namespace

TEST_CASE("a Poisson workload has its rate, exponential gaps and the profile of its flow") {
    INFO("seed " << seed);
    const sim::workload all = sim::poisson(text(1000), 200'000, seed);
    REQUIRE(all.arrivals.size() == 200'000);
    CHECK(all.per_second() == Approx(1000).epsilon(0.01));
    double squares = 0;
    for (std::size_t i = 1; i < all.arrivals.size(); ++i) {
        const double gap = static_cast<double>((all.arrivals[i].at - all.arrivals[i - 1].at).count()) / 1e6;
        squares += gap * gap;
    }
    CHECK(squares / 199'999 == Approx(2).epsilon(0.03));  // a coefficient of variation of 1

    const sim::arrival& first = all.arrivals.front();
    CHECK(first.at > at(0ns));
    CHECK(first.info.tenant == fb::tenant_of("acme"));
    CHECK(first.info.cost == 3);
    CHECK(first.info.deadline == first.at + 50ms);
    CHECK(first.slo == 20ms);
    CHECK(first.input_units == 9);
    CHECK(all.tenants.at(first.tenant) == "acme");
    CHECK(all.kinds.at(first.kind) == "text");
}

TEST_CASE("the same seed gives the same arrivals, another seed gives others") {
    const auto flows = std::array{text(700), video(50)};
    CHECK(sim::poisson(flows, 5000, seed).arrivals == sim::poisson(flows, 5000, seed).arrivals);
    CHECK(sim::poisson(flows, 5000, seed).arrivals != sim::poisson(flows, 5000, seed + 1).arrivals);
}

TEST_CASE("the first arrivals of a seed never change") {
    const sim::workload all = sim::poisson(std::array{text(1000), video(500)}, 6, 42);
    std::vector<std::int64_t> times;
    for (const sim::arrival& one : all.arrivals) times.push_back(one.at.time_since_epoch().count());
    CHECK(times == std::vector<std::int64_t>{221'995, 1'131'270, 1'137'808, 2'326'387, 3'914'088, 4'327'844});
}

TEST_CASE("another flow, or another rate of it, moves none of a flow's arrivals") {
    const sim::workload alone = sim::poisson(text(500), 1000, seed);
    for (const std::int64_t rate : {10, 100, 2000}) {
        const sim::workload mixed = sim::poisson(std::array{video(rate), text(500)}, 1000, seed);
        const auto found = of_kind(mixed, "text");
        REQUIRE(found.size() > 100);
        for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i].at == alone.arrivals[i].at);
    }
}

TEST_CASE("two flows of one tenant do not arrive in step") {
    const sim::workload all = sim::poisson(std::array{text(500), text(500)}, 1000, seed);
    for (std::size_t i = 1; i < all.arrivals.size(); ++i) CHECK(all.arrivals[i].at > all.arrivals[i - 1].at);
}

TEST_CASE("flows come in proportion to their rates, in order of time") {
    INFO("seed " << seed);
    const sim::workload all = sim::poisson(std::array{text(900), video(100)}, 100'000, seed);
    CHECK(of_kind(all, "video").size() == Approx(10'000).epsilon(0.05));
    CHECK(std::is_sorted(all.arrivals.begin(), all.arrivals.end(),
                         [](const auto& a, const auto& b) { return a.at < b.at; }));
}

TEST_CASE("a Poisson workload of nothing is refused") {
    CHECK_THROWS_AS(sim::poisson(std::span<const sim::flow>{}, 10, seed), std::invalid_argument);
    CHECK_THROWS_AS(sim::poisson({{}, fb::rate::zero()}, 10, seed), std::invalid_argument);
}

TEST_CASE("an overlay labels by seeded draw and leaves times and sizes alone") {
    INFO("seed " << seed);
    const sim::workload before = sim::poisson({{.input_units = 123}, fb::rate::per_second(100)}, 10'000, seed);
    const std::array<sim::share, 2> shares{sim::share{3, text(1).sort}, sim::share{1, video(1).sort}};
    sim::workload after = before;
    sim::overlay(after, shares, seed);
    for (std::size_t i = 0; i < before.arrivals.size(); ++i) {
        REQUIRE(after.arrivals[i].at == before.arrivals[i].at);
        REQUIRE(after.arrivals[i].input_units == 123);
    }
    const auto texts = of_kind(after, "text");
    CHECK(texts.size() == Approx(7500).epsilon(0.03));
    CHECK(texts.front().info.deadline == texts.front().at + 50ms);
    CHECK(of_kind(after, "video").front().info.priority == 2);

    CHECK(after.kinds == std::vector<std::string>{"default", "text", "video"});

    sim::workload again = before;
    sim::overlay(again, shares, seed);
    CHECK(again.arrivals == after.arrivals);
    CHECK_THROWS_AS(sim::overlay(again, std::span<const sim::share>{}, seed), std::invalid_argument);
}

TEST_CASE("a workload is opened as often as one likes, each time from its start, in place") {
    STATIC_REQUIRE(sim::workload_model<sim::workload>);
    const sim::workload all = at_milliseconds({0, 10, 20}, "a");
    auto one = all.open();
    auto other = all.open();
    CHECK(one.peek() == all.arrivals.data());
    one.pop();
    CHECK(one.peek() == all.arrivals.data() + 1);
    CHECK(other.peek() == all.arrivals.data());
    CHECK(one.tenants() == all.tenants);
    CHECK(one.kinds() == all.kinds);
    one.pop();
    one.pop();
    CHECK(one.peek() == nullptr);
    CHECK(one.peek() == nullptr);
    CHECK(sim::workload{}.open().peek() == nullptr);
}

TEST_CASE("what is collected is what was opened, numbered, up to a limit") {
    const sim::workload all = at_milliseconds({0, 10, 20}, "a");
    sim::workload numbered = all;
    for (std::size_t i = 0; i < 3; ++i) numbered.arrivals[i].sequence = i;
    const sim::workload again = sim::collect(all);
    CHECK(again.arrivals == numbered.arrivals);
    CHECK(again.tenants == all.tenants);
    CHECK(again.kinds == all.kinds);
    CHECK(sim::collect(all, 2).arrivals.size() == 2);
    CHECK(sim::collect(all, 0).arrivals.empty());
}

TEST_CASE("a merge is in order of time, ties in order of its parts, names translated") {
    const std::array parts{at_milliseconds({0, 5, 5, 9}, "a"), at_milliseconds({1, 5}, "b"), at_milliseconds({5}, "a")};
    const sim::workload all = sim::merge(parts);
    std::string kinds;
    std::vector<std::int64_t> times;
    for (const sim::arrival& one : all.arrivals) {
        kinds += all.kinds.at(one.kind);
        times.push_back(one.at.time_since_epoch() / 1ms);
    }
    CHECK(times == std::vector<std::int64_t>{0, 1, 5, 5, 5, 5, 9});
    CHECK(kinds == "abaabaa");
    CHECK(all.kinds == std::vector<std::string>{"a", "b"});

    sim::workload crowd = at_milliseconds(std::vector<int>(1000, 7), "a");
    for (std::size_t i = 0; i < crowd.arrivals.size(); ++i) crowd.arrivals[i].info.cost = static_cast<std::int64_t>(i);
    const sim::workload twice = sim::merge(std::array{crowd, crowd});
    REQUIRE(twice.arrivals.size() == 2000);
    for (std::size_t i = 0; i < 2000; ++i) CHECK(twice.arrivals[i] == crowd.arrivals[i % 1000]);
    CHECK(sim::merge(std::array<sim::workload, 1>{}).arrivals.empty());
}

TEST_CASE("stretching changes the gaps only: it starts at zero and deadlines keep their distance") {
    sim::workload all = at_milliseconds({10, 20, 20, 50}, "a");
    sim::stretch(all, 3, 2);
    std::vector<std::int64_t> times;
    for (const sim::arrival& one : all.arrivals) {
        times.push_back(one.at.time_since_epoch() / 1ms);
        CHECK(one.info.deadline == one.at + 10ms);
    }
    CHECK(times == std::vector<std::int64_t>{0, 15, 15, 60});
}

TEST_CASE("stretching to a rate gives that rate, also from the middle of a calendar") {
    sim::workload all = sim::poisson(text(100), 10'001, seed);
    for (sim::arrival& one : all.arrivals) sim::move_to(one, one.at + 1'700'000'000s);
    sim::stretch_to(all, fb::rate::per(1237, 10s));
    CHECK(all.arrivals.front().at == at(0ns));
    CHECK(all.per_second() == Approx(123.7).epsilon(1e-9));
    CHECK_THROWS_AS(sim::stretch_to(all, fb::rate::zero()), std::invalid_argument);
    sim::workload instant = at_milliseconds({3, 3}, "a");
    CHECK_THROWS_AS(sim::stretch_to(instant, fb::rate::per_second(1)), std::invalid_argument);
    CHECK(instant.per_second() == 0);
    sim::workload nothing;
    CHECK_THROWS_AS(sim::stretch_to(nothing, fb::rate::per_second(1)), std::invalid_argument);
    CHECK_NOTHROW(sim::stretch(nothing, 1, 2));
}

TEST_CASE("a crop keeps its first instant and not its last") {
    sim::workload all = at_milliseconds({0, 10, 20, 30}, "a");
    sim::crop(all, at(10ms), at(30ms));
    REQUIRE(all.arrivals.size() == 2);
    CHECK(all.arrivals.front().at == at(10ms));
}
