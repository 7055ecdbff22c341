// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "program.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace {

const std::string sound = "--arrivals poisson:100 --requests 10 --service constant:5ms ";

/// What is said on standard error, which must be one line, beside nothing on standard output and status 2.
std::string refusal(const std::string& words) {
    INFO(words);
    const said all = lab(words);
    CHECK(all.status == 2);
    CHECK(all.out.empty());
    CHECK(std::count(all.err.begin(), all.err.end(), '\n') == 1);
    return all.err;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Help is given on the program and on every command, with an example") {
    const said program = lab("--help");
    CHECK(program.status == 0);
    for (const std::string command : {"run", "sweep", "tune", "check", "describe", "gen", "cluster"}) {
        CHECK(has(program.out, "  " + command));
        const said help = lab(command + " --help");
        INFO(command);
        CHECK(help.status == 0);
        CHECK(has(help.out, "Example"));
        CHECK(has(help.out, "bash bench/lab.sh " + command));
    }
}

TEST_CASE("An unknown command or option is refused and the nearest known one is named") {
    CHECK(has(refusal("rnu"), "did you mean 'run'?"));
    CHECK(has(refusal("--hlep"), "did you mean '--help'?"));
    CHECK(
        has(refusal("run " + sound + "--polciy a=order:fifo"), "unknown option '--polciy' (did you mean '--policy'?)"));
    CHECK(has(refusal("run " + sound + "--executor=2"), "did you mean '--executors'?"));
    CHECK(has(refusal("run " + sound + "--policy a=ordr:fifo"), "did you mean 'order'?"));
    CHECK(has(refusal("run " + sound + "--policy a=order:stict"), "did you mean 'strict'?"));
    CHECK(has(refusal("run --arrivals poisson:1 --requests 1 --service constnat:5ms"), "did you mean 'constant'?"));
    CHECK(has(refusal("run " + sound + "stray"), "found 'stray'"));
    CHECK_FALSE(has(refusal("run " + sound + "--entirely-else"), "did you mean"));
}

