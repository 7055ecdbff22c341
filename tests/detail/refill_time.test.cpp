// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "../admission/bucket_model.hpp"
#include "catch.hpp"
#include <forebay/detail/refill_time.hpp>

#include <array>
#include <cstdint>
#include <random>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

constexpr time_point at(duration since_start) {
    return time_point{since_start};
}

}  // namespace

TEST_CASE("As made it is full at every time there is, and what is used comes back with time") {
    const detail::bucket_terms terms{quota{rate::one_every(10ns), 5}};
    detail::refill_time bucket;
    for (const time_point now : {time_point::min(), at(0ns), time_point::max()}) {
        CHECK(bucket.full(terms, now));
        CHECK(bucket.level(terms, now) == 5);
    }
    CHECK(bucket.reserve(terms, 3, at(7ns), 0ns) == admitted(at(7ns)));
    CHECK(bucket.level(terms, at(7ns)) == 2);
    CHECK(bucket.level(terms, at(17ns) - 1ns) == 2);
    CHECK(bucket.level(terms, at(17ns)) == 3);
    CHECK_FALSE(bucket.full(terms, at(37ns) - 1ns));
    CHECK(bucket.full(terms, at(37ns)));
}

TEST_CASE("An earlier time finds what was there then, and leaves the later ones as they are") {
    const detail::bucket_terms terms{quota{rate::one_every(10ns), 5}};
    detail::refill_time bucket;
    CHECK(bucket.reserve(terms, 2, at(100ns), 0ns));
    CHECK(bucket.level(terms, at(90ns)) == 2);
    CHECK(bucket.reserve(terms, 1, at(70ns), 0ns) == retry_at(at(80ns), limit::rate, 1));
    CHECK(bucket.reserve(terms, 1, at(80ns), 0ns));
    CHECK(bucket.level(terms, at(100ns)) == 2);
}

TEST_CASE("It is the exact bucket for any rate: what is taken, charged, given back, promised, and under new terms") {
    const std::uint64_t seed = 61;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const std::array quotas{quota{rate::per_second(7), 5},      quota{rate::per_second(999'999'999), 1'000'000},
                            quota{rate::one_every(1ms), 3},     quota{rate::per_day(1), 40},
                            quota{rate::per_minute(90'000), 9}, quota{rate::zero(), 500}};
    for (int round = 0; round < 300; ++round) {
        quota of = quotas[random() % quotas.size()];
        detail::bucket_terms terms = detail::usual_terms(of);
        bucket_model model{of, terms.debt};
        detail::refill_time bucket;
        time_point now{};
        const std::int64_t step =
            2 * std::max<std::int64_t>(of.refill().nanoseconds() / std::max<std::int64_t>(of.refill().tokens(), 1), 2);
        for (int i = 0; i < 300; ++i) {
            now += duration{static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(step))};
            const auto cost = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(of.burst() + 2));
            switch (random() % 8) {
                case 0:
                    bucket.refund(terms, cost, now);
                    model.refund(cost, now);
                    break;
                case 1: REQUIRE(bucket.charge(terms, cost, now) == model.charge(cost, now)); break;
                case 2: {
                    if (time_point{duration{bucket.promised}} > now) break;
                    const duration most{static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(3 * step))};
                    const auto slot = model.reserve(cost, now, most);
                    const verdict said = bucket.reserve(terms, cost, now, most);
                    REQUIRE(static_cast<bool>(said) == slot.has_value());
                    if (!slot) break;
                    REQUIRE(said.when == *slot);
                    // And taken back at once: as if it had never been.
                    bucket.cancel(terms, cost, said.when, said.when > now, now);
                    model.cancel(cost, *slot, *slot > now, now);
                    REQUIRE(time_point{duration{bucket.promised}} <= now);
                    break;
                }
                default: {
                    const verdict said = bucket.reserve(terms, cost, now, 0ns);
                    REQUIRE(static_cast<bool>(said) == model.try_acquire(cost, now));
                    if (said.kind != answer::retry_at) break;
                    REQUIRE_FALSE(model.would_admit(cost, said.when - 1ns));
                    REQUIRE(model.would_admit(cost, said.when));
                }
            }
            REQUIRE(bucket.level(terms, now) == model.tokens(now));
        }
    }
}

