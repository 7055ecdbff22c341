// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command.hpp"
#include "json_report.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lab {

/// One number of a report that a study looks at.
struct study_column {
    std::string name;
    /// Where it stands in a policy's object: a JSON pointer, "/classes/0/latency_s/p99".
    std::string at;
    /// "ms", "s", "%" or another word; times are converted from seconds, percentages from shares.
    std::string unit;
    int decimals{1};
};

/// A value of what a study varies: its label, and the words of the command line that make it.
struct study_case {
    std::string label;
    std::vector<std::string> words;
};

/// A question, put as a file: what is run, what is varied, which numbers answer it. See bench/lab/studies/README.md.
struct study {
    std::string name;
    std::string title;
    std::string question;
    std::string answer;
    /// Files it needs, below the folder of traces.
    std::vector<std::string> traces;
    /// Which of forebay-lab's: run or cluster.
    std::string command;
    /// Its options; "${traces}" stands for the folder.
    std::vector<std::string> words;
    std::string varied;
    /// Whether the cases are of different kinds, so that no line leads from one to the next.
    bool categories{false};
    std::vector<study_case> cases;
    std::vector<study_column> columns;
    /// Names of the columns that are drawn, side by side.
    std::vector<std::string> panels;
    /// Those of them whose axis is logarithmic.
    std::vector<std::string> logarithmic;
};

/// errors  usage_error, which names the file and what it should have said
[[nodiscard]] study read_study(const std::string& path);

/// What one policy did in one case: a value for each column, nothing where there is none.
struct study_row {
    std::size_t at_case{0};
    std::string policy;
    std::vector<std::optional<double>> values;
};

/// Runs it: the policies of every case, in the order of the file.
/// traces   the folder that the trace files are in
/// errors   as the command's; usage_error if a column stands nowhere in the report
[[nodiscard]] std::vector<study_row> run_study(const study& of, const std::string& traces);

/// The study in Markdown: title, question, table, answer.
[[nodiscard]] std::string to_markdown(const study& of, const std::vector<study_row>& rows, const std::string& picture);

/// `forebay-lab study`: runs study files.
[[nodiscard]] command add_study(program& line);

}  // namespace lab
