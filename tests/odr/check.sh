#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# check.sh ROOT COMPILER WORK: one program of two translation units that include every header, in opposite orders. A
# function that lacks `inline` does not link, headers that do not bear each other's company do not compile, and a type
# whose layout depends on what was included before it is not the same in both.
set -euo pipefail
root=${1:?usage: check.sh ROOT COMPILER WORK}
compiler=$2 work=$3

rm -rf "$work"
mkdir -p "$work"
headers=$(cd "$root/include" && find forebay -name '*.hpp' | LC_ALL=C sort)
unit() {
    sed 's/.*/#include <&>/'
    printf '#define FOREBAY_UNIT %s\n#include "unit.hpp"\n' "$1"
}
unit forward <<<"$headers" >"$work/forward.cpp"
LC_ALL=C sort -r <<<"$headers" | unit backward >"$work/backward.cpp"
for source in "$work/forward.cpp" "$work/backward.cpp" "$root/tests/odr/main.cpp"; do
    "$compiler" -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I"$root/include" -I"$root/tests/odr" \
        -c "$source" -o "$work/$(basename "$source").o"
done
"$compiler" "$work"/*.o -pthread -o "$work/program"
"$work/program"
