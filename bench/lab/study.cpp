// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "study.hpp"

#include "cluster_command.hpp"
#include "output.hpp"
#include "run.hpp"
#include "study_picture.hpp"
#include <forebay/sim/table.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

namespace lab {

namespace {

namespace sim = forebay::sim;

/// The program's status for a study whose trace is not there.
constexpr int skipped = 77;

/// Reads members of an object, each once, and knows which were not asked for.
class member_reader {
public:
    member_reader(json object, std::string where) : object_(std::move(object)), where_{std::move(where)} {
        if (!object_.is_object()) throw usage_error{where_ + ": expected an object"};
    }

    template <class Value>
    Value required(const char* name) {
        if (!object_.contains(name)) throw usage_error{where_ + ": expected a member '" + name + "', found none"};
        return optional<Value>(name, {});
    }
    template <class Value>
    Value optional(const char* name, Value otherwise) {
        seen_.emplace_back(name);
        if (!object_.contains(name)) return otherwise;
        try {
            return object_.at(name).get<Value>();
        } catch (const json::exception&) {
            throw usage_error{where_ + ": member '" + name + "' is of another type than expected"};
        }
    }
    void nothing_else() const {
        for (const auto& [name, value] : object_.items()) {
            if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) continue;
            throw usage_error{where_ + ": unknown member '" + name + "'" + suggestion(name, seen_)};
        }
    }

private:
    json object_;
    std::string where_;
    std::vector<std::string> seen_;
};

study_column to_column(const json& from, const std::string& where) {
    member_reader read{from, where};
    study_column column;
    column.name = read.required<std::string>("name");
    column.at = read.required<std::string>("at");
    column.unit = read.optional<std::string>("unit", "");
    column.decimals = read.optional<int>("decimals", 1);
    read.nothing_else();
    if (column.decimals < 0 || column.decimals > 9) throw usage_error{where + ": expected 0 to 9 decimals"};
    return column;
}

std::optional<double> value_of(const json& policy, const study_column& column) {
    json::json_pointer place;
    try {
        place = json::json_pointer{column.at};
    } catch (const json::exception&) {
        throw usage_error{"column '" + column.name + "': expected a JSON pointer, found '" + column.at + "'"};
    }
    if (!policy.contains(place)) {
        throw usage_error{"column '" + column.name + "': a report has nothing at '" + column.at + "'"};
    }
    const json& found = policy.at(place);
    if (found.is_null()) return std::nullopt;
    if (!found.is_number()) throw usage_error{"column '" + column.name + "': '" + column.at + "' is no number"};
    const double factor = column.unit == "ms" ? 1e3 : column.unit == "%" ? 100 : 1;
    return found.get<double>() * factor;
}

std::string header(const study_column& column) {
    return column.unit.empty() ? column.name : column.name + ' ' + column.unit;
}

std::vector<std::string> words_of(const study& of, const study_case& varied, const std::string& traces) {
    std::vector<std::string> words = of.words;
    words.insert(words.end(), varied.words.begin(), varied.words.end());
    constexpr std::string_view mark = "${traces}";
    for (std::string& word : words) {
        const std::size_t at = word.find(mark);
        if (at != std::string::npos) word.replace(at, mark.size(), traces);
    }
    return words;
}

}  // namespace

study read_study(const std::string& path) {
    std::ifstream file{path};
    if (!file) throw usage_error{path + ": expected a readable file"};
    json whole;
    try {
        whole = json::parse(file);
    } catch (const json::exception& wrong) {
        throw usage_error{path + ": expected JSON: " + wrong.what()};
    }
    member_reader read{whole, path};
    study result;
    result.name = std::filesystem::path{path}.stem().string();
    result.title = read.required<std::string>("title");
    result.question = read.required<std::string>("question");
    result.answer = read.required<std::string>("answer");
    result.traces = read.optional<std::vector<std::string>>("traces", {});
    result.command = read.optional<std::string>("command", "run");
    if (result.command != "run" && result.command != "cluster") {
        throw usage_error{path + ": command: expected run or cluster, found '" + result.command + "'"};
    }
    result.words = read.required<std::vector<std::string>>("run");
    const json columns = read.required<json>("columns");
    for (std::size_t i = 0; i < columns.size(); ++i) {
        result.columns.push_back(to_column(columns[i], path + ": column " + std::to_string(i + 1)));
    }
    if (result.columns.empty()) throw usage_error{path + ": expected at least one column"};
    const json varied = read.optional<json>("vary", json{});
    if (!varied.is_null()) {
        member_reader vary{varied, path + ": vary"};
        result.varied = vary.required<std::string>("name");
        result.categories = vary.optional<bool>("categories", false);
        for (const json& each : vary.required<std::vector<json>>("cases")) {
            member_reader one{each, path + ": vary: cases"};
            result.cases.push_back({one.required<std::string>("label"), one.required<std::vector<std::string>>("run")});
            one.nothing_else();
        }
        vary.nothing_else();
        if (result.cases.empty()) throw usage_error{path + ": vary: expected at least one case"};
    } else {
        result.cases.emplace_back();
    }
    member_reader picture{read.required<json>("picture"), path + ": picture"};
    result.panels = picture.required<std::vector<std::string>>("panels");
    result.logarithmic = picture.optional<std::vector<std::string>>("logarithmic", {});
    picture.nothing_else();
    std::vector<std::string> named = result.panels;
    named.insert(named.end(), result.logarithmic.begin(), result.logarithmic.end());
    for (const std::string& panel : named) {
        if (std::none_of(result.columns.begin(), result.columns.end(),
                         [&](const study_column& each) { return each.name == panel; })) {
            throw usage_error{path + ": picture: no column is called '" + panel + "'"};
        }
    }
    read.nothing_else();
    return result;
}

