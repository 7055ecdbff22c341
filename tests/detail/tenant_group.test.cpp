// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tenant_group.hpp>
#include <forebay/sync.hpp>

#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>

using namespace forebay;

namespace {

using group_type = detail::tenant_group<multi_threaded>;

constexpr std::uint64_t held = 99;

}  // namespace

TEST_CASE("A name is found wherever in the group it is, and stays there when the lock is given back") {
    group_type group;
    {
        group_type::lock in{group, held};
        CHECK(in.find(10) == group_type::size);
        for (unsigned i = 0; i < 4; ++i) in.set_name(i, 10 + i);
        for (unsigned i = 0; i < 4; ++i) {
            CHECK(in.find(10 + i) == i);
            CHECK(in.name(i) == 10 + i);
        }
        CHECK(in.find(held) == group_type::size);
        CHECK(in.find(14) == group_type::size);
    }
    for (unsigned i = 0; i < 4; ++i) CHECK(group.name(i, held) == 10 + i);
    group_type::lock in{group, held};
    // Nobody's name may be there several times: one of those it is all the same.
    for (unsigned first = 0; first < 4; ++first) {
        for (unsigned i = 0; i < 4; ++i) in.set_name(i, i < first ? 10 + i : 7);
        CHECK(in.find(7) >= first);
        CHECK(in.find(7) < group_type::size);
        CHECK(in.name(in.find(7)) == 7);
    }
}

TEST_CASE("A group is a cache line, and a new one's places are nobody's") {
    STATIC_REQUIRE(sizeof(group_type) == 64);
    STATIC_REQUIRE(sizeof(detail::tenant_group<single_threaded>) == 64);
    group_type group;
    group_type::lock in{group, held};
    for (unsigned i = 0; i < 4; ++i) {
        CHECK(in.full_at(i) == group_type::nobody);
        in.set_full_at(i, -5);
        CHECK(in.full_at(i) == -5);
    }
    CHECK(&in.group() == &group);
}

TEST_CASE("A lock that is handed over is given back once, by who has it then") {
    group_type group;
    {
        group_type::lock in{group, held};
        in.set_name(0, 7);
        const group_type::lock moved{std::move(in)};
        CHECK(moved.name(0) == 7);
    }
    CHECK(group.name(0, held) == 7);
    const group_type::lock again{group, held};
    CHECK(again.name(0) == 7);
}

TEST_CASE("Threads that change times under the lock lose none, and a long wait for it or for a name ends") {
    group_type group;
    {
        group_type::lock in{group, held};
        in.set_name(0, 7);
        for (unsigned i = 0; i < 4; ++i) in.set_full_at(i, 0);
    }
    constexpr int times = 50'000;
    std::atomic<int> ready{0};
    const auto add = [&] {
        ready.fetch_add(1);
        for (int i = 0; i < times; ++i) {
            group_type::lock in{group, held};
            const auto place = static_cast<unsigned>(i % 4);
            in.set_full_at(place, in.full_at(place) + 1);
        }
    };
    int other_names = 0;
    std::thread one;
    std::thread other;
    std::thread reader;
    {
        const group_type::lock in{group, held};
        one = std::thread{add};
        other = std::thread{add};
        reader = std::thread{[&] {
            ready.fetch_add(1);
            for (int i = 0; i < times; ++i) other_names += group.name(0, held) != 7 ? 1 : 0;
        }};
        while (ready.load() < 3) std::this_thread::yield();
        for (int i = 0; i < 100; ++i) std::this_thread::yield();
        CHECK(in.full_at(0) + in.full_at(1) + in.full_at(2) + in.full_at(3) == 0);
    }
    one.join();
    other.join();
    reader.join();
    CHECK(other_names == 0);
    const group_type::lock in{group, held};
    for (unsigned i = 0; i < 4; ++i) CHECK(in.full_at(i) == times / 2);
}
