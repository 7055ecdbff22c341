// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/flow.hpp>
#include <forebay/sim/random.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace fb = forebay;
using host::at;
using namespace std::chrono_literals;

// clang links its thread sanitizer's operator new into the program, where it cannot be replaced.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FOREBAY_TEST_KEEPS_OPERATOR_NEW
#endif
#endif

#if !defined(FOREBAY_TEST_KEEPS_OPERATOR_NEW)
// One allocation of this program can be made to fail: the k-th from now on this thread. (Not inlined: g++ 12 then takes
// the pair for a mismatch.)
namespace {

constexpr std::int64_t never_fails = std::numeric_limits<std::int64_t>::max();
thread_local std::int64_t until_failure = never_fails;

void* take(std::size_t size, std::size_t alignment) {
    if (until_failure != never_fails && --until_failure <= 0) {
        until_failure = never_fails;
        throw std::bad_alloc{};
    }
    const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
    void* const memory = alignment <= alignof(std::max_align_t) ? std::malloc(size == 0 ? 1 : size)
                                                                : std::aligned_alloc(alignment, rounded);
    if (memory == nullptr) throw std::bad_alloc{};
    return memory;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
    return take(size, 1);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    return take(size, static_cast<std::size_t>(alignment));
}
// A sanitizer's own would not come by the one above.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
#endif

namespace {

/// What the hooks were told, kept where the test sees it.
struct watching : fb::no_observer {
    struct log {
        std::size_t submitted{0};
        std::vector<fb::limit> refused;
        std::vector<std::pair<fb::dispatch_cause, std::size_t>> batches;
        std::vector<fb::duration> delays;
        std::vector<std::pair<fb::ending, fb::duration>> ended;
        std::vector<std::pair<std::size_t, fb::duration>> done;
    };
    std::shared_ptr<log> seen = std::make_shared<log>();

    void on_submit(const fb::request_info&, fb::time_point) noexcept { ++seen->submitted; }
    void on_refuse(const fb::request_info&, const fb::verdict& said) noexcept { seen->refused.push_back(said.which); }
    void on_dispatch(fb::dispatch_cause why, std::size_t size, fb::time_point) noexcept {
        seen->batches.push_back({why, size});
    }
    void on_start(const fb::request_info&, fb::duration delay) noexcept { seen->delays.push_back(delay); }
    void on_end(const fb::request_info&, fb::ending how, fb::duration length) noexcept {
        seen->ended.push_back({how, length});
    }
    void on_batch_done(std::size_t size, fb::duration service) noexcept { seen->done.push_back({size, service}); }
};

struct knobs {
    fb::size_or_delay batching{.max_batch_size = 4, .max_queue_delay = 10ns};
    fb::capacity capacity{.max_requests = 200};
    std::size_t executors{1};
};

auto policies_of(const knobs& chosen) {
    return fb::policies{.admission = host::ledger_of_permits{},
                        .batching = chosen.batching,
                        .capacity = chosen.capacity,
                        .executors = chosen.executors,
                        .observer = watching{},
                        .sync = fb::single_threaded{}};
}

/// A flow whose books are looked at after every step.
class machine {
public:
    using policies = decltype(policies_of(knobs{}));
    using flow_type = fb::detail::request_flow<int, int, policies>;
    using list = flow_type::ended_list;
    using record = flow_type::record;

    explicit machine(const knobs& chosen = {}) : machine{std::in_place, policies_of(chosen)} {}

