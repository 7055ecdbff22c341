// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/run_options.hpp>

namespace sim = forebay::sim;

TEST_CASE("a run keeps exact percentiles and tells nobody unless it is told to") {
    const sim::run_options options{};
    CHECK(options.precision == sim::percentiles::exact);
    CHECK(options.patience == sim::unlimited);
    CHECK(options.timeline == 0);
    CHECK_FALSE(options.curves);
    CHECK(options.service_gap);
    CHECK_FALSE(options.each);
    CHECK_FALSE(options.progress);
}
