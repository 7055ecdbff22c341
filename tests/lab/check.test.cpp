// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "../../bench/lab/check.hpp"

#include "../../bench/lab/check_case.hpp"
#include "../../bench/lab/check_load.hpp"
#include "../../bench/lab/theory.hpp"
#include "catch.hpp"
#include <forebay/admission/on_refusal.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/policies.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/sim/report.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seed = 1917;  // Erlang's B and C

lab::check_case one(const std::string& name, double theory, double simulated, double tolerance) {
    return {name, [=](const lab::sample&) { return std::vector{lab::figure{"figure", theory, simulated, tolerance}}; }};
}

struct said {
    int status;
    std::string text;
};
said told(const lab::check_options& options, const std::vector<lab::check_case>& cases) {
    std::ostringstream out;
    const int status = lab::check(options, cases, out);
    return {status, out.str()};
}

/// Two classes at load 0.7, of which theory says what it says of strict priorities.
template <class Order>
lab::check_case two_classes(const Order& order) {
    return {"two classes", [=](const lab::sample& of) {
                std::vector<lab::stream> streams(2, {.arrivals = lab::poisson(35), .service = lab::constant(0.01)});
                streams[1].sort.kind = "patient";
                streams[1].sort.priority = 1;
                const fb::sim::report run = lab::serve(lab::load(streams, of), fb::policies{.order = order});
                const std::array classes{lab::theory::class_of_service{35, 0.01, 1e-4},
                                         lab::theory::class_of_service{35, 0.01, 1e-4}};
                const std::size_t patient = run.kinds[0].name == "patient" ? 0 : 1;
                return std::vector{lab::mean_wait(run.kinds[patient], lab::theory::cobham(classes)[1])};
            }};
}

}  // namespace

