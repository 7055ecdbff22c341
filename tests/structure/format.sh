#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# format.sh ROOT CLANG_FORMAT: names the sources that clang-format would write otherwise; status 1 if any.
set -euo pipefail
cd "${1:?usage: format.sh ROOT CLANG_FORMAT}"

parts=()
for part in include examples tests bench; do [[ ! -d $part ]] || parts+=("$part"); done

broken=0
while read -r source; do
    if ! "$2" "$source" | cmp -s - "$source"; then
        echo "$source: run $2 -i on it"
        broken=1
    fi
done <<<"$(find "${parts[@]}" -type f \( -name '*.hpp' -o -name '*.cpp' \) | LC_ALL=C sort)"
exit $broken
