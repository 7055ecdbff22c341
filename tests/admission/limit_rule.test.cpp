// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/admission/limit_rule.hpp>

#include <cstdint>
#include <stdexcept>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t one = congestion::one;

congestion seen(std::int64_t limit, double usual = 1, double least = 1) {
    return {limit * one,
            limit,
            static_cast<std::int64_t>(usual * static_cast<double>(one)),
            static_cast<std::int64_t>(least * static_cast<double>(one)),
            10ms,
            false};
}
double requests(std::int64_t limit) {
    return static_cast<double>(limit) / static_cast<double>(one);
}

}  // namespace

TEST_CASE("gradient2 grows by its smoothed queue while service is as usual") {
    REQUIRE(requests(gradient2{}(seen(100))) == Approx(100 + 0.2 * 4));
    REQUIRE(requests(gradient2{}(seen(100, 1.5))) == Approx(100 + 0.2 * 4));
    REQUIRE(requests(gradient2{.queue = 10, .smoothing = 100}(seen(100, 0.5))) == Approx(110));
}

TEST_CASE("gradient2 falls in proportion to what is slower than tolerated, and by half at most") {
    // gradient 1.5 / 2 = 0.75: a fifth of the way from 100 to 79
    REQUIRE(requests(gradient2{}(seen(100, 2))) == Approx(100 + 0.2 * (75 + 4 - 100)).epsilon(1e-4));
    REQUIRE(requests(gradient2{}(seen(100, 3))) == Approx(100 + 0.2 * (50 + 4 - 100)).epsilon(1e-4));
    REQUIRE(requests(gradient2{}(seen(100, 1000))) == Approx(100 + 0.2 * (50 + 4 - 100)).epsilon(1e-4));
    REQUIRE(requests(gradient2{}(seen(std::int64_t{1} << 31, 3))) > 1e9);
}

TEST_CASE("aimd adds one, and keeps its share after a failure or a service that took too long") {
    const aimd rule{.too_long = 10ms, .backoff = 90};
    REQUIRE(requests(rule(seen(100))) == 101);
    congestion bad = seen(100);
    bad.service += 1ns;
    REQUIRE(requests(rule(bad)) == Approx(90).epsilon(1e-4));
    bad = seen(100);
    bad.failed = true;
    REQUIRE(requests(rule(bad)) == Approx(90).epsilon(1e-4));
}

TEST_CASE("vegas keeps the queue it estimates between three and six times log10 of the limit") {
    // log10 of 100 is 2: thresholds at queues of 2, 6 and 12
    REQUIRE(requests(vegas{}(seen(100, 1, 1.0))) == 112);
    REQUIRE(requests(vegas{}(seen(100, 1, 100.0 / 98))) == 112);
    REQUIRE(requests(vegas{}(seen(100, 1, 100.0 / 95.5))) == 102);
    REQUIRE(requests(vegas{}(seen(100, 1, 100.0 / 92))) == 100);
    REQUIRE(requests(vegas{}(seen(100, 1, 100.0 / 87))) == 98);
    REQUIRE(requests(vegas{}(seen(5, 1, 1.0))) == 11);  // below 10 a step is 1
    congestion failed = seen(100);
    failed.failed = true;
    REQUIRE(requests(vegas{}(failed)) == 98);
}

TEST_CASE("Rules refuse knobs that cannot be") {
    REQUIRE_NOTHROW(gradient2{}.validate());
    REQUIRE_NOTHROW(aimd{}.validate());
    REQUIRE_THROWS_AS((gradient2{.tolerance = 99}.validate()), std::invalid_argument);
    REQUIRE_THROWS_AS((gradient2{.queue = 0}.validate()), std::invalid_argument);
    REQUIRE_THROWS_AS((gradient2{.smoothing = 0}.validate()), std::invalid_argument);
    REQUIRE_THROWS_AS((gradient2{.smoothing = 101}.validate()), std::invalid_argument);
    REQUIRE_THROWS_AS((aimd{.too_long = 0ns}.validate()), std::invalid_argument);
    REQUIRE_THROWS_AS((aimd{.backoff = 100}.validate()), std::invalid_argument);
}
