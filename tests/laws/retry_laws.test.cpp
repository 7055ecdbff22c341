// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// What a scheduler's refusal says of the time, held against what happens: each world is a pure function of its seed, so it
// can be run again up to a refusal, and then on to the time that was named.
#include "catch.hpp"
#include "host.hpp"
#include <forebay/admission/all_of.hpp>
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/scheduler.hpp>
#include <forebay/sim/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace fb = forebay;
using fb::certainty;
using fb::duration;
using fb::limit;
using host::at;

namespace {

using dice = fb::sim::random_stream;

[[nodiscard]] std::int64_t upto(dice& draw, std::int64_t most) {
    return static_cast<std::int64_t>(draw.below(static_cast<std::uint64_t>(most) + 1));
}
/// A bound that is tight, or so wide that it never matters.
[[nodiscard]] std::int64_t bound(dice& draw, std::int64_t least, std::int64_t most) {
    return upto(draw, 2) == 0 ? 1'000'000 : least + upto(draw, most - least);
}
[[nodiscard]] fb::quota some_quota(dice& draw, std::int64_t slowest, std::int64_t burst) {
    return {fb::rate::one_every(duration{1 + upto(draw, slowest - 1)}), bound(draw, 1, burst)};
}

/// Requests a time, cost a time, and in flight.
[[nodiscard]] auto all_limits(dice& draw) {
    const fb::quota requests = some_quota(draw, 40, 4);
    const fb::quota cost = some_quota(draw, 10, 40);
    return fb::all_of{fb::per_tenant{.limit = requests, .max_tenants = 8, .seed = 1},
                      fb::per_tenant{.limit = cost, .counts = fb::by_cost, .max_tenants = 8, .seed = 1},
                      fb::concurrency_limit{bound(draw, 1, 12)}};
}

struct refusing {
    static auto policies(dice& draw, const fb::manual_clock& clock) {
        return fb::policies{.admission = all_limits(draw),
                            .batching = batching(draw),
                            .capacity = bounds(draw),
                            .executors = 1 + static_cast<std::size_t>(upto(draw, 2)),
                            .clock = clock,
                            .sync = fb::single_threaded{}};
    }
    static fb::size_or_delay batching(dice& draw) {
        return {.max_batch_size = 1 + static_cast<std::size_t>(upto(draw, 5)),
                .max_queue_delay = duration{upto(draw, 60)}};
    }
    static fb::capacity bounds(dice& draw) {
        return {.max_requests = 1 + static_cast<std::size_t>(upto(draw, 9)), .max_cost = bound(draw, 8, 40)};
    }
};

/// Who exceeds the rate waits beside the queue.
struct delaying {
    static auto policies(dice& draw, const fb::manual_clock& clock) {
        return fb::policies{.admission = fb::per_tenant{.limit = some_quota(draw, 40, 4), .max_tenants = 8, .seed = 1},
                            .on_refusal = fb::delay{.max_wait = duration{1 + upto(draw, 100)}},
                            .batching = refusing::batching(draw),
                            .capacity = refusing::bounds(draw),
                            .executors = 1 + static_cast<std::size_t>(upto(draw, 2)),
                            .clock = clock,
                            .sync = fb::single_threaded{}};
    }
};

/// The same of several limits at once.
struct delaying_all {
    static auto policies(dice& draw, const fb::manual_clock& clock) {
        return fb::policies{.admission = all_limits(draw),
                            .on_refusal = fb::delay{.max_wait = duration{1 + upto(draw, 100)}},
                            .batching = refusing::batching(draw),
                            .capacity = refusing::bounds(draw),
                            .executors = 1 + static_cast<std::size_t>(upto(draw, 2)),
                            .clock = clock,
                            .sync = fb::single_threaded{}};
    }
};

using batch = fb::batch<int, int>;

/// Batches that are out, until the world brings them back.
struct keep {
    std::vector<batch>* out;
    void operator()(batch due) const { out->push_back(std::move(due)); }
};
template <class Kind>
[[nodiscard]] auto make(dice& draw, const fb::manual_clock& clock, std::vector<batch>& out) {
    return fb::make_scheduler<int, int>(Kind::policies(draw, clock), keep{&out});
}

template <class Kind>
class world {
public:
    explicit world(std::uint64_t seed) : draw_{seed, {}, 0}, scheduler_{make<Kind>(draw_, clock_, out_)} {}
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    /// One random act. returns  the refusal, if it was a submit that was refused
    std::optional<fb::verdict> act() {
        switch (upto(draw_, 9)) {
            case 0: return run_until(now() + duration{upto(draw_, 40)}), std::nullopt;
            case 1: return complete(), std::nullopt;
            case 2:
                if (!tickets_.empty()) scheduler_.cancel(tickets_[draw_.below(tickets_.size())]);
                return std::nullopt;
            default: break;
        }
        last_ = {.tenant = fb::tenant_id{draw_.below(2)}, .key = upto(draw_, 3) == 0 ? 1U : 0U, .cost = upto(draw_, 9)};
        if (upto(draw_, 2) == 0) last_.deadline = now() + duration{1 + upto(draw_, 80)};
        asked_ = now();
        const fb::verdict said = submit(last_);
        return said ? std::nullopt : std::optional{said};
    }
    /// The last request once more, its deadline as far off as it was.
    fb::verdict again() {
        fb::request_info info = last_;
        if (info.deadline != fb::no_deadline) info.deadline += now() - asked_;
        return submit(info);
    }
    /// On to `t`, with what falls due on the way.
    void run_until(fb::time_point t) {
        for (fb::time_point next = scheduler_.poll(); next <= t; next = scheduler_.poll()) clock_.set(next);
        clock_.set(t);
        scheduler_.poll();
    }
    void complete_all() {
        while (!out_.empty()) bring_back(out_.size() - 1, false);
    }

