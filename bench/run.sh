#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: bash bench/run.sh [--quick] [--only NAME]

Builds the benchmarks (Release: -O3 -DNDEBUG) in build/bench and measures forebay beside floors and rivals in the same run.
  --quick      a fifth of the repetitions
  --only NAME  one of token_bucket, admission, priority_queue, scheduler, allocations, latency, lab, instructions; may be
               repeated

Ends with one line for each ratio that is promised:

  ratio NAME VALUE max BOUND (what / what)     the median of interleaved repetitions; MISS at the end if out of bounds
  ratio NAME VALUE min BOUND (what / what)     the same, where more is better

Above them stand the medians and quartiles in nanoseconds. For a closer look: build/bench/bench/micro_*, which take the
options of Google Benchmark. Status: 0 if all is within bounds, 1 if not, 2 if something is missing or wrong.

What is missing (compiler, cmake, make, Google Benchmark, valgrind; Abseil, Boost and oneTBB for admission) is installed
with apt-get where that is possible; else it is named.
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
quick=()
only=()
while (($# > 0)); do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --quick) quick=(--quick) ;;
        --only)
            (($# > 1)) || { echo 'bench/run.sh: --only needs a name' >&2; usage >&2; exit 2; }
            only+=("$2")
            shift
            ;;
        *) echo "bench/run.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
((${#only[@]} > 0)) || only=(token_bucket admission priority_queue scheduler allocations latency lab instructions)
for name in "${only[@]}"; do
    case $name in
        token_bucket | admission | priority_queue | scheduler | allocations | latency | lab | instructions) ;;
        *) echo "bench/run.sh: nothing is called '$name'" >&2; usage >&2; exit 2 ;;
    esac
done

# Each probe tries the thing itself, not the package: it may have come another way.
compiler=${CXX:-g++}
missing_packages() {
    command -v cmake >/dev/null || echo cmake
    command -v ninja >/dev/null || command -v make >/dev/null || echo make
    command -v "$compiler" >/dev/null || echo g++
    echo '#include <benchmark/benchmark.h>' | "$compiler" -E -x c++ - >/dev/null 2>&1 || echo libbenchmark-dev
    command -v valgrind >/dev/null || echo valgrind
    if [[ " ${only[*]} " == *' admission '* ]]; then
        includes() { echo "#include <$1>" | "$compiler" -std=c++20 -E -x c++ - >/dev/null 2>&1 || echo "$2"; }
        includes absl/container/flat_hash_map.h libabsl-dev
        includes boost/unordered/unordered_flat_map.hpp libboost1.81-dev
        includes tbb/concurrent_hash_map.h libtbb-dev
    fi
}
missing=($(missing_packages))
if ((${#missing[@]} > 0)); then
    as_root=()
    [[ $(id -u) == 0 ]] || as_root=(sudo -n)
    install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
    echo "bench/run.sh: missing ${missing[*]}"
    if command -v apt-get >/dev/null && { ((${#as_root[@]} == 0)) || sudo -n true 2>/dev/null; }; then
        # The lists may be old, or empty on a fresh machine: only then are they fetched.
        "${install[@]}" install -y --no-install-recommends "${missing[@]}" ||
            { "${install[@]}" update && "${install[@]}" install -y --no-install-recommends "${missing[@]}"; } || true
    fi
    missing=($(missing_packages))
    if ((${#missing[@]} > 0)); then
        echo "bench/run.sh: please install: ${missing[*]}   (names as in Debian)" >&2
        exit 2
    fi
fi

build=$root/build/bench
targets=("${only[@]/#/ratio_}")
generator=()
if [[ ! -f $build/CMakeCache.txt ]] && command -v ninja >/dev/null; then generator=(-G Ninja); fi
cmake -S "$root" -B "$build" "${generator[@]}" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release \
    -DFOREBAY_BUILD_BENCHMARKS=ON -DFOREBAY_BUILD_TESTS=OFF -DFOREBAY_BUILD_EXAMPLES=OFF >/dev/null
cmake --build "$build" --parallel "$(nproc)" --target "${targets[@]}" ||
    { echo 'bench/run.sh: the build failed' >&2; exit 2; }
programs=$build/bench

ratios=$(mktemp)
counts=$(mktemp)
trap 'rm -f "$ratios" "$counts"' EXIT

# Shows what is measured as it comes, and keeps the ratios for the end.
keep_ratios() { awk -v ratios="$ratios" '/^ratio / { print >> ratios; next } { print; fflush() }'; }

# Instructions of a whole run, all threads.
instructions_of() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$programs/ratio_instructions" "$1" "$2" >"$counts" 2>&1 ||
        { cat "$counts" >&2; exit 2; }
    awk '/Collected *:/ { print $NF }' "$counts"
}
# Both runs warm up alike; what they share falls out of the difference.
instructions_each() {
    local short=200 long=2200 batch=32 few many
    few=$(instructions_of "$1" "$short")
    many=$(instructions_of "$1" "$long")
    awk -v d="$((many - few))" -v n="$(((long - short) * batch))" 'BEGIN { printf "%.1f", d / n }'
}
count_instructions() {
    local forebay promises swap
    echo 'instructions a request, submit_at to outcome, batch 32, one thread'
    forebay=$(instructions_each forebay)
    promises=$(instructions_each promises)
    swap=$(instructions_each swap)
    printf '  %-58s %10s\n' scheduler "$forebay" 'a promise per task' "$promises" 'vector swapped out whole' "$swap"
    awk -v v="$forebay" -v bound=400 'BEGIN {
        printf "ratio scheduler_instructions %s max %s (instructions / request)%s\n", v, bound, (v > bound ? " MISS" : "")
    }'
}

for name in "${only[@]}"; do
    if [[ $name == instructions ]]; then
        count_instructions | keep_ratios
    else
        "$programs/ratio_$name" "${quick[@]}" | keep_ratios
    fi
done

echo
cat "$ratios"
! grep -q ' MISS$' "$ratios"