// At 200,000 requests a case, tolerances are 2.2 times those of a million.
TEST_CASE("the scheduler does what queueing theory says") {
    std::ostringstream out;
    const int status = lab::check({.requests = 200'000, .seed = seed}, out);
    INFO(out.str());
    CHECK(status == 0);
    CHECK(out.str().find("MISS") == std::string::npos);
    CHECK(out.str().find(" 0 missed") != std::string::npos);
}

TEST_CASE("a figure off by more than its tolerance is a MISS, and the status says so") {
    const std::uint64_t million = 1'000'000;
    CHECK(told({.requests = million}, {one("a", 100, 104.9, 0.05)}).status == 0);
    CHECK(told({.requests = million}, {one("a", 100, 95.1, 0.05)}).status == 0);
    const said low = told({.requests = million}, {one("a", 100, 94.9, 0.05), one("b", 1, 1, 0.05)});
    CHECK(low.status == 1);
    CHECK(low.text.find("MISS\n") != std::string::npos);
    CHECK(low.text.find("2 cases of 1000000 requests") != std::string::npos);
    CHECK(low.text.find("2 figures, 1 missed") != std::string::npos);
    CHECK(told({.requests = million}, {one("a", 100, 105.1, 0.05)}).status == 1);
    CHECK(told({.requests = million}, {one("a", 0, 1, 0.05)}).status == 1);
    CHECK(told({.requests = million}, {one("a", 1, std::numeric_limits<double>::quiet_NaN(), 0.05)}).status == 1);
    CHECK(told({.requests = million}, {one("a", std::numeric_limits<double>::infinity(), 1, 0.05)}).status == 1);
}

TEST_CASE("fewer requests may err by as much more as the square root says, more requests by no less") {
    CHECK(told({.requests = 10'000}, {one("a", 100, 149, 0.05)}).status == 0);
    CHECK(told({.requests = 10'000}, {one("a", 100, 151, 0.05)}).status == 1);
    CHECK(told({.requests = 100'000, .quick = true}, {one("a", 100, 149, 0.05)}).status == 0);
    CHECK(told({.requests = 100'000'000}, {one("a", 100, 104.9, 0.05)}).status == 0);
}

TEST_CASE("another policy than the one theory speaks of is a MISS") {
    INFO("seed " << seed);
    CHECK(told({.requests = 50'000, .seed = seed}, {two_classes(fb::strict_priority{})}).status == 0);
    const said other = told({.requests = 50'000, .seed = seed}, {two_classes(fb::fifo{})});
    INFO(other.text);
    CHECK(other.status == 1);
}

TEST_CASE(
    "each request at a bucket that lets it wait waits for what Lindley's recursion says, or is refused where that is "
    "long") {
    // A token every 10 ms. V: the time until the bucket is full again.
    for (const std::int64_t burst : {1, 4}) {
        for (const fb::duration most : {fb::duration{0}, fb::duration{35ms}, fb::duration{1h}}) {
            lab::stream requests{.arrivals = lab::poisson(80)};
            const lab::sample of{.requests = 20'000, .seed = seed};
            sim::traffic load = lab::load({&requests, 1}, of);
            load.demands[0].varying.cost = sim::distribution::uniform(0, burst);
            std::vector<sim::request_record> ended;
            // Not deduced inside the generic lambda, where clang 19 goes wrong.
            const fb::per_tenant limit{.limit = fb::quota{fb::rate::per_second(100), burst}, .counts = fb::by_cost};
            const auto run = [&](const auto& chosen) {
                const sim::experiment lab{load, lab::service{lab::as_drawn}};
                return lab.run("it", chosen, {.each = [&](const sim::request_record& one) { ended.push_back(one); }});
            };
            const sim::report report =
                most == fb::duration{0}
                    ? run(fb::policies{.admission = limit, .on_refusal = fb::reject{}})
                    : run(fb::policies{.admission = limit, .on_refusal = fb::delay{.max_wait = most}});
            std::sort(ended.begin(), ended.end(), [](const sim::request_record& a, const sim::request_record& b) {
                return a.request.sequence < b.request.sequence;
            });
            fb::duration v{0};
            fb::time_point last = ended.front().request.at;
            std::uint64_t delayed = 0;
            std::size_t wrong = 0;
            for (const sim::request_record& one : ended) {
                v = std::max(fb::duration{0}, v - (one.request.at - last));
                last = one.request.at;
                const std::int64_t cost = one.request.info.cost;
                const fb::duration wait =
                    cost == 0 ? fb::duration{0} : std::max(fb::duration{0}, v - (burst - cost) * 10ms);
                wrong += one.admitted != (wait <= most);
                if (wait > most) continue;
                wrong += one.dispatched != one.request.at + wait;
                delayed += wait > fb::duration{0};
                v += cost * 10ms;
            }
            INFO("burst " << burst << ", at most " << most.count() << " ns");
            CHECK(wrong == 0);
            CHECK(report.delayed == delayed);
            CHECK((report.all.refused() > 0) == (most < 1h));
        }
    }
}

TEST_CASE("a filter chooses cases by name, each of which draws the same alone as among others") {
    std::vector<std::uint64_t> seeds;
    const auto noted = [&](const std::string& name) {
        return lab::check_case{name, [&seeds](const lab::sample& of) {
                                   seeds.push_back(of.seed);
                                   return std::vector<lab::figure>{};
                               }};
    };
    const std::vector<lab::check_case> cases{noted("M/M/1"), noted("M/D/1")};
    CHECK(told({}, cases).status == 0);
    CHECK(told({.filter = "M/D"}, cases).status == 0);
    CHECK(told({.seed = 7, .filter = "M/D"}, cases).status == 0);
    REQUIRE(seeds.size() == 4);
    CHECK(seeds[1] == seeds[2]);
    CHECK(seeds[0] != seeds[1]);
    CHECK(seeds[3] != seeds[1]);
}

TEST_CASE("what cannot be checked is refused") {
    std::ostringstream out;
    CHECK_THROWS_AS(lab::check({.filter = "no such case"}, out), std::invalid_argument);
    CHECK_THROWS_AS(lab::check({.requests = 999}, out), std::invalid_argument);
    CHECK_THROWS_AS(lab::check({.requests = 9'999, .quick = true}, out), std::invalid_argument);
}

TEST_CASE("there are at least forty cases, each of its own name") {
    std::set<std::string> names;
    std::size_t count = 0;
    for (const auto cases :
         {lab::queue_cases, lab::bounded_cases, lab::class_cases, lab::batch_cases, lab::limit_cases}) {
        for (const lab::check_case& each : cases()) {
            names.insert(each.name);
            ++count;
        }
    }
    CHECK(count >= 40);
    CHECK(names.size() == count);
}
