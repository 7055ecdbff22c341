#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: bash bench/leases.sh

Compiles and runs bench/leases/main.cpp: one quota shared by 2 to 64 hosts through leases, in virtual time, beside one
bucket that sees every request; prints the table, which is the same on every machine.
Needs a C++20 compiler: $CXX, or c++.
TEXT
}
case ${1:-} in
    '') ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CXX:-c++}" -std=c++20 -O2 "-I$root/include" "$root/bench/leases/main.cpp" -pthread -o "$work/leases"
"$work/leases"
