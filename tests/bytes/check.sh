#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# check.sh ROOT COMPILER WORK: every program of tests/bytes prints what its .txt holds, byte by byte, however the
# compiler is told to optimise: neither contraction, nor reassociation, nor this machine's own instructions may move a
# draw. Ends with status 1 if one differs.
set -euo pipefail
root=${1:?usage: check.sh ROOT COMPILER WORK}
compiler=$2 work=$3

mkdir -p "$work"
broken=0
for source in "$root"/tests/bytes/*.cpp; do
    name=$(basename "$source" .cpp)
    for flags in '-O0' '-O2' '-Ofast -march=native -Wno-deprecated-ofast'; do
        # shellcheck disable=SC2086 # several flags
        "$compiler" -std=c++20 $flags -I"$root/include" "$source" -o "$work/$name"
        if ! "$work/$name" | diff "${source%.cpp}.txt" - >"$work/$name.diff"; then
            echo "tests/bytes/$name.cpp with $compiler $flags prints other bytes than $name.txt:"
            head -n 5 "$work/$name.diff"
            broken=1
        fi
    done
done
exit $broken
