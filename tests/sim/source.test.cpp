// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/sim/source.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;

namespace {

/// As the comment of the concept has it.
class every_second {
public:
    const sim::arrival* peek() { return left_ == 0 ? nullptr : &next_; }
    void pop() { --left_, next_.at += 1s; }
    const std::vector<std::string>& tenants() const { return names_; }
    const std::vector<std::string>& kinds() const { return names_; }

private:
    int left_{3};
    sim::arrival next_;
    std::vector<std::string> names_{"default"};
};

struct every_second_model {
    every_second open() const { return {}; }
};

struct one_at_a_time : every_second {
    void ended(const sim::arrival&, fb::time_point) {}
};

struct forgetful : every_second {
    std::vector<std::string> tenants() const { return {}; }
};

struct stuck : every_second {
    stuck(const stuck&) = delete;
};

}  // namespace

TEST_CASE("the smallest model of a source is one, and each demand counts") {
    STATIC_REQUIRE(sim::arrival_source<every_second>);
    STATIC_REQUIRE(sim::workload_model<every_second_model>);
    STATIC_REQUIRE(!sim::answered_source<every_second>);
    STATIC_REQUIRE(sim::answered_source<one_at_a_time>);
    STATIC_REQUIRE(!sim::arrival_source<forgetful>);
    STATIC_REQUIRE(!sim::arrival_source<stuck>);
    STATIC_REQUIRE(!sim::workload_model<every_second>);
    int seen = 0;
    every_second source = every_second_model{}.open();
    for (; source.peek() != nullptr; source.pop()) CHECK(source.peek()->at == fb::time_point{seen++ * 1s});
    CHECK(seen == 3);
}
