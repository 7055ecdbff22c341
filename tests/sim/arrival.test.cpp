// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/arrival.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

TEST_CASE("a request that is moved keeps its patience, and one without a deadline gets none") {
    sim::arrival request{.at = fb::time_point{10ms}, .info = {.deadline = fb::time_point{15ms}}};
    CHECK(request.patience() == 5ms);
    sim::move_to(request, fb::time_point{100ms});
    CHECK(request.at == fb::time_point{100ms});
    CHECK(request.info.deadline == fb::time_point{105ms});
    sim::move_to(request, fb::time_point::max());
    CHECK(request.info.deadline == fb::no_deadline);
    CHECK(request.patience() == sim::unlimited);
    sim::move_to(request, fb::time_point{1ms});
    CHECK(request.info.deadline == fb::no_deadline);
}

TEST_CASE("a label says who asks and by when, and leaves time and sizes alone") {
    sim::name_lists names;
    sim::arrival request{.at = fb::time_point{1s}, .input_units = 7, .service = 3ms};
    names.label(request, {.tenant = "acme", .kind = "text", .priority = 2, .key = 9, .cost = 4, .patience = 2s});
    CHECK(request.info.tenant == fb::tenant_of("acme"));
    CHECK(request.info.priority == 2);
    CHECK(request.info.key == 9);
    CHECK(request.info.cost == 4);
    CHECK(request.info.deadline == fb::time_point{3s});
    CHECK(request.slo == sim::unlimited);
    CHECK(request.input_units == 7);
    CHECK(request.service == 3ms);
    names.label(request, {.tenant = "globex", .kind = "text"});
    CHECK(request.tenant == 1);
    CHECK(request.kind == 0);
    CHECK(request.info.deadline == fb::no_deadline);
    CHECK(names.tenants == std::vector<std::string>{"acme", "globex"});
    CHECK(names.tenant_index("acme") == 0);
    CHECK(names.kind_index("video") == 1);
}

TEST_CASE("what a request costs is what it turned out to be, or was stated, or nothing") {
    sim::arrival request;
    request.info.cost = 7;
    CHECK(request.known_cost() == 7);
    request.actual_cost = 0;
    CHECK(request.known_cost() == 0);
    request.actual_cost = fb::as_charged;
    request.info.cost = fb::unknown_cost;
    CHECK(request.known_cost() == 0);
}