    const fb::ledger& books() {
        flow.arrive();
        const fb::ledger& counts = flow.counts();
        if (!counts.balanced()) FAIL_CHECK("the ledger is out of balance");
        if (permits->live != static_cast<std::int64_t>(counts.queued + counts.running)) {
            FAIL_CHECK("a permit is held by a request that ended, or was taken from one that has not");
        }
        return counts;
    }
    /// By the door, where that lets it in.
    fb::verdict submit(std::int64_t now, fb::request_info info = {}, int request = 0) {
        fb::verdict said;
        const auto how = flow.enter(id, said, at(now), std::move(request), info, [](fb::outcome<int>) {});
        if (how == fb::detail::at_the_door::let_in) {
            ++by_door;
        } else if (how == fb::detail::at_the_door::refused) {
            said = flow.refuse(info, at(now), said);
        } else {
            said = flow.accept(id, at(now), std::move(request), info, [](fb::outcome<int>) {});
            flow.arrive(opens);
        }
        if (looks_at_once) books();
        return said;
    }
    /// A request that must be let in.
    fb::ticket in(std::int64_t now, fb::request_info info = {}, int request = 0) {
        REQUIRE(submit(now, info, request));
        return id;
    }
    record* step(std::int64_t now, list& over) {
        record* const due = flow.step(at(now), over);
        books();
        return due;
    }
    /// A step that ends nothing.
    record* step(std::int64_t now) {
        list over;
        record* const due = step(now, over);
        CHECK(over.count == 0);
        return due;
    }
    /// A batch that must be due.
    record& batch(std::int64_t now) {
        record* const due = step(now);
        REQUIRE(due != nullptr);
        return *due;
    }
    void finish(std::int64_t now, record& of, fb::ending how = fb::ending::delivered) {
        flow.end_batch(at(now), of, how);
        books();
        flow.put_back(of);
        books();
    }
    bool cancel(std::int64_t now, fb::ticket which) {
        list one;
        const bool ended = flow.cancel_queued(at(now), which, one);
        books();
        CHECK(one.count == (ended ? 1U : 0U));
        flow.release(one);
        return ended;
    }
    fb::time_point wakeup(std::int64_t now) { return flow.next_wakeup(at(now)); }

