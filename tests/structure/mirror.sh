#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# mirror.sh ROOT: every header has its tests at the same path, in a file that includes it and holds a test case.
# Prints each breach, ends with status 1 if any.
set -euo pipefail
cd "${1:?usage: mirror.sh ROOT}"

broken=0
while read -r header; do
    # Only includes the others: the tests of the whole tree are its tests.
    [[ $header == forebay.hpp ]] && continue
    mirror=tests/${header%.hpp}.test.cpp
    if [[ ! -f $mirror ]]; then
        echo "include/forebay/$header: has no $mirror"
    elif ! grep -qF "#include <forebay/$header>" "$mirror"; then
        echo "$mirror: does not include <forebay/$header>"
    elif ! grep -qE '^(TEMPLATE_[A-Z_]*)?TEST_CASE' "$mirror"; then
        echo "$mirror: has no test case"
    else
        continue
    fi
    broken=1
done <<<"$(cd include/forebay && find . -name '*.hpp' | sed 's|^\./||' | LC_ALL=C sort)"
exit $broken
