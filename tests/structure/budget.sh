#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# budget.sh ROOT COMPILER HEADER LINES: including HEADER may cost at most LINES preprocessed lines more than <chrono>,
# which nobody in this trade does without and whose own cost differs by a factor of two between standard libraries. Line
# markers and blank lines do not count. Prints the figures.
set -euo pipefail
root=${1:?usage: budget.sh ROOT COMPILER HEADER LINES}
compiler=$2 header=$3 bound=$4

count() { "$compiler" -std=c++20 -I"$root/include" -E -x c++ - <<<"#include <$1>" | grep -cvE '^(#|[[:space:]]*$)'; }
lines=$(count "$header")
chrono=$(count chrono)
echo "$header: $lines preprocessed lines, $((lines - chrono)) more than <chrono>; at most $bound more"
((lines > 0 && lines - chrono <= bound))
