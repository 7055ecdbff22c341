// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/closed_loop.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

/// One server, first come first served, that takes as long for each as is stated here.
std::vector<sim::arrival> served(const sim::closed_loop& model, fb::duration each) {
    auto source = model.open();
    std::vector<sim::arrival> seen;
    std::deque<sim::arrival> queue;
    fb::time_point free{};
    while (source.peek() != nullptr || !queue.empty()) {
        const sim::arrival* next = source.peek();
        if (!queue.empty() && (next == nullptr || free <= next->at)) {
            const sim::arrival done = queue.front();
            queue.pop_front();
            const fb::time_point now = free;
            if (!queue.empty()) free = free + each;
            source.ended(done, now);
            continue;
        }
        seen.push_back(*next);
        source.pop();
        if (queue.empty()) free = seen.back().at + each;
        queue.push_back(seen.back());
    }
    return seen;
}

}  // namespace

TEST_CASE("a client asks again when it has its outcome and has thought") {
    STATIC_REQUIRE(sim::workload_model<sim::closed_loop>);
    STATIC_REQUIRE(sim::answered_source<sim::closed_loop_source>);
    const sim::closed_loop model{.populations = {{.sort = {.tenant = "acme", .patience = 40ms},
                                                  .clients = 1,
                                                  .think = sim::distribution::constant(30ms)}},
                                 .requests = 3};
    auto source = model.open();
    REQUIRE(source.peek() != nullptr);
    CHECK(source.peek()->at == fb::time_point{30ms});
    CHECK(source.peek()->info.deadline == fb::time_point{70ms});
    const sim::arrival first = *source.peek();
    source.pop();
    CHECK(source.peek() == nullptr);
    source.ended(first, fb::time_point{35ms});
    REQUIRE(source.peek() != nullptr);
    CHECK(source.peek()->at == fb::time_point{65ms});
    const sim::arrival second = *source.peek();
    source.pop();
    source.ended(second, second.at);  // refused
    REQUIRE(source.peek() != nullptr);
    CHECK(source.peek()->at == fb::time_point{95ms});
    source.pop();
    source.ended(second, fb::time_point{1s});
    CHECK(source.peek() == nullptr);  // three were asked for
    CHECK(source.tenants() == std::vector<std::string>{"acme"});
}

TEST_CASE("a closed loop ends at its time") {
    const sim::closed_loop model{.populations = {{.clients = 4, .think = sim::distribution::constant(10ms)}},
                                 .until = 50ms};
    const auto all = served(model, 1ms);
    CHECK(!all.empty());
    for (const sim::arrival& one : all) CHECK(one.at < fb::time_point{50ms});
}

TEST_CASE("each client's thoughts and sizes are the same however fast it is served") {
    const sim::closed_loop model{.populations = {{.sort = {.tenant = "acme"},
                                                  .clients = 5,
                                                  .think = sim::distribution::exponential(20ms),
                                                  .varying = {.input_units = sim::distribution::uniform(1, 1'000'000)}},
                                                 {.sort = {.tenant = "globex"}, .clients = 2}},
                                 .requests = 2000,
                                 .seed = 3};
    const auto sizes_of = [](const std::vector<sim::arrival>& all) {
        std::map<std::uint32_t, std::vector<std::int64_t>> sizes;
        for (const sim::arrival& one : all) sizes[one.client].push_back(one.input_units);
        return sizes;
    };
    auto fast = sizes_of(served(model, 1ms));
    auto slow = sizes_of(served(model, 7ms));
    CHECK(fast.size() == 7);
    for (std::uint32_t who = 0; who < 7; ++who) {
        const std::size_t both = std::min(fast[who].size(), slow[who].size());
        REQUIRE(both > 10);
        fast[who].resize(both);
        slow[who].resize(both);
        CHECK(fast[who] == slow[who]);
    }
    const auto all = served(model, 3ms);
    CHECK(all.size() == 2000);
    for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].at <= all[i].at);
    CHECK(all == served(model, 3ms));
}

TEST_CASE("clients go their own ways, and other tenants' clients move none of their draws") {
    const sim::population measured{.sort = {.tenant = "acme"},
                                   .clients = 3,
                                   .think = sim::distribution::exponential(20ms),
                                   .varying = {.input_units = sim::distribution::uniform(1, 1'000'000)}};
    const sim::population other{.sort = {.tenant = "globex"}, .clients = 4};
    const auto of_acme = [](const sim::closed_loop& model) {
        std::vector<std::int64_t> sizes;
        for (auto source = model.open(); source.peek() != nullptr; source.pop()) {
            if (source.tenants()[source.peek()->tenant] == "acme") sizes.push_back(source.peek()->input_units);
        }
        return sizes;
    };
    const auto alone = of_acme({.populations = {measured}, .requests = 100});
    REQUIRE(alone.size() == 3);
    CHECK(alone[0] != alone[1]);
    CHECK(alone[1] != alone[2]);
    CHECK(of_acme({.populations = {other, measured}, .requests = 100}) == alone);
    CHECK(of_acme({.populations = {measured, measured}, .requests = 100}).size() == 6);
}

TEST_CASE("a closed loop's throughput is clients / (think + wait + service)") {
    const sim::closed_loop model{.populations = {{.clients = 1, .think = sim::distribution::constant(9ms)}},
                                 .requests = 1000};
    CHECK(served(model, 1ms).back().at == fb::time_point{9ms + 999 * 10ms});
}

TEST_CASE("a closed loop of nobody or without an end is refused") {
    CHECK_THROWS_AS(sim::closed_loop{.requests = 1}.open(), std::invalid_argument);
    CHECK_THROWS_AS((sim::closed_loop{.populations = {{}}}.open()), std::invalid_argument);
}
