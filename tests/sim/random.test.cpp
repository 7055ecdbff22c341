// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/random.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 20231116;

sim::random_stream golden_stream() {
    return sim::random_stream{42, fb::tenant_id{7}, 3};
}

double exact_minus_ln(std::uint64_t k) {
    return -(std::log1p(static_cast<double>(k)) - 64 * std::log(2.0));
}

}  // namespace

// The golden values were the same from g++ 12 and clang 19 at -O0, at -O2 -march=native and with -ffast-math.
TEST_CASE("the first twenty draws of a stream never change") {
    constexpr std::array<std::uint64_t, 20> bits{
        0xec5be32b70d5cf7aULL, 0x47cb03b600e23746ULL, 0x5fbc2444d00e5dd9ULL, 0x2175c1adb5c840f2ULL,
        0x42f928302a225e74ULL, 0x7b56ba3615fd5f39ULL, 0x398e26872cf276a0ULL, 0x0a40954df4180f30ULL,
        0xbfec0b1391430bf1ULL, 0x89d9d9a0f1237a9cULL, 0x06ec1aacd1d7ceeeULL, 0xaf6e150c2cb42171ULL,
        0x0ea1920026c638bbULL, 0x2aab907d652bfb09ULL, 0x7ecda0d4fff5c70eULL, 0x955098e1b3bcb637ULL,
        0x940be612358085f0ULL, 0x5e2f7c63db057c64ULL, 0xeccc9fa297e17e85ULL, 0x231f9bcd36fad1c9ULL};
    constexpr std::array<std::int64_t, 20> exponential_of_mean_1ms{
        79826,   1271390, 983594,  2034827, 1340884, 730243, 1492432, 3217677, 288088, 619004,
        3610432, 377937,  2862026, 1791677, 702541,  539120, 547651,  999911,  77964,  1986308};
    constexpr std::array<std::uint64_t, 20> below_1000{923, 280, 373, 130, 261, 481, 224, 40,  749, 538,
                                                       27,  685, 57,  166, 495, 583, 578, 367, 924, 137};
    auto raw = golden_stream();
    auto exponential = golden_stream();
    auto below = golden_stream();
    auto uniform = golden_stream();
    for (std::size_t i = 0; i < 20; ++i) {
        INFO("draw " << i);
        CHECK(raw.next() == bits[i]);
        CHECK(exponential.exponential(1ms).count() == exponential_of_mean_1ms[i]);
        CHECK(below.below(1000) == below_1000[i]);
        CHECK(uniform.uniform() == static_cast<double>(bits[i] >> 11) / 9007199254740992.0);
    }
}

TEST_CASE("a stream is told from another by its seed, its tenant and its variable") {
    const sim::random_stream base{1, fb::tenant_id{2}, 3};
    for (sim::random_stream other :
         {sim::random_stream{2, fb::tenant_id{2}, 3}, sim::random_stream{1, fb::tenant_id{3}, 3},
          sim::random_stream{1, fb::tenant_id{2}, 4}, sim::random_stream{3, fb::tenant_id{2}, 1},
          sim::random_stream{2, fb::tenant_id{1}, 3}}) {
        sim::random_stream same = base;
        int equal = 0;
        for (int i = 0; i < 100; ++i) equal += same.next() == other.next();
        CHECK(equal == 0);
    }
}

TEST_CASE("the logarithm is right to 2^-56, at the ends, around every power of two and everywhere between") {
    CHECK(sim::ln_table[0] == 0);
    CHECK(sim::ln_table[128] == 0xb17217f7d1cf79acULL);  // ln 2 = 0x0.b17217f7d1cf79ab c9e3... rounded
    CHECK(sim::minus_ln(std::numeric_limits<std::uint64_t>::max()) == 0);
    CHECK(static_cast<double>(sim::minus_ln(0)) * 0x1p-58 == Approx(64 * std::log(2.0)).epsilon(1e-15));

    INFO("seed " << seed);
    sim::random_stream draw{seed};
    // Near k = 2^64 the reference loses digits to the subtraction, hence an absolute bound of a few of its last places.
    for (int i = 0; i < 200'000; ++i) {
        const std::uint64_t k = draw.next() >> draw.below(64);
        const double found = static_cast<double>(sim::minus_ln(k)) * 0x1p-58;
        if (std::abs(found - exact_minus_ln(k)) > 2e-14)
            FAIL("k = " << k << ": " << found << " / " << exact_minus_ln(k));
    }
    // Close to 1, -ln(1 - x) = x + x^2 / 2 + ... can be told exactly: (2^64 - 1 - k) / 2^64 plus less than 2^-61.
    for (std::uint64_t gap = 0; gap < 1000; ++gap) {
        const std::uint64_t distance = gap << 20;
        const std::uint64_t expected = distance >> 6;
        const std::uint64_t found = sim::minus_ln(std::numeric_limits<std::uint64_t>::max() - distance);
        if (found + 4 < expected || found > expected + 4) FAIL("distance " << distance << ": " << found);
    }
}

