#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# Builds and runs the main job: one model, the same requests, three ways of serving them.
#   bash examples/run.sh [--trace FILE] [--seconds N] [--load X] [--seed N]
# Needs a C++20 compiler, CMake and make (or ninja); nothing is downloaded.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/examples

for tool in cmake "${CXX:-c++}"; do
    command -v "$tool" >/dev/null || { echo "examples/run.sh: $tool not found: install a C++20 compiler, cmake and make" >&2; exit 1; }
done

# Quiet when it works; everything the tools said when it does not.
quietly() {
    local log
    log=$("$@" 2>&1) || { printf '%s\n' "$log" >&2; echo "examples/run.sh: failed: $*" >&2; exit 1; }
}
echo "building in $build" >&2
quietly cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release \
    -DFOREBAY_BUILD_EXAMPLES=ON -DFOREBAY_BUILD_TESTS=OFF -DFOREBAY_BUILD_BENCHMARKS=OFF
quietly cmake --build "$build" --target main_job --parallel 2

exec "$build/examples/main_job" "$@"
