// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/timeline.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

fb::time_point at(fb::duration since) {
    return fb::time_point{since};
}
const std::vector<std::uint32_t> both{0, 1};

}  // namespace

TEST_CASE("a timeline of no buckets keeps nothing, an odd number is refused") {
    sim::timeline_recorder none{0};
    CHECK_FALSE(none.keeps());
    CHECK(std::move(none).finish(0ns, both).empty());
    CHECK_THROWS_WITH(sim::timeline_recorder{7}, ContainsSubstring("even"));
}

TEST_CASE("when a run outgrows its buckets they double, and nothing is lost") {
    for (const std::size_t size : {2U, 4U, 64U}) {
        INFO("buckets " << size);
        sim::timeline_recorder line{size};
        line.start(at(-5s));
        fb::time_point last = at(-5s);
        std::uint64_t queued = 0;
        double waited = 0;
        for (int i = 0; i < 1000; ++i) {
            const fb::time_point now = at(-5s + 1ms * i * i / 10);
            line.waited(queued, last, now);
            waited += static_cast<double>(queued) * static_cast<double>((now - last).count());
            last = now;
            line.arrived(i % 10 == 0);
            if (i % 4 == 0) line.completed();
            if (i % 5 == 0) line.expired();
            if (i % 2 == 0) line.began(3);
            queued = static_cast<std::uint64_t>(i % 17);
        }
        const fb::duration elapsed = last - at(-5s);
        const fb::duration width = line.width();
        const auto buckets = std::move(line).finish(elapsed, both);
        CHECK(buckets.size() > size / 2);
        CHECK(buckets.size() <= size);
        CHECK(width * static_cast<int>(buckets.size()) >= elapsed);
        CHECK(width * (static_cast<int>(buckets.size()) - 1) < elapsed);
        sim::timeline_bucket sum;
        double mean = 0;
        for (std::size_t i = 0; i < buckets.size(); ++i) {
            sum.arrived += buckets[i].arrived;
            sum.refused += buckets[i].refused;
            sum.completed += buckets[i].completed;
            sum.expired += buckets[i].expired;
            sum.queue_max = std::max(sum.queue_max, buckets[i].queue_max);
            const fb::duration covered = std::min(width, elapsed - width * static_cast<int>(i));
            mean += buckets[i].queue_mean * static_cast<double>(covered.count());
            CHECK((buckets[i].batch_mean == 3 || buckets[i].batch_mean == 0));
        }
        CHECK(sum.arrived == 1000);
        CHECK(sum.refused == 100);
        CHECK(sum.completed == 250);
        CHECK(sum.expired == 200);
        CHECK(sum.queue_max == 16);
        CHECK(mean == Approx(waited));
    }
}

TEST_CASE("what happens falls into the stretch in which it happens") {
    sim::timeline_recorder line{4};
    line.start(at(0ns));
    line.arrived(false);
    line.waited(1, at(0ns), at(1024ns));  // the end belongs to the bucket
    line.completed();
    line.waited(5, at(1024ns), at(1536ns));
    line.expired();
    line.waited(2, at(1536ns), at(3072ns));
    const auto buckets = std::move(line).finish(3072ns, both);
    REQUIRE(buckets.size() == 3);
    CHECK(buckets[0].arrived == 1);
    CHECK(buckets[0].completed == 1);
    CHECK(buckets[0].queue_mean == 1);
    CHECK(buckets[0].queue_max == 1);
    CHECK(buckets[1].expired == 1);
    CHECK(buckets[1].queue_mean == 3.5);
    CHECK(buckets[1].queue_max == 5);
    CHECK(buckets[2].queue_mean == 2);
}

TEST_CASE("a batch's time is spread over the stretches it ran in, by tenant, to the nanosecond") {
    sim::arrival a{.tenant = 0};
    sim::arrival b{.tenant = 1};
    sim::arrival far{.tenant = 1000};
    const sim::arrival* const members[]{&a, &b, &b, &far};
    sim::timeline_recorder line{8};
    line.start(at(0ns));
    line.waited(0, at(0ns), at(512ns));
    line.began(4);
    line.waited(0, at(512ns), at(4000ns));
    line.returned(members, at(512ns), at(4000ns));
    const auto buckets = std::move(line).finish(4000ns, both);
    REQUIRE(buckets.size() == 4);
    CHECK(buckets[0].tenant_service == std::vector<fb::duration>{128ns, 256ns});
    CHECK(buckets[1].tenant_service == std::vector<fb::duration>{256ns, 512ns});
    CHECK(buckets[3].tenant_service == std::vector<fb::duration>{232ns, 464ns});
    CHECK(buckets[0].batch_mean == 4);
    CHECK(buckets[1].batch_mean == 0);
}
