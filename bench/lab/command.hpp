// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quantity.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lab {

/// What was asked for cannot be. `what()` is one line for whoever typed it; the program ends with status 2.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One of the program's commands: its options, and what it does once they are read. Returns the program's status.
struct command {
    CLI::App* options;
    std::function<int()> act;
};

/// "OPTION: expected WHAT, found 'FOUND'".
[[nodiscard]] usage_error wrong_value(std::string_view option, std::string_view expected, std::string_view found);

/// Calls read(text), and gives what it throws the option's name and the text.
template <class Read>
auto read_value(std::string_view option, const std::string& text, const Read& read) {
    try {
        return read(text);
    } catch (const unexpected& wrong) {
        throw wrong_value(option, wrong.what(), text);
    } catch (const std::invalid_argument& wrong) {
        throw usage_error{std::string{option} + ": " + wrong.what() + " (found '" + text + "')"};
    }
}

/// An option that may be given once and takes one value: `to = read(text)`.
template <class Value, class Read>
CLI::Option* add_value(CLI::App& app, const std::string& name, Value& to, Read read, const std::string& type,
                       const std::string& help) {
    return app
        .add_option_function<std::string>(
            name, [name, &to, read = std::move(read)](const std::string& text) { to = read_value(name, text, read); },
            help)
        ->type_name(type);
}

/// An option that may be repeated: take(text) for each, in the order given.
template <class Take>
CLI::Option* add_values(CLI::App& app, const std::string& name, Take take, const std::string& type,
                        const std::string& help) {
    return app
        .add_option_function<std::vector<std::string>>(
            name,
            [name, take = std::move(take)](const std::vector<std::string>& texts) {
                for (const std::string& text : texts) read_value(name, text, take);
            },
            help)
        ->type_name(type)
        ->allow_extra_args(false);
}

/// --seed, whose default is what `to` holds.
void add_seed(CLI::App& app, std::uint64_t& to);

/// " (did you mean 'NAME'?)" for the known name that is fewest keystrokes away, if that is near enough to be meant.
[[nodiscard]] std::string suggestion(std::string_view wrong, const std::vector<std::string>& known);

/// Names joined as "a, b or c".
[[nodiscard]] std::string alternatives(const std::vector<std::string>& names);

/// Reads the command line and runs the command it names. Everything that is wrong with it becomes a usage_error.
int dispatch(CLI::App& program, const std::vector<command>& commands, int count, const char* const* words);
/// The same with the only command there is, and its options.
void dispatch(CLI::App& program, const command& only, const std::vector<std::string>& options);

}  // namespace lab
