#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# format.sh ROOT CLANG_FORMAT: names the sources that clang-format would write otherwise; status 1 if any.
set -euo pipefail
cd "${1:?usage: format.sh ROOT CLANG_FORMAT}"

parts=()
for part in include examples tests bench; do [[ ! -d $part ]] || parts+=("$part"); done

# A copy of all is formatted by one process: to start one takes longer than to format most of the sources.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
find . -maxdepth 1 -name .clang-format -exec cp {} "$copy" \;
find "${parts[@]}" -type f \( -name '*.hpp' -o -name '*.cpp' -o -name .clang-format \) -print0 |
    LC_ALL=C sort -z >"$copy/list"
xargs -0 -a "$copy/list" cp --parents -t "$copy"

broken=0
(cd "$copy" && grep -zv '\.clang-format$' list | xargs -0 -r "$2" -i)
while IFS= read -r -d '' source; do
    if ! cmp -s "$source" "$copy/$source"; then
        echo "$source: run $2 -i on it"
        broken=1
    fi
done <"$copy/list"
exit $broken
