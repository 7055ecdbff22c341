// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

/// A folder of its own for one test, gone at its end.
class test_folder {
public:
    test_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "forebay-lab-").string() + std::string(6, 'X');
        if (mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    test_folder(const test_folder&) = delete;
    test_folder& operator=(const test_folder&) = delete;
    ~test_folder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string path(std::string_view name) const { return (path_ / name).string(); }
    /// Writes a file as it is; returns its path.
    std::string write(std::string_view name, std::string_view text) const {
        std::ofstream{path(name), std::ios::binary} << text;
        return path(name);
    }
    [[nodiscard]] std::string read(std::string_view name) const {
        std::ostringstream text;
        text << std::ifstream{path(name), std::ios::binary}.rdbuf();
        return text.str();
    }

private:
    std::filesystem::path path_;
};

struct said {
    int status;
    std::string out;
    std::string err;
};

/// Runs forebay-lab with these words, as a shell would take them.
inline said lab(const std::string& words) {
    const test_folder streams;
    const std::string command = std::string{"'"} + FOREBAY_LAB + "' " + words + " >'" + streams.path("out") + "' 2>'" +
                                streams.path("err") + "' </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, streams.read("out"), streams.read("err")};
}

/// The report of such a command, from standard output. What is no JSON ends the test.
inline nlohmann::json lab_json(const std::string& words) {
    const said all = lab(words + " --json -");
    if (all.status != 0) throw std::runtime_error{words + ": " + all.err};
    return nlohmann::json::parse(all.out);
}