    [[nodiscard]] fb::time_point now() const { return clock_.now(); }
    [[nodiscard]] fb::ledger stats() const { return scheduler_.stats(); }
    [[nodiscard]] bool knows_the_model() const { return knows_; }
    /// Requests that were cancelled or expired, and so gave back what they took.
    [[nodiscard]] std::uint64_t gave_back() const { return stats().cancelled + stats().expired; }

private:
    fb::verdict submit(const fb::request_info& info) {
        const auto id = scheduler_.submit(1, info, [](fb::outcome<int>) {});
        if (id) tickets_.push_back(*id);
        return id.error();
    }
    void complete() {
        if (!out_.empty()) bring_back(draw_.below(out_.size()), true);
    }
    void bring_back(std::size_t which, bool settles) {
        batch of = std::move(out_[which]);
        out_.erase(out_.begin() + static_cast<std::ptrdiff_t>(which));
        for (std::size_t i = 0; i < of.size(); ++i) {
            if (settles && upto(draw_, 40) == 0) of[i].settle(upto(draw_, 12));
        }
        of.complete(std::vector<int>(of.size(), 2));
        knows_ = true;
        scheduler_.poll();
    }

    dice draw_;
    fb::manual_clock clock_;
    std::vector<batch> out_;
    std::vector<fb::ticket> tickets_;
    fb::request_info last_{};
    fb::time_point asked_{};
    bool knows_{false};
    decltype(make<Kind>(std::declval<dice&>(), std::declval<const fb::manual_clock&>(),
                        std::declval<std::vector<batch>&>())) scheduler_;
};

using counts = std::map<std::pair<limit, certainty>, int>;

template <class Kind>
void check_world(std::uint64_t seed, counts& seen, int& one_earlier) {
    INFO("seed " << seed);
    const int acts = 120;
    world<Kind> first{seed};
    for (int act = 1; act <= acts; ++act) {
        const auto refused = first.act();
        if (!refused || refused->kind == fb::answer::never) continue;
        CAPTURE(act, first.now().time_since_epoch().count(), refused->when.time_since_epoch().count(), refused->missing,
                fb::to_string(refused->which), static_cast<int>(refused->how_sure));
        ++seen[{refused->which, refused->how_sure}];
        // Asking leaves no trace: not here, and, as only here it is asked again, not in what the other worlds answer.
        const fb::ledger before = first.stats();
        CHECK(first.again() == *refused);
        CHECK(first.again() == *refused);
        CHECK(first.stats().queued == before.queued);
        CHECK(first.stats().waiting == before.waiting);
        CHECK(first.stats().running == before.running);
        CHECK(first.stats().balanced());

        REQUIRE(refused->when >= first.now());
        REQUIRE(refused->when < first.now() + std::chrono::hours{1});
        if (refused->how_sure == certainty::on_completion) CHECK_FALSE(first.knows_the_model());
        if (refused->how_sure != certainty::exact) continue;

        for (const bool completes : {false, true}) {
            CAPTURE(completes);
            world<Kind> then{seed};
            std::optional<fb::verdict> same;
            for (int i = 0; i < act; ++i) same = then.act();
            REQUIRE(same == refused);
            if (completes) then.complete_all();
            const std::uint64_t gave_back = then.gave_back();
            if (refused->when > then.now()) {
                then.run_until(refused->when - duration{1});
                const bool early = static_cast<bool>(then.again());
                if (then.gave_back() == gave_back) {
                    CHECK_FALSE(early);
                    ++one_earlier;
                }
                if (early) continue;
            }
            then.run_until(refused->when);
            const fb::verdict now = then.again();
            CAPTURE(fb::to_string(now.which), now.when.time_since_epoch().count(), now.missing);
            CHECK(now);
        }
    }
}

}  // namespace

TEST_CASE("A refusal that says exactly when is right to the nanosecond, an estimate is a time to come back at") {
    counts seen;
    int one_earlier = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) check_world<refusing>(seed, seen, one_earlier);
    // All that can be said has been.
    for (const limit which : {limit::rate, limit::queued_requests, limit::queued_cost}) {
        for (const certainty how : {certainty::exact, certainty::estimate, certainty::on_completion}) {
            CAPTURE(fb::to_string(which), static_cast<int>(how));
            CHECK(seen[{which, how}] >= 10);
        }
    }
    CHECK(seen[{limit::concurrency, certainty::estimate}] >= 10);
    CHECK(seen[{limit::concurrency, certainty::on_completion}] >= 10);
    CHECK(one_earlier > 1'000);
}

namespace {

/// The same, where some wait beside the queue.
template <class Kind>
counts check_waiting_worlds(int earlier_at_least) {
    counts seen;
    int one_earlier = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) check_world<Kind>(seed, seen, one_earlier);
    for (const limit which : {limit::rate, limit::queued_requests, limit::queued_cost}) {
        CHECK(seen[{which, certainty::exact}] >= 10);
        CHECK(seen[{which, certainty::estimate}] >= 10);
    }
    CHECK(one_earlier > earlier_at_least);
    return seen;
}

}  // namespace

TEST_CASE("The same, where who exceeds a rate may wait beside the queue") {
    static_cast<void>(check_waiting_worlds<delaying>(1'000));
}

TEST_CASE("The same, where who waits has to keep to several limits") {
    counts seen = check_waiting_worlds<delaying_all>(500);
    CHECK(seen[{limit::concurrency, certainty::estimate}] >= 10);
}
