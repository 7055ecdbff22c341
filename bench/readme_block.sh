# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# with_block README BEGIN END TEXT: the file README with the file TEXT between the lines BEGIN and END, on standard output.
with_block() {
    [[ $(grep -xF -e "$2" -e "$3" "$1") == "$2"$'\n'"$3" ]] ||
        { echo "$1: needs the lines '$2' and '$3' once each, in this order" >&2; return 1; }
    awk -v begin="$2" -v end="$3" -v text="$4" '
        $0 == end { skip = 0 }
        !skip
        $0 == begin {
            while ((getline line < text) > 0) print line
            skip = 1
        }' "$1"
}

# settle_block MODE README NAME TEXT REMEDY: with --write, puts the file TEXT between the marks of NAME in README; else
# compares it with what stands there, and says the REMEDY if they differ (status 1).
settle_block() {
    local made=$4.readme
    with_block "$2" "<!-- begin: $3 -->" "<!-- end: $3 -->" "$4" >"$made" || return
    if [[ $1 == --write ]]; then
        cmp -s "$made" "$2" || cp "$made" "$2"
    elif ! diff -u "$2" "$made"; then
        echo "README.md: $5" >&2
        return 1
    fi
}
