// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "../admission/bucket_model.hpp"
#include "catch.hpp"
#include <forebay/detail/refill_time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

__extension__ using wide = __int128;

constexpr time_point at(duration since_start) {
    return time_point{since_start};
}
constexpr time_point at_ns(std::int64_t since_start) {
    return at(duration{since_start});
}

/// What a bucket's windows held, exactly: told in the order of time what was taken.
class usage {
public:
    explicit usage(const quota& of)
        : per_token_{of.refill().nanoseconds()}, per_ns_{of.refill().tokens()}, most_{of.burst() * per_token_} {}

    /// False if the bucket cannot have held that much.
    [[nodiscard]] bool take(std::int64_t cost, std::int64_t when) {
        used_ = std::max<wide>(used_ - wide{when - last_} * per_ns_, 0) + wide{cost} * per_token_;
        last_ = when;
        return used_ <= most_;
    }

private:
    std::int64_t per_token_;
    std::int64_t per_ns_;
    wide most_;
    wide used_{0};
    std::int64_t last_{detail::refill_time::earliest};
};

/// What was taken, in the order of the calls.
struct taken {
    std::int64_t cost;
    std::int64_t when;
    bool ahead;
    detail::slot_trace trace;
    wide full_before;
};

/// When a bucket is full in which just these were taken, in the order of the calls, each as if it were full until then. In
/// parts of a nanosecond, N to one.
wide full_after(const detail::bucket_terms& terms, const std::vector<taken>& all) {
    const wide pace = std::max<std::int64_t>(terms.per_ns, 1);
    wide full = wide{detail::refill_time::earliest} * pace;
    for (const taken& each : all) full = std::max(full, each.when * pace) + wide{each.cost} * terms.per_token;
    return full;
}
wide full_at(const detail::bucket_terms& terms, const detail::refill_time& bucket) {
    return wide{bucket.full_at} * std::max<std::int64_t>(terms.per_ns, 1) - bucket.excess;
}

}  // namespace

TEST_CASE("As made it is full at every time there is, and what is used comes back with time") {
    const detail::bucket_terms terms{quota{rate::one_every(10ns), 5}};
    detail::refill_time bucket;
    for (const time_point now : {time_point::min(), at(0ns), time_point::max()}) {
        CHECK(bucket.full(terms, now));
        CHECK(bucket.level(terms, now) == 5);
    }
    CHECK(bucket.reserve(terms, 3, at(7ns)) == admitted(at(7ns)));
    CHECK(bucket.level(terms, at(7ns)) == 2);
    CHECK(bucket.level(terms, at(17ns) - 1ns) == 2);
    CHECK(bucket.level(terms, at(17ns)) == 3);
    CHECK_FALSE(bucket.full(terms, at(37ns) - 1ns));
    CHECK(bucket.full(terms, at(37ns)));
}

TEST_CASE("An earlier time finds what was there then, and leaves the later ones as they are") {
    const detail::bucket_terms terms{quota{rate::one_every(10ns), 5}};
    detail::refill_time bucket;
    CHECK(bucket.reserve(terms, 2, at(100ns)));
    CHECK(bucket.level(terms, at(90ns)) == 2);
    CHECK(bucket.reserve(terms, 1, at(70ns)) == retry_at(at(80ns), limit::rate, 1));
    CHECK(bucket.reserve(terms, 1, at(80ns)));
    CHECK(bucket.level(terms, at(100ns)) == 2);
}