TEST_CASE("the logarithm never rises by more than its last place as its argument does") {
    for (unsigned exponent = 8; exponent < 64; ++exponent) {
        for (std::uint64_t step = 0; step < 128; ++step) {
            const std::uint64_t k = (std::uint64_t{128} + step) << (exponent - 7);
            CHECK(sim::minus_ln(k) <= sim::minus_ln(k - 1) + 1);
            CHECK(sim::minus_ln(k - 1) <= sim::minus_ln(k - 2) + 1);
        }
    }
}

TEST_CASE("exponential draws have the mean, the spread and the tail they should") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    constexpr int count = 400'000;
    double sum = 0;
    double squares = 0;
    int beyond_three_means = 0;
    for (int i = 0; i < count; ++i) {
        const auto x = static_cast<double>(draw.exponential(1ms).count()) / 1e6;
        sum += x;
        squares += x * x;
        beyond_three_means += x > 3;
    }
    CHECK(sum / count == Approx(1).epsilon(0.006));
    CHECK(squares / count == Approx(2).epsilon(0.02));
    CHECK(beyond_three_means / static_cast<double>(count) == Approx(std::exp(-3.0)).epsilon(0.03));
}

TEST_CASE("an exponential gap of a rate that is no whole number of nanoseconds keeps the rate") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    std::int64_t sum = 0;
    for (int i = 0; i < 400'000; ++i) sum += draw.exponential(fb::rate::per_second(300'000'000)).count();
    CHECK(static_cast<double>(sum) / 400'000 == Approx(10.0 / 3).epsilon(0.01));
}

TEST_CASE("draws from means and bounds that cannot be are refused, the extreme ones hold") {
    sim::random_stream draw{seed};
    CHECK_THROWS_AS(draw.exponential(-1ns), std::invalid_argument);
    CHECK_THROWS_AS(draw.exponential(fb::rate::zero()), std::invalid_argument);
    CHECK_THROWS_AS(draw.below(0), std::invalid_argument);
    CHECK(draw.exponential(0ns) == 0ns);
    CHECK(draw.below(1) == 0);
    for (int i = 0; i < 100; ++i) CHECK(draw.exponential(fb::duration::max()) >= 0ns);
}

TEST_CASE("whole numbers below a bound are equally likely, also when the bound does not divide 2^64") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    constexpr std::uint64_t bound =
        3ULL << 62;  // without rejection, multiples of 3 would come twice as often as others
    std::array<int, 3> thirds{};
    std::array<int, 3> remainders{};
    for (int i = 0; i < 300'000; ++i) {
        const std::uint64_t drawn = draw.below(bound);
        ++thirds[drawn >> 62];
        ++remainders[drawn % 3];
    }
    for (const int third : thirds) CHECK(third == Approx(100'000).epsilon(0.02));
    for (const int remainder : remainders) CHECK(remainder == Approx(100'000).epsilon(0.02));
}

TEST_CASE("a choice follows its weights and never falls on a weight of zero") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    const std::array<std::uint64_t, 4> weights{0, 70, 0, 30};
    std::array<int, 4> picked{};
    int heads = 0;
    for (int i = 0; i < 100'000; ++i) {
        ++picked[draw.pick(weights)];
        heads += draw.chance(1, 4);
    }
    CHECK(picked[0] == 0);
    CHECK(picked[2] == 0);
    CHECK(picked[1] == Approx(70'000).epsilon(0.02));
    CHECK(heads == Approx(25'000).epsilon(0.03));

    const std::array<std::uint64_t, 1> none{0};
    CHECK_THROWS_AS(draw.pick(none), std::invalid_argument);
    CHECK_THROWS_AS(draw.pick({}), std::invalid_argument);
    const std::array<std::uint64_t, 2> too_much{~std::uint64_t{0}, 1};
    CHECK_THROWS_AS(draw.pick(too_much), std::invalid_argument);
}

TEST_CASE("scaling rounds to nearest, keeps 128 bits between and stops at the end of the line") {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    CHECK(sim::scaled(10, 1, 3) == 3);
    CHECK(sim::scaled(11, 1, 3) == 4);
    CHECK(sim::scaled(1, 1, 2) == 1);
    CHECK(sim::scaled(most, most, most) == most);
    CHECK(sim::scaled(most - 1, 1'000'000'007, 1'000'000'007) == most - 1);
    CHECK(sim::scaled(most, 2, 1) == most);
    CHECK_THROWS_AS(sim::scaled(1, 1, 0), std::invalid_argument);
    CHECK_THROWS_AS(sim::scaled(-1, 1, 1), std::invalid_argument);
}
