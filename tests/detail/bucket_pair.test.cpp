// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/bucket_pair.hpp>

#include <cstdint>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

const detail::bucket_terms terms{quota{rate::one_every(10ns), 5}};

void take(detail::bucket_pair& bucket, std::int64_t tokens, time_point now) {
    bucket.change(terms, now,
                  [&](const auto& of, std::int64_t used, std::int64_t) { return used + tokens * of.per_token; });
}

}  // namespace

TEST_CASE("A bucket as made is full at any time, and refills with time") {
    detail::bucket_pair bucket;
    CHECK(bucket.at(terms, time_point::min()) == 0);
    CHECK(bucket.at(terms, time_point::max()) == 0);
    take(bucket, 3, time_point{} + 7ns);
    CHECK(bucket.at(terms, time_point{} + 7ns) == 30);
    CHECK(bucket.at(terms, time_point{} + 36ns) == 1);
    CHECK(bucket.at(terms, time_point{} + 37ns) == 0);
    CHECK(bucket.at(terms, time_point::max()) == 0);
}

TEST_CASE("An earlier time counts as that of the last change, and what changes nothing leaves no time behind") {
    detail::bucket_pair bucket;
    take(bucket, 3, time_point{} + 100ns);
    CHECK(bucket.at(terms, time_point::min()) == 30);
    take(bucket, 1, time_point{});
    CHECK(bucket.at(terms, time_point{} + 100ns) == 40);
    take(bucket, 0, time_point{} + 120ns);
    CHECK(bucket.last == 100);
    CHECK(bucket.at(terms, time_point{} + 110ns) == 30);
}
