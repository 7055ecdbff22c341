// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

// What the fragments in README.md take for granted: a host with a model, and a way to answer its clients.

#include <forebay/forebay.hpp>
#include <forebay/sim/experiment.hpp>
#include <forebay/sim/table.hpp>
#include <forebay/sim/trace.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace fb = forebay;
using namespace std::chrono_literals;

using Prompt = std::string;
using Reply = std::string;

struct host_model {
    std::vector<Reply> run(std::span<const Prompt> prompts) { return {prompts.begin(), prompts.end()}; }
    Reply run(const Prompt& prompt) { return prompt; }
    void start(fb::batch<Prompt, Reply> batch) { batch.complete(run(batch.requests())); }
};
inline host_model model;
inline Prompt prompt;

inline auto reply_to_client = [](fb::outcome<Reply>) {};
inline bool serving() {
    return false;
}
inline void wait_for_events_until(fb::time_point) {}
inline void tell_client(const char*) {}
inline void tell_client(const char*, fb::duration) {}
inline void respond(int) {}
inline void send_field(const char*, const std::string&) {}
inline constexpr std::int64_t left = 59;  // what the client has left
inline std::int64_t tokens_of(const Reply& reply) {
    return static_cast<std::int64_t>(reply.size());
}
inline std::int64_t take_from_database(std::uint64_t, std::int64_t amount) {
    return amount;
}
inline bool pays(fb::tenant_id) noexcept {
    return true;
}

inline auto scheduler = fb::make_scheduler<Prompt, Reply>(
    fb::policies{}, [](std::span<const Prompt> prompts) { return model.run(prompts); });