TEST_CASE("It is the exact bucket for any rate: what is taken, charged, given back, promised, and under new terms") {
    const std::uint64_t seed = 61;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const std::array quotas{quota{rate::per_second(7), 5},      quota{rate::per_second(999'999'999), 1'000'000},
                            quota{rate::one_every(1ms), 3},     quota{rate::per_day(1), 40},
                            quota{rate::per_minute(90'000), 9}, quota{rate::zero(), 500}};
    for (int round = 0; round < 300; ++round) {
        quota of = quotas[random() % quotas.size()];
        detail::bucket_terms terms = detail::usual_terms(of);
        bucket_model model{of, terms.debt};
        detail::refill_time bucket;
        time_point now{};
        const std::int64_t step =
            2 * std::max<std::int64_t>(of.refill().nanoseconds() / std::max<std::int64_t>(of.refill().tokens(), 1), 2);
        for (int i = 0; i < 300; ++i) {
            now += duration{static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(step))};
            const auto cost = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(of.burst() + 2));
            switch (random() % 8) {
                case 0:
                    bucket.refund(terms, cost, now);
                    model.refund(cost, now);
                    break;
                case 1: REQUIRE(bucket.charge(terms, cost, now) == model.charge(cost, now)); break;
                case 2: {
                    const duration most{static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(3 * step))};
                    const auto slot = model.reserve(cost, now, most);
                    detail::slot_trace trace;
                    const verdict said = bucket.reserve(terms, cost, now, most, trace);
                    REQUIRE(static_cast<bool>(said) == slot.has_value());
                    if (!slot) break;
                    REQUIRE(said.when == *slot);
                    // And taken back at once: as if it had never been.
                    if (trace.idle < 0) {
                        bucket.refund(terms, cost, now);
                    } else {
                        bucket.cancel(terms, cost, said.when, trace, now);
                    }
                    model.cancel(cost, *slot, *slot > now, now);
                    REQUIRE(bucket.promised == detail::refill_time::earliest);
                    break;
                }
                default: {
                    const verdict said = bucket.reserve(terms, cost, now);
                    REQUIRE(static_cast<bool>(said) == model.try_acquire(cost, now));
                    if (said.kind != answer::retry_at) break;
                    REQUIRE_FALSE(model.would_admit(cost, said.when - 1ns));
                    REQUIRE(model.would_admit(cost, said.when));
                }
            }
            REQUIRE(bucket.level(terms, now) == model.tokens(now));
        }
    }
}

