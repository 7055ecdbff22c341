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
# A fragment may name things only to show how they are named.
only_read=(-Wno-unused -fsyntax-only)
programs=0 broken=0 blocks=0
fragments=()

fragment_head() {
    echo '#include <forebay/forebay.hpp>'
    [[ ! -f $root/tests/readme/fragment.hpp ]] || echo '#include "fragment.hpp"'
}
# as_function NAME BLOCK
as_function() {
    echo "[[maybe_unused]] static void $1() {"
    cat "$2"
    echo '}'
}
# compiles BLOCK SOURCE: or says of which line it is
compiles() {
    "$compiler" "${flags[@]}" "${only_read[@]}" "$2" && return
    echo "README.md:$(sed -n '1s/#line \([0-9]*\).*/\1/p' "$1"): the block does not compile"
    broken=1
}

for block in "$work"/block_*.cpp; do
    [[ -f $block ]] || break
    blocks=$((blocks + 1))
    if grep -q 'int main(' "$block"; then
        programs=$((programs + 1))
        line=$(sed -n '1s/#line \([0-9]*\).*/\1/p' "$block")
        if "$compiler" "${flags[@]}" "$block" -pthread -o "$block.program"; then
            timeout 60 "$block.program" || { echo "README.md:$line: the program ended with status $?"; broken=1; }
        else
            echo "README.md:$line: the program does not compile"
            broken=1
        fi
    elif [[ $(sed -n '2p' "$block") == '#include'* ]]; then
        compiles "$block" "$block"
    else
        fragments+=("$block")
    fi
done

# All fragments at once, as reading the headers takes longest; each alone to find out which is to blame.
if ((${#fragments[@]} > 0)); then
    {
        fragment_head
        for i in "${!fragments[@]}"; do as_function "fragment_$i" "${fragments[i]}"; done
    } >"$work/fragments.cpp"
    if ! "$compiler" "${flags[@]}" "${only_read[@]}" "$work/fragments.cpp" 2>"$work/fragments.log"; then
        before=$broken
        for block in "${fragments[@]}"; do
            { fragment_head; as_function fragment "$block"; } >"$block.fragment.cpp"
            compiles "$block" "$block.fragment.cpp"
        done
        if ((broken == before)); then
            cat "$work/fragments.log"
            echo 'README.md: the blocks compile one by one, and not together'
            broken=1
        fi
    fi
fi
echo "README.md: $blocks C++ blocks, $programs programs"
((programs > 0)) || { echo 'README.md: has no C++ block with a program, int main('; broken=1; }
exit $broken
