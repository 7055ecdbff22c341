// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/svg.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace fb = forebay;
namespace html = forebay::sim::html;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

std::vector<std::string> labels(const html::axis& along) {
    std::vector<std::string> result;
    for (const std::int64_t tick : along.ticks) {
        std::string text = along.label(tick);
        for (std::size_t at = text.find("\xC2\xA0"); at != text.npos; at = text.find("\xC2\xA0"))
            text.replace(at, 2, " ");
        result.push_back(text);
    }
    return result;
}

}  // namespace

TEST_CASE("places on a linear scale are in proportion, and held at its ends") {
    const auto scale = html::scale::linear(100, 300);
    CHECK(scale(100) == 0);
    CHECK(scale(150) == 2'500);
    CHECK(scale(300) == html::scale::ends);
    CHECK(scale(0) == 0);
    CHECK(scale(most) == html::scale::ends);
}

TEST_CASE("equal ratios are equally far apart on a logarithmic scale") {
    const auto scale = html::scale::logarithmic(1'000, 1'000'000'000);
    CHECK(scale(1'000) == 0);
    CHECK(scale(1'000'000) == 5'000);
    CHECK(scale(10'000) == 1'667);
    CHECK(scale(1'000'000'000) == 10'000);
    const auto all = html::scale::logarithmic(1, most);
    CHECK(all(most) == html::scale::ends);
    std::int64_t before = -1;
    for (std::int64_t value = 1; value < most / 2; value *= 2) {
        CHECK(all(value) > before);
        before = all(value);
    }
}

TEST_CASE("an axis ends at a tick that is round and not below the largest value") {
    CHECK(labels(html::axis::linear(html::quantity::millionths, 87'000'000, 5)) ==
          std::vector<std::string>{"0", "20", "40", "60", "80", "100"});
    CHECK(labels(html::axis::linear(html::quantity::millionths, 1'200'000, 5)) ==
          std::vector<std::string>{"0", "0.5", "1", "1.5"});
    CHECK(labels(html::axis::linear(html::quantity::millionths, 9'000'000'000'000, 5)) ==
          std::vector<std::string>{"0", "2 M", "4 M", "6 M", "8 M", "10 M"});
    CHECK(labels(html::axis::linear(html::quantity::millionths, 1'100'000'000'000'000, 5)) ==
          std::vector<std::string>{"0", "500 M", "1 G", "1.5 G"});
    CHECK(labels(html::axis::linear(html::quantity::share, 1'000'000, 5)) ==
          std::vector<std::string>{"0 %", "20 %", "40 %", "60 %", "80 %", "100 %"});
    const auto hour = html::axis::linear(html::quantity::time, fb::duration{59min}.count(), 8);
    CHECK(std::string{hour.unit.name} == "min");
    CHECK(labels(hour) == std::vector<std::string>{"0", "10", "20", "30", "40", "50", "60"});
    CHECK(labels(html::axis::linear(html::quantity::time, 0, 8)) == std::vector<std::string>{"0", "1"});
    for (const std::int64_t high : {std::int64_t{1}, std::int64_t{999}, std::int64_t{123'456'789'012}, most}) {
        for (const auto of : {html::quantity::millionths, html::quantity::share, html::quantity::time}) {
            const auto along = html::axis::linear(of, high, 8);
            INFO(high);
            CHECK(along.ticks.size() >= 2);
            CHECK(along.ticks.size() <= 9);
            CHECK(along.ticks.back() == along.place.high());
            CHECK(along.place.high() >= std::min(high, most / 4));
        }
    }
}

TEST_CASE("an axis may end where the data end, with the ticks up to there") {
    const auto along = html::axis::linear(html::quantity::millionths, 61'000'000, 5).ending_at(61'000'000);
    CHECK(labels(along) == std::vector<std::string>{"0", "20", "40", "60"});
    CHECK(along.place(61'000'000) == html::scale::ends);
}

TEST_CASE("a logarithmic axis has ticks at powers of ten, and between them where they are few") {
    CHECK(labels(html::axis::logarithmic(html::quantity::time, 30'000'000, 700'000'000)) ==
          std::vector<std::string>{"20 ms", "50 ms", "100 ms", "200 ms", "500 ms", "1 s"});
    CHECK(labels(html::axis::logarithmic(html::quantity::time, 30'000, 7'000'000'000)) ==
          std::vector<std::string>{"100 \xC2\xB5s", "1 ms", "10 ms", "100 ms", "1 s", "10 s"});
    const auto whole = html::axis::logarithmic(html::quantity::time, 0, most);
    CHECK(whole.ticks.front() == 1);
    CHECK(whole.ticks.size() < 20);
    CHECK(html::axis::logarithmic(html::quantity::time, 5, 5).ticks.size() >= 2);
}

TEST_CASE("places are written as percentages with no more digits than they have") {
    CHECK(html::percent(0) == "0%");
    CHECK(html::percent(1'250) == "12.5%");
    CHECK(html::percent(1'205) == "12.05%");
    CHECK(html::percent(10'000) == "100%");
}

TEST_CASE("paths go through their points, break at gaps and step where told to") {
    const auto x = html::axis::linear(html::quantity::millionths, 100'000'000, 5);
    const auto y = html::axis::linear(html::quantity::share, 1'000'000, 5);
    const std::vector<html::point> points{
        {0, 0}, {50'000'000, 500'000}, {60'000'000, html::gap}, {100'000'000, 1'000'000}};
    CHECK(html::path_through(points, x, y, false) == "M0 10000L5000 5000M10000 0");
    CHECK(html::path_through(points, x, y, true) == "M0 10000H5000V5000M10000 0");
    CHECK(html::path_through({}, x, y, false).empty());
    const std::vector<html::point> spread{
        {50'000'000, 500'000, 100'000}, {60'000'000, 900'000, 300'000}, {70'000'000, 1}};
    CHECK(html::path_of_margins(spread, x, y) == "M5000 6000V4000M6000 4000V0");
}