TEST_CASE("Times and amounts without end are counted as far as there are years, and nothing wraps around") {
    const detail::bucket_terms slow = detail::usual_terms(quota{rate::per_day(1), 100'000});
    CHECK(slow.burst < 100'000);
    CHECK(slow.capacity() <= detail::refill_max);
    for (const time_point now : {time_point::min(), time_point::max()}) {
        detail::refill_time bucket;
        CHECK(bucket.reserve(slow, slow.burst, now));
        CHECK(bucket.charge(slow, 1'000'000, now) == slow.debt);
        CHECK(bucket.level(slow, now) == -slow.debt);
        if (now > at(0ns)) CHECK_FALSE(bucket.ask(slow, 1, now, duration::max()));  // after the end of time
        bucket.refund(slow, std::int64_t{1} << 62, now);
        CHECK(bucket.level(slow, now) == slow.burst);
    }
    detail::refill_time bucket;
    CHECK(bucket.reserve(slow, slow.burst, time_point::max()));
    CHECK_FALSE(bucket.reserve(slow, 1, time_point::min()));
    CHECK(bucket.level(slow, time_point::min()) < 0);
    CHECK_FALSE(bucket.reserve(slow, 1, time_point::max()));  // time stands still there
    const detail::bucket_terms fine = detail::usual_terms(quota{rate::per_second(999'999'937), 9'000'000'000});
    detail::refill_time other;
    CHECK(other.reserve(fine, fine.burst, at(100h * 24 * 365)));
    CHECK_FALSE(other.reserve(fine, fine.burst, at(0h)));
    CHECK(other.reserve(fine, fine.burst, at(100h * 24 * 365 + 10s)));
}

TEST_CASE("The short way takes what the long one takes, or decides nothing") {
    const std::uint64_t seed = 62;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(10ns), 7});
    detail::refill_time bucket;
    time_point now{};
    int taken = 0;
    for (int i = 0; i < 10'000; ++i) {
        now += duration{static_cast<std::int64_t>(random() % 80)};
        const auto cost = static_cast<std::int64_t>(random() % 10) - 1;
        detail::refill_time quick = bucket;
        const bool at_once = quick.take(terms, cost, now);
        const verdict said = bucket.reserve(terms, cost, now);
        REQUIRE(at_once == (said && cost != 0));
        REQUIRE(quick.full_at == bucket.full_at);
        taken += at_once ? 1 : 0;
    }
    CHECK(taken > 1000);
    detail::refill_time made;
    CHECK_FALSE(made.take(terms, 1, time_point::min()));
    CHECK_FALSE(made.take(terms, 1, time_point::max()));
    CHECK(made.full_at == detail::refill_time{}.full_at);
}

TEST_CASE("However slots are promised, given back and mixed with what comes now, no window holds too much") {
    const std::uint64_t seed = 67;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&](std::int64_t limit) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
    };
    const std::array quotas{quota{rate::one_every(10ns), 8},      quota{rate::one_every(1ms), 3},
                            quota{rate::per_minute(90'000), 900}, quota{rate::per_second(300'000'000), 20},
                            quota{rate::per_second(7), 1},        quota{rate::per_second(999'999'937), 4'000'000}};
    int promised = 0;
    int beside_them = 0;
    int last_first = 0;
    int all_of_it = 0;
    int nothing = 0;
    for (int round = 0; round < 10'000; ++round) {
        INFO("round " << round);
        const quota of = quotas[random() % quotas.size()];
        const detail::bucket_terms terms = detail::usual_terms(of);
        const std::int64_t full = of.burst() * of.refill().nanoseconds() / of.refill().tokens();
        detail::refill_time bucket;
        std::int64_t now = below(2) == 0 ? 0 : -below(10 * full);
        const bool goes_back = below(4) == 0;
        std::vector<taken> all;
        for (int call = 0; call < 60; ++call) {
            now += below(4) == 0 ? below(full + 1) : below(full / 20 + 2);
            if (goes_back && below(8) == 0) now -= below(full + 1);
            for (taken& each : all) each.ahead = each.trace.idle >= 0 && each.when > now;
            const bool any_ahead = std::any_of(all.begin(), all.end(), [](const taken& each) { return each.ahead; });
            const std::int64_t cost = 1 + below(below(3) == 0 ? of.burst() : 1 + of.burst() / 4);
            const wide full_before = full_at(terms, bucket);
            const std::int64_t what = below(8);
            if (what < 2) {
                if (!bucket.reserve(terms, cost, at_ns(now))) continue;
                all.push_back({cost, now, false, {}, 0});
                beside_them += any_ahead ? 1 : 0;
            } else if (what < 4) {
                const duration most{below(3 * full + 2)};
                detail::slot_trace trace;
                const verdict asked = bucket.ask(terms, cost, at_ns(now), most);
                const verdict said = bucket.reserve(terms, cost, at_ns(now), most, trace);
                REQUIRE(said == asked);
                if (!said) continue;
                REQUIRE((trace.idle >= 0) == (said.when > at_ns(now)));
                all.push_back({cost, said.when.time_since_epoch().count(), said.when > at_ns(now), trace, full_before});
            } else if (what < 6) {
                const verdict own = bucket.ask(terms, cost, at_ns(now), duration::zero());
                const std::int64_t least = own ? now : own.when.time_since_epoch().count();
                const std::int64_t slot = least + (below(2) == 0 ? 0 : below(full + 1));
                detail::slot_trace trace;
                if (least > now) {
                    detail::refill_time copy = bucket;
                    REQUIRE_FALSE(copy.reserve_at(terms, cost, at_ns(now), at_ns(least - 1), trace));
                    REQUIRE(copy.full_at == bucket.full_at);
                }
                REQUIRE(bucket.reserve_at(terms, cost, at_ns(now), at_ns(slot), trace) == admitted(at_ns(slot)));
                all.push_back({cost, slot, slot > now, trace, full_before});
                promised += slot > now ? 1 : 0;
            } else if (any_ahead) {
                const bool newest = all.back().ahead && below(2) == 0;
                std::size_t which = all.size() - 1;
                while (!newest && !all[which].ahead) which = random() % all.size();
                const taken one = all[which];
                const bool is_last = which == all.size() - 1;
                all.erase(all.begin() + static_cast<std::ptrdiff_t>(which));
                bucket.cancel(terms, one.cost, at_ns(one.when), one.trace, at_ns(now));
                const wide after = full_at(terms, bucket);
                if (is_last && !goes_back) {
                    REQUIRE(after == one.full_before);
                    ++last_first;
                }
                all_of_it += !is_last && full_before - after == wide{one.cost} * terms.per_token ? 1 : 0;
                nothing += !is_last && full_before == after ? 1 : 0;
            }
            REQUIRE(full_at(terms, bucket) >= full_after(terms, all));
        }
        std::sort(all.begin(), all.end(), [](const taken& a, const taken& b) { return a.when < b.when; });
        usage exact{of};
        for (const taken& each : all) {
            INFO("at " << each.when << " ns");
            REQUIRE(exact.take(each.cost, each.when));
        }
    }
    CHECK(promised > 100'000);
    CHECK(beside_them > 4'000);
    CHECK(last_first > 4'000);
    CHECK(all_of_it > 1'000);
    CHECK(nothing > 400);
}

TEST_CASE("Slots come in the order of the calls, and who needs less comes no sooner than the last of them") {
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(10ns), 4});
    detail::refill_time bucket;
    detail::slot_trace trace;
    REQUIRE(bucket.reserve(terms, 4, at(0ns)));
    CHECK(bucket.reserve(terms, 4, at(0ns), 1s, trace) == admitted(at(40ns)));
    CHECK(bucket.reserve(terms, 1, at(0ns), 1s, trace) == admitted(at(50ns)));
    CHECK(bucket.reserve(terms, 1, at(5ns), 44ns, trace) == retry_at(at(16ns), limit::rate, 6));
    CHECK(bucket.reserve(terms, 1, at(16ns), 44ns, trace) == admitted(at(60ns)));
    CHECK(bucket.reserve(terms, 0, at(16ns)) == admitted(at(16ns)));
    CHECK_FALSE(bucket.full(terms, at(99ns)));
    CHECK(bucket.full(terms, at(100ns)));
}

TEST_CASE("What is taken for a slot that another limit named leaves the others what is there beside") {
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(10ns), 20});
    detail::refill_time bucket;
    detail::slot_trace trace;
    REQUIRE(bucket.reserve_at(terms, 3, at(0ns), at(50ns), trace) == admitted(at(50ns)));
    CHECK(bucket.level(terms, at(0ns)) == 12);  // 3 are taken, and 5 would come in until then
    CHECK(bucket.ask(terms, 13, at(0ns), 0ns) == retry_at(at(10ns), limit::rate, 1));
    REQUIRE(bucket.reserve(terms, 12, at(0ns)));
    CHECK(bucket.level(terms, at(50ns)) == 5);
    SECTION("given back after others have taken, it brings no more than they can do without") {
        bucket.cancel(terms, 3, at(50ns), trace, at(0ns));
        CHECK(bucket.level(terms, at(0ns)) == 3);
        CHECK(bucket.promised == detail::refill_time::earliest);
    }
    SECTION("once it has come, giving it back is a refund") {
        bucket.cancel(terms, 3, at(50ns), trace, at(50ns));
        CHECK(bucket.level(terms, at(50ns)) == 8);
    }
    SECTION("what else is given back counts until the last slot, and no longer") {
        bucket.refund(terms, 18, at(0ns));
        CHECK(bucket.level(terms, at(0ns)) == 15);
        CHECK(bucket.level(terms, at(50ns)) == 20);
        bucket.refund(terms, 1, at(0ns));
        CHECK(bucket.level(terms, at(0ns)) == 15);
    }
    SECTION("a later time has found it past: then an earlier one brings nothing back") {
        detail::slot_trace other;
        REQUIRE(bucket.reserve_at(terms, 1, at(170ns), at(200ns), other));
        bucket.cancel(terms, 1, at(200ns), other, at(170ns));
        const detail::refill_time before = bucket;
        bucket.cancel(terms, 3, at(50ns), trace, at(0ns));
        CHECK(bucket.full_at == before.full_at);
        REQUIRE(bucket.reserve_at(terms, 1, at(170ns), at(200ns), other));
        const std::int64_t full_at = bucket.full_at;
        bucket.cancel(terms, 3, at(50ns), trace, at(0ns));
        CHECK(bucket.full_at == full_at);
        REQUIRE(bucket.reserve(terms, 5, at(170ns)));
        const std::int64_t with_more = bucket.full_at;
        bucket.cancel(terms, 3, at(50ns), trace, at(0ns));
        CHECK(bucket.full_at == with_more);
    }
    SECTION("nor what was taken while nothing was promised") {
        const std::int64_t before = bucket.full_at;
        REQUIRE(bucket.reserve(terms, 12, at(170ns)));
        detail::slot_trace other;
        REQUIRE(bucket.reserve_at(terms, 1, at(170ns), at(200ns), other));
        const std::int64_t full_at = bucket.full_at;
        CHECK(full_at > before + 30);
        bucket.cancel(terms, 3, at(50ns), trace, at(0ns));
        CHECK(bucket.full_at == full_at);
    }
    SECTION("what another bucket promised does no harm") {
        bucket.cancel(terms, std::int64_t{1} << 62, at(50ns), trace, at(0ns));
        CHECK(bucket.level(terms, at(50ns)) <= 20);
        const detail::bucket_terms fine = detail::usual_terms(quota{rate::per_second(999'999'937), 7});
        detail::refill_time other;
        REQUIRE(other.reserve_at(fine, 3, at(0ns), at(50ns), trace));
        other.cancel(fine, detail::ticks_max / fine.per_token, at(50ns), trace, at(0ns));
        CHECK(other.level(fine, at(50ns)) <= 7);
    }
}

TEST_CASE("The first of those who wait gives back what it took, as far as the bucket would hold it beside theirs") {
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(10ns), 8});
    detail::refill_time bucket;
    detail::slot_trace first, others;
    REQUIRE(bucket.reserve(terms, 8, at(0ns)));
    REQUIRE(bucket.reserve(terms, 3, at(0ns), 1s, first) == admitted(at(30ns)));
    REQUIRE(bucket.reserve(terms, 2, at(0ns), 1s, others) == admitted(at(50ns)));
    SECTION("there is room for all of it") {
        REQUIRE(bucket.reserve(terms, 3, at(0ns), 1s, others) == admitted(at(80ns)));
        bucket.cancel(terms, 3, at(30ns), first, at(1ns));
        CHECK(bucket.ask(terms, 1, at(0ns), 1s) == admitted(at(60ns)));
    }
    SECTION("there is room for one") {
        REQUIRE(bucket.reserve(terms, 5, at(0ns), 1s, others) == admitted(at(100ns)));
        bucket.cancel(terms, 3, at(30ns), first, at(1ns));
        CHECK(bucket.ask(terms, 1, at(0ns), 1s) == admitted(at(100ns)));
    }
    SECTION("there is none: a burst waits behind it") {
        REQUIRE(bucket.reserve(terms, 6, at(0ns), 1s, others) == admitted(at(110ns)));
        bucket.cancel(terms, 3, at(30ns), first, at(1ns));
        CHECK(bucket.ask(terms, 1, at(0ns), 1s) == admitted(at(120ns)));
    }
    SECTION("what was taken at once and undone at once does not count") {
        bucket.refund(terms, 5, at(0ns));
        const detail::refill_time before = bucket;
        detail::slot_trace at_once;
        REQUIRE(bucket.reserve(terms, 4, at(40ns), 0ns, at_once));
        CHECK(at_once.idle < 0);
        bucket.cancel(terms, 4, at(40ns), at_once, at(40ns));
        CHECK(bucket.turn == before.turn);
        CHECK(bucket.full_at == before.full_at);
    }
    SECTION("what was given back since may be why others took so much: it counts like the least that can be taken") {
        bucket.refund(terms, 1, at(0ns));
        REQUIRE(bucket.reserve(terms, 4, at(0ns), 1s, others) == admitted(at(80ns)));
        bucket.cancel(terms, 3, at(30ns), first, at(1ns));
        CHECK(bucket.ask(terms, 1, at(0ns), 1s) == admitted(at(80ns)));
    }
}

TEST_CASE("What was taken while nothing was promised is not counted, so of slots from before nothing comes back") {
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(10ns), 20});
    detail::refill_time bucket;
    detail::slot_trace first, second;
    REQUIRE(bucket.reserve_at(terms, 3, at(0ns), at(50ns), first));
    REQUIRE(bucket.reserve(terms, 15, at(170ns)));
    REQUIRE(bucket.reserve_at(terms, 1, at(170ns), at(200ns), second));
    const std::int64_t full_at = bucket.full_at;
    bucket.cancel(terms, 3, at(50ns), first, at(0ns));  // by a clock that went back
    CHECK(bucket.full_at == full_at);
}

