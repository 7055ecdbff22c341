// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/quota_lease.hpp>
#include <forebay/admission/token_bucket.hpp>
#include <forebay/sim/arrival_process.hpp>
#include <forebay/sim/random.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

namespace lab {

/// Hosts that share one quota by leases, and what happens to them.
struct cluster_setting {
    forebay::quota total{forebay::rate::per_second(1000), 100};
    int hosts{8};
    /// How many of the requests come to each host, in proportion.
    std::vector<std::uint64_t> weights{};
    /// From asking the store to having its answer.
    forebay::duration latency{std::chrono::milliseconds{10}};
    /// The store does not answer those that ask in [from, until), every host or every second one.
    struct outage {
        forebay::duration from{0};
        forebay::duration until{0};
        bool every_second{false};
    } away{};
    /// What each host may admit while it has no lease.
    std::optional<forebay::quota> safe{};
    forebay::duration lease_length{std::chrono::seconds{1}};
    forebay::duration length{std::chrono::seconds{30}};
};

struct cluster_report {
    std::uint64_t arrived{0};
    std::uint64_t admitted{0};    ///< by the hosts together
    std::uint64_t one_bucket{0};  ///< by one bucket that sees every request, of the same ones
    std::uint64_t safely{0};      ///< admitted without a lease
    std::uint64_t asks{0};        ///< to the store
    std::int64_t granted{0};      ///< by the store, less what was handed back
    /// The most that the hosts admitted in any time, less what the rate brings in it.
    double worst_burst{0};

    [[nodiscard]] double error() const { return share(admitted, one_bucket) - (one_bucket > 0 ? 1 : 0); }
    [[nodiscard]] double refused() const { return share(arrived - admitted, arrived); }
    [[nodiscard]] static double share(std::uint64_t part, std::uint64_t of) {
        return of == 0 ? 0 : static_cast<double>(part) / static_cast<double>(of);
    }
};

/// Runs the shipped quota_lease on every host, in virtual time, beside one bucket.
///
/// Requests come at the same instants whatever the hosts are; a host looks whether to ask after each of its requests and
/// every 10 ms. The store is a bucket of the quota; it takes back what ended unspent. It does not answer at all while it is
/// away: an answer that does not come is all that a host learns.
class cluster {
public:
    cluster(cluster_setting chosen, const forebay::sim::arrival_process& arrivals, std::uint64_t seed)
        : chosen_{std::move(chosen)},
          store_{chosen_.total},
          one_{chosen_.total},
          arrivals_{arrivals, seed, {}, 0},
          hosts_drawn_{seed, {}, 1} {
        forebay::quota_lease<> policy;
        policy.safe = chosen_.safe;
        for (int i = 0; i < chosen_.hosts; ++i) hosts_.push_back(std::make_unique<host>(policy));
    }

    /// Once.
    [[nodiscard]] cluster_report run() {
        push(arrivals_.next(), kind::request, 0);
        for (int i = 0; i < chosen_.hosts; ++i) push(start_ + std::chrono::milliseconds{i % 10}, kind::look, i);
        while (!events_.empty() && events_.top().at < start_ + chosen_.length) {
            const event now = events_.top();
            events_.pop();
            happen(now);
        }
        return seen_;
    }

private:
    using host = forebay::quota_lease_state<forebay::single_threaded, forebay::asked_by_host, forebay::by_requests_t>;

    enum class kind { request, look, store, answer };
    struct event {
        forebay::time_point at;
        std::uint64_t order;
        kind what;
        int who;
        forebay::lease_ask ask;
        forebay::lease answer;
        std::int64_t back;

        friend bool operator>(const event& a, const event& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
    };

    void push(forebay::time_point at, kind what, int who, forebay::lease_ask ask = {}, forebay::lease answer = {},
              std::int64_t back = 0) {
        events_.push({at, order_++, what, who, ask, answer, back});
    }
    [[nodiscard]] host& at(int who) { return *hosts_[static_cast<std::size_t>(who)]; }
    [[nodiscard]] bool away(int who, forebay::time_point now) const {
        const cluster_setting::outage& of = chosen_.away;
        return now >= start_ + of.from && now < start_ + of.until && (!of.every_second || who % 2 == 1);
    }

    void happen(const event& it) {
        switch (it.what) {
            case kind::request: request(it.at); break;
            case kind::look:
                look(it.who, it.at);
                push(it.at + std::chrono::milliseconds{10}, kind::look, it.who);
                break;
            case kind::store: {
                if (away(it.who, it.at)) break;
                store_.refund(it.back, it.at);
                const std::int64_t granted = store_.acquire_up_to(it.ask.amount, it.at);
                seen_.granted += granted - it.back;
                const forebay::time_point asked = it.at - chosen_.latency / 2;
                push(asked + chosen_.latency, kind::answer, it.who, it.ask, {granted, asked + chosen_.lease_length});
                break;
            }
            case kind::answer: at(it.who).granted(it.ask.number, it.answer, it.at); break;
        }
    }
    void look(int who, forebay::time_point now) {
        if (const auto ask = at(who).wanted(now)) {
            ++seen_.asks;
            push(now + chosen_.latency / 2, kind::store, who, *ask, {}, at(who).unspent(now));
        }
    }
    void request(forebay::time_point now) {
        push(arrivals_.next(), kind::request, 0);
        const int who = static_cast<int>(hosts_drawn_.pick(chosen_.weights));
        forebay::permit taken;
        ++seen_.arrived;
        if (at(who).try_acquire({}, now, taken)) {
            ++seen_.admitted;
            if (!at(who).connected(now)) ++seen_.safely;
            passed(now);
        }
        at(who).settle(taken, -1, now);
        if (one_.try_acquire(1, now)) ++seen_.one_bucket;
        look(who, now);
    }
    /// All that is admitted goes through a bucket of the rate, without bottom: as deep in debt as they are ahead of it.
    void passed(forebay::time_point now) {
        const forebay::rate refill = chosen_.total.refill();
        const double minted = static_cast<double>((now - last_admitted_).count()) /
                              static_cast<double>(refill.nanoseconds()) * static_cast<double>(refill.tokens());
        ahead_ = std::max(0.0, ahead_ - minted) + 1;
        last_admitted_ = now;
        seen_.worst_burst = std::max(seen_.worst_burst, std::round(ahead_ * 10) / 10);
    }

    cluster_setting chosen_;
    forebay::token_bucket<forebay::single_threaded> store_;
    forebay::token_bucket<forebay::single_threaded> one_;
    forebay::sim::arrival_times arrivals_;
    forebay::sim::random_stream hosts_drawn_;
    std::vector<std::unique_ptr<host>> hosts_;
    std::priority_queue<event, std::vector<event>, std::greater<>> events_;
    std::uint64_t order_{0};
    forebay::time_point start_{};
    forebay::time_point last_admitted_{};
    double ahead_{0};
    cluster_report seen_;
};

}  // namespace lab
