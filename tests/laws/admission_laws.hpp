// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catch.hpp"
#include <forebay/admission/policy.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

/// What every admission policy has to keep, whatever it limits: see the concept admission_state. A law compares two states
/// built from one policy, one of which is also asked what must leave no trace.
///
/// make     () -> policy whose builds share nothing with those of an earlier make()
/// requests what is asked for, in random order
template <class Sync, class Make>
class admission_laws {
public:
    admission_laws(Make make, std::vector<forebay::request_info> requests, std::uint64_t seed)
        : make_{make}, requests_{std::move(requests)}, seed_{seed} {}

    void check() const {
        INFO("seed " << seed_);
        a_copy_is_the_same_limit();
        a_refusal_leaves_no_trace();
        retry_at_is_exact();
        time_going_back_gives_nothing();
        giving_back_restores();
        settling_twice_does_nothing();
        if constexpr (forebay::reserves_slots<state_type>) {
            slots_are_exact_and_in_order();
            a_refused_reservation_leaves_no_trace();
            a_slot_given_back_at_once_was_never_promised();
        }
        if constexpr (forebay::reserves_at<state_type>) {
            asking_foretells_the_slot();
            a_slot_of_another_limit_is_kept();
        }
    }

private:
    using time_point = forebay::time_point;
    using duration = forebay::duration;
    using verdict = forebay::verdict;
    using state_type = decltype(std::declval<const Make&>()().template build<Sync>());
    using permit = forebay::permit_of<state_type>;

    /// A state, and the policy and random numbers it lives on.
    struct subject {
        using policy_type = decltype(std::declval<const Make&>()());

        subject(const Make& make, std::uint64_t seed)
            : policy{make()}, state{policy.template build<Sync>()}, random{seed} {}

        verdict ask(const forebay::request_info& info, time_point now, permit& taken) {
            return state.try_acquire(info, now, taken);
        }
        const forebay::request_info& pick(const std::vector<forebay::request_info>& from) {
            return from[random() % from.size()];
        }

        policy_type policy;
        decltype(std::declval<const policy_type&>().template build<Sync>()) state;
        std::mt19937_64 random;
    };

    /// Random requests over random time; `between(now, last verdict, its request)` is called after each with the state.
    /// Returns all verdicts; permits are settled, given back or left out at random.
    template <class Between>
    std::vector<verdict> run(subject& it, Between between) const {
        std::vector<verdict> said;
        struct held {
            permit taken;
            std::int64_t cost;
        };
        std::vector<held> out;
        time_point now{};
        for (int i = 0; i < 2000; ++i) {
            now += duration{static_cast<std::int64_t>(it.random() % 30'000'000)};
            const forebay::request_info& info = it.pick(requests_);
            permit taken;
            said.push_back(it.ask(info, now, taken));
            if (said.back()) out.push_back({taken, info.cost});
            between(now, said.back(), info);
            if (out.size() > 5 || it.random() % 2 == 0) {
                if (out.empty()) continue;
                held& last = out.back();
                if (it.random() % 3 == 0)
                    it.state.give_back(last.taken, now);
                else
                    it.state.settle(last.taken, last.cost + static_cast<std::int64_t>(it.random() % 3) - 1, now);
                REQUIRE_FALSE(last.taken.live);
                out.pop_back();
            }
        }
        return said;
    }
    std::vector<verdict> run_plain() const {
        subject it{make_, seed_};
        return run(it, [](auto&&...) {});
    }

    void a_copy_is_the_same_limit() const {
        INFO("a state built from a copy of the policy gives the same answers");
        REQUIRE(run_plain() == run_plain());
    }

    void a_refusal_leaves_no_trace() const {
        INFO("asking again after a refusal, any number of times, changes no later answer");
        subject pestered{make_, seed_};
        const auto said = run(pestered, [&](time_point now, const verdict& answer, const forebay::request_info& info) {
            for (int i = 0; !answer && i < 20; ++i) {
                permit none;
                REQUIRE(pestered.ask(info, now, none) == answer);
                REQUIRE_FALSE(none.live);
            }
        });
        REQUIRE(said == run_plain());
    }

