// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "policy_spec.hpp"

#include "command.hpp"
#include "orders.hpp"
#include "quantity.hpp"
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

any_admission to_limit(const std::string& text) {
    const std::vector<std::string> parts = split(text, ':');
    if (parts.size() != 2) throw unexpected{"limit:RATE:BURST, such as limit:50:100 (requests a second, requests)"};
    const forebay::quota each{to_rate(parts[0]), to_whole(parts[1], 1)};
    // A seed of its own would be drawn for every process: the same command would not give the same bytes.
    return any_admission{forebay::per_tenant{.limit = each, .seed = 1}};
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
     [](policy_choice& to, const std::string& value) { to.admission = to_limit(value); }},
    {"deadline", "D", "a request not handed to the model D after it came expires [duration]",
     [](policy_choice& to, const std::string& value) { to.patience = to_duration(value); }},
    {"capacity", "N", "requests that may wait; further ones are refused; default 100000 [requests]",
     [](policy_choice& to, const std::string& value) {
         to.capacity = static_cast<std::size_t>(to_whole(value, 1, most_requests));
     }},
};

}  // namespace

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
    if (chosen.patience <= forebay::duration{0}) throw unexpected{"a duration above 0 in 'deadline'"};
    chosen.batching.validate();
    return chosen;
}

std::string policy_help() {
    std::string text = "A policy is NAME=SPEC, SPEC a comma list of\n";
    for (const key& each : keys) {
        const std::string head = std::string{each.name} + ':' + each.value;
        text += "  " + head + std::string(head.size() < 18 ? 18 - head.size() : 1, ' ') + each.help + '\n';
    }
    text += "Orders:\n";
    for (const named_order& each : orders) {
        text += "  " + std::string{each.name} + std::string(18 - std::string_view{each.name}.size(), ' ') + each.help +
                '\n';
    }
    return text;
}

}  // namespace lab
