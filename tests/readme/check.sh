#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# check.sh ROOT COMPILER WORK: compiles each ```cpp block of ROOT/README.md.
#
# * A block with `int main(` is a program: compiled, linked and run; it must end with status 0 within a minute.
# * A block that begins with #include stands for itself: compiled.
# * Any other block is a fragment: the body of a function, after <forebay/forebay.hpp> and tests/readme/fragment.hpp,
#   which may declare what the text around it takes for granted.
#
# Ends with status 77 (skipped) while there is no README.md. A README without a C++ program is an error.
set -euo pipefail
root=${1:?usage: check.sh ROOT COMPILER WORK}
compiler=$2 work=$3

[[ -f $root/README.md ]] || { echo 'no README.md yet'; exit 77; }
rm -f "$work"/block_*
mkdir -p "$work"
# Each block becomes a file that begins with its line number, so that the compiler names the line of the README.
awk -v work="$work" '
    /^[ ]*```/ {
        if (open) {
            if (file != "") close(file)
            open = 0
            file = ""
        } else {
            open = 1
            if ($0 ~ /^[ ]*```(cpp|c\+\+|C\+\+|cc)[ ]*$/) {
                file = sprintf("%s/block_%03d.cpp", work, ++blocks)
                printf "#line %d \"README.md\"\n", NR + 1 > file
            }
        }
        next
    }
    file != "" { print > file }' "$root/README.md"

flags=(-std=c++20 -O1 -Wall -Wextra -Wpedantic -Werror "-I$root/include" "-I$root/tests/readme")
programs=0 broken=0 blocks=0
for block in "$work"/block_*.cpp; do
    [[ -f $block ]] || break
    blocks=$((blocks + 1))
    line=$(sed -n '1s/#line \([0-9]*\).*/\1/p' "$block")
    if grep -q 'int main(' "$block"; then
        programs=$((programs + 1))
        if "$compiler" "${flags[@]}" "$block" -pthread -o "$block.program"; then
            timeout 60 "$block.program" || { echo "README.md:$line: the program ended with status $?"; broken=1; }
        else
            echo "README.md:$line: the program does not compile"
            broken=1
        fi
        continue
    fi
    if [[ $(sed -n '2p' "$block") != '#include'* ]]; then
        {
            echo '#include <forebay/forebay.hpp>'
            [[ ! -f $root/tests/readme/fragment.hpp ]] || echo '#include "fragment.hpp"'
            echo '[[maybe_unused]] static void fragment() {'
            cat "$block"
            echo '}'
        } >"$block.fragment.cpp"
        block=$block.fragment.cpp
    fi
    # A fragment may name things only to show how they are named.
    "$compiler" "${flags[@]}" -Wno-unused -fsyntax-only "$block" || { echo "README.md:$line: the block does not compile"; broken=1; }
done
echo "README.md: $blocks C++ blocks, $programs programs"
((programs > 0)) || { echo 'README.md: has no C++ block with a program, int main('; broken=1; }
exit $broken