    void retry_at_is_exact() const {
        INFO("refused a nanosecond before the time it named, admitted at it");
        subject asked{make_, seed_};
        time_point now{};
        for (int i = 0; i < 500; ++i) {
            const forebay::request_info& info = asked.pick(requests_);
            permit taken;
            const verdict said = asked.ask(info, now, taken);
            if (said) continue;
            if (said.kind == forebay::answer::never) {
                REQUIRE_FALSE(asked.ask(info, time_point::max() - std::chrono::hours{24 * 365}, taken));
                continue;
            }
            if (said.how_sure != forebay::certainty::exact) continue;
            REQUIRE(said.when > now);
            REQUIRE_FALSE(asked.ask(info, said.when - duration{1}, taken));
            REQUIRE(asked.ask(info, said.when, taken));
            now = said.when;
        }
    }

    void time_going_back_gives_nothing() const {
        INFO("after a change, an earlier time admits what the time of the change admits, and nothing is lost later");
        subject back{make_, seed_};
        const auto said = run(back, [&](time_point now, const verdict& answer, const forebay::request_info& info) {
            if (answer) return;
            permit none;
            REQUIRE_FALSE(back.ask(info, now - std::chrono::seconds{5}, none));
            REQUIRE_FALSE(back.ask(info, time_point::min(), none));
        });
        REQUIRE(said == run_plain());
    }

    void giving_back_restores() const {
        INFO("what is admitted and given back at once changes no later answer");
        subject fickle{make_, seed_};
        const auto said = run(fickle, [&](time_point now, const verdict&, const forebay::request_info&) {
            permit taken;
            const forebay::request_info& info =
                requests_[static_cast<std::size_t>(now.time_since_epoch().count()) % requests_.size()];
            if (fickle.ask(info, now, taken)) fickle.state.give_back(taken, now);
            REQUIRE_FALSE(taken.live);
        });
        REQUIRE(said == run_plain());
    }

    void settling_twice_does_nothing() const {
        INFO("an empty permit is settled and given back without effect");
        subject twice{make_, seed_};
        permit spent;
        const auto said = run(twice, [&](time_point now, const verdict&, const forebay::request_info&) {
            twice.state.settle(spent, 0, now);
            twice.state.settle(spent, 1000, now);
            twice.state.give_back(spent, now);
            permit taken;
            if (!twice.ask(requests_.front(), now, taken)) return;
            twice.state.give_back(taken, now);
            spent = taken;
        });
        REQUIRE(said == run_plain());
    }

