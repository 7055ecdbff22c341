// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/fairness.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 31;

fb::time_point at(std::int64_t nanoseconds) {
    return fb::time_point{fb::duration{nanoseconds}};
}
std::optional<double> jain(const std::vector<std::uint64_t>& shares) {
    return sim::jain_index(shares);
}

/// The same question, answered nanosecond by nanosecond. Sizes of batches divide 8.
struct slow_gap {
    static constexpr std::size_t tenants = 4;
    std::int64_t served[tenants]{};  // in eighths of a nanosecond
    std::int64_t rate[tenants]{};
    int present[tenants]{};
    bool both[tenants][tenants]{};
    std::int64_t least[tenants][tenants]{};
    std::int64_t most[tenants][tenants]{};
    std::int64_t largest{0};

    /// Events of this instant are over.
    void look() {
        for (std::size_t a = 0; a < tenants; ++a) {
            for (std::size_t b = 0; b < a; ++b) {
                const std::int64_t apart = served[a] - served[b];
                const bool together = present[a] > 0 && present[b] > 0;
                if (together && !both[a][b]) least[a][b] = most[a][b] = apart;
                both[a][b] = together;
                if (!together) continue;
                least[a][b] = std::min(least[a][b], apart);
                most[a][b] = std::max(most[a][b], apart);
                largest = std::max(largest, most[a][b] - least[a][b]);
            }
        }
    }
    void pass_one() {
        for (std::size_t a = 0; a < tenants; ++a) served[a] += rate[a];
        // The instant before its events: who leaves now was there until now.
        for (std::size_t a = 0; a < tenants; ++a) {
            for (std::size_t b = 0; b < a; ++b) {
                if (!both[a][b]) continue;
                const std::int64_t apart = served[a] - served[b];
                least[a][b] = std::min(least[a][b], apart);
                most[a][b] = std::max(most[a][b], apart);
                largest = std::max(largest, most[a][b] - least[a][b]);
            }
        }
    }
};

}  // namespace

TEST_CASE("Jain's index is 1 for equal shares, 1/n for one that has all, and absent for nothing") {
    CHECK(jain({1, 2, 3, 4}) == Approx(100.0 / 120));
    CHECK(jain({1, 0, 0, 0}) == 0.25);
    CHECK(jain({3, 1}) == 0.8);
    CHECK(jain({7, 7, 7}) == 1.0);
    CHECK_FALSE(jain({0, 0}).has_value());
    CHECK_FALSE(jain({}).has_value());
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    CHECK(jain({most, most, 0}) == Approx(2.0 / 3));
    CHECK(jain(std::vector<std::uint64_t>(1000, most)) == Approx(1));
}

TEST_CASE("the gap grows while one of two that wait is served, and starts anew when one has left") {
    const sim::arrival a{.tenant = 0};
    const sim::arrival b{.tenant = 1};
    const sim::arrival* const only_a = &a;
    const sim::arrival* const only_b = &b;
    sim::service_gap gap;
    gap.entered(0, at(0));
    gap.ran({&only_a, 1}, at(0), false);
    gap.entered(1, at(4));
    CHECK(gap.largest() == 0ns);
    gap.ran({&only_a, 1}, at(20), true);
    CHECK(gap.largest() == 16ns);
    gap.left(0, at(20));
    gap.ran({&only_b, 1}, at(20), false);
    gap.entered(0, at(40));  // B was served from 20 to 40 while A asked for nothing
    gap.ran({&only_b, 1}, at(50), true);
    CHECK(gap.largest() == 16ns);
    gap.ran({&only_b, 1}, at(50), false);
    gap.ran({&only_b, 1}, at(57), true);
    CHECK(gap.largest() == 17ns);
}

TEST_CASE("one who leaves unserved was behind until then, and not after") {
    const sim::arrival a{.tenant = 0};
    const sim::arrival* const only_a = &a;
    sim::service_gap gap;
    gap.entered(0, at(0));
    gap.entered(1, at(0));
    gap.ran({&only_a, 1}, at(10), false);
    gap.left(1, at(70));  // expired
    CHECK(gap.largest() == 60ns);
    gap.ran({&only_a, 1}, at(100), true);
    CHECK(gap.largest() == 60ns);
}

TEST_CASE("a mixed batch gives its tenants their parts at the same pace") {
    const sim::arrival a{.tenant = 0};
    const sim::arrival b{.tenant = 1};
    const sim::arrival* const batch[]{&a, &b, &b, &b};
    sim::service_gap gap;
    gap.entered(0, at(0));
    gap.entered(1, at(0));
    gap.ran(batch, at(0), false);
    gap.ran(batch, at(100), true);
    CHECK(gap.largest() == 50ns);
}

TEST_CASE("more than 32 tenants have no gap") {
    sim::service_gap gap;
    for (std::uint32_t i = 0; i < 32; ++i) gap.entered(i, at(i));
    CHECK(gap.largest().has_value());
    gap.entered(32, at(40));
    CHECK_FALSE(gap.largest().has_value());
    gap.left(3, at(50));
    CHECK_FALSE(gap.largest().has_value());
}

TEST_CASE("the gap is that of a count nanosecond by nanosecond, whatever happens") {
    INFO("seed " << seed);
    sim::random_stream draw{seed};
    for (int round = 0; round < 200; ++round) {
        sim::service_gap gap;
        slow_gap slow;
        std::vector<sim::arrival> requests(400);
        std::vector<const sim::arrival*> waiting;
        struct running {
            std::vector<const sim::arrival*> members;
            std::int64_t back;
        };
        std::vector<running> out;
        std::size_t next = 0;
        for (std::int64_t now = 0; now < 300; ++now) {
            if (now > 0) slow.pass_one();
            for (std::size_t i = 0; i < out.size();) {
                if (out[i].back > now) {
                    ++i;
                    continue;
                }
                gap.ran(out[i].members, at(now), true);
                for (const sim::arrival* each : out[i].members) {
                    gap.left(each->tenant, at(now));
                    slow.rate[each->tenant] -= static_cast<std::int64_t>(8 / out[i].members.size());
                    // Who leaves and comes at one instant has left.
                    if (--slow.present[each->tenant] == 0) {
                        for (std::size_t other = 0; other < slow_gap::tenants; ++other) {
                            slow.both[each->tenant][other] = slow.both[other][each->tenant] = false;
                        }
                    }
                }
                out.erase(out.begin() + static_cast<std::ptrdiff_t>(i));
            }
            while (next < requests.size() && draw.below(3) == 0) {
                sim::arrival& one = requests[next++];
                one.tenant = static_cast<std::uint32_t>(draw.below(slow_gap::tenants));
                gap.entered(one.tenant, at(now));
                ++slow.present[one.tenant];
                waiting.push_back(&one);
            }
            const std::size_t size = std::size_t{1} << draw.below(3);
            if (out.size() < 2 && waiting.size() >= size && draw.below(2) == 0) {
                const auto end = waiting.begin() + static_cast<std::ptrdiff_t>(size);
                out.push_back({{waiting.begin(), end}, now + 1 + static_cast<std::int64_t>(draw.below(20))});
                waiting.erase(waiting.begin(), end);
                gap.ran(out.back().members, at(now), false);
                for (const sim::arrival* each : out.back().members) {
                    slow.rate[each->tenant] += static_cast<std::int64_t>(8 / size);
                }
            }
            slow.look();
        }
        // Whatever still runs has been looked at up to its last event only.
        for (const running& each : out) gap.ran(each.members, at(299), true);
        INFO("round " << round);
        REQUIRE(std::abs(gap.largest()->count() * 8 - slow.largest) <= 4);
    }
}
