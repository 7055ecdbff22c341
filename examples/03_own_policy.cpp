// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// Two policies written by the host: who is next (the cheapest, unless it has waited long), and what runs together (as
// many as fit a budget of tokens on average). Each is a value with one function.
#include <forebay/batch/policy.hpp>
#include <forebay/queue/discipline.hpp>
#include <forebay/scheduler.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace fb = forebay;
using namespace std::chrono_literals;

/// Cheap requests overtake dear ones, at most by 1 ms a token: arrival plus that is the rank, so nobody starves.
struct cheapest_first {
    std::uint64_t rank(const fb::queued& request) const noexcept {
        const fb::duration handicap = std::min<std::int64_t>(request.info.cost, 1'000) * 1ms;
        return static_cast<std::uint64_t>(fb::saturating_add(request.arrival, handicap).time_since_epoch().count());
    }
};
static_assert(fb::leaf<cheapest_first>);

/// Leaves at once with as many requests as the budget holds at their mean cost.
struct token_budget {
    std::size_t max_batch_size{8};
    std::int64_t tokens{100};

    fb::batch_plan plan(const fb::waiting_group& group) const noexcept {
        const auto count = static_cast<std::int64_t>(group.count);
        const std::int64_t fitting = group.cost == 0 ? count : tokens * count / group.cost;
        const std::int64_t most = std::min<std::int64_t>(count, static_cast<std::int64_t>(max_batch_size));
        return {fb::time_point::min(), static_cast<std::size_t>(std::clamp<std::int64_t>(fitting, 1, most)),
                fb::dispatch_cause::full};
    }
};
static_assert(fb::batch_policy<token_budget>);

int main() {
    fb::manual_clock clock;
    auto scheduler = fb::make_scheduler<std::string, std::size_t>(
        fb::policies{.order = cheapest_first{}, .batching = token_budget{}, .clock = clock},
        [](std::span<const std::string> prompts) {
            std::printf("batch:");
            for (const std::string& prompt : prompts) std::printf(" %s", prompt.c_str());
            std::printf("\n");
            return std::vector<std::size_t>(prompts.size());
        });
    const auto submit = [&](const char* name, std::int64_t tokens) {
        (void)scheduler.submit(name, {.cost = tokens}, [](fb::outcome<std::size_t>) {});
    };

    submit("novel(90)", 90);
    submit("letter(30)", 30);
    clock.advance(80ms);  // by now the novel is ahead of new letters of more than 10 tokens
    submit("note(5)", 5);
    submit("letter(35)", 35);
    submit("letter(40)", 40);
    scheduler.poll();
}

// Expected output:
// batch: letter(30) note(5)
// batch: novel(90)
// batch: letter(35) letter(40)
