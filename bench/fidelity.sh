#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
    cat <<'TEXT'
usage: bash bench/fidelity.sh [--trace FILE] [--seconds N] [--load X] [--seed N]

Serves the main job's model in real time, three times by hand and three times with forebay, and sets the policy lab's
prediction beside what was measured: median and p95 latency and mean batch size. The options are those of
examples/run.sh; the load is 0.7 of capacity unless stated.

It measures: give it two idle CPUs. Status: 0 if all is within 15 %, 1 if not, 2 for a bad option or trace.
Needs a C++20 compiler, CMake and make (or ninja); nothing is downloaded.
TEXT
    exit 0
fi

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/fidelity

for tool in cmake "${CXX:-c++}"; do
    command -v "$tool" >/dev/null || { echo "bench/fidelity.sh: $tool not found: install a C++20 compiler, cmake and make" >&2; exit 2; }
done
quietly() {
    local log
    log=$("$@" 2>&1) || { printf '%s\n' "$log" >&2; echo "bench/fidelity.sh: failed: $*" >&2; exit 2; }
}
echo "building in $build" >&2
quietly cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release \
    -DFOREBAY_BUILD_EXAMPLES=ON -DFOREBAY_BUILD_TESTS=OFF -DFOREBAY_BUILD_BENCHMARKS=OFF
quietly cmake --build "$build" --target fidelity --parallel 2

[[ " $* " == *" --load "* ]] || set -- --load 0.7 "$@"
exec "$build/examples/fidelity" "$@"