TEST_CASE("What was owed since counts like what was taken") {
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(10ns), 8});
    detail::refill_time bucket;
    detail::slot_trace first, others;
    REQUIRE(bucket.reserve(terms, 8, at(0ns)));
    REQUIRE(bucket.reserve(terms, 8, at(0ns), 1s, first) == admitted(at(80ns)));
    REQUIRE(bucket.reserve(terms, 2, at(0ns), 1s, others) == admitted(at(100ns)));
    REQUIRE(bucket.charge(terms, 4, at(60ns)) == 4);
    bucket.cancel(terms, 8, at(80ns), first, at(60ns));  // there is room for 6 of 8
    CHECK(bucket.ask(terms, 1, at(60ns), 1s) == admitted(at(90ns)));
}

TEST_CASE("After any number of slots without a pause, the last ones are taken back as if they had not been promised") {
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(10ns), 4});
    detail::refill_time bucket;
    struct one {
        time_point slot;
        detail::slot_trace trace;
        std::int64_t full_before;
    };
    std::vector<one> waiting;
    std::int64_t now = 0;
    REQUIRE(bucket.reserve(terms, 4, at_ns(now)));
    detail::slot_trace first;
    REQUIRE(bucket.reserve(terms, 2, at_ns(now), 1s, first));
    for (int i = 0; i < 100'000; ++i) {
        now += 10;
        waiting.clear();
        for (int each = 0; each < 3; ++each) {
            one next{{}, {}, bucket.full_at};
            next.slot = bucket.reserve(terms, 1, at_ns(now), 1s, next.trace).when;
            REQUIRE(next.slot > at_ns(now));
            waiting.push_back(next);
        }
        for (std::size_t left = 2; left > 0; --left) {
            const one& last = waiting[left];
            bucket.cancel(terms, 1, last.slot, last.trace, at_ns(now));
            REQUIRE(bucket.full_at == last.full_before);
        }
    }
    CHECK(bucket.waiting == detail::refill_time::too_many);
}