std::vector<study_row> run_study(const study& of, const std::string& traces) {
    std::vector<study_row> rows;
    for (std::size_t i = 0; i < of.cases.size(); ++i) {
        const std::vector<std::string> words = words_of(of, of.cases[i], traces);
        const json whole = of.command == "cluster" ? cluster_to_json(words) : run_to_json(words);
        for (const json& policy : whole.at("policies")) {
            study_row row{i, policy.at("name").get<std::string>(), {}};
            for (const study_column& column : of.columns) row.values.push_back(value_of(policy, column));
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

std::string to_markdown(const study& of, const std::vector<study_row>& rows, const std::string& picture) {
    std::string text = "### " + of.title + "\n\n" + of.question + "\n\n";
    std::string rule;
    const auto cell = [&](const std::string& content, bool number) {
        text += "| " + content + ' ';
        rule += number ? "|--:" : "|---";
    };
    if (!of.varied.empty()) cell(of.varied, false);
    cell("policy", false);
    for (const study_column& column : of.columns) cell(header(column), true);
    text += "|\n" + rule + "|\n";
    std::size_t last_case = of.cases.size();
    for (const study_row& row : rows) {
        if (!of.varied.empty()) text += "| " + (row.at_case == last_case ? "" : of.cases[row.at_case].label + ' ');
        last_case = row.at_case;
        text += "| " + row.policy + ' ';
        for (std::size_t i = 0; i < row.values.size(); ++i) {
            text += "| " + (row.values[i] ? sim::decimal(*row.values[i], of.columns[i].decimals) : "-") + ' ';
        }
        text += "|\n";
    }
    text += "\n" + of.answer + "\n";
    if (!picture.empty()) text += "\n![" + of.title + "](" + picture + ")\n";
    return text;
}

command add_study(program& line) {
    struct settings {
        std::string file;
        std::string traces{"../shared/traces"};
        std::string svg;
        std::string picture;
    };
    const auto chosen = std::make_shared<settings>();
    options its = line.add_command("study", "Answer the question of a study file");
    its.add(
        "--file", options::times::once, [chosen](const std::string& text) { chosen->file = text; }, "FILE",
        "The study: see bench/lab/studies/README.md");
    its.add_text("--traces", chosen->traces, "FOLDER", "Where recorded traces are [default ../shared/traces]");
    its.add_text("--svg", chosen->svg, "FILE", "Write the study's picture");
    its.add_text("--picture", chosen->picture, "ADDRESS", "Show the picture at that address at the end of the table");
    its.footer(
        "Prints Markdown. Status 77: a trace it needs is not there.\n"
        "Example:\n  bash bench/lab.sh study --file bench/lab/studies/text_before_video.json\n");
    return {its, [chosen] {
                const study of = read_study(chosen->file);
                for (const std::string& trace : of.traces) {
                    const std::filesystem::path path = std::filesystem::path{chosen->traces} / trace;
                    if (std::filesystem::exists(path)) continue;
                    std::cerr << of.name << ": skipped: it needs " << trace << ", which is not in " << chosen->traces
                              << '\n';
                    return skipped;
                }
                if (chosen->svg == "-") throw usage_error{"--svg: expected a file, found '-': the table goes there"};
                output svg{"--svg", chosen->svg};
                const std::vector<study_row> rows = run_study(of, chosen->traces);
                std::cout << to_markdown(of, rows, chosen->picture);
                if (svg) {
                    svg.stream() << draw(of, rows);
                    svg.close();
                }
                return 0;
            }};
}

}  // namespace lab
