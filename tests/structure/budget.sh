#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# budget.sh ROOT COMPILER HEADER LINES: including HEADER may cost at most LINES preprocessed lines, line markers and
# blank lines left out. Prints the figure.
set -euo pipefail
root=${1:?usage: budget.sh ROOT COMPILER HEADER LINES}
compiler=$2 header=$3 bound=$4

count() { "$compiler" -std=c++20 -I"$root/include" -E -x c++ - <<<"#include <$1>" | grep -cvE '^(#|[[:space:]]*$)'; }
lines=$(count "$header")
echo "$header: $lines preprocessed lines, at most $bound; <chrono> alone: $(count chrono)"
((lines > 0 && lines <= bound))