TEST_CASE("Slots promised under another quota stay, and nothing of them comes back") {
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(10ns), 4});
    detail::refill_time bucket;
    detail::slot_trace trace;
    REQUIRE(bucket.reserve(terms, 4, at(0ns)));
    REQUIRE(bucket.reserve(terms, 2, at(0ns), 1s, trace) == admitted(at(20ns)));
    const quota to = GENERATE(quota{rate::one_every(40ns), 20}, quota{rate::per_second(999'999'937), 7},
                              quota{rate::per_day(1), 3}, quota{rate::one_every(100h * 24 * 365), 1});
    const detail::bucket_terms next = detail::usual_terms(to);
    for (const inherit what : {inherit::level, inherit::share, inherit::full}) {
        detail::refill_time changed = bucket.under(terms, next, at(0ns), what);
        CHECK(time_point{duration{changed.promised}} == at(20ns));
        CHECK(changed.full_at >= 20);
        const std::int64_t full_at = changed.full_at;
        changed.cancel(next, 2, at(20ns), trace, at(0ns));
        CHECK(changed.full_at == full_at);
        CHECK(changed.waiting == 0);
    }
    const detail::refill_time stopped =
        bucket.under(terms, detail::usual_terms(quota{rate::zero(), 5}), at(0ns), inherit::level);
    CHECK(stopped.promised == detail::refill_time::earliest);
}

TEST_CASE("Slots at the end of time are promised and taken back like others") {
    const detail::bucket_terms terms = detail::usual_terms(quota{rate::one_every(24h * 365 * 100), 1});
    for (const time_point now : {time_point::min(), at_ns(detail::refill_time::earliest), at(0ns)}) {
        detail::refill_time bucket;
        detail::slot_trace trace;
        REQUIRE(bucket.reserve_at(terms, 1, now, time_point::max(), trace) == admitted(time_point::max()));
        bucket.cancel(terms, 1, time_point::max(), trace, now);
        CHECK(bucket.full_at == detail::refill_time::earliest);
        REQUIRE(bucket.reserve(terms, 1, now));
        const std::int64_t full_at = bucket.full_at;
        const verdict said = bucket.reserve(terms, 1, now, duration::max(), trace);
        if (!said) continue;
        bucket.cancel(terms, 1, said.when, trace, now);
        CHECK(bucket.full_at == full_at);
    }
}