TEST_CASE("A value that cannot be is refused in one line with its option, what was expected and what was found") {
    struct refused {
        std::string words, option, expected, found;
    };
    const std::vector<refused> all{
        {"--seed x", "--seed", "a whole number", "'x'"},
        {"--seed -1", "--seed", "a whole number of at least 0", "'-1'"},
        {"--seed 1 --seed 2", "--seed", "once", "more than once"},
        {"--executors 0", "--executors", "at least 1", "'0'"},
        {"--jobs 0", "--jobs", "at least 1", "'0'"},
        {"--percentiles about", "--percentiles", "exact or histogram", "'about'"},
        {"--slo 5", "--slo", "a duration with its unit", "'5'"},
        {"--slo x:5ms", "--slo", "a whole number", "'x:5ms'"},
        {"--policy fifo", "--policy", "NAME=SPEC", "'fifo'"},
        {"--policy a=order:fifo,order:fifo", "--policy", "'order' once", "a=order:fifo,order:fifo"},
        {"--policy a=order:fifo --policy a=order:strict", "--policy", "names that differ", "'a' twice"},
        {"--policy a=batch:0", "--policy", "at least 1", "batch:0"},
        {"--policy a=batch:2,min-batch:3", "--policy", "min_batch_size", "a=batch:2,min-batch:3"},
        {"--policy a=min-batch:3", "--policy", "batch:N beside 'min-batch'", "a=min-batch:3"},
        {"--policy a=batch:2,delay:3", "--policy", "a duration", "delay:3"},
        {"--policy a=limit:5", "--policy", "limit:RATE:BURST", "limit:5"},
        {"--policy a=limit:0:5", "--policy", "a rate per second, above 0", "limit:0:5"},
        {"--policy a=cost-limit:5", "--policy", "cost-limit:RATE:BURST", "cost-limit:5"},
        {"--policy a=adaptive:vega", "--policy", "did you mean", "adaptive:vega"},
        {"--policy a=adaptive:vegas:9:1s", "--policy", "adaptive:NAME:CEILING", "adaptive:vegas:9:1s"},
        {"--policy a=cost-limit:5:5,settle:aftre", "--policy", "did you mean 'after'", "settle:aftre"},
        {"--policy a=limit:5:5,settle:after", "--policy", "cost-limit", "a=limit:5:5,settle:after"},
        {"--policy a=estimate:0", "--policy", "at least 1 and at most 99", "estimate:0"},
        {"--policy a=estimate:95:10:5", "--policy", "at most 5", "estimate:95:10:5"},
        {"--policy a=estimate:95:1:2:3", "--policy", "estimate:PERCENT:START:MOST", "estimate:95:1:2:3"},
        {"--quota 5", "--quota", "RATE:BURST, such as 50:100", "'5'"},
        {"--policy a=in-flight:0", "--policy", "at least 1", "in-flight:0"},
        {"--policy a=on-refusal:later", "--policy", "reject, or delay:D", "on-refusal:later"},
        {"--policy a=limit:5:5,on-refusal:delay:0s", "--policy", "above 0", "on-refusal:delay:0s"},
        {"--policy a=on-refusal:delay:5ms", "--policy", "a token bucket", "a=on-refusal:delay:5ms"},
        {"--policy a=in-flight:5,on-refusal:delay:5ms", "--policy", "a token bucket", "a=in-flight:5"},
        {"--policy a=deadline:0s", "--policy", "above 0", "deadline:0s"},
        {"--policy a=capacity:0", "--policy", "at least 1", "capacity:0"},
        {"--cost free", "--cost", "a distribution", "'free'"},
        {"--actual unit", "--actual", "a distribution", "'unit'"},
        {"--json", "--json", "a value after it", "none"},
        {"--json /nowhere/at/all.json", "--json", "a file that can be written", "'/nowhere/at/all.json'"},
        {"--json - --csv -", "'-' for at most one", "--json", "--csv"},
    };
    for (const refused& each : all) {
        INFO(each.words);
        const std::string line = refusal("run " + sound + each.words);
        INFO(line);
        CHECK(has(line, each.option));
        CHECK(has(line, each.expected));
        CHECK(has(line, each.found));
    }
    const std::string drawn = "run --arrivals poisson:100 --requests 10 --service ";
    CHECK(has(refusal(drawn + "constant:5ms+shared:0"), "at least 1"));
    CHECK(has(refusal(drawn + "constant:5ms+step:1m"), "step:FROM=SPEED"));
    CHECK(has(refusal(drawn + "constant:5ms+step:1m=0"), "a last speed above 0"));
    CHECK(has(refusal(drawn + "constant:5ms+step:1m=1,1m=2"), "rise from step to step"));
    CHECK(has(refusal(drawn + "constant:5ms+step:1m=fast"), "a number >= 0"));
    CHECK(has(refusal(drawn + "constant:5ms+stop:1m"), "step:FROM=SPEED"));
    CHECK(has(refusal(drawn + "constant:5ms --overlay 'at>=5:kind=x'"), "a duration with its unit"));
    CHECK(has(refusal("run --arrivals poisson:100 --requests 10"), "--service"));
    CHECK(has(refusal("run --arrivals poisson:100 --service constant:5ms"), "--requests"));
    CHECK(has(refusal("run --arrivals poisson:0 --requests 10 --service constant:5ms"), "above 0"));
    CHECK(has(refusal("run --arrivals poisson:1 --requests 0 --service constant:5ms"), "--requests"));
}

TEST_CASE("A trace that is not as expected is refused with file, line, column and what was expected") {
    const test_folder folder;
    struct refused {
        std::string text, place, expected;
    };
    const std::vector<refused> all{
        {"arrival_us,cost\n0,1\n5,x\n", ":3:3: ", "a whole number"},
        {"arrival_us,cost\n0\n", ":2:", "2 cells"},
        {"cost\n1\n", ":1:1: ", "arrival_us"},
        {"arrival_us\nnan\n", ":2:1: ", "found 'nan'"},
        {"arrival_us\n-5\n", ":2:1: ", "found '-5'"},
        {"arrival_us\n99999999999999999999\n", ":2:1: ", "at most"},
        {"arrival_us\n5\n4\n", ":3:1: ", "in order of time"},
        {"", ":1:1: ", "found the end of the file"},
        {"arrival_us,unheard\n0,1\n", ":1:12: ", "found 'unheard'"},
    };
    for (const refused& each : all) {
        const std::string path = folder.write("trace.csv", each.text);
        const std::string line = refusal("run --service constant:5ms --trace " + path);
        INFO(line);
        CHECK(has(line, path + each.place));
        CHECK(has(line, each.expected));
    }
    CHECK(has(refusal("run --service constant:5ms --trace " + folder.path("none.csv")), "none.csv:"));
    CHECK(has(refusal("run --service constant:5ms --actual constant:5 --trace " + folder.path("none.csv")),
              "--actual: expected --arrivals or --clients"));
}
