// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/scheduler.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace fb = forebay;
using fb::inference_form;
using host::at;

namespace {

/// What a result must be for its request: no two requests have the same, so a neighbour's shows.
std::uint64_t answer_to(std::uint64_t tag) {
    return (tag ^ 0x5bd1e995U) * 0x9e3779b97f4a7c15U;
}

/// Does anything to a scheduler that a host can do, in random order, from outside, from sinks and from the callback, and
/// checks after each that every request is in exactly one place and was told at most one, justified, outcome.
template <inference_form Form>
class script {
    using batch_type = fb::batch<std::uint64_t, std::uint64_t>;

    struct infer {
        script* of;
        auto operator()(std::span<const std::uint64_t> requests) requires(Form == inference_form::span) {
            return of->run(requests);
        }
        void operator()(batch_type& batch) requires(Form == inference_form::batch_in_place) { of->fill(batch); }
        void operator()(batch_type batch) requires(Form == inference_form::batch_by_value) {
            of->take(std::move(batch));
        }
    };
    using policies_type = fb::policies<host::ledger_of_permits, fb::strict_priority<fb::earliest_deadline>,
                                       fb::size_or_delay, fb::manual_clock, fb::no_observer, fb::single_threaded>;
    using scheduler_type = fb::scheduler<std::uint64_t, std::uint64_t, policies_type, infer>;

    struct request {
        std::uint64_t tag;
        fb::ticket id{};
        fb::time_point deadline{};
        std::size_t scheduler{0};
        int told{0};
        int ran{0};
        bool cancelled{false};
        bool failed{false};  // the callback did something that may fail it
    };

public:
    explicit script(std::uint32_t seed) : random_{seed} {}

    /// returns  what went wrong first, or nothing
    std::string play(int operations) {
        build();
        for (done_ = 0; done_ < operations && error_.empty(); ++done_) {
            if (!scheduler_) build();
            moves_before_ = moves_;
            act();
            check_from_outside();
        }
        scheduler_.reset();
        out_.clear();
        for (const request& one : requests_) expect(one.told == 1, "a request was not told exactly once");
        expect(permits_.seen->live == 0, "a permit was neither settled nor given back");
        return error_.empty() ? error_ : error_ + ", at operation " + std::to_string(done_);
    }
    [[nodiscard]] std::size_t accepted() const { return requests_.size(); }
    [[nodiscard]] const fb::ledger& total() const { return total_; }

private:
    std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
    bool one_in(std::uint32_t n) { return below(n) == 0; }
    void expect(bool holds, const char* what) {
        if (!holds && error_.empty()) error_ = what;
    }

    void build() {
        ++scheduler_number_;
        accepted_here_ = 0;
        told_here_ = {};
        is_open_ = true;
        closing_ = false;
        scheduler_ = std::make_unique<scheduler_type>(
            policies_type{.admission = permits_,
                          .order = {},
                          .batching = {.max_batch_size = 1 + below(5),
                                       .max_queue_delay = fb::duration{one_in(2) ? 0 : below(40)},
                                       .preferred_batch_sizes = {}},
                          .capacity = {.max_requests = 1 + below(60), .max_cost = 1 + below(200)},
                          .executors = 1 + below(3),
                          .clock = clock_,
                          .observer = {},
                          .sync = {}},
            infer{this});
    }

    // ---- what a host does

