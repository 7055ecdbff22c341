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
    lab::program line;
    try {
        const std::vector<lab::command> commands{lab::add_run(line),   lab::add_sweep(line),    lab::add_tune(line),
                                                 lab::add_check(line), lab::add_describe(line), lab::add_gen(line),
                                                 lab::add_study(line), lab::add_cluster(line)};
        return line.dispatch(commands, count, words);
    } catch (const std::exception& wrong) {
        std::cerr << "forebay-lab: " << wrong.what() << '\n';
        return 2;
    }
}
