#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# self_test.sh ROOT COMPILER: can the README's check fail? It gets small READMEs, good and bad.
set -euo pipefail
check=${1:?usage: self_test.sh ROOT COMPILER}/tests/readme/check.sh
compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/include/forebay"
echo 'inline int twice(int x) { return 2 * x; }' >"$work/tree/include/forebay/forebay.hpp"

failures=0
# expect STATUS WORDS: the README on standard input ends the check with STATUS, and WORDS are said.
expect() {
    local said status=0
    cat >"$work/tree/README.md"
    said=$(bash "$check" "$work/tree" "$compiler" "$work/build" 2>&1) || status=$?
    if [[ $status -ne $1 || $said != *"$2"* ]]; then
        printf 'expected status %s and "%s", got %s: %s\n' "$1" "$2" "$status" "$said"
        failures=$((failures + 1))
    fi
}
program=$'```cpp\n#include <forebay/forebay.hpp>\nint main() { return twice(0); }\n```'

expect 0 '3 C++ blocks, 1 programs' <<EOT
Text.
$program
\`\`\`cmake
no C++
\`\`\`
\`\`\`cpp
auto x = twice(2);
\`\`\`
\`\`\`cpp
#include <vector>
std::vector<int> v;
\`\`\`
EOT
expect 1 'README.md:6: the block does not compile' <<EOT
$program
\`\`\`cpp
auto x = thrice(2);
\`\`\`
EOT
expect 1 'README.md:2: the program does not compile' <<<"${program/twice/thrice}"
expect 1 'README.md:2: the program ended with status 2' <<<"${program/twice(0)/twice(1)}"
expect 1 'has no C++ block with a program' <<<'Only text.'
rm "$work/tree/README.md"
status=0
bash "$check" "$work/tree" "$compiler" "$work/build" >/dev/null || status=$?
((status == 77)) || { echo "without a README: status $status instead of 77"; failures=$((failures + 1)); }

((failures == 0)) && echo 'the check of the README can fail'
