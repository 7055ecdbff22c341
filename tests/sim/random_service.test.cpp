// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/random_service.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 2718;

static_assert(sim::service_model<sim::exponential_service>);
static_assert(sim::service_model<sim::noisy_service<sim::affine_service>>);
static_assert(sim::service_model<sim::straggler_service<sim::constant_service>>);

sim::batch_shape led_by(std::uint64_t lead, std::int32_t priority = 0, std::int64_t requests = 1) {
    return {.requests = requests, .lead = lead, .priority = priority};
}

struct moments {
    double mean;
    double cv;
};
template <class Model>
moments over_leads(const Model& model, std::int32_t priority = 0) {
    constexpr int batches = 200'000;
    double sum = 0;
    double squares = 0;
    for (std::uint64_t lead = 0; lead < batches; ++lead) {
        const auto time = static_cast<double>(model(led_by(lead, priority)).count());
        sum += time;
        squares += time * time;
    }
    const double mean = sum / batches;
    return {mean, std::sqrt(squares / batches - mean * mean) / mean};
}

}  // namespace

TEST_CASE("what a batch is dealt depends on the seed and on who leads it, and on nothing else") {
    const sim::exponential_service model{10ms, seed};
    const sim::noisy_service noisy{sim::constant_service{10ms}, 0.5, seed};
    const sim::straggler_service slow{sim::constant_service{10ms}, 2, 10, seed};
    int same = 0;
    for (std::uint64_t lead = 0; lead < 1000; ++lead) {
        CHECK(model(led_by(lead)) == model(led_by(lead, 0, 8)));
        CHECK(noisy(led_by(lead)) == noisy(led_by(lead, 3, 8)));
        CHECK(slow(led_by(lead)) == slow(led_by(lead, 3, 8)));
        same += model(led_by(lead)) == model(led_by(lead + 1));
        same += model(led_by(lead)) == sim::exponential_service{10ms, seed + 1}(led_by(lead));
        same += noisy(led_by(lead)) == noisy(led_by(lead + 1));
    }
    CHECK(same == 0);
}

TEST_CASE("exponential service has the mean of the leader's class, and as much deviation") {
    INFO("seed " << seed);
    const sim::exponential_service model{std::vector<fb::duration>{10ms, 30ms}, seed};
    for (const auto& [priority, mean] : {std::pair{-1, 10e6}, {0, 10e6}, {1, 30e6}, {9, 30e6}}) {
        const moments found = over_leads(model, priority);
        INFO("class " << priority);
        CHECK(found.mean == Approx(mean).epsilon(0.01));
        CHECK(found.cv == Approx(1).epsilon(0.01));
    }
    CHECK_THROWS_AS(sim::exponential_service(-1ms, seed), std::invalid_argument);
    CHECK_THROWS_AS(sim::exponential_service(std::vector<fb::duration>{}, seed), std::invalid_argument);
}

TEST_CASE("noise that was measured is dealt in the shares in which it was found") {
    INFO("seed " << seed);
    const auto measured = sim::distribution::empirical(std::vector<std::int64_t>{1000, 1000, 1000, 1500});
    const sim::noisy_service model{sim::constant_service{10ms}, measured, 1000, seed};
    int slow = 0;
    for (std::uint64_t lead = 0; lead < 10'000; ++lead) {
        const fb::duration time = model(led_by(lead));
        REQUIRE((time == 10ms || time == 15ms));
        slow += time == 15ms;
    }
    CHECK(slow == Approx(2500).margin(130));  // three deviations of 43
    CHECK_THROWS_AS(sim::noisy_service(sim::constant_service{10ms}, measured, 0, seed), std::invalid_argument);
}

TEST_CASE("noise keeps the mean and has the deviation stated") {
    INFO("seed " << seed);
    const moments found = over_leads(sim::noisy_service{sim::constant_service{10ms}, 0.3, seed});
    CHECK(found.mean == Approx(10e6).epsilon(0.005));
    CHECK(found.cv == Approx(0.3).epsilon(0.02));
    const sim::noisy_service quiet{sim::affine_service{.base = 8ms, .per_request = 1ms}, 0, seed};
    CHECK(quiet(led_by(1, 0, 4)) == 12ms);
    CHECK_THROWS_AS((sim::noisy_service{sim::constant_service{10ms}, -1, seed}), std::invalid_argument);
}

TEST_CASE("one batch in so many straggles") {
    INFO("seed " << seed);
    const sim::straggler_service model{sim::constant_service{10ms}, 100, 2.5, seed};
    int slow = 0;
    constexpr int batches = 100'000;
    for (std::uint64_t lead = 0; lead < batches; ++lead) {
        const fb::duration time = model(led_by(lead));
        REQUIRE((time == 10ms || time == 25ms));
        slow += time == 25ms;
    }
    CHECK(slow == Approx(batches / 100).epsilon(0.1));
    using model_type = sim::straggler_service<sim::constant_service>;
    CHECK_THROWS_AS(model_type({10ms}, 0, 2, seed), std::invalid_argument);
    CHECK_THROWS_AS(model_type({10ms}, 10, -2, seed), std::invalid_argument);
}

TEST_CASE("noise and stragglers are drawn apart") {
    INFO("seed " << seed);
    // A straggler is no noisier than the others.
    const sim::noisy_service noisy{sim::constant_service{10ms}, 0.3, seed};
    const sim::straggler_service both{noisy, 4, 10, seed};
    double slow = 0;
    int count = 0;
    for (std::uint64_t lead = 0; lead < 100'000; ++lead) {
        const fb::duration usual = noisy(led_by(lead));
        if (both(led_by(lead)) == usual) continue;
        slow += static_cast<double>(usual.count());
        ++count;
    }
    CHECK(slow / count == Approx(10e6).epsilon(0.01));
}

// The same from g++ and clang, at every optimisation level.
TEST_CASE("the first draws never change") {
    const sim::exponential_service model{10ms, seed};
    const sim::noisy_service noisy{sim::constant_service{10ms}, 0.3, seed};
    std::vector<std::int64_t> drawn;
    for (std::uint64_t lead = 0; lead < 3; ++lead) {
        drawn.push_back(model(led_by(lead)).count());
        drawn.push_back(noisy(led_by(lead)).count());
    }
    CHECK(drawn == std::vector<std::int64_t>{913933, 11788356, 15737198, 12248208, 7599797, 8376774});
}
