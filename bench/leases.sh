#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: bash bench/leases.sh [--check|--write]

Compiles and runs bench/leases/main.cpp: one quota shared by 2 to 64 hosts through leases, in virtual time, beside one
bucket that sees every request; prints the table, which is the same on every machine.
  --check  compares the excerpt in README.md with it; status 1 if they differ
  --write  puts the excerpt there, between the two marks
Needs a C++20 compiler: $CXX, or c++.
TEXT
}
mode=${1:---print}
case $mode in
    --print | --check | --write) ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/bench/readme_block.sh"
readme=${FOREBAY_README:-$root/README.md}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CXX:-c++}" -std=c++20 -O2 "-I$root/include" "$root/bench/leases/main.cpp" -pthread -o "$work/leases"
"$work/leases" >"$work/all"
if [[ $mode == --print ]]; then
    cat "$work/all"
    exit
fi

# Columns: offered % hosts load latency ms store (one word or two) | admitted bucket error ...
awk '
    $1 == 150 && $5 == 10 {
        split($0, sides, "|")
        split(sides[2], numbers, " ")
        key = $3 " | " $4
        if (!(key in seen)) { order[++count] = key; seen[key] = 1 }
        error[key, $7] = numbers[3] numbers[4]
    }
    END {
        print "| hosts | load | store there | away for 10 of 30 s | away so for every second host |"
        print "|---|---|---|---|---|"
        for (i = 1; i <= count; ++i) {
            key = order[i]
            printf "| %s | %s | %s | %s |\n", key, error[key, "there"], error[key, "away"], error[key, "half"]
        }
    }' "$work/all" >"$work/table"
settle_block "$mode" "$readme" bench/leases.sh "$work/table" \
    'its table of leases is not what the code does: bash bench/leases.sh --write'
