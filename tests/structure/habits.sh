#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# habits.sh ROOT: what every source must have and none may have. Prints each breach, ends with status 1 if any.
set -euo pipefail
cd "${1:?usage: habits.sh ROOT}"

parts=()
for part in include examples tests bench; do [[ ! -d $part ]] || parts+=("$part"); done
mapfile -t sources <<<"$(find "${parts[@]}" -type f \( -name '*.hpp' -o -name '*.cpp' \) | LC_ALL=C sort)"

awk '
    function breach(text) { print FILENAME ":" FNR ": " text; broken = 1 }
    function finish() {
        if (name ~ /^include\//) {
            if (lines > 300) { print name ": has " lines " lines; a header holds one idea in at most 300"; broken = 1 }
            if (!once) { print name ": has no #pragma once"; broken = 1 }
        }
        # Only macros may stand outside the namespace, and only one place holds nothing but macros.
        if (name ~ /^include\// && name !~ /\/(version|forebay)\.hpp$/ && !inside) {
            print name ": declares nothing in namespace forebay::inline v0"
            broken = 1
        }
    }
    FNR == 1 {
        if (NR > 1) finish()
        name = FILENAME
        once = inside = 0
        if ($0 !~ /^\/\/ Copyright \(c\) 2026 the forebay authors\. SPDX-License-Identifier: Apache-2\.0$/)
            breach("the first line must be the copyright line with its SPDX identifier")
    }
    { lines = FNR }
    /^#pragma once$/ { once = 1 }
    /^namespace forebay::inline v0/ { inside = 1 }
    /(TO[D]O|FIX[M]E|X[X]X)/ { breach("unfinished: finish it, or write an issue") }
    name ~ /^tests\// && /^(TEMPLATE_[A-Z_]*)?TEST_CASE[A-Z_]*\(/ {
        title = $0
        sub(/^[A-Z_]*\("/, "", title)
        sub(/".*/, "", title)
        if (title ~ /[][;*]/) breach("the name of a test must not contain ; [ ] or *: ctest and Catch2 read them")
    }
    name ~ /^include\// {
        code = $0
        sub(/\/\/.*/, "", code)
        # Time is an argument: the operating system is asked for it in one place. A hash seed is not a decision in time.
        if (name !~ /forebay\/(time|detail\/keyed_hash)\.hpp$/ && code ~ /(steady|system|high_resolution|utc|file)_clock::now/)
            breach("take the time as an argument; only time.hpp reads a clock")
        # Every interleaving is to be testable: threads and locks have their names from a Sync.
        if (name !~ /forebay\/sync\.hpp$/ &&
            code ~ /std::(atomic|mutex|recursive_mutex|timed_mutex|recursive_timed_mutex|shared_mutex|shared_timed_mutex|thread|jthread|this_thread|condition_variable|counting_semaphore|binary_semaphore|latch|barrier|call_once)/)
            breach("name it through the Sync template parameter; only sync.hpp names the standard ones")
        if (code ~ /atomic_(thread|signal)_fence/) breach("no fences: the thread sanitizer cannot see them")
        if (code ~ /(^|[^a-zA-Z0-9_])thread_local([^a-zA-Z0-9_]|$)/) breach("no thread_local in headers")
        if (name !~ /forebay\/sync\.hpp$/ &&
            code ~ /(^|[^a-zA-Z0-9_])(::sleep|usleep|nanosleep|sleep_for|sleep_until)([^a-zA-Z0-9_]|$)/)
            breach("no sleep in headers; only the locks in sync.hpp wait")
        if (code ~ /#[ \t]*include[ \t]*<(format|expected|syncstream)>/ || code ~ /move_only_function/)
            breach("not in every library we support: g++ 12 or libc++ lacks it")
    }
    END { finish(); exit broken }' "${sources[@]}"