    std::shared_ptr<host::ledger_of_permits::log> permits;
    std::shared_ptr<watching::log> seen;
    flow_type flow;
    fb::ticket id;
    bool opens{true};          // whether the door stands open after what did not come in by it
    bool looks_at_once{true};  // at the books, for which those who came by the door are lined up
    std::size_t by_door{0};

private:
    machine(std::in_place_t, policies chosen)
        : permits{chosen.admission.seen}, seen{chosen.observer.seen}, flow{std::move(chosen)} {}
};

std::vector<int> payloads(machine::record& of) {
    return {of.data(), of.data() + of.size};
}

}  // namespace

// ---- in

TEST_CASE("flow: what is accepted is queued with its payload, its sink and its permit") {
    machine m;
    const fb::ticket id = m.in(5, {.cost = 3}, 42);
    CHECK(m.books().submitted == 1);
    CHECK(m.books().queued == 1);
    auto& job = m.flow.job_of(id);
    CHECK(job.request == 42);
    CHECK(job.sink);
    CHECK(job.taken.charged == 3);
    CHECK(job.in == nullptr);
    CHECK(m.seen->submitted == 1);
    CHECK(m.flow.find_running(id) == nullptr);
}

TEST_CASE("flow: a refusal counts by its limit and changes nothing else, and what the queue refuses keeps no token") {
    machine m{{.capacity = {.max_requests = 2}}};
    CHECK(m.submit(0, {.cost = -1}).which == fb::limit::bad_cost);
    CHECK(m.submit(7, {.deadline = at(7)}).which == fb::limit::deadline);
    m.permits->refuse = true;
    CHECK(m.submit(0) == fb::retry_at(at(7), fb::limit::rate, 1));
    m.permits->refuse = false;
    CHECK(m.permits->live == 0);
    m.in(0, {.key = 1});
    m.in(0, {.key = 2});
    CHECK(m.submit(0).which == fb::limit::queued_requests);
    CHECK(m.permits->live == 2);
    CHECK(m.permits->given_back.size() == 1);  // it was asked when it would let the request in
    m.permits->refuse = true;
    CHECK(m.submit(0) == fb::retry_at(at(10), fb::limit::queued_requests, 1));  // the batch leaves later than that
    CHECK(m.submit(4) == fb::retry_at(at(11), fb::limit::rate, 1));
    const std::vector<fb::limit> expected{fb::limit::bad_cost,        fb::limit::deadline,        fb::limit::rate,
                                          fb::limit::queued_requests, fb::limit::queued_requests, fb::limit::rate};
    CHECK(m.seen->refused == expected);
    for (const fb::limit which : {fb::limit::bad_cost, fb::limit::deadline}) CHECK(m.books()[which] == 1);
    for (const fb::limit which : {fb::limit::rate, fb::limit::queued_requests}) CHECK(m.books()[which] == 2);
    CHECK(m.books().submitted == 8);
    CHECK(m.books().queued == 2);
}

TEST_CASE("flow: a full queue names the time at which a batch leaves: exactly, as it learned, or not at all") {
    machine m{{.batching = {.max_batch_size = 2, .max_queue_delay = 20ns}, .capacity = {.max_requests = 4}}};
    const auto full = [](std::int64_t when, fb::certainty how_sure) {
        return fb::retry_at(at(when), fb::limit::queued_requests, 1, how_sure);
    };
    const auto fill = [&](std::int64_t now, int count) {
        for (std::uint64_t key = 0; count > 0; --count) m.in(now, {.key = key++});
    };
    fill(0, 4);
    CHECK(m.submit(7) == full(20, fb::certainty::exact));
    auto& first = m.batch(20);
    fill(20, 1);
    CHECK(m.submit(21) == full(21, fb::certainty::on_completion));  // nobody knows how long the model takes
    m.finish(120, first);
    CHECK(m.submit(120) == full(120, fb::certainty::exact));  // as soon as the host looks
    auto& second = m.batch(120);
    fill(120, 1);
    CHECK(m.submit(150) == full(220, fb::certainty::estimate));
    CHECK(m.submit(230) == full(240, fb::certainty::estimate));  // overdue
    m.finish(300, second);
    auto& third = m.batch(300);
    fill(300, 1);
    CHECK(m.submit(301) == full(410, fb::certainty::estimate));  // 100, and an eighth of the 80 that it took longer
    m.finish(400, third);
}

TEST_CASE("flow: once a request has cost more than was charged for it, no time is exact while others may, too") {
    machine m;
    m.in(0, {.cost = 3});
    m.in(0, {.cost = 3});
    m.permits->refuse = true;
    CHECK(m.submit(0) == fb::retry_at(at(7), fb::limit::rate, 1));
    auto& out = m.batch(10);
    m.flow.settle(out.begin()[0], 3);
    CHECK(m.submit(10).how_sure == fb::certainty::exact);
    m.flow.settle(out.begin()[1], 4);
    CHECK(m.submit(10) == fb::retry_at(at(17), fb::limit::rate, 1, fb::certainty::estimate));
    m.finish(20, out);
    CHECK(m.submit(20) == fb::retry_at(at(27), fb::limit::rate, 1));
}

TEST_CASE("flow: a refused payload and sink stay with the caller, an accepted one is moved in") {
    host::ledger_of_permits admission;
    fb::policies chosen{.admission = admission, .sync = fb::single_threaded{}};
    fb::detail::request_flow<std::unique_ptr<int>, int, decltype(chosen)> flow{std::move(chosen)};
    auto request = std::make_unique<int>(1);
    auto sink = [part = std::make_unique<int>(2)](fb::outcome<int>) {};
    fb::ticket id;
    CHECK_FALSE(flow.accept(id, at(0), std::move(request), {.cost = -1}, std::move(sink)));
    admission.seen->refuse = true;
    CHECK_FALSE(flow.accept(id, at(0), std::move(request), {}, std::move(sink)));
    REQUIRE(request != nullptr);
    admission.seen->refuse = false;
    CHECK(flow.accept(id, at(0), std::move(request), {}, std::move(sink)));
    CHECK(request == nullptr);
    CHECK(**flow.job_of(id).request == 1);
}

#if !defined(FOREBAY_TEST_KEEPS_OPERATOR_NEW)
TEST_CASE("flow: accepting that runs out of memory throws and leaves no trace") {
    host::ledger_of_permits admission;
    fb::policies chosen{.admission = admission, .capacity = {.max_requests = 100}, .sync = fb::single_threaded{}};
    fb::detail::request_flow<std::unique_ptr<int>, int, decltype(chosen)> flow{std::move(chosen)};
    struct counting_sink {
        std::unique_ptr<int> part;
        void operator()(fb::outcome<int>) {}
    };
    int failures = 0;
    // A new key takes memory, now and then.
    for (std::uint64_t key = 0; key < 100; ++key) {
        auto request = std::make_unique<int>(static_cast<int>(key));
        counting_sink sink{std::make_unique<int>(1)};
        fb::ticket id;
        for (std::int64_t k = 1;; ++k) {
            REQUIRE(k < 100);
            const fb::ledger before = flow.counts();
            const std::int64_t live = admission.seen->live;
            admission.seen->given_back.clear();
            until_failure = k;
            try {
                const fb::verdict said = flow.accept(id, at(0), std::move(request), {.key = key}, std::move(sink));
                until_failure = never_fails;
                REQUIRE(said);
                break;
            } catch (const std::bad_alloc&) {
                ++failures;
                CHECK(flow.counts() == before);
                CHECK(flow.counts().balanced());
                CHECK(admission.seen->live == live);
                CHECK(admission.seen->given_back.size() == 1);
                CHECK(id == fb::ticket{});
                REQUIRE(request != nullptr);
                REQUIRE(sink.part != nullptr);
            }
        }
        CHECK(flow.counts().queued == key + 1);
        CHECK(flow.counts().balanced());
    }
    CHECK(failures > 2);
}
#endif

// ---- ends before the model

TEST_CASE("flow: a deadline passes at its instant, and the slot stays until its sink was called") {
    machine m;
    const fb::ticket id = m.in(0, {.deadline = at(8)});
    machine::list late;
    CHECK_FALSE(m.flow.may_expire(at(7)));
    m.flow.expire(at(7), late);
    CHECK(late.count == 0);
    CHECK(m.flow.may_expire(at(8)));
    m.flow.expire(at(8), late);
    REQUIRE(late.count == 1);
    CHECK(late[0] == id);
    CHECK(late.how == fb::ending::expired);
    CHECK(m.books().expired == 1);
    CHECK(m.books().queued == 0);
    CHECK(m.permits->given_back.size() == 1);
    CHECK(m.seen->ended == std::vector{std::pair{fb::ending::expired, fb::duration{8}}});
    CHECK(m.flow.job_of(id).sink);
    CHECK_FALSE(m.cancel(8, id));
    m.flow.release(late);
    CHECK(m.in(8) != id);
}

TEST_CASE("flow: what expires comes in lists of 32, earliest first") {
    machine m;
    for (int i = 0; i < 100; ++i) m.in(0, {.deadline = at(200 - i)});
    fb::time_point before = at(0);
    for (const std::size_t expected : {32U, 32U, 32U, 4U, 0U}) {
        machine::list late;
        m.flow.expire(at(200), late);
        m.books();
        CHECK(late.count == expected);
        CHECK(late.full() == (expected == 32));
        for (std::size_t i = 0; i < late.count; ++i) {
            const fb::time_point deadline = at(101 + static_cast<std::int64_t>(m.books().expired - late.count + i));
            CHECK(deadline > before);
            before = deadline;
        }
        m.flow.release(late);
    }
    CHECK(m.books().expired == 100);
}

TEST_CASE("flow: however many are overdue at once, a step dispatches none of them") {
    const int overdue = GENERATE(0, 1, 31, 32, 33, 64, 100);
    CAPTURE(overdue);
    machine m;
    for (int i = 0; i < overdue; ++i) m.in(0, {.deadline = at(10)});
    for (int i = 1; i <= 4; ++i) m.in(0, {.deadline = at(11)}, i);
    int ended = 0;
    for (int steps = 0;; ++steps) {
        REQUIRE(steps < 10);
        machine::list over;
        machine::record* const due = m.step(10, over);
        ended += static_cast<int>(over.count);
        m.flow.release(over);
        if (due == nullptr) {
            CHECK(over.full());
            CHECK(m.wakeup(10) == at(10));
            continue;
        }
        CHECK(payloads(*due) == std::vector{1, 2, 3, 4});
        break;
    }
    CHECK(ended == overdue);
}

TEST_CASE("flow: a queued request is cancelled once, and no other way after it") {
    machine m;
    const fb::ticket id = m.in(0);
    CHECK_FALSE(m.cancel(1, fb::ticket{}));
    CHECK(m.cancel(1, id));
    CHECK_FALSE(m.cancel(1, id));
    CHECK(m.books().cancelled == 1);
    CHECK(m.permits->given_back.size() == 1);
    CHECK(m.seen->ended == std::vector{std::pair{fb::ending::cancelled, fb::duration{1}}});

    const fb::ticket next = m.in(2);
    CHECK_FALSE(m.cancel(2, id));  // its place may be another's now
    auto& running = m.batch(12);
    CHECK_FALSE(m.cancel(12, next));
    m.finish(12, running);
    CHECK_FALSE(m.cancel(12, next));
}

// ---- batches

TEST_CASE("flow: a step forms the batch that is due, in order, and says why and when") {
    machine m;
    std::vector<fb::ticket> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(m.in(i, {.cost = i}, i));
    auto& full = m.batch(4);
    CHECK(payloads(full) == std::vector{0, 1, 2, 3});
    CHECK(full.cause == fb::dispatch_cause::full);
    CHECK(full.dispatched == at(4));
    for (std::size_t i = 0; i < 4; ++i) {
        auto* const member = m.flow.find_running(ids[i]);
        REQUIRE(member == full.begin() + i);
        CHECK(member->about->info.cost == static_cast<std::int64_t>(i));
        CHECK(&m.flow.job_of(*member) == &m.flow.job_of(ids[i]));
        CHECK(m.flow.job_of(ids[i]).in == &full);
    }
    CHECK(m.books().queued == 1);
    CHECK(m.books().running == 4);
    CHECK(m.books().dispatched == 4);
    CHECK(m.step(100) == nullptr);  // the executor is busy
    m.finish(100, full);
    auto& late = m.batch(100);
    CHECK(payloads(late) == std::vector{4});
    CHECK(late.cause == fb::dispatch_cause::delay);
    m.finish(103, late);
    CHECK(m.books().delivered == 5);
    CHECK(m.books().running == 0);
    const std::vector batches{std::pair{fb::dispatch_cause::full, std::size_t{4}},
                              std::pair{fb::dispatch_cause::delay, std::size_t{1}}};
    CHECK(m.seen->batches == batches);
    CHECK(m.seen->delays == std::vector<fb::duration>{4ns, 3ns, 2ns, 1ns, 96ns});
    CHECK(m.seen->done == std::vector{std::pair{std::size_t{4}, fb::duration{96}}, std::pair{std::size_t{1}, 3ns}});
}

TEST_CASE("flow: executors bound the batches that are out, and records those whose sinks are being called") {
    const std::size_t executors = GENERATE(1U, 3U);
    machine m{{.batching = {.max_batch_size = 1}, .executors = executors}};
    for (int i = 0; i < 20; ++i) m.in(0);
    std::vector<machine::record*> out;
    const auto start_all = [&] {
        std::size_t started = 0;
        while (machine::record* const due = m.step(0)) {
            out.push_back(due);
            ++started;
        }
        return started;
    };
    CHECK(start_all() == executors);
    CHECK(m.wakeup(0) == fb::no_deadline);
    for (machine::record* each : out) m.flow.end_batch(at(0), *each, fb::ending::delivered);
    CHECK(m.wakeup(0) == at(0));
    CHECK(start_all() == executors);  // with the records of the first still in use
    for (machine::record* each : out) {
        if (each->occupies_executor) m.flow.end_batch(at(0), *each, fb::ending::delivered);
    }
    CHECK(start_all() == 0);  // no record is left
    CHECK(m.wakeup(0) == fb::no_deadline);
    m.flow.put_back(*out.back());
    CHECK(m.wakeup(0) == at(0));
    out.clear();
    CHECK(start_all() == 1);
}

TEST_CASE("flow: members end one by one or with their batch, each once, and settle what they cost") {
    machine m;
    std::vector<fb::ticket> ids;
    for (int i = 0; i < 4; ++i) ids.push_back(m.in(0, {.cost = 10}));
    auto& out = m.batch(1);
    auto* const members = out.begin();
    for (int i = 0; i < 4; ++i) CHECK(m.flow.find_running(ids[static_cast<std::size_t>(i)]) == &members[i]);
    m.flow.settle(members[0], 3);
    m.flow.settle(members[0], 4);
    m.flow.settle(members[1], -5);
    m.flow.end_running(at(2), members[0], fb::ending::failed);
    m.books();
    m.flow.settle(members[0], 99);  // too late
    CHECK(members[0].actual_cost == 4);
    CHECK(m.flow.find_running(ids[0]) == nullptr);
    CHECK(m.books().failed == 1);
    CHECK(m.books().running == 3);
    CHECK(m.seen->done.empty());
    m.flow.end_batch(at(3), out, fb::ending::delivered);
    CHECK(m.books().delivered == 3);
    CHECK(m.books().running == 0);
    for (int i = 0; i < 4; ++i) {
        CHECK(out.has_ended(members[i]));
        CHECK(members[i].ended_early == (i == 0));
        CHECK(m.flow.find_running(ids[static_cast<std::size_t>(i)]) == nullptr);
    }
    m.flow.settle(members[1], 99);  // too late
    CHECK(members[1].actual_cost == 0);
    CHECK(m.permits->settled == std::vector<std::int64_t>{4, 0, 10, 10});
    CHECK(m.permits->given_back.empty());
    CHECK(m.seen->done == std::vector{std::pair{std::size_t{4}, fb::duration{2}}});
    m.flow.end_batch(at(4), out, fb::ending::failed);  // nobody is left, and its executor is free already
    m.books();
    CHECK(m.books().failed == 1);
    CHECK(m.seen->done.size() == 1);
    m.flow.put_back(out);
    CHECK(m.wakeup(4) == fb::no_deadline);
}

TEST_CASE("flow: who is refused at the door counts after those who were let in before") {
    machine m;
    m.flow.arrive(true);
    m.looks_at_once = false;
    REQUIRE(m.submit(0));
    REQUIRE(m.by_door == 1);
    CHECK(m.seen->submitted == 0);  // nobody has looked
    m.flow.refuse({}, at(0), fb::retry_at(at(5), fb::limit::rate, 1));
    CHECK(m.seen->submitted == 1);
    CHECK(m.flow.counts().submitted == 2);
    CHECK(m.flow.counts().refused == 1);
}

TEST_CASE("flow: what host code did wrong after the count is put right") {
    machine m;
    for (int i = 0; i < 4; ++i) m.in(0);
    m.finish(0, m.batch(0));
    m.flow.correct({.sink_failures = 2, .not_delivered = 1});
    CHECK(m.books().sink_failures == 2);
    CHECK(m.books().delivered == 3);
    CHECK(m.books().failed == 1);
}

// ---- the end

TEST_CASE("flow: closed, it takes no more, ends what is queued 32 at a time, and leaves what runs") {
    machine m;
    for (int i = 0; i < 74; ++i) m.in(0, {.key = static_cast<std::uint64_t>(i) / 10});
    auto& running = m.batch(0);
    m.flow.close();
    CHECK(m.flow.is_closed());
    CHECK_FALSE(m.flow.is_done());
    CHECK(m.submit(1).which == fb::limit::closed);
    CHECK(m.wakeup(1) == at(1));
    for (const std::size_t expected : {32U, 32U, 6U}) {
        CHECK_FALSE(m.flow.is_done());
        machine::list over;
        CHECK(m.step(1, over) == nullptr);
        CHECK(over.count == expected);
        CHECK(over.how == fb::ending::closed);
        m.flow.release(over);
    }
    CHECK(m.flow.is_done());
    CHECK(m.wakeup(1) == fb::no_deadline);
    CHECK(m.books().closed == 70);
    CHECK(m.permits->given_back.size() == 70);
    CHECK(m.books().running == 4);
    m.finish(2, running);
    CHECK(m.books().delivered == 4);
}

TEST_CASE("flow: flush goes on with a list that holds others, and never beyond 32") {
    machine m;
    for (int i = 0; i < 40; ++i) m.in(0);
    machine::list closing{fb::ending::closed};
    m.flow.flush(at(0), closing);
    CHECK(closing.full());
    m.flow.flush(at(0), closing);
    CHECK(closing.count == 32);
    CHECK(m.books().queued == 8);
    m.flow.release(closing);
}

TEST_CASE("flow: drained, it serves what is queued without waiting for company, and closes at its limit") {
    machine m;
    for (int i = 0; i < 9; ++i) m.in(0, {.key = i == 8 ? 1U : 0U}, i);
    m.flow.drain(at(1), 20ns);
    CHECK(m.submit(1).which == fb::limit::closed);
    CHECK_FALSE(m.flow.is_done());
    CHECK_FALSE(m.flow.is_closed());
    CHECK(m.wakeup(1) == at(1));
    m.finish(1, m.batch(1));
    auto& second = m.batch(1);
    CHECK(m.wakeup(1) == at(21));  // what is left waits for the executor, up to the limit
    m.flow.drain(at(2), 1000ns);   // the first word counts
    CHECK(m.wakeup(2) == at(21));
    CHECK(m.step(20) == nullptr);
    SECTION("the executor is free in time") {
        m.finish(20, second);
        auto& last = m.batch(20);
        CHECK(payloads(last) == std::vector{8});
        CHECK(m.flow.is_done());
        CHECK(m.wakeup(20) == fb::no_deadline);
        m.finish(30, last);
        CHECK(m.books().delivered == 9);
    }
    SECTION("it is not") {
        machine::list over;
        CHECK(m.step(21, over) == nullptr);
        CHECK(over.count == 1);
        CHECK(over.how == fb::ending::closed);
        CHECK(m.flow.is_closed());
        m.flow.release(over);
        m.finish(22, second);
        CHECK(m.books().closed == 1);
    }
}

TEST_CASE("flow: a drain says that nobody is waited for, and reopens nothing that is closed") {
    machine m;
    m.in(0, {}, 7);
    m.flow.drain(at(0), fb::duration::max());
    auto& alone = m.batch(0);
    CHECK(alone.cause == fb::dispatch_cause::drain);
    m.finish(0, alone);

    machine closed;
    closed.in(0);
    closed.flow.close();
    closed.flow.drain(at(0), 5ns);
    CHECK(closed.flow.is_closed());
    CHECK(closed.wakeup(0) == at(0));
}

// ---- when

TEST_CASE("flow: the next wakeup is the earliest of delay, deadline and limit, and now if that has passed") {
    machine m;
    CHECK(m.wakeup(0) == fb::no_deadline);
    m.in(5);
    CHECK(m.wakeup(5) == at(15));
    m.in(6, {.deadline = at(12)});
    CHECK(m.wakeup(6) == at(12));
    CHECK(m.wakeup(13) == at(13));
    CHECK(m.step(11) == nullptr);
    machine::list late;
    CHECK(m.step(12, late) == nullptr);
    CHECK(late.count == 1);
    m.flow.release(late);
    CHECK(m.wakeup(12) == at(15));
    CHECK(m.step(14) == nullptr);
    auto& out = m.batch(15);
    CHECK(m.wakeup(15) == fb::no_deadline);
    // Busy: what is due is not waited for, what expires is.
    for (int i = 0; i < 4; ++i) m.in(20, {.deadline = at(90 + i)});
    CHECK(m.wakeup(20) == at(90));
    m.flow.drain(at(20), 30ns);
    CHECK(m.wakeup(20) == at(50));
    m.finish(21, out);
    CHECK(m.wakeup(21) == at(21));
}

TEST_CASE("flow: under a clock that goes back no time is negative and no wakeup is missed") {
    machine m;
    m.in(100);
    CHECK(m.wakeup(40) == at(110));
    CHECK(m.step(40) == nullptr);
    auto& out = m.batch(110);
    m.finish(50, out);
    const fb::ticket id = m.in(60);
    CHECK(m.cancel(10, id));
    for (const auto& [how, length] : m.seen->ended) CHECK(length >= 0ns);
    CHECK(m.seen->done == std::vector{std::pair{std::size_t{1}, fb::duration{0}}});
}

TEST_CASE("flow: policies that cannot be are refused in words") {
    const auto build = [](std::size_t executors, fb::size_or_delay batching = {}, fb::capacity capacity = {}) {
        machine{{.batching = batching, .capacity = capacity, .executors = executors}};
    };
    CHECK_THROWS_WITH(build(0), ContainsSubstring("executors must be 1 to 65,536"));
    CHECK_THROWS_AS(build(65'537), std::invalid_argument);
    CHECK_THROWS_AS(build(1, {.max_batch_size = 0}), std::invalid_argument);
    CHECK_THROWS_AS(build(1, {}, {.max_requests = 0}), std::invalid_argument);
    CHECK_THROWS_AS(build(65'536, {.max_batch_size = std::size_t{1} << 30}, {.max_requests = std::size_t{1} << 31}),
                    std::invalid_argument);
    CHECK_NOTHROW(build(1, {.max_batch_size = std::size_t{1} << 30}, {.max_requests = 10}));  // never more than wait
}

// ---- all of it

namespace {

/// What a request is known to be by whoever watches the flow from outside.
struct known {
    fb::ticket id;
    fb::request_info info;
    enum { queued, running, ended } where;
};

/// A flow under random calls, against a list of what each request must be.
class script {
public:
    explicit script(std::uint64_t seed)
        : draw_{seed, {}, 0},
          m_{{.batching = {.max_batch_size = 1 + upto(6), .max_queue_delay = fb::duration{upto(12)}},
              .capacity = {.max_requests = 20 + upto(100)},
              .executors = 1 + upto(3)}} {}

    void run() {
        m_.looks_at_once = false;
        for (int i = 0; i < 400; ++i) {
            m_.opens = upto(3) > 0;
            act();
            compare();
        }
        m_.flow.close();
        while (step()) compare();
        while (!out_.empty()) {
            complete();
            compare();
        }
        compare();
        CHECK(m_.flow.is_done());
        CHECK(m_.books().ended() + m_.books().refused == m_.books().submitted);
        CHECK(m_.by_door > 0);
        CHECK(std::ranges::all_of(all_, [](const known& one) { return one.where == known::ended; }));
    }

private:
    std::uint32_t upto(std::uint32_t most) { return static_cast<std::uint32_t>(draw_.below(most + 1)); }

    void act() {
        switch (upto(9)) {
            case 0:
            case 1:
            case 2:
                for (std::uint32_t n = upto(1) * upto(40); n > 0; --n) submit();
                return submit();
            case 3: now_ += upto(3); return;
            case 4: now_ -= upto(2); return;
            case 5: return cancel();
            case 6: return complete();
            case 7: return end_one();
            case 8:
                if (upto(60) == 0) m_.flow.drain(at(now_), fb::duration{upto(30)});
                return;
            default: return settle_down();
        }
    }
    void submit() {
        const fb::request_info info{
            .key = upto(2), .cost = upto(5), .deadline = upto(2) == 0 ? fb::no_deadline : at(now_ + 1 + upto(15))};
        if (!m_.submit(now_, info, static_cast<int>(all_.size()))) return;
        all_.push_back({m_.id, info, known::queued});
    }
    void cancel() {
        if (all_.empty()) return;
        known& one = all_[upto(static_cast<std::uint32_t>(all_.size() - 1))];
        CHECK(m_.cancel(now_, one.id) == (one.where == known::queued));
        if (one.where == known::queued) one.where = known::ended;
    }
    void end_one() {
        if (all_.empty()) return;
        known& one = all_[upto(static_cast<std::uint32_t>(all_.size() - 1))];
        auto* const member = m_.flow.find_running(one.id);
        CHECK((member != nullptr) == (one.where == known::running));
        if (member == nullptr) return;
        m_.flow.settle(*member, upto(9));
        m_.flow.end_running(at(now_), *member, fb::ending::delivered);
        one.where = known::ended;
    }
    void complete() {
        if (out_.empty()) return;
        machine::record& of = *out_.front();
        out_.pop_front();
        for (const int request : payloads(of)) all_[static_cast<std::size_t>(request)].where = known::ended;
        m_.finish(now_, of, upto(3) == 0 ? fb::ending::failed : fb::ending::delivered);
    }
    /// Steps until nothing is due; then nothing is, up to the next wakeup, and there something is.
    void settle_down() {
        for (int steps = 0; step(); ++steps) REQUIRE(steps < 1000);
        const fb::time_point next = m_.wakeup(now_);
        REQUIRE(next > at(now_));
        if (next == fb::no_deadline) {
            machine::list over;
            CHECK(m_.step(now_ + 1'000'000, over) == nullptr);
            CHECK(over.count == 0);
            return;
        }
        now_ = next.time_since_epoch().count() - 1;
        CHECK_FALSE(step());
        ++now_;
        CHECK(step());
    }
    /// One step; whether it did something.
    bool step() {
        machine::list over;
        const bool promised = m_.wakeup(now_) == at(now_);
        machine::record* const due = m_.step(now_, over);
        CHECK(over.count <= 32);
        for (std::size_t i = 0; i < over.count; ++i) end(over[i], over.how);
        m_.flow.release(over);
        if (due != nullptr) start(*due);
        CHECK(promised == (due != nullptr || over.count > 0));
        return due != nullptr || over.count > 0;
    }
    void end(fb::ticket id, fb::ending how) {
        const auto one = std::ranges::find_if(all_, [&](const known& each) { return each.id == id; });
        REQUIRE(one != all_.end());
        CHECK(one->where == known::queued);
        CHECK((how == fb::ending::expired || how == fb::ending::closed));
        if (how == fb::ending::expired) CHECK(one->info.deadline <= at(now_));
        one->where = known::ended;
    }
    void start(machine::record& due) {
        out_.push_back(&due);
        const std::vector<int> requests = payloads(due);
        CHECK(std::ranges::is_sorted(requests));
        for (std::size_t i = 0; i < requests.size(); ++i) {
            known& one = all_[static_cast<std::size_t>(requests[i])];
            CHECK(m_.flow.find_running(one.id) == &due.begin()[i]);
            CHECK(one.where == known::queued);
            CHECK(one.info.deadline > at(now_));
            CHECK(one.info.key == due.begin()->about->info.key);
            one.where = known::running;
        }
    }
    void compare() {
        const auto count = [&](auto where) {
            return static_cast<std::uint64_t>(std::ranges::count(all_, where, &known::where));
        };
        const fb::ledger& books = m_.books();
        CHECK(books.queued == count(known::queued));
        CHECK(books.running == count(known::running));
        CHECK(books.ended() == count(known::ended));
    }

    fb::sim::random_stream draw_;
    machine m_;
    std::int64_t now_{0};
    std::vector<known> all_;
    std::deque<machine::record*> out_;
};

}  // namespace

TEST_CASE("flow: under any calls every request is where it must be, none is overdue in a batch, no wakeup is off") {
    const auto seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{41}));
    INFO("seed " << seed);
    script{seed}.run();
}
