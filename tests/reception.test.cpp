// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/admission/per_tenant.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/reception.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace fb = forebay;
using host::at;
using namespace std::chrono_literals;

namespace {

struct held {
    std::shared_ptr<int> payload;
    fb::permit taken;
};

template <class Order = fb::fifo>
auto policies_of(fb::capacity bounds, Order order = {}) {
    return fb::policies{.admission = fb::per_tenant{fb::quota{fb::rate::per_second(1), 3}},
                        .order = order,
                        .batching = fb::size_or_delay{.max_batch_size = 4},
                        .capacity = bounds,
                        .sync = fb::single_threaded{}};
}
using reception = fb::detail::reception<held, decltype(policies_of({}))>;

using door = fb::detail::at_the_door;
struct caller {
    reception& to;
    fb::ticket id{};
    fb::verdict said{};
    door how{};
    bool enter(const fb::request_info& info = {}, fb::time_point now = at(0)) {
        how = to.enter(id, said, now, info, std::shared_ptr<int>{});
        return how == door::let_in;
    }
};

}  // namespace

TEST_CASE("reception: nobody comes in by the door before it is opened, and after it is shut") {
    reception desk{policies_of({}), 10};
    caller by{desk};
    CHECK_FALSE(by.enter());
    CHECK(desk.arrive(true).empty());
    CHECK(by.enter());
    CHECK(by.said);
    CHECK(desk.queue().size() == 0);  // on the way
    CHECK(desk.arrive().size() == 1);
    CHECK(desk.queue().contains(by.id));
    CHECK(by.enter());
    CHECK(desk.arrive(false).size() == 1);
    CHECK(desk.queue().size() == 2);
    CHECK_FALSE(by.enter());
}

TEST_CASE("reception: what the door does not let in leaves no trace, and its owner says why") {
    reception desk{policies_of({.max_requests = 2, .max_cost = 10}), 10};
    caller by{desk};
    desk.arrive(true);
    const auto asked = [&](const fb::request_info& info, fb::time_point now = at(0)) {
        CHECK_FALSE(by.enter(info, now));
        CHECK(by.how == door::undecided);
        desk.arrive(false);
        const fb::verdict said = desk.admit(by.id, now, info, std::shared_ptr<int>{});
        desk.arrive(true);
        return said.which;
    };
    CHECK(asked({.priority = 0, .cost = -1}) == fb::limit::bad_cost);
    CHECK(asked({.cost = 11}) == fb::limit::queued_cost);
    CHECK(asked({.deadline = at(0)}) == fb::limit::deadline);
    CHECK(by.enter({.cost = 6}));
    CHECK(asked({.cost = 5}) == fb::limit::queued_cost);
    CHECK(by.enter({.cost = 4}));
    CHECK(asked({.tenant = fb::tenant_id{2}, .cost = 0}) == fb::limit::queued_requests);
    CHECK(desk.queue().size() == 2);
    CHECK(desk.admission()->available(fb::tenant_id{2}, at(0)) == 3);
    CHECK(desk.admission()->available(fb::tenant_id{}, at(0)) == 1);
}

TEST_CASE("reception: admission refuses at the door as behind it") {
    reception desk{policies_of({}), 10};
    caller by{desk};
    desk.arrive(true);
    for (int i = 0; i < 3; ++i) CHECK(by.enter());
    CHECK_FALSE(by.enter());
    CHECK(by.how == door::refused);
    CHECK(by.said.when == at(0) + 1s);
    CHECK(desk.arrive(false).size() == 3);
    const auto said = desk.admit(by.id, at(0), {}, std::shared_ptr<int>{});
    CHECK(said.which == fb::limit::rate);
    CHECK(said.when == at(0) + 1s);
    desk.arrive(true);
    CHECK(by.enter({}, at(0) + 1s));
}

TEST_CASE("reception: each of queue and admission says what it would, whatever the other does, and is left as it was") {
    reception desk{policies_of({.max_requests = 3, .max_cost = 10}), 10};
    caller by{desk};
    desk.arrive(true);
    for (int i = 0; i < 2; ++i) CHECK(by.enter({.cost = 4}));
    desk.arrive(false);
    CHECK(desk.room() == 2);
    CHECK(desk.check({.cost = 3}, at(0)).which == fb::limit::queued_cost);
    CHECK(desk.check({.cost = 2}, at(0)));
    CHECK(desk.asked(fb::request_info{.cost = 3}, at(0)));
    CHECK(desk.admission()->available(fb::tenant_id{}, at(0)) == 1);
    CHECK(desk.admit(by.id, at(0), {.cost = 2}, std::shared_ptr<int>{}));
    CHECK(desk.check({}, at(0)).which == fb::limit::queued_requests);
    CHECK(desk.asked(fb::request_info{}, at(0)) == fb::retry_at(at(0) + 1s, fb::limit::rate, 1));
}

TEST_CASE("reception: as many keys as one likes come in, at most 15 new ones between two looks of the owner") {
    reception desk{policies_of({}), 10};
    desk.arrive(true);
    std::uint64_t key = 100;
    for (int look = 0; look < 20; ++look) {
        std::size_t entered = 0;
        for (caller by{desk}; by.enter({.tenant = fb::tenant_id{key}, .key = key}); ++key) ++entered;
        CHECK(entered <= 15);
        desk.arrive(false);
        fb::ticket id;
        CHECK(desk.admit(id, at(0), {.tenant = fb::tenant_id{key}, .key = key}, std::shared_ptr<int>{}));
        ++key;
        desk.arrive(true);
    }
    CHECK(desk.queue().size() == key - 100);
    CHECK(key > 250);
}

TEST_CASE("reception: an order whose line may need memory has no door") {
    using ranked = fb::detail::reception<held, decltype(policies_of({}, fb::earliest_deadline{}))>;
    ranked desk{policies_of({}, fb::earliest_deadline{}), 10};
    desk.arrive(true);
    fb::ticket id;
    fb::verdict said;
    CHECK(desk.enter(id, said, at(0), {}, std::shared_ptr<int>{}) == door::undecided);
    CHECK(desk.admit(id, at(0), {}, std::shared_ptr<int>{}));
}

TEST_CASE("reception: who has come in and was never lined up ends with it") {
    const auto payload = std::make_shared<int>(1);
    {
        reception desk{policies_of({}), 10};
        desk.arrive(true);
        fb::ticket id;
        fb::verdict said;
        CHECK(desk.enter(id, said, at(0), {}, std::shared_ptr<int>{payload}) == door::let_in);
        CHECK(payload.use_count() == 2);
    }
    CHECK(payload.use_count() == 1);
}
