// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// The first 20 draws of every distribution, the first 20 instants of every arrival process, and a sum over the first
// 20,000 of each that any other draw would change.
#include <forebay/sim/arrival_process.hpp>
#include <forebay/sim/closed_loop.hpp>
#include <forebay/sim/distribution.hpp>
#include <forebay/sim/traffic.hpp>

#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

namespace fb = forebay;
namespace sim = forebay::sim;
using namespace std::chrono_literals;
using fb::rate;
using sim::arrival_process;
using sim::distribution;

constexpr std::uint64_t seed = 42;

template <class Next>
void print(const char* name, Next next) {
    std::printf("%s:", name);
    std::uint64_t sum = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::int64_t value = next();
        if (i < 20) std::printf(" %" PRId64, value);
        sum = (sum ^ static_cast<std::uint64_t>(value)) * 0x100000001b3ULL;
    }
    std::printf(" ... %016" PRIx64 "\n", sum);
}
void print(const char* name, const distribution& of) {
    sim::random_stream from{seed, fb::tenant_id{7}, 3};
    print(name, [&] { return of.draw(from); });
}
void print(const char* name, const arrival_process& of) {
    sim::arrival_times times{of, seed, fb::tenant_id{7}, 3};
    print(name, [&] { return times.next().time_since_epoch().count(); });
}

}  // namespace

int main() {
    print("constant", distribution::constant(7));
    print("uniform", distribution::uniform(10, 1009));
    print("exponential", distribution::exponential(1ms));
    print("normal", distribution::normal(1'000'000, 200'000));
    print("lognormal", distribution::lognormal(1'000'000, 1.5));
    print("gamma cv 0.5", distribution::gamma(1'000'000, 0.5));
    print("gamma cv 3.1", distribution::gamma(1'000'000, 3.1));
    print("weibull cv 0.4", distribution::weibull(1'000'000, 0.4));
    print("weibull cv 2.2", distribution::weibull(1'000'000, 2.2));
    print("pareto 1.3", distribution::pareto(1000, 1.3));
    print("bounded pareto 0.9", distribution::bounded_pareto(1000, 1'000'000, 0.9));
    print("zipf 1", distribution::zipf(100'000, 1));
    print("zipf 1.4", distribution::zipf(100'000, 1.4));
    print("empirical", distribution::empirical(std::vector<std::int64_t>{1, 1, 2, 3, 5, 8, 13}));

    const rate arrivals = rate::per(802, 100s);
    print("deterministic", arrival_process::deterministic(arrivals));
    print("poisson", arrival_process::poisson(arrivals));
    print("gamma arrivals", arrival_process::gamma(arrivals, 13.2));
    print("weibull arrivals", arrival_process::weibull(arrivals, 2));
    print("on/off", arrival_process::on_off(rate::per_second(50), rate::per_second(1), 2s, 10s));
    print("sinusoid", arrival_process::sinusoid(arrivals, 0.7, 24h, 0.25));
    print("steps", arrival_process::steps({{arrivals, 1s}, {rate::zero(), 1s}, {rate::per_second(40), 1s}}));
    print("bulk", arrival_process::poisson(arrivals).in_bulk(distribution::zipf(8, 1)));

    const sim::sizes varying{.input_units = distribution::lognormal(350, 1.2), .cost = distribution::uniform(1, 9)};
    const sim::traffic open{
        .demands = {{.sort = {.tenant = "acme"}, .arrivals = arrival_process::poisson(arrivals), .varying = varying},
                    {.sort = {.tenant = "globex"}, .arrivals = arrival_process::gamma(arrivals, 2)}},
        .requests = 20'000,
        .seed = seed};
    auto source = open.open();
    print("traffic", [&] {
        const sim::arrival now = *source.peek();
        source.pop();
        return now.at.time_since_epoch().count() ^ (now.input_units << 40) ^ now.info.cost;
    });
    const sim::closed_loop closed{.populations = {{.sort = {.tenant = "acme"},
                                                   .clients = 5,
                                                   .think = distribution::exponential(2s),
                                                   .varying = varying}},
                                  .requests = 20'000,
                                  .seed = seed};
    auto clients = closed.open();
    print("closed loop", [&] {
        const sim::arrival now = *clients.peek();
        clients.pop();
        clients.ended(now, now.at + 7ms);
        return now.at.time_since_epoch().count() ^ (now.input_units << 40) ^ now.info.cost;
    });
}
