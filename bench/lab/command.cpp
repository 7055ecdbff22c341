// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <numeric>

namespace lab {

namespace {

/// Letters to insert, drop, replace or swap with their neighbour until `a` is `b`.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        cost[i][0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                                   cost[i - 1][j - 1] + static_cast<std::size_t>(a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
            }
        }
    }
    return cost[a.size()][b.size()];
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* each : app.get_options()) {
        for (const std::string& name : each->get_lnames()) names.push_back("--" + name);
    }
    return names;
}

[[noreturn]] void refuse(const std::string& command, const std::string& word, const std::vector<std::string>& known) {
    throw usage_error{command + ": unknown option '" + word + "'" + suggestion(word, known) + "; '" + command +
                      " --help' lists them"};
}

}  // namespace

usage_error wrong_value(std::string_view option, std::string_view expected, std::string_view found) {
    std::string message{option};
    message += ": expected ";
    message += expected;
    message += ", found ";
    if (found.empty()) return usage_error{message += "nothing"};
    message += '\'';
    for (const char c : found.substr(0, 200)) message += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    return usage_error{message += '\''};
}

void options::add(const std::string& name, times allowed, reader read, const std::string& type,
                  const std::string& help) {
    if (allowed == times::any) {
        const auto each = [read = std::move(read)](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) read(text);
        };
        app_->add_option_function<std::vector<std::string>>(name, each, help)->type_name(type)->allow_extra_args(false);
        return;
    }
    app_->add_option_function<std::string>(name, read, help)->type_name(type)->required(allowed == times::once);
}

void options::add_text(const std::string& name, std::string& to, const std::string& type, const std::string& help) {
    app_->add_option(name, to, help)->type_name(type);
}

void options::add_flag(const std::string& name, bool& to, const std::string& help) {
    app_->add_flag(name, to, help);
}

void options::begin_group(const std::string& heading) {
    app_->option_defaults()->group(heading);
}

void options::footer(const std::string& text) {
    app_->footer(text);
}

std::vector<given_option> options::given(const std::string& group) const {
    std::vector<given_option> all;
    for (const CLI::Option* each : app_->get_options()) {
        if (each->get_group() != group || each->count() == 0) continue;
        all.push_back({each->get_lnames().front(), each->results(), each->get_items_expected_max() > 1});
    }
    return all;
}

bool options::chosen() const {
    return app_->parsed();
}

const std::string& options::name() const {
    return app_->get_name();
}

std::vector<std::string> options::names() const {
    return option_names(*app_);
}

void add_seed(options& its, std::uint64_t& to) {
    add_value(
        its, "--seed", to, [](const std::string& text) { return static_cast<std::uint64_t>(to_whole(text)); }, "N",
        "Seed of everything that is drawn: the same seed gives the same bytes [default " + std::to_string(to) + "]");
}

std::string suggestion(std::string_view wrong, const std::vector<std::string>& known) {
    const std::string* nearest = nullptr;
    std::size_t least = std::max<std::size_t>(2, wrong.size() / 3) + 1;
    for (const std::string& name : known) {
        // What was begun right is nearer than what merely has similar letters.
        const bool begun = wrong.size() > 3 && name.starts_with(wrong);
        const std::size_t away = begun ? 1 : distance(wrong, name);
        if (away < least) {
            least = away;
            nearest = &name;
        }
    }
    return nearest == nullptr ? std::string{} : " (did you mean '" + *nearest + "'?)";
}

std::string alternatives(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
        text += names[i];
    }
    return text;
}

program::program()
    : app_{std::make_unique<CLI::App>(
          "Try policies in virtual time before you ship them.\n"
          "Durations: 250ns 20us 5ms 1.5s 2m 1h. Rates: requests a second, decimals allowed.",
          "forebay-lab")} {
    app_->set_help_flag("-h,--help", "Say what there is, and end");
    app_->footer("COMMAND --help lists a command's options.");
}

program::~program() = default;

options program::add_command(const std::string& name, const std::string& help) {
    return options{*app_->add_subcommand(name, help)};
}

int program::dispatch(const std::vector<command>& commands, int count, const char* const* words) {
    std::vector<std::string> names;
    for (const command& each : commands) names.push_back(each.its.name());
    if (count < 2) throw usage_error{"expected a command: " + alternatives(names)};
    const std::string first = words[1];
    if (!first.starts_with('-') && std::find(names.begin(), names.end(), first) == names.end()) {
        throw usage_error{"expected a command (" + alternatives(names) + "), found '" + first + "'" +
                          suggestion(first, names)};
    }
    try {
        app_->parse(count, words);
    } catch (const CLI::Success& asked) {
        return app_->exit(asked);  // --help
    } catch (const CLI::ExtrasError&) {
        for (const command& each : commands) {
            if (!each.its.chosen()) continue;
            const std::vector<std::string> words_left = app_->remaining(true);
            const std::string word = words_left.empty() ? std::string{} : words_left.front();
            if (!word.starts_with('-') || word == "-") {
                throw usage_error{each.its.name() + ": expected an option, found '" + word + "'"};
            }
            refuse(each.its.name(), word.substr(0, word.find('=')), each.its.names());
        }
        refuse("forebay-lab", first, option_names(*app_));
    } catch (const CLI::ArgumentMismatch& wrong) {
        const std::string message = wrong.what();
        const bool none = message.find("missing") != std::string::npos;
        throw usage_error{message.substr(0, message.find(':')) +
                          (none ? ": expected a value after it, found none" : ": expected once, found more than once")};
    } catch (const CLI::ParseError& wrong) {
        std::string message = wrong.what();
        std::replace(message.begin(), message.end(), '\n', ' ');
        throw usage_error{message};
    }
    for (const command& each : commands) {
        if (each.its.chosen()) return each.act();
    }
    throw usage_error{"expected a command: " + alternatives(names)};
}

void program::dispatch(const command& only, const std::vector<std::string>& words) {
    std::vector<const char*> all{"forebay-lab", only.its.name().c_str()};
    for (const std::string& each : words) all.push_back(each.c_str());
    static_cast<void>(dispatch({only}, static_cast<int>(all.size()), all.data()));
}

}  // namespace lab