    void slots_are_exact_and_in_order() const {
        INFO("slots come in the order of the calls, nobody is let in before them, and refusals say when to come again");
        subject asked{make_, seed_};
        const forebay::request_info info = asked.pick(requests_);
        time_point now{};
        time_point last{};
        for (int i = 0; i < 300; ++i) {
            now += duration{static_cast<std::int64_t>(asked.random() % 300'000'000)};
            const duration most{static_cast<std::int64_t>(asked.random() % 1'000'000'000)};
            permit taken;
            verdict said = asked.state.reserve(info, now, most, taken);
            if (said.kind == forebay::answer::never) continue;
            if (!said && said.how_sure == forebay::certainty::exact) {
                REQUIRE(said.when > now);
                REQUIRE_FALSE(asked.state.reserve(info, said.when - duration{1}, most, taken));
                now = said.when;
                said = asked.state.reserve(info, now, most, taken);
                REQUIRE(said);
            }
            if (!said) continue;
            REQUIRE(taken.live);
            REQUIRE(said.when >= std::max(now, last));
            REQUIRE(said.when - now <= most);
            last = said.when;
            if (said.when == now) continue;
            permit hasty;
            REQUIRE_FALSE(asked.ask(info, said.when, hasty));
        }
    }

    void a_refused_reservation_leaves_no_trace() const {
        INFO("asking for a slot that is too far, any number of times, changes no later answer");
        subject pestered{make_, seed_};
        const auto said = run(pestered, [&](time_point now, const verdict& answer, const forebay::request_info& info) {
            if (answer) return;
            permit none;
            REQUIRE(pestered.state.reserve(info, now, duration::zero(), none) == answer);
            const verdict late = pestered.state.reserve(
                info, now, answer.kind == forebay::answer::retry_at ? answer.when - now - duration{1} : duration::max(),
                none);
            REQUIRE_FALSE(late);
            if (answer.how_sure == forebay::certainty::exact && answer.kind == forebay::answer::retry_at) {
                REQUIRE(late.when == now + duration{1});
            }
            REQUIRE_FALSE(none.live);
        });
        REQUIRE(said == run_plain());
    }

    void a_slot_given_back_at_once_was_never_promised() const {
        INFO("what is reserved, in a row, and undone from the last to the first at once, changes no later answer");
        subject fickle{make_, seed_};
        const auto said = run(fickle, [&](time_point now, const verdict&, const forebay::request_info& info) {
            permit slots[3];
            for (permit& each : slots) {
                static_cast<void>(fickle.state.reserve(info, now, std::chrono::seconds{10}, each));
            }
            for (int i = 2; i >= 0; --i) {
                forebay::detail::undo(fickle.state, slots[i], now);
                REQUIRE_FALSE(slots[i].live);
            }
        });
        REQUIRE(said == run_plain());
    }

    void asking_foretells_the_slot() const {
        INFO("what is asked beforehand is what reserving answers, and asking changes nothing");
        const auto slots = [&](bool asks) {
            subject asked{make_, seed_};
            std::vector<verdict> said;
            std::vector<permit> out;
            time_point now{};
            for (int i = 0; i < 2000; ++i) {
                now += duration{static_cast<std::int64_t>(asked.random() % 60'000'000)};
                const forebay::request_info& info = asked.pick(requests_);
                const duration most{static_cast<std::int64_t>(asked.random() % 400'000'000)};
                verdict foretold;
                if (asks) foretold = asked.state.ask(info, now, most);
                permit taken;
                said.push_back(asked.state.reserve(info, now, most, taken));
                if (asks) REQUIRE(foretold == said.back());
                if (said.back()) out.push_back(taken);
                if (out.size() > 4) {
                    asked.state.settle(out.front(), info.cost, now);
                    out.erase(out.begin());
                }
            }
            return said;
        };
        REQUIRE(slots(true) == slots(false));
    }

    void a_slot_of_another_limit_is_kept() const {
        INFO(
            "any slot from the first one on is kept, an earlier one is refused, and undone at once it was never taken");
        subject fickle{make_, seed_};
        const auto said = run(fickle, [&](time_point now, const verdict&, const forebay::request_info& info) {
            const verdict own = fickle.state.ask(info, now, duration::max());
            if (!own) return;
            permit taken;
            if (own.when > now + duration{1}) {
                const time_point before = own.when - duration{1};
                REQUIRE_FALSE(fickle.state.reserve_at(info, now, before, taken));
                REQUIRE_FALSE(taken.live);
            }
            const time_point slot = own.when + duration{now.time_since_epoch().count() % 1'000'000'000};
            REQUIRE(fickle.state.reserve_at(info, now, slot, taken) == forebay::admitted(slot));
            REQUIRE(taken.live);
            forebay::detail::undo(fickle.state, taken, now);
            REQUIRE_FALSE(taken.live);
        });
        REQUIRE(said == run_plain());
    }

    Make make_;
    std::vector<forebay::request_info> requests_;
    std::uint64_t seed_;
};
