// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "program.hpp"

#include <algorithm>
#include <string>

namespace {

using nlohmann::json;

/// One executor, 10 ms a request, 100 ms between arrivals: latency 10 ms, busy a tenth of the time.
json sound_study() {
    return json::parse(R"({
        "title": "A & B", "question": "What?", "answer": "That.",
        "run": ["--service", "constant:10ms", "--requests", "101", "--policy", "one=order:fifo", "--policy", "two=batch:2,delay:5ms"],
        "vary": {"name": "rate", "cases": [{"label": "10", "run": ["--arrivals", "deterministic:10"]},
                                           {"label": "20", "run": ["--arrivals", "deterministic:20"]}]},
        "columns": [{"name": "median", "at": "/latency_s/p50", "unit": "ms"},
                    {"name": "served", "at": "/completed", "decimals": 0}],
        "picture": {"panels": ["median"], "logarithmic": ["median"]}})");
}

said run_study(const json& study, const std::string& more = "") {
    const test_folder folder;
    return lab("study --file '" + folder.write("a_study.json", study.dump()) + "' " + more);
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A study prints its question, a row for each case and policy, and its answer") {
    const said all = run_study(sound_study());
    CHECK(all.err.empty());
    REQUIRE(all.status == 0);
    CHECK(all.out ==
          "### A & B\n\nWhat?\n\n| rate | policy | median ms | served |\n|---|---|--:|--:|\n"
          "| 10 | one | 10.0 | 101 |\n| | two | 15.0 | 101 |\n"
          "| 20 | one | 10.0 | 101 |\n| | two | 15.0 | 101 |\n\nThat.\n");
}

TEST_CASE("A study without variation has a row for each policy") {
    json study = sound_study();
    study.erase("vary");
    study["run"].insert(study["run"].end(), {"--arrivals", "deterministic:10"});
    const said all = run_study(study);
    REQUIRE(all.status == 0);
    CHECK(has(all.out, "| policy | median ms | served |\n|---|--:|--:|\n| one | 10.0 | 101 |\n| two | 15.0 | 101 |\n"));
}

TEST_CASE("A study of a cluster has a row for each combination") {
    json study = sound_study();
    study["command"] = "cluster";
    study["run"] = {"--length", "1s", "--load", "even,skewed"};
    study["vary"] = {{"name", "hosts"}, {"cases", {{{"label", "2"}, {"run", {"--hosts", "2"}}}}}};
    study["columns"] = {{{"name", "hosts seen"}, {"at", "/hosts"}, {"decimals", 0}}};
    study["picture"] = {{"panels", {"hosts seen"}}};
    const said all = run_study(study);
    CHECK(all.err.empty());
    CHECK(has(all.out, "| 2 | even | 2 |\n| | skewed | 2 |\n"));
    study["command"] = "sweep";
    CHECK(has(run_study(study).err, "a_study.json: command: expected run or cluster, found 'sweep'"));
}

TEST_CASE("A study's picture names what it shows, and escapes it") {
    const test_folder folder;
    const said all = lab("study --file '" + folder.write("a.json", sound_study().dump()) + "' --svg '" +
                         folder.path("picture.svg") + "' --picture here.svg");
    REQUIRE(all.status == 0);
    CHECK(has(all.out, "![A & B](here.svg)\n"));
    const std::string svg = folder.read("picture.svg");
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.ends_with("</svg>\n"));
    for (const std::string part : {"A &amp; B", ">median, ms<", ">one<", ">two<", ">10<", ">20<", ">rate<"}) {
        INFO(part);
        CHECK(has(svg, part));
    }
    CHECK(std::count(svg.begin(), svg.end(), '&') == 2);  // the title, twice, and nothing else
}

TEST_CASE("A study's picture does not go where its table goes") {
    const said all = run_study(sound_study(), "--svg -");
    CHECK(all.status == 2);
    CHECK(all.out.empty());
    CHECK(has(all.err, "--svg: expected a file"));
}

TEST_CASE("A study whose trace is missing says so and is skipped") {
    json study = sound_study();
    study["traces"] = {"not/there.csv"};
    const said all = run_study(study, "--traces /nowhere");
    CHECK(all.status == 77);
    CHECK(all.out.empty());
    CHECK(all.err == "a_study: skipped: it needs not/there.csv, which is not in /nowhere\n");
}

TEST_CASE("A study that cannot be is refused in one line that says where") {
    const auto refused = [](const json& study, const std::string& part) {
        const said all = run_study(study);
        INFO(all.err);
        CHECK(all.status == 2);
        CHECK(all.out.empty());
        CHECK(std::count(all.err.begin(), all.err.end(), '\n') == 1);
        CHECK(has(all.err, part));
    };
    json study = sound_study();
    study.erase("question");
    refused(study, "a_study.json: expected a member 'question', found none");
    study = sound_study();
    study["colour"] = 1;
    refused(study, "a_study.json: unknown member 'colour'");
    study = sound_study();
    study["columns"][0]["nmae"] = "x";
    refused(study, "column 1: unknown member 'nmae' (did you mean 'name'?)");
    study = sound_study();
    study["columns"][1]["at"] = "/latency_s/p51";
    refused(study, "column 'served': a report has nothing at '/latency_s/p51'");
    study = sound_study();
    study["columns"][1]["at"] = "latency";
    refused(study, "column 'served': expected a JSON pointer, found 'latency'");
    study = sound_study();
    study["columns"][1]["at"] = "/name";
    refused(study, "column 'served': '/name' is no number");
    study = sound_study();
    study["columns"] = json::array();
    refused(study, "expected at least one column");
    study = sound_study();
    study["picture"]["panels"] = {"mode"};
    refused(study, "picture: no column is called 'mode'");
    study = sound_study();
    study["run"] = "words";
    refused(study, "member 'run' is of another type than expected");
    study = sound_study();
    study["run"].push_back("--sevrice");
    refused(study, "run: unknown option '--sevrice' (did you mean '--service'?)");

    const test_folder folder;
    CHECK(has(lab("study --file '" + folder.write("b.json", "{") + "'").err, "b.json: expected JSON"));
    CHECK(has(lab("study --file /no/such.json").err, "/no/such.json: expected a readable file"));
}
