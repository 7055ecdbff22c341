// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "quantity.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The parser is seen by command.cpp alone: to read its header takes longer than to compile most of the files that have
// options.
namespace CLI {
class App;
}

namespace lab {

/// What was asked for cannot be. `what()` is one line for whoever typed it; the program ends with status 2.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// An option that was given, and its values. [name without dashes]
struct given_option {
    std::string name;
    std::vector<std::string> values;
    bool repeatable{false};
};

/// The options of one command. A handle: copies are of the same command, and its program must outlive them.
class options {
public:
    using reader = std::function<void(const std::string&)>;
    enum class times : std::uint8_t { at_most_once, once, any };

    explicit options(CLI::App& app) noexcept : app_{&app} {}

    /// An option with a value: read(text) each time that it is given.
    void add(const std::string& name, times allowed, reader read, const std::string& type, const std::string& help);
    /// An option whose value is kept as it was written.
    void add_text(const std::string& name, std::string& to, const std::string& type, const std::string& help);
    /// An option without a value. "!--no-NAME" unsets what is set.
    void add_flag(const std::string& name, bool& to, const std::string& help);
    /// The heading under which --help shows what is added from now on; without one the usual.
    void begin_group(const std::string& heading = "Options");
    /// What --help says at its end.
    void footer(const std::string& text);

    /// Those of a group that were given, in the order in which they were added.
    [[nodiscard]] std::vector<given_option> given(const std::string& group) const;
    /// Whether the command line names this command.
    [[nodiscard]] bool chosen() const;
    [[nodiscard]] const std::string& name() const;
    [[nodiscard]] std::vector<std::string> names() const;

private:
    CLI::App* app_;
};

/// One of the program's commands: its options, and what it does once they are read. Returns the program's status.
struct command {
    options its;
    std::function<int()> act;
};

/// The command line: what it may say.
class program {
public:
    program();
    ~program();

    [[nodiscard]] options add_command(const std::string& name, const std::string& help);
    /// Reads the words and runs the command they name. Everything that is wrong with them becomes a usage_error.
    int dispatch(const std::vector<command>& commands, int count, const char* const* words);
    /// The same with the only command there is, and its options.
    void dispatch(const command& only, const std::vector<std::string>& words);

private:
    std::unique_ptr<CLI::App> app_;
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
void add_value(options& its, const std::string& name, Value& to, Read read, const std::string& type,
               const std::string& help) {
    its.add(
        name, options::times::at_most_once,
        [name, &to, read = std::move(read)](const std::string& text) { to = read_value(name, text, read); }, type,
        help);
}

/// An option that may be repeated: take(text) for each, in the order given.
template <class Take>
void add_values(options& its, const std::string& name, Take take, const std::string& type, const std::string& help) {
    its.add(
        name, options::times::any,
        [name, take = std::move(take)](const std::string& text) { read_value(name, text, take); }, type, help);
}

/// --seed, whose default is what `to` holds.
void add_seed(options& its, std::uint64_t& to);

/// " (did you mean 'NAME'?)" for the known name that is fewest keystrokes away, if that is near enough to be meant.
[[nodiscard]] std::string suggestion(std::string_view wrong, const std::vector<std::string>& known);

/// Names joined as "a, b or c".
[[nodiscard]] std::string alternatives(const std::vector<std::string>& names);

}  // namespace lab
