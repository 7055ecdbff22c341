// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/report.hpp>

#include <cstddef>

namespace fb = forebay;
namespace sim = forebay::sim;

TEST_CASE("what nobody asked for divides by nothing") {
    const sim::tally nobody{};
    CHECK(nobody.mean_batch_size() == 0);
    CHECK(nobody.slo_attainment() == 0);
    const sim::report nothing{};
    CHECK(nothing.utilisation() == 0);
    CHECK(nothing.throughput_rps() == 0);
    CHECK(nothing.mean_batch_size() == 0);
    CHECK_FALSE(nothing.jain.has_value());
}

TEST_CASE("the mean batch size of requests counts a batch once for each of them") {
    sim::tally group;
    group.ended[static_cast<std::size_t>(fb::ending::delivered)] = 9;
    group.batch_sizes = 8 * 8 + 1;
    CHECK(group.mean_batch_size() == Approx(65.0 / 9));
}
