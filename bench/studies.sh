#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: bash bench/studies.sh [--check|--write] [--program FILE] [--traces FOLDER] [NAME ...]

Runs the studies of bench/lab/studies (all, or those named) in virtual time and prints them. They are the same on every
machine. A study whose recorded trace is not in FOLDER (default: ../shared/traces) says so and is skipped.
  --check    compares tables with README.md and pictures with bench/lab/studies/NAME.svg; status 1 if they differ
  --write    puts them there, between the marks '<!-- begin: study NAME -->' and '<!-- end: study NAME -->'
  --program  the built forebay-lab; without it, bench/lab.sh builds it
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/bench/readme_block.sh"
readme=${FOREBAY_README:-$root/README.md}
mode=print
program=(bash "$root/bench/lab.sh")
traces=$root/../shared/traces
names=()
while (($# > 0)); do
    case $1 in
        --help | -h) usage; exit 0 ;;
        --check | --write) mode=${1#--} ;;
        --program | --traces)
            (($# > 1)) || { usage >&2; exit 2; }
            if [[ $1 == --program ]]; then program=("$2"); else traces=$2; fi
            shift
            ;;
        -*) usage >&2; exit 2 ;;
        *) names+=("$1") ;;
    esac
    shift
done
studies=$root/bench/lab/studies
if ((${#names[@]} == 0)); then
    for file in "$studies"/*.json; do names+=("$(basename "$file" .json)"); done
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
differing=0
for name in "${names[@]}"; do
    file=$studies/$name.json
    [[ -f $file ]] || { echo "bench/studies.sh: there is no study '$name'" >&2; exit 2; }
    status=0
    "${program[@]}" study --file "$file" --traces "$traces" --svg "$work/svg" --picture "bench/lab/studies/$name.svg" \
        >"$work/table" || status=$?
    if ((status == 77)); then continue; fi
    ((status == 0)) || exit "$status"
    if [[ $mode == print ]]; then
        cat "$work/table"
        echo
        continue
    fi

    settle_block "--$mode" "$readme" "study $name" "$work/table" \
        "study $name is not what the lab says: bash bench/studies.sh --write $name" || differing=1
    if [[ $mode == write ]]; then
        cmp -s "$work/svg" "$studies/$name.svg" || cp "$work/svg" "$studies/$name.svg"
        continue
    fi
    if ! cmp "$studies/$name.svg" "$work/svg"; then
        echo "bench/lab/studies/$name.svg is not what the lab draws: bash bench/studies.sh --write $name" >&2
        differing=1
    fi
done
exit "$differing"
