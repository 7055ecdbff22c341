// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/quota_lease.hpp>
#include <forebay/admission/token_bucket.hpp>
#include <forebay/sim/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <queue>
#include <vector>

/// Hosts that share one quota by leases, in virtual time, beside one bucket that sees all their requests at once.
namespace leases {

using namespace std::chrono_literals;
using forebay::duration;
using forebay::time_point;

enum class load { even, skewed };  ///< skewed: host i gets a share in proportion to 1 / (i + 1)
enum class outage {
    none,
    store,
    half
};  ///< the store is away for the middle third of the run, for all or for every second host

struct scenario {
    int hosts{8};
    load spread{load::even};
    duration latency{10ms};  ///< from asking to having the answer
    outage what{outage::none};
    int offered_percent{150};  ///< of the quota's rate
    forebay::quota total{forebay::rate::per_second(1000), 100};
    duration length{30s};
    duration lease_length{1s};
    std::uint64_t seed{1};
    /// Whether hosts have their share of the quota as safe capacity, or none.
    bool safe{true};
};

struct figures {
    std::int64_t offered{0};
    std::int64_t admitted{0};     ///< by the hosts together
    std::int64_t one_bucket{0};   ///< by the one bucket, of the same requests
    std::int64_t granted{0};      ///< by the store, less what was handed back
    std::int64_t safely{0};       ///< without a lease
    std::int64_t worst_burst{0};  ///< the most that the hosts admitted in any window, less what the rate brings in it
    std::int64_t asks{0};

    [[nodiscard]] double error_percent() const {
        return 100.0 * static_cast<double>(admitted - one_bucket) /
               static_cast<double>(std::max<std::int64_t>(one_bucket, 1));
    }
    [[nodiscard]] double refused_percent() const {
        return 100.0 * static_cast<double>(offered - admitted) /
               static_cast<double>(std::max<std::int64_t>(offered, 1));
    }
};

class cluster {
public:
    explicit cluster(const scenario& chosen)
        : chosen_{chosen}, store_{chosen.total}, one_{chosen.total}, arrivals_{chosen.seed} {
        for (int i = 0; i < chosen.hosts; ++i) {
            hosts_.push_back(std::make_unique<host>(policy()));
            weights_.push_back(chosen.spread == load::even ? 1 : 1'000'000 / static_cast<std::uint64_t>(i + 1));
        }
    }

    [[nodiscard]] figures run() {
        push(next_arrival(), kind::request, 0);
        for (int i = 0; i < chosen_.hosts; ++i) push(start_ + 1ms * (i % 10), kind::look, i);
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
        time_point at;
        std::uint64_t order;
        kind what;
        int who;
        forebay::lease_ask ask;
        forebay::lease answer;
        std::int64_t back;

        friend bool operator>(const event& a, const event& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
    };

    [[nodiscard]] forebay::quota_lease<> policy() const {
        forebay::quota_lease<> made;
        if (chosen_.safe) {
            made.safe =
                forebay::quota{forebay::rate::per(chosen_.total.refill().tokens(),
                                                  duration{chosen_.total.refill().nanoseconds()} * chosen_.hosts),
                               std::max<std::int64_t>(chosen_.total.burst() / chosen_.hosts, 1)};
        }
        return made;
    }
    void push(time_point at, kind what, int who, forebay::lease_ask ask = {}, forebay::lease answer = {},
              std::int64_t back = 0) {
        events_.push({at, order_++, what, who, ask, answer, back});
    }
    [[nodiscard]] time_point next_arrival() {
        last_ += arrivals_.exponential(forebay::rate::per(chosen_.total.refill().tokens() * chosen_.offered_percent,
                                                          duration{chosen_.total.refill().nanoseconds()} * 100));
        return last_;
    }
    [[nodiscard]] bool away(int who, time_point now) const {
        const bool middle = now >= start_ + chosen_.length / 3 && now < start_ + chosen_.length / 3 * 2;
        return middle && (chosen_.what == outage::store || (chosen_.what == outage::half && who % 2 == 1));
    }

    void happen(const event& it) {
        host& here = *hosts_[static_cast<std::size_t>(it.who)];
        switch (it.what) {
            case kind::request: request(it.at); break;
            case kind::look:
                look(it.who, it.at);
                push(it.at + 10ms, kind::look, it.who);
                break;
            case kind::store: {
                if (away(it.who, it.at)) break;  // neither an answer nor an error: the host waits for it in vain
                store_.refund(it.back, it.at);
                const std::int64_t granted = store_.acquire_up_to(it.ask.amount, it.at);
                seen_.granted += granted - it.back;
                const time_point asked = it.at - chosen_.latency / 2;
                push(asked + chosen_.latency, kind::answer, it.who, it.ask, {granted, asked + chosen_.lease_length});
                break;
            }
            case kind::answer: here.granted(it.ask.number, it.answer, it.at); break;
        }
    }
    void look(int who, time_point now) {
        host& here = *hosts_[static_cast<std::size_t>(who)];
        if (const auto ask = here.wanted(now)) {
            ++seen_.asks;
            push(now + chosen_.latency / 2, kind::store, who, *ask, {}, here.unspent(now));
        }
    }
    void request(time_point now) {
        push(next_arrival(), kind::request, 0);
        const int who = static_cast<int>(arrivals_.pick(weights_));
        host& here = *hosts_[static_cast<std::size_t>(who)];
        forebay::permit taken;
        ++seen_.offered;
        if (here.try_acquire({}, now, taken)) {
            ++seen_.admitted;
            if (!here.connected(now)) ++seen_.safely;
            // A bucket of the rate that all admitted requests go through: as deep in debt as they are ahead of it.
            level_ = std::min<double>(0, level_ + static_cast<double>((now - last_admitted_).count()) *
                                                      static_cast<double>(chosen_.total.refill().tokens()) /
                                                      static_cast<double>(chosen_.total.refill().nanoseconds())) -
                     1;
            last_admitted_ = now;
            seen_.worst_burst = std::max(seen_.worst_burst, static_cast<std::int64_t>(-level_));
        }
        here.settle(taken, -1, now);
        if (one_.try_acquire(1, now)) ++seen_.one_bucket;
        look(who, now);
    }

    scenario chosen_;
    forebay::token_bucket<forebay::single_threaded> store_;
    forebay::token_bucket<forebay::single_threaded> one_;
    forebay::sim::random_stream arrivals_;
    std::vector<std::unique_ptr<host>> hosts_;
    std::vector<std::uint64_t> weights_;
    std::priority_queue<event, std::vector<event>, std::greater<>> events_;
    std::uint64_t order_{0};
    time_point start_{1s};
    time_point last_{1s};
    time_point last_admitted_{1s};
    double level_{0};
    figures seen_;
};

}  // namespace leases
