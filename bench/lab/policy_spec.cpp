// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "policy_spec.hpp"

#include "command.hpp"
#include "orders.hpp"
#include "quantity.hpp"
#include <forebay/admission/adaptive_limit.hpp>
#include <forebay/admission/all_of.hpp>
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/admission/keyed_by.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/rate.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace lab {

namespace {

constexpr std::int64_t most_requests = std::int64_t{1} << 30;

any_order to_order(const std::string& text) {
    std::vector<std::string> names;
    for (const named_order& each : orders) {
        if (each.name == text) return each.make();
        names.emplace_back(each.name);
    }
    throw unexpected{"an order (" + alternatives(names) + ")" + suggestion(text, names)};
}

/// RATE:BURST of the key `name`, for each tenant or for everybody.
template <class Counts>
any_admission to_limit(const char* name, const std::string& text, Counts counts, bool for_each_tenant) {
    const std::vector<std::string> parts = split(text, ':');
    if (parts.size() != 2) {
        const std::string key{name};
        throw unexpected{key + ":RATE:BURST, such as " + key + ":50:100 (a second, at once)"};
    }
    const forebay::quota quota{to_rate(parts[0]), to_whole(parts[1], 1)};
    // A seed of its own would be drawn for every process: the same command would not give the same bytes.
    const forebay::per_tenant limit{.limit = quota, .counts = counts, .seed = 1};
    if (for_each_tenant) return any_admission{limit};
    return any_admission{forebay::keyed_by{forebay::everybody, limit}};
}

any_admission to_adaptive(const std::string& text) {
    const std::vector<std::string> parts = split(text, ':');
    constexpr std::int64_t usual_ceiling = 1000;
    const std::int64_t ceiling = parts.size() > 1 ? to_whole(parts[1], 1, most_requests) : usual_ceiling;
    if (parts.size() > 2) throw unexpected{"adaptive:NAME or adaptive:NAME:CEILING, such as adaptive:vegas:500"};
    const auto with = [&](auto rule) {
        forebay::adaptive_limit<decltype(rule)> limit;
        limit.rule = rule;
        limit.ceiling = ceiling;
        limit.initial = std::min(limit.initial, ceiling);
        return any_admission{limit};
    };
    if (parts[0] == "gradient2") return with(forebay::gradient2{});
    if (parts[0] == "aimd") return with(forebay::aimd{});
    if (parts[0] == "vegas") return with(forebay::vegas{});
    const std::vector<std::string> names{"gradient2", "aimd", "vegas"};
    throw unexpected{"a rule (" + alternatives(names) + ")" + suggestion(parts[0], names)};
}

void read_on_refusal(policy_choice& to, const std::string& text) {
    const std::vector<std::string> parts = split(text, ':');
    if (parts.size() == 1 && parts[0] == "reject") return;
    if (parts.size() != 2 || parts[0] != "delay") throw unexpected{"reject, or delay:D such as delay:50ms"};
    to.max_wait = to_duration(parts[1]);
    if (to.max_wait <= forebay::duration{0}) throw unexpected{"a duration above 0"};
}

struct key {
    const char* name;
    const char* value;
    const char* help;
    void (*read)(policy_choice& to, const std::string& value);
};

constexpr key keys[]{
    {"order", "NAME", "who is next; default fifo",
     [](policy_choice& to, const std::string& value) { to.order = to_order(value); }},
    {"batch", "N", "at most N requests run together; without delay, what is queued when an executor is free [requests]",
     [](policy_choice& to, const std::string& value) {
         to.batching.max_batch_size = static_cast<std::size_t>(to_whole(value, 1, 1 << 20));
     }},
    {"min-batch", "N", "waits for N requests first; needs batch [requests]",
     [](policy_choice& to, const std::string& value) {
         to.batching.min_batch_size = static_cast<std::size_t>(to_whole(value, 1, 1 << 20));
     }},
    {"delay", "D", "longest time the oldest of a batch waits for company; needs batch [duration]",
     [](policy_choice& to, const std::string& value) { to.batching.max_queue_delay = to_duration(value); }},
    {"limit", "RATE:BURST", "token bucket for each tenant; what finds it empty is refused [requests/s, requests]",
     [](policy_choice& to, const std::string& value) {
         to.limits.push_back(to_limit("limit", value, forebay::by_requests, true));
     }},
    {"cost-limit", "RATE:BURST", "the same by cost; settled when the true cost is known [cost/s, cost]",
     [](policy_choice& to, const std::string& value) {
         to.limits.push_back(to_limit("cost-limit", value, forebay::by_cost, true));
     }},
    {"all-limit", "RATE:BURST", "one token bucket for all tenants together [requests/s, requests]",
     [](policy_choice& to, const std::string& value) {
         to.limits.push_back(to_limit("all-limit", value, forebay::by_requests, false));
     }},
    {"all-cost-limit", "RATE:BURST", "the same by cost [cost/s, cost]",
     [](policy_choice& to, const std::string& value) {
         to.limits.push_back(to_limit("all-cost-limit", value, forebay::by_cost, false));
     }},
    {"in-flight", "N", "at most N requests that wait or run [requests]",
     [](policy_choice& to, const std::string& value) {
         to.limits.emplace_back(forebay::concurrency_limit{to_whole(value, 1, most_requests)});
     }},
    {"adaptive", "NAME[:N]", "the same, learned: gradient2, aimd or vegas, up to N; default 1000 [requests]",
     [](policy_choice& to, const std::string& value) { to.limits.push_back(to_adaptive(value)); }},
    {"on-refusal", "HOW", "of a token bucket: reject, or delay:D, to wait up to D for a slot; default reject",
     read_on_refusal},
    {"deadline", "D", "a request not handed to the model D after it came expires [duration]",
     [](policy_choice& to, const std::string& value) { to.patience = to_duration(value); }},
    {"capacity", "N", "requests that may wait; further ones are refused; default 100000 [requests]",
     [](policy_choice& to, const std::string& value) {
         to.capacity = static_cast<std::size_t>(to_whole(value, 1, most_requests));
     }},
};

}  // namespace

any_admission all_together(const std::vector<any_admission>& limits) {
    const auto& at = limits;
    switch (limits.size()) {
        case 0: return any_admission{forebay::admit_all{}};
        case 1: return at[0];
        case 2: return any_admission{forebay::all_of{at[0], at[1]}};
        case 3: return any_admission{forebay::all_of{at[0], at[1], at[2]}};
        case 4: return any_admission{forebay::all_of{at[0], at[1], at[2], at[3]}};
        default: break;
    }
    const any_admission first = all_together({limits.begin(), limits.begin() + 4});
    return any_admission{forebay::all_of{first, all_together({limits.begin() + 4, limits.end()})}};
}

policy_choice to_policy(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos)
        throw unexpected{"NAME=SPEC, such as batches=batch:8,delay:5ms"};
    policy_choice chosen;
    chosen.name = text.substr(0, equals);
    chosen.spec = text.substr(equals + 1);
    std::vector<std::string> known;
    for (const key& each : keys) known.emplace_back(each.name);
    std::vector<std::string> given;
    for (const std::string& part : split(chosen.spec, ',')) {
        const std::size_t colon = std::min(part.find(':'), part.size());
        const std::string name = part.substr(0, colon);
        const auto found = std::find_if(std::begin(keys), std::end(keys), [&](const key& k) { return k.name == name; });
        if (found == std::end(keys)) {
            throw unexpected{"the keys " + alternatives(known) + ", not '" + name + "'" + suggestion(name, known)};
        }
        if (std::find(given.begin(), given.end(), name) != given.end()) throw unexpected{"'" + name + "' once"};
        given.push_back(name);
        try {
            found->read(chosen, part.substr(std::min(colon + 1, part.size())));
        } catch (const unexpected& wrong) {
            throw unexpected{std::string{wrong.what()} + " in '" + part + "'"};
        }
    }
    const auto has = [&](const char* name) { return std::find(given.begin(), given.end(), name) != given.end(); };
    for (const char* needs_batch : {"min-batch", "delay"}) {
        if (has(needs_batch) && !has("batch")) {
            throw unexpected{"batch:N beside '" + std::string{needs_batch} + "', which has no effect without it"};
        }
    }
    if (chosen.max_wait != forebay::duration{0} && (chosen.limits.size() != 1 || !chosen.limits[0].reserves())) {
        throw unexpected{"one token bucket beside 'on-refusal:delay', and no other limit"};
    }
    if (chosen.patience <= forebay::duration{0}) throw unexpected{"a duration above 0 in 'deadline'"};
    chosen.batching.validate();
    return chosen;
}

std::string policy_help() {
    std::string text = "A policy is NAME=SPEC, SPEC a comma list of\n";
    for (const key& each : keys) {
        const std::string head = std::string{each.name} + ':' + each.value;
        text += "  " + head + std::string(head.size() < 26 ? 26 - head.size() : 1, ' ') + each.help + '\n';
    }
    text += "Orders:\n";
    for (const named_order& each : orders) {
        text += "  " + std::string{each.name} + std::string(18 - std::string_view{each.name}.size(), ' ') + each.help +
                '\n';
    }
    return text;
}

}  // namespace lab
