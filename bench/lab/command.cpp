// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

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

void add_seed(CLI::App& app, std::uint64_t& to) {
    add_value(
        app, "--seed", to, [](const std::string& text) { return static_cast<std::uint64_t>(to_whole(text)); }, "N",
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

int dispatch(CLI::App& program, const std::vector<command>& commands, int count, const char* const* words) {
    std::vector<std::string> names;
    for (const command& each : commands) names.push_back(each.options->get_name());
    if (count < 2) throw usage_error{"expected a command: " + alternatives(names)};
    const std::string first = words[1];
    if (!first.starts_with('-') && std::find(names.begin(), names.end(), first) == names.end()) {
        throw usage_error{"expected a command (" + alternatives(names) + "), found '" + first + "'" +
                          suggestion(first, names)};
    }
    try {
        program.parse(count, words);
    } catch (const CLI::Success& asked) {
        return program.exit(asked);  // --help
    } catch (const CLI::ExtrasError&) {
        for (const command& each : commands) {
            if (!each.options->parsed()) continue;
            const std::vector<std::string> words_left = program.remaining(true);
            const std::string word = words_left.empty() ? std::string{} : words_left.front();
            if (!word.starts_with('-') || word == "-") {
                throw usage_error{each.options->get_name() + ": expected an option, found '" + word + "'"};
            }
            refuse(each.options->get_name(), word.substr(0, word.find('=')), option_names(*each.options));
        }
        refuse("forebay-lab", first, option_names(program));
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
        if (each.options->parsed()) return each.act();
    }
    throw usage_error{"expected a command: " + alternatives(names)};
}

void dispatch(CLI::App& program, const command& only, const std::vector<std::string>& options) {
    const std::string name = only.options->get_name();
    std::vector<const char*> words{"forebay-lab", name.c_str()};
    for (const std::string& each : options) words.push_back(each.c_str());
    static_cast<void>(dispatch(program, {only}, static_cast<int>(words.size()), words.data()));
}

}  // namespace lab
