#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
set -euo pipefail

# bash bench/lab.sh COMMAND ...: builds the policy lab's command line (Release, in build/lab) where it is not up to date,
# and runs it with these arguments: bash bench/lab.sh --help. Status: that of forebay-lab; 2 if it cannot be built.
# What is missing (compiler, cmake, make, CLI11, nlohmann-json) is installed with apt-get where that is possible; else it
# is named. Nothing but what forebay-lab says goes to standard output.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
compiler=${CXX:-g++}
build=$root/build/lab
program=$build/bench/lab/forebay-lab

has_header() { echo "#include <$1>" | "$compiler" -std=c++20 -E -x c++ - >/dev/null 2>&1; }
# Each probe tries the thing itself, not the package: it may have come another way.
missing_packages() {
    command -v cmake >/dev/null || echo cmake
    command -v ninja >/dev/null || command -v make >/dev/null || echo make
    command -v "$compiler" >/dev/null || echo g++
    has_header CLI/CLI.hpp || echo libcli11-dev
    has_header nlohmann/json.hpp || echo nlohmann-json3-dev
}

build_it() {
    local missing as_root install generator=()
    missing=($(missing_packages))
    if ((${#missing[@]} > 0)); then
        as_root=()
        [[ $(id -u) == 0 ]] || as_root=(sudo -n)
        install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
        echo "bench/lab.sh: missing ${missing[*]}"
        if command -v apt-get >/dev/null && { ((${#as_root[@]} == 0)) || sudo -n true 2>/dev/null; }; then
            # The lists may be old, or empty on a fresh machine: only then are they fetched.
            "${install[@]}" install -y --no-install-recommends "${missing[@]}" ||
                { "${install[@]}" update && "${install[@]}" install -y --no-install-recommends "${missing[@]}"; } || true
        fi
        missing=($(missing_packages))
        if ((${#missing[@]} > 0)); then
            echo "bench/lab.sh: please install: ${missing[*]}   (names as in Debian)"
            return 2
        fi
    fi
    if [[ ! -f $build/CMakeCache.txt ]]; then
        if command -v ninja >/dev/null; then generator=(-G Ninja); fi
        cmake -S "$root" -B "$build" "${generator[@]}" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release \
            -DFOREBAY_BUILD_LAB=ON -DFOREBAY_BUILD_TESTS=OFF -DFOREBAY_BUILD_EXAMPLES=OFF || return 2
    fi
    cmake --build "$build" --parallel "$(nproc)" --target forebay-lab ||
        { echo 'bench/lab.sh: the build failed'; return 2; }
}

# Two that start at once must not build in one folder at once.
mkdir -p "$build"
exec 9>"$build/.lock"
! command -v flock >/dev/null || flock 9
built=$(mktemp)
trap 'rm -f "$built"' EXIT
if [[ ! -x $program ]]; then echo 'bench/lab.sh: building forebay-lab, which takes a minute' >&2; fi
build_it >"$built" 2>&1 || { cat "$built" >&2; exit 2; }
rm -f "$built"
exec 9>&-

exec "$program" "$@"
