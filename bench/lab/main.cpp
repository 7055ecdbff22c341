// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// forebay-lab: the policy lab's command line. Status 0; 1 if a check missed; 2 if what was asked for, or a file, is not as
// expected: then one line on standard error says what is wrong.
#include "check_command.hpp"
#include "cluster_command.hpp"
#include "command.hpp"
#include "describe.hpp"
#include "gen.hpp"
#include "run.hpp"
#include "study.hpp"
#include "sweep.hpp"
#include "tune.hpp"

#include <exception>
#include <iostream>
#include <vector>

int main(int count, char** words) {
    CLI::App program{
        "Try policies in virtual time before you ship them.\n"
        "Durations: 250ns 20us 5ms 1.5s 2m 1h. Rates: requests a second, decimals allowed.",
        "forebay-lab"};
    program.set_help_flag("-h,--help", "Say what there is, and end");
    program.footer("COMMAND --help lists a command's options.");
    try {
        const std::vector<lab::command> commands{
            lab::add_run(program),      lab::add_sweep(program), lab::add_tune(program),  lab::add_check(program),
            lab::add_describe(program), lab::add_gen(program),   lab::add_study(program), lab::add_cluster(program)};
        return lab::dispatch(program, commands, count, words);
    } catch (const std::exception& wrong) {
        std::cerr << "forebay-lab: " << wrong.what() << '\n';
        return 2;
    }
}
