// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/job.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

namespace fb = forebay;
using job = fb::detail::job<std::shared_ptr<int>, int>;

TEST_CASE("job: telling calls the sink once, and ends it and the payload") {
    const auto payload = std::make_shared<int>(1);
    const auto captured = std::make_shared<int>(2);
    int told = 0;
    fb::detail::slips found;
    job over{.request = payload, .sink = [captured, &told](fb::outcome<int> how) { told += *how; }};
    over.tell(fb::outcome<int>{5}, found);
    CHECK(told == 5);
    CHECK(payload.use_count() == 1);
    CHECK(captured.use_count() == 1);
    CHECK_FALSE(static_cast<bool>(over.sink));
    CHECK(found.sink_failures == 0);
}

TEST_CASE("job: a sink that throws is counted, and ends all the same") {
    const auto captured = std::make_shared<int>(2);
    fb::detail::slips found;
    job over{.sink = [captured](const fb::outcome<int>&) { throw std::runtime_error{"no"}; }};
    over.tell(fb::outcome<int>{fb::ending::expired}, found);
    CHECK(captured.use_count() == 1);
    CHECK(found.sink_failures == 1);
}

TEST_CASE("job: a result that cannot be taken fails its member, and is put right where it was counted") {
    fb::detail::slips found;
    const auto good = [] { return fb::outcome<int>{3}; };
    CHECK(*fb::detail::ask<int>(good, fb::ending::delivered, true, found) == 3);
    const auto bad = []() -> fb::outcome<int> { throw std::runtime_error{"no"}; };
    for (const bool claimed : {false, true}) {
        const auto said = fb::detail::ask<int>(bad, fb::ending::delivered, claimed, found);
        CHECK(said.why() == fb::failure::exception);
        CHECK(said.error() != nullptr);
        CHECK(found.not_delivered == (claimed ? 1 : 0));
    }
    CHECK(fb::detail::ask<int>(bad, fb::ending::failed, true, found).how() == fb::ending::failed);
    CHECK(found.not_delivered == 1);
}
