#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: bash bench/policy_table.sh [--check|--write]

Compiles and runs bench/lab/policy_table.cpp, which serves one workload under four policies in virtual time, and prints
the table. It is the same on every machine.
  --check  compares it with the one in README.md; status 1 if they differ
  --write  puts it there, between the two marks
Needs a C++20 compiler: $CXX, or c++.
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/bench/readme_block.sh"
readme=${FOREBAY_README:-$root/README.md}
mode=${1:---print}
case $mode in
    --print | --check | --write) ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CXX:-c++}" -std=c++20 -O1 "-I$root/include" "$root/bench/lab/policy_table.cpp" -pthread -o "$work/policy_table"
"$work/policy_table" >"$work/table"
if [[ $mode == --print ]]; then
    cat "$work/table"
    exit
fi

settle_block "$mode" "$readme" bench/policy_table.sh "$work/table" \
    'its table of policies is not what the code does: bash bench/policy_table.sh --write'