TEST_CASE("Times and amounts without end are counted as far as there are years, and nothing wraps around") {
    const detail::bucket_terms slow = detail::usual_terms(quota{rate::per_day(1), 100'000});
    CHECK(slow.burst < 100'000);
    CHECK(slow.capacity() <= detail::refill_max);
    for (const time_point now : {time_point::min(), time_point::max()}) {
        detail::refill_time bucket;
        CHECK(bucket.reserve(slow, slow.burst, now, 0ns));
        CHECK(bucket.charge(slow, 1'000'000, now) == slow.debt);
        CHECK(bucket.level(slow, now) == -slow.debt);
        if (now > at(0ns)) CHECK_FALSE(bucket.reserve(slow, 1, now, duration::max()));  // after the end of time
        bucket.refund(slow, std::int64_t{1} << 62, now);
        CHECK(bucket.level(slow, now) == slow.burst);
    }
    detail::refill_time bucket;
    CHECK(bucket.reserve(slow, slow.burst, time_point::max(), 0ns));
    CHECK_FALSE(bucket.reserve(slow, 1, time_point::min(), 0ns));
    CHECK(bucket.level(slow, time_point::min()) < 0);
    CHECK_FALSE(bucket.reserve(slow, 1, time_point::max(), 0ns));  // time stands still there
    const detail::bucket_terms fine = detail::usual_terms(quota{rate::per_second(999'999'937), 9'000'000'000});
    detail::refill_time other;
    CHECK(other.reserve(fine, fine.burst, at(100h * 24 * 365), 0ns));
    CHECK_FALSE(other.reserve(fine, fine.burst, at(0h), 0ns));
    CHECK(other.reserve(fine, fine.burst, at(100h * 24 * 365 + 10s), 0ns));
}

TEST_CASE("The short way takes what the long one takes, or decides nothing") {
    const std::uint64_t seed = 62;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(10ns), 7});
    detail::refill_time bucket;
    time_point now{};
    int taken = 0;
    for (int i = 0; i < 10'000; ++i) {
        now += duration{static_cast<std::int64_t>(random() % 80)};
        const auto cost = static_cast<std::int64_t>(random() % 10) - 1;
        detail::refill_time quick = bucket;
        const bool at_once = quick.take(terms, cost, now);
        const verdict said = bucket.reserve(terms, cost, now, 0ns);
        REQUIRE(at_once == (said && cost != 0));
        REQUIRE(quick.full_at == bucket.full_at);
        taken += at_once ? 1 : 0;
    }
    CHECK(taken > 1000);
    detail::refill_time made;
    CHECK_FALSE(made.take(terms, 1, time_point::min()));
    CHECK_FALSE(made.take(terms, 1, time_point::max()));
    CHECK(made.full_at == detail::refill_time{}.full_at);
}

TEST_CASE("Who is promised a slot is overtaken by nobody, and the end of the last one promised frees its time") {
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(10ns), 4});
    detail::refill_time bucket;
    REQUIRE(bucket.reserve(terms, 4, at(0ns), 1s));
    CHECK(bucket.reserve(terms, 2, at(0ns), 1s) == admitted(at(20ns)));
    CHECK(bucket.reserve(terms, 1, at(0ns), 1s) == admitted(at(30ns)));
    bucket.cancel(terms, 1, at(30ns), true, at(0ns));
    CHECK(time_point{duration{bucket.promised}} == at(20ns));
    CHECK(bucket.reserve(terms, 1, at(0ns), 1s) == admitted(at(30ns)));
    bucket.refund(terms, 3, at(0ns));
    CHECK(bucket.reserve(terms, 1, at(0ns), 0ns).when == at(31ns));
    bucket.cancel(terms, 1, at(30ns), true, at(0ns));
    CHECK(bucket.reserve(terms, 1, at(0ns), 0ns).when == at(31ns));
    const detail::refill_time next =
        bucket.under(terms, detail::usual_terms(quota{rate::one_every(5ns), 8}), at(0ns), inherit::level);
    CHECK(time_point{duration{next.promised}} == at(31ns));
    CHECK(bucket.reserve(terms, 1, at(31ns), 0ns));
}
