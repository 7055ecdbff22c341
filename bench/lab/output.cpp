// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <system_error>

namespace lab {

namespace {

usage_error cannot_write(const std::string& option, const std::string& path) {
    const std::string reason = errno == 0 ? "it cannot be written" : std::generic_category().message(errno);
    return wrong_value(option, "a file that can be written (" + reason + ")", path);
}

}  // namespace

output::output(const std::string& option, const std::string& path) : option_{option}, path_{path} {
    if (path_.empty() || is_standard()) return;
    errno = 0;
    file_.open(path_, std::ios::binary | std::ios::trunc);
    if (!file_) throw cannot_write(option_, path_);
}

std::ostream& output::stream() {
    if (is_standard()) return std::cout;
    return file_;
}

void output::write(const std::string& text) {
    stream() << text;
    close();
}

void output::close() {
    errno = 0;
    if (!stream().flush()) throw cannot_write(option_, path_);
    if (file_.is_open()) file_.close();
}

void outputs::add_tables(options& its) {
    its.add_text("--json", json, "FILE",
                 "Write the report as JSON ('-': standard output; the table then goes to standard error)");
    its.add_text("--csv", csv, "FILE", "Write one row a policy (sweep: a policy, rate and seed) as CSV");
}
void outputs::add_requests(options& its) {
    its.add_text("--requests-csv", requests_csv, "FILE",
                 "Write one row a request as CSV; policies are then run one by one");
}
void outputs::add_html(options& its) {
    its.add_text("--html", html, "FILE", "Write one self-contained page with plots");
}

void outputs::check() const {
    const std::array<std::string, 4> all{json, csv, requests_csv, html};
    if (std::count(all.begin(), all.end(), "-") > 1) {
        throw usage_error{"expected '-' for at most one of --json, --csv, --requests-csv and --html"};
    }
}

std::ostream& outputs::console() const {
    const std::array<std::string, 4> all{json, csv, requests_csv, html};
    return std::find(all.begin(), all.end(), "-") == all.end() ? std::cout : std::cerr;
}

}  // namespace lab
