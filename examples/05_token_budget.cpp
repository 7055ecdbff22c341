// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// Limits for an AI service: requests a minute AND tokens a minute for each tenant, AND requests in flight. How many tokens
// an answer takes is known when it is there; until then as many are reserved as such answers took before.
#include <forebay/forebay.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

namespace fb = forebay;
using namespace std::chrono_literals;

struct tenant {
    const char* name;
    int shortest, longest;         // answers, in tokens: only the model knows
    fb::duration every;            // how often it asks
    int let_in{0}, tokens{0};      // of this minute
    int reserved{0};               // for its latest request
    std::array<int, 3> refused{};  // by each of the limits
};

int main() {
    std::array tenants{tenant{"chatty", 50, 150, 250ms}, tenant{"wordy", 1000, 3000, 1s}};
    fb::manual_clock clock;
    std::vector<std::pair<fb::time_point, fb::batch<int, int>>> model;  // when each is ready: 100 tokens a second

    auto scheduler = fb::make_scheduler<int, int>(
        fb::policies{
            .admission = fb::all_of{fb::per_tenant{fb::quota{fb::rate::per_minute(120), /*burst*/ 20}},
                                    fb::per_tenant{fb::quota{fb::rate::per_minute(30'000), 10'000}, fb::by_cost},
                                    fb::concurrency_limit{12}},
            .costs = fb::cost_estimator{.at_start = 500, .most = 4000},
            .executors = 12,
            .clock = clock},
        [&](fb::batch<int, int> one) { model.emplace_back(clock.now() + one.requests()[0] * 10ms, std::move(one)); });

    std::printf("          asks  let in | over requests, tokens, in flight |  tokens  reserved\n");
    unsigned dice = 1;
    for (fb::duration time = 250ms; time <= 3min; time += 250ms) {
        clock.advance(250ms);
        for (tenant& who : tenants) {
            if (time % who.every != 0ms) continue;
            dice = dice * 1'664'525 + 1'013'904'223;
            const int length = who.shortest + static_cast<int>(dice >> 8) % (who.longest - who.shortest);
            const auto ticket = scheduler.submit(length, {.tenant = fb::tenant_of(who.name), .cost = fb::unknown_cost},
                                                 [&who](auto done) { who.tokens += done ? *done : 0; });
            ++(ticket ? who.let_in : who.refused[ticket.error().member]);
            scheduler.poll();
            if (ticket) who.reserved = static_cast<int>(model.back().second[0].info().cost);
        }
        std::erase_if(model, [&](auto& running) {
            auto& [ready, answer] = running;
            if (ready > clock.now()) return false;
            answer[0].settle(answer.requests()[0]);  // what it really cost: the rest goes back, or is owed
            answer.complete(std::array{answer.requests()[0]});
            return true;
        });
        if (time % 1min != 0ms) continue;
        for (tenant& who : tenants) {
            const auto& [requests, tokens, flight] = who.refused;
            const int asked = who.let_in + requests + tokens + flight;
            std::printf("%-8s %5d %7d | %13d %7d %10d | %7d %9d\n", who.name, asked, who.let_in, requests, tokens,
                        flight, who.tokens, who.reserved);
            who = {who.name, who.shortest, who.longest, who.every};
        }
    }
}

// Expected output:
//           asks  let in | over requests, tokens, in flight |  tokens  reserved
// chatty     240     139 |            62       0         39 |   13212       140
// wordy       60      14 |             0      29         17 |   28262      3346
// chatty     240     120 |           120       0          0 |   11671       139
// wordy       60      12 |             0      48          0 |   18000      4000
// chatty     240     120 |           120       0          0 |   12100       140
// wordy       60      12 |             0      48          0 |   27210      3437