    void act() {
        if (!scheduler_) return;
        const std::uint32_t what = below(1'000);
        if (what < 430) return submit();
        if (what < 560) return cancel();
        if (what < 750) return poll();
        if (what < 860) return go_to(clock_.now() + fb::duration{below(12)});
        if (what < 870) return go_to(clock_.now() - fb::duration{below(30)});
        if (what < 985) return complete_one();
        if (what < 990) return close();
        if (what < 995) return drain();
        if (what < 998) return;
        scheduler_.reset();
    }
    void go_to(fb::time_point now) {
        clock_.set(now);
        latest_ = std::max(latest_, now);
        ++moves_;
    }
    void submit() {
        requests_.push_back({.tag = requests_.size()});
        request& added = requests_.back();
        fb::request_info info{.tenant = fb::tenant_id{below(3)},
                              .priority = static_cast<std::int32_t>(below(9)) - (one_in(20) ? 1 : 0),
                              .key = below(3),
                              .cost = static_cast<std::int64_t>(below(20)) - (one_in(20) ? 20 : 0)};
        if (one_in(2)) info.deadline = clock_.now() + fb::duration{static_cast<std::int64_t>(below(40)) - 2};
        added.deadline = info.deadline;
        added.scheduler = scheduler_number_;
        permits_.seen->refuse = one_in(15);
        // The sink may be called, and the scheduler be gone, before submit returns: of other requests, not of this one.
        const auto sink = [this, tag = added.tag](fb::outcome<std::uint64_t> outcome) {
            told(tag, std::move(outcome));
        };
        const std::uint64_t tag = added.tag;
        const fb::submission said = scheduler_->submit(std::uint64_t{tag}, info, sink);
        request& now = requests_[tag];
        if (said) {
            now.id = *said;
            if (now.scheduler == scheduler_number_) ++accepted_here_;
        } else {
            expect(now.told == 0, "a refused request was told an outcome");
            if (info.cost < 0)
                expect(said.error().which == fb::limit::bad_cost || !is_open_, "refused for another reason");
            now.told = 1;  // the refusal is what it was told
        }
    }
    void cancel() {
        if (requests_.empty()) return;
        const std::size_t reach = std::min<std::size_t>(requests_.size(), 60);
        request& one = requests_[requests_.size() - 1 - below(static_cast<std::uint32_t>(reach))];
        if (one.scheduler != scheduler_number_) return;  // another scheduler's ticket may name one of this one's
        const bool ended = one.told > 0;
        one.cancelled = true;
        const std::uint64_t tag = one.tag;
        const bool did = scheduler_->cancel(one.id);
        expect(!did || !ended, "a request was cancelled after its end");
        if (did) {
            expect(requests_[tag].told == 1, "cancel returned before the sink was called");
        } else if (!ended) {
            requests_[tag].cancelled = false;
        }
    }
    void poll() {
        const int moves = moves_;
        const fb::time_point next = scheduler_->poll();
        if (!scheduler_ || depth_ > 0 || moves_ != moves) return;
        expect(next > clock_.now(), "poll left work that is due");
        if (next == fb::no_deadline || !one_in(3)) return;
        // The next wakeup is exact: nothing happens before it, something does then.
        const fb::ledger before = scheduler_->stats();
        go_to(next - fb::duration{1});
        moves_before_ = moves_;
        expect(scheduler_->poll() == next, "the next wakeup moved by itself");
        expect(scheduler_->stats() == before, "something happened before the next wakeup");
        go_to(next);
        moves_before_ = moves_;
        scheduler_->poll();
        if (scheduler_) expect(!(scheduler_->stats() == before), "nothing happened at the next wakeup");
    }
    void complete_one() {
        if (out_.empty()) return;
        auto at = out_.begin() + static_cast<std::ptrdiff_t>(below(static_cast<std::uint32_t>(out_.size())));
        batch_type batch = std::move(*at);
        out_.erase(at);
        fill(batch);
    }
    void close() {
        is_open_ = false;
        closing_ = true;
        scheduler_->close();
    }
    void drain() {
        is_open_ = false;
        closing_ = true;
        scheduler_->drain(fb::duration{below(100)});
    }

    // ---- the model

    void started(std::span<const std::uint64_t> tags, fb::time_point dispatched) {
        expect(!tags.empty() && tags.size() <= 5, "a batch of a wrong size");
        for (const std::uint64_t tag : tags) {
            request& one = requests_[tag];
            expect(++one.ran == 1, "a request ran twice");
            expect(one.told == 0, "a request ran after its end");
            expect(one.deadline > dispatched, "a request ran after its deadline");
        }
    }
    std::vector<std::uint64_t> answers(std::span<const std::uint64_t> tags) {
        std::vector<std::uint64_t> results;
        for (const std::uint64_t tag : tags) results.push_back(answer_to(tag));
        return results;
    }
    void may_fail(std::span<const std::uint64_t> tags) {
        for (const std::uint64_t tag : tags) requests_[tag].failed = true;
    }
    std::vector<std::uint64_t> run(std::span<const std::uint64_t> tags) {
        // If host code moved the clock since this poll began, it does not say when the batch left.
        started(tags, moves_ == moves_before_ ? clock_.now() : fb::time_point::min());
        call_back();
        auto results = answers(tags);
        if (one_in(10)) {
            may_fail(tags);
            if (one_in(2)) throw std::runtime_error("model");
            if (one_in(2)) {
                results.pop_back();
            } else {
                results.insert(results.begin(), 0);
            }
        }
        return results;
    }
    void fill(batch_type& batch) {
        if constexpr (Form == inference_form::batch_in_place) {
            started(batch.requests(), batch.dispatched());
            call_back();
        }
        const std::vector<std::uint64_t> tags(batch.requests().begin(), batch.requests().end());
        for (std::size_t i = 0; i < tags.size(); ++i) {
            if (one_in(5)) batch[i].settle(below(30));
            if (one_in(8)) expect(batch[i].cancelled() == (requests_[tags[i]].told > 0), "cancelled() is wrong");
            if (one_in(6)) batch[i].succeed(answer_to(tags[i]));
            if (one_in(20)) {
                requests_[tags[i]].failed = true;
                batch[i].fail();
            }
            call_back();
        }
        switch (below(8)) {
            case 0: {
                may_fail(tags);
                batch.complete(std::vector<std::uint64_t>(tags.size() + 1));
                break;
            }
            case 1: {
                may_fail(tags);
                batch.fail(std::make_exception_ptr(1));
                break;
            }
            case 2: {
                may_fail(tags);  // dropped, sooner or later
                if (Form == inference_form::batch_in_place && one_in(2)) throw 1;
                break;
            }
            case 3: {
                std::vector<fb::outcome<std::uint64_t>> results;
                for (const std::uint64_t tag : tags) {
                    if (one_in(3)) {
                        requests_[tag].failed = true;
                        results.emplace_back(fb::failure::exception);
                    } else {
                        results.emplace_back(answer_to(tag));
                    }
                }
                batch.complete(std::move(results));
                break;
            }
            default: batch.complete(answers(tags));
        }
    }
    void take(batch_type batch) {
        started(batch.requests(), batch.dispatched());
        call_back();
        out_.push_back(std::move(batch));
        if (one_in(3)) complete_one();
    }

    // ---- what the scheduler says

    void told(std::uint64_t tag, fb::outcome<std::uint64_t> outcome) {
        request& one = requests_[tag];
        expect(++one.told == 1, "a request was told twice");
        switch (outcome.how()) {
            case fb::ending::delivered:
                expect(one.ran == 1, "a result for a request that did not run");
                expect(*outcome == answer_to(tag), "another request's result");
                break;
            case fb::ending::failed: expect(one.ran == 1 && one.failed, "failed without a reason"); break;
            case fb::ending::expired:
                expect(one.ran == 0 && one.deadline <= latest_, "expired without a reason");
                break;
            case fb::ending::cancelled: expect(one.cancelled, "cancelled without a reason"); break;
            case fb::ending::closed: expect(closing_ || !scheduler_, "closed without a reason"); break;
            case fb::ending::evicted: expect(false, "evicted without a reason"); break;
        }
        if (one.scheduler == scheduler_number_) ++told_here_[outcome.how()];
        call_back();
        if (one_in(50)) throw std::runtime_error("sink");
    }
    /// Whatever host code is called by may be called back, to a depth that a test can afford.
    void call_back() {
        if (!scheduler_) return;
        expect(scheduler_->stats().balanced(), "unbalanced inside host code");
        if (depth_ >= 3 || !one_in(4)) return;
        ++depth_;
        act();
        --depth_;
        if (scheduler_) expect(scheduler_->stats().balanced(), "unbalanced after being called back");
    }
    void check_from_outside() {
        if (!scheduler_) return;
        const fb::ledger now = scheduler_->stats();
        expect(now.balanced(), "unbalanced");
        expect(now.queued + now.running + now.ended() == accepted_here_, "requests lost or made up");
        for (const auto how : {fb::ending::delivered, fb::ending::failed, fb::ending::expired, fb::ending::cancelled,
                               fb::ending::closed}) {
            expect(now[how] == told_here_[how], "the ledger says otherwise than the sinks");
        }
        expect(static_cast<std::uint64_t>(permits_.seen->live) == now.queued + now.running,
               "permits are not those of who is here");
        total_ = now;
    }

    std::mt19937 random_;
    fb::manual_clock clock_{at(1'000)};
    host::ledger_of_permits permits_;
    std::deque<request> requests_;
    std::vector<batch_type> out_;
    std::unique_ptr<scheduler_type> scheduler_;
    std::size_t scheduler_number_{0};
    std::uint64_t accepted_here_{0};
    fb::ledger told_here_{};
    fb::ledger total_{};
    fb::time_point latest_{at(1'000)};
    int moves_{0};
    int moves_before_{0};
    int depth_{0};
    int done_{0};
    bool is_open_{true};
    bool closing_{false};
    std::string error_;
};

template <inference_form Form>
struct of_form : std::integral_constant<inference_form, Form> {};

}  // namespace

TEMPLATE_TEST_CASE(
    "I11 I12 I13 I14 Q-12 B-19 at any interleaving of calls, also from host code, every request ends once", "",
    of_form<inference_form::span>, of_form<inference_form::batch_in_place>, of_form<inference_form::batch_by_value>) {
    std::size_t accepted = 0;
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
        CAPTURE(seed);
        script<TestType::value> one{seed};
        REQUIRE(one.play(12'000) == "");
        accepted += one.accepted();
    }
    CHECK(accepted > 50'000);
}
