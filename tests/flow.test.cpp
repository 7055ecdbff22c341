// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/flow.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace fb = forebay;
using host::at;
using namespace std::chrono_literals;

namespace {

using chosen_policies = fb::policies<host::ledger_of_permits, fb::fifo, fb::size_or_delay, fb::manual_clock,
                                     fb::no_observer, fb::single_threaded>;
using flow_type = fb::detail::request_flow<int, int, chosen_policies>;
using ended_list = flow_type::ended_list;

struct machine {
    host::ledger_of_permits permits;
    flow_type flow;

    explicit machine(fb::size_or_delay batching = {.max_batch_size = 4}, std::size_t executors = 1)
        : flow{chosen_policies{.admission = permits,
                               .order = {},
                               .batching = batching,
                               .capacity = {.max_requests = 100},
                               .executors = executors,
                               .clock = fb::manual_clock{},
                               .observer = {},
                               .sync = {}}} {}

    fb::ticket add(fb::time_point now, fb::request_info info = {}) {
        fb::ticket id;
        REQUIRE(flow.accept(id, now, 7, info, [](fb::outcome<int>) {}));
        REQUIRE(flow.counts().balanced());
        return id;
    }
    void finish(flow_type::record& batch, fb::time_point now) {
        flow.end_batch(now, batch, fb::ending::delivered);
        REQUIRE(flow.counts().balanced());
        batch.destroy_payloads();
        flow.put_back(batch);
    }
};

}  // namespace

TEST_CASE("a request is queued, then running, then ended, and the ledger follows") {
    machine m;
    m.add(at(0));
    m.add(at(0));
    CHECK(m.flow.counts().queued == 2);
    ended_list over;
    auto* const batch = m.flow.step(at(5), over);
    REQUIRE(batch != nullptr);
    CHECK(over.count == 0);
    CHECK(batch->dispatched == at(5));
    CHECK((m.flow.counts().queued == 0 && m.flow.counts().running == 2));
    CHECK(m.flow.step(at(5), over) == nullptr);
    m.finish(*batch, at(9));
    CHECK((m.flow.counts().running == 0 && m.flow.counts().delivered == 2));
    CHECK(m.permits.seen->settled == std::vector<std::int64_t>{1, 1});
    CHECK(m.flow.next_wakeup(at(9)) == fb::no_deadline);
}

TEST_CASE("a step tells all that has expired before it forms a batch, a list at a time") {
    machine m;
    for (int i = 0; i < 70; ++i) m.add(at(0), {.deadline = at(10)});
    m.add(at(0), {.deadline = at(11)});
    std::size_t expired = 0;
    for (;;) {
        ended_list over;
        auto* const batch = m.flow.step(at(10), over);
        for (std::size_t i = 0; i < over.count; ++i) expired += m.flow.job_of(over[i]).request.has_value() ? 1U : 0U;
        m.flow.release(over);
        if (batch == nullptr) {
            REQUIRE(over.count > 0);
            CHECK(m.flow.next_wakeup(at(10)) == at(10));
            continue;
        }
        CHECK(batch->size == 1);
        m.finish(*batch, at(10));
        break;
    }
    CHECK(expired == 70);
    CHECK(m.permits.seen->given_back.size() == 70);
}

TEST_CASE("the next wakeup is the earliest of deadline, batch delay and the end of a drain, of what can still happen") {
    machine m{{.max_batch_size = 2, .max_queue_delay = 100ns}};
    CHECK(m.flow.next_wakeup(at(0)) == fb::no_deadline);
    m.add(at(10));
    CHECK(m.flow.next_wakeup(at(10)) == at(110));
    m.add(at(20), {.key = 1, .deadline = at(50)});
    CHECK(m.flow.next_wakeup(at(20)) == at(50));
    m.add(at(20));
    CHECK(m.flow.next_wakeup(at(20)) == at(20));  // full
    ended_list none;
    auto* const batch = m.flow.step(at(20), none);
    REQUIRE(batch != nullptr);
    m.add(at(30));
    m.add(at(30));
    CHECK(m.flow.next_wakeup(at(30)) == at(50));  // no executor: only the deadline
    m.flow.drain(at(30), 15ns);
    CHECK(m.flow.next_wakeup(at(30)) == at(45));
    m.finish(*batch, at(31));
    CHECK(m.flow.next_wakeup(at(31)) == at(31));
    ended_list closed;
    CHECK(m.flow.step(at(45), closed) == nullptr);
    CHECK(closed.count == 3);
    CHECK(closed.how == fb::ending::closed);
    CHECK(m.flow.is_done());
    CHECK(m.flow.next_wakeup(at(45)) == fb::no_deadline);
    m.flow.release(closed);
    CHECK(m.flow.counts().balanced());
}

TEST_CASE("only a running request that has not ended is found by its ticket") {
    machine m;
    const auto id = m.add(at(0));
    const auto waiting = m.add(at(0), {.key = 1});
    CHECK(m.flow.find_running(id) == nullptr);
    ended_list over;
    auto* const batch = m.flow.step(at(0), over);
    REQUIRE(batch != nullptr);
    auto* const member = m.flow.find_running(id);
    REQUIRE(member != nullptr);
    CHECK(m.flow.find_running(waiting) == nullptr);
    flow_type::settle(*member, 5);
    m.flow.end_running(at(1), *member, fb::ending::cancelled);
    CHECK(m.flow.find_running(id) == nullptr);
    flow_type::settle(*member, 6);  // too late
    CHECK(m.permits.seen->settled == std::vector<std::int64_t>{5});
    ended_list one;
    CHECK_FALSE(m.flow.cancel_queued(at(1), id, one));
    CHECK(m.flow.cancel_queued(at(1), waiting, one));
    CHECK_FALSE(m.flow.cancel_queued(at(1), waiting, one));
    CHECK(one.count == 1);
    m.flow.release(one);
    m.finish(*batch, at(2));
    CHECK((m.flow.counts().cancelled == 2 && m.flow.counts().delivered == 0));
}
