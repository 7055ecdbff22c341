// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/batches_out.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace fb = forebay;
using namespace std::chrono_literals;

namespace {

[[nodiscard]] constexpr fb::time_point at(std::int64_t ns) {
    return fb::time_point{fb::duration{ns}};
}

struct record {
    fb::time_point dispatched{};
    record* before{nullptr};
    record* after{nullptr};
};

}  // namespace

TEST_CASE("batches_out: nothing is expected before one was back, and nothing while none is out") {
    fb::detail::batches_out<record> out{2};
    record one{at(10)};
    CHECK(out.next_back(at(10)) == fb::no_deadline);
    out.left(one);
    CHECK(out.busy() == 1);
    CHECK(out.usual() == std::nullopt);
    CHECK(out.next_back(at(10)) == fb::no_deadline);
    out.back(one, 80ns);
    CHECK(out.busy() == 0);
    CHECK(out.usual() == 80ns);
    CHECK(out.next_back(at(90)) == fb::no_deadline);
    out.left(one);
    CHECK(out.next_back(at(90)) == at(90));
    CHECK(out.next_back(at(20)) == at(90));
}

TEST_CASE("batches_out: what is overdue is expected once it is as much overdue again") {
    fb::detail::batches_out<record> out{1};
    record one{at(0)};
    out.left(one);
    out.back(one, 50ns);
    out.left(one);
    CHECK(out.next_back(at(50)) == at(50));
    CHECK(out.next_back(at(51)) == at(52));
    CHECK(out.next_back(at(70)) == at(90));
    CHECK(out.next_back(fb::no_deadline - 1ns) == fb::no_deadline);  // held, not wrapped
}

TEST_CASE("batches_out: the usual time follows what it sees by an eighth") {
    fb::detail::batches_out<record> out{1};
    record one{};
    const auto served = [&](fb::duration service) {
        out.left(one);
        out.back(one, service);
        return *out.usual();
    };
    CHECK(served(800ns) == 800ns);
    CHECK(served(0ns) == 700ns);
    CHECK(served(1500ns) == 800ns);
    CHECK(served(fb::duration::max()) > 800ns);
}

TEST_CASE("batches_out: whichever comes back, the one out longest is next") {
    fb::detail::batches_out<record> out{4};
    record of[4] = {{at(0)}, {at(1)}, {at(2)}, {at(3)}};
    record first{at(0)};
    out.left(first);
    out.back(first, 10ns);
    for (record& each : of) out.left(each);
    CHECK(out.executors() == 4);
    CHECK(out.busy() == 4);
    out.back(of[1], 10ns);  // from the middle
    CHECK(out.next_back(at(3)) == at(10));
    out.back(of[0], 10ns);  // the first
    CHECK(out.next_back(at(3)) == at(12));
    out.back(of[3], 10ns);  // the last
    of[1].dispatched = at(9);
    out.left(of[1]);
    CHECK(out.next_back(at(9)) == at(12));
    out.back(of[2], 10ns);
    CHECK(out.next_back(at(9)) == at(19));
    out.back(of[1], 10ns);
    CHECK(out.busy() == 0);
    CHECK(out.next_back(at(9)) == fb::no_deadline);
}
