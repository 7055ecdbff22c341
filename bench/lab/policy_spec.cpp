// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "policy_spec.hpp"

#include "command.hpp"
#include "orders.hpp"
#include "quantity.hpp"
#include <forebay/admission/adaptive_limit.hpp>
#include <forebay/admission/all_of.hpp>
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/admission/cost_estimator.hpp>
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

/// A bucket for each tenant or for everybody.
template <class Counts>
any_admission to_limit(const forebay::quota& quota, Counts counts, bool for_each_tenant) {
    // A seed of its own would be drawn for every process: the same command would not give the same bytes.
    const forebay::per_tenant limit{.limit = quota, .counts = counts, .seed = 1};
    if (for_each_tenant) return any_admission{limit};
    return any_admission{forebay::keyed_by{forebay::everybody, limit}};
}

any_admission to_adaptive(const std::string& text) {
    const std::vector<std::string> parts = split(text, ':');
    constexpr std::int64_t usual_ceiling = 1000;
    const std::int64_t ceiling = parts.size() > 1 ? to_whole(parts[1], 1, most_requests) : usual_ceiling;
    if (parts.size() > (parts[0] == "aimd" ? 3U : 2U)) {
        throw unexpected{"adaptive:NAME, adaptive:NAME:CEILING or adaptive:aimd:CEILING:D, such as adaptive:vegas:500"};
    }
    const auto with = [&](auto rule) {
        forebay::adaptive_limit<decltype(rule)> limit;
        limit.rule = rule;
        limit.ceiling = ceiling;
        limit.initial = std::min(limit.initial, ceiling);
        return any_admission{limit};
    };
    if (parts[0] == "gradient2") return with(forebay::gradient2{});
    if (parts[0] == "aimd") {
        forebay::aimd rule;
        if (parts.size() > 2) rule.too_long = to_duration(parts[2]);
        return with(rule);
    }
    if (parts[0] == "vegas") return with(forebay::vegas{});
    const std::vector<std::string> names{"gradient2", "aimd", "vegas"};
    throw unexpected{"a rule (" + alternatives(names) + ")" + suggestion(parts[0], names)};
}

settlement to_settlement(const std::string& text) {
    if (text == "reserve") return settlement::reserve;
    if (text == "after") return settlement::after;
    if (text == "never") return settlement::never;
    const std::vector<std::string> names{"reserve", "after", "never"};
    throw unexpected{alternatives(names) + suggestion(text, names)};
}

forebay::cost_estimator to_estimator(const std::string& text) {
    const std::vector<std::string> parts = split(text, ':');
    if (parts.size() > 3) throw unexpected{"estimate:PERCENT, estimate:PERCENT:START or estimate:PERCENT:START:MOST"};
    forebay::cost_estimator made;
    made.quantile = static_cast<std::int32_t>(to_whole(parts[0], 1, 99));
    if (parts.size() > 2) made.most = to_whole(parts[2], 1, made.most);
    if (parts.size() > 1) made.at_start = to_whole(parts[1], 1, made.most);
    made.seed = 1;  // as of the limits
    return made;
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
         to.limits.push_back(to_limit(to_quota(value, "limit"), forebay::by_requests, true));
     }},
    {"cost-limit", "RATE:BURST", "the same by cost; the report says how far tenants exceed it [cost/s, cost]",
     [](policy_choice& to, const std::string& value) {
         to.cost_quota = to_quota(value, "cost-limit");
         to.limits.push_back(to_limit(*to.cost_quota, cost_count{to.settle}, true));
     }},
    {"all-limit", "RATE:BURST", "one token bucket for all tenants together [requests/s, requests]",
     [](policy_choice& to, const std::string& value) {
         to.limits.push_back(to_limit(to_quota(value, "all-limit"), forebay::by_requests, false));
     }},
    {"all-cost-limit", "RATE:BURST", "the same by cost [cost/s, cost]",
     [](policy_choice& to, const std::string& value) {
         to.limits.push_back(to_limit(to_quota(value, "all-cost-limit"), cost_count{to.settle}, false));
     }},
    {"settle", "WHEN",
     "of limits by cost: reserve at the door, correct at the end (default); charge it all after; correct it never",
     [](policy_choice& to, const std::string& value) { to.settle = to_settlement(value); }},
    {"estimate", "PERCENT[:START[:MOST]]",
     "cost of a request that states none, what PERCENT of its like did not exceed; else it is refused [cost]",
     [](policy_choice& to, const std::string& value) { to.costs.estimator = to_estimator(value); }},
    {"in-flight", "N", "at most N requests that wait or run [requests]",
     [](policy_choice& to, const std::string& value) {
         to.limits.emplace_back(forebay::concurrency_limit{to_whole(value, 1, most_requests)});
     }},
    {"adaptive", "NAME[:N[:D]]",
     "the same, learned: gradient2, vegas or aimd (for which D is too long; default 5s), up to N; default 1000",
     [](policy_choice& to, const std::string& value) { to.limits.push_back(to_adaptive(value)); }},
    {"on-refusal", "HOW",
     "of token buckets: reject, or delay:D, to wait up to D for a slot of all of them; default reject",
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
    std::vector<std::string> parts = split(chosen.spec, ',');
    // First how limits by cost settle: then they can be made.
    const auto settles =
        std::find_if(parts.begin(), parts.end(), [](const std::string& part) { return part.starts_with("settle:"); });
    if (settles != parts.end()) std::rotate(parts.begin(), settles, settles + 1);
    for (const std::string& part : parts) {
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
    const auto reserves = [](const any_admission& limit) { return limit.reserves(); };
    if (chosen.max_wait != forebay::duration{0} && std::none_of(chosen.limits.begin(), chosen.limits.end(), reserves)) {
        throw unexpected{"a token bucket beside 'on-refusal:delay', which waits for its slots"};
    }
    if (has("settle") && !has("cost-limit") && !has("all-cost-limit")) {
        throw unexpected{"a cost-limit or an all-cost-limit beside 'settle', which has no effect without it"};
    }
    if (chosen.settle == settlement::after) chosen.costs.otherwise = 1;
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
