// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"

#include <fstream>
#include <iosfwd>
#include <string>
#include <vector>

namespace lab {

/// A file to write to, or standard output for "-". It is opened at once, so that a long run does not end at a path that
/// cannot be written.
class output {
public:
    output() = default;
    /// errors  usage_error if it cannot be opened
    output(const std::string& option, const std::string& path);

    [[nodiscard]] explicit operator bool() const noexcept { return !path_.empty(); }
    [[nodiscard]] bool is_standard() const noexcept { return path_ == "-"; }
    [[nodiscard]] std::ostream& stream();
    /// Writes a whole text, and closes.
    void write(const std::string& text);
    /// errors  usage_error if not everything could be written
    void close();

private:
    std::string option_;
    std::string path_;
    std::ofstream file_;
};

/// Where the results of a command go.
struct outputs {
    std::string json;
    std::string csv;
    std::string requests_csv;
    std::string html;

    /// --json and --csv, which every command that measures has.
    void add_tables(options& its);
    void add_requests(options& its);
    void add_html(options& its);

    /// errors  usage_error if more than one goes to standard output
    void check() const;
    /// Where the table for reading goes: standard output, unless that is taken.
    [[nodiscard]] std::ostream& console() const;
};

}  // namespace lab
