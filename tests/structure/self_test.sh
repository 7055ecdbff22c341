#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# Can the checks of this folder fail? Each gets a tiny tree that is in order, then the same tree with one breach planted,
# which it must name.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

copyright='// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0'
failures=0

# header PATH INCLUDES... : a header that includes the given ones, with its test.
header() {
    local path=$1 include
    shift
    mkdir -p "$(dirname "$work/tree/include/forebay/$path")" "$(dirname "$work/tree/tests/$path")"
    {
        printf '%s\n#pragma once\n' "$copyright"
        for include; do printf '#include %s\n' "$include"; done
        printf 'namespace forebay::inline v0 {\n}\n'
    } >"$work/tree/include/forebay/$path.hpp"
    printf '%s\n#include <forebay/%s.hpp>\nTEST_CASE("a sentence") {}\n' "$copyright" "$path" >"$work/tree/tests/$path.test.cpp"
}
in_order() {
    rm -rf "$work/tree"
    header time '<chrono>'
    header rate '<forebay/time.hpp>'
    header detail/slab '<forebay/rate.hpp>'
    header queue/fifo '<forebay/detail/slab.hpp>' '<vector>  // why'
    header batch/batch '<forebay/queue/fifo.hpp>'
    header batch/batch_collector '<forebay/batch/batch.hpp>'
    header sim/trace '<forebay/queue/fifo.hpp>'
}
add() { printf '%s\n' "$2" >>"$work/tree/$1"; }

# catches CHECK WORDS PLANT... : CHECK is content with the tree, and after PLANT it fails with WORDS.
catches() {
    local check=$1 words=$2 said status=0
    shift 2
    in_order
    said=$("$here/$check.sh" "$work/tree" 2>&1) || { echo "$check refuses a tree in order: $said"; failures=$((failures + 1)); }
    "$@"
    said=$("$here/$check.sh" "$work/tree" 2>&1) || status=$?
    if [[ $status -ne 1 || $said != *"$words"* ]]; then
        echo "$check did not catch: $* (status $status; said: '$said'; expected: '$words')"
        failures=$((failures + 1))
    fi
}

catches layers 'queue/fifo stands later in the order than time' header time '<forebay/queue/fifo.hpp>'
catches layers 'sim/ uses public headers only, not detail/slab' header sim/trace '<forebay/detail/slab.hpp>'
catches layers '"slab.hpp" as <forebay/...>' header queue/fifo '"slab.hpp"'
catches layers '<boost/asio.hpp> is neither ours' header queue/fifo '<boost/asio.hpp>'
catches layers '<format> is neither ours' header queue/fifo '<format>'
catches layers '<forebay/queue/lifo.hpp> does not exist' header queue/fifo '<forebay/queue/lifo.hpp>'
catches layers 'stands nowhere in the order' header queue/lifo
catches layers 'circle of includes:' header batch/batch '<forebay/batch/batch_collector.hpp>'
catches layers 'circle of includes:' header rate '<forebay/rate.hpp>'
catches layers 'forebay.hpp: does not include batch/batch_collector.hpp' header forebay '<forebay/batch/batch.hpp>'

catches mirror 'has no tests/queue/fifo.test.cpp' rm "$work/tree/tests/queue/fifo.test.cpp"
catches mirror 'does not include <forebay/rate.hpp>' sed -i 's/rate/time/' "$work/tree/tests/rate.test.cpp"
catches mirror 'rate.test.cpp: has no test case' sed -i '/TEST_CASE/d' "$work/tree/tests/rate.test.cpp"

long() { local i; for ((i = 0; i < 300; ++i)); do add include/forebay/rate.hpp '//'; done; }
catches habits 'rate.hpp: has 305 lines' long
catches habits 'rate.hpp: has no #pragma once' sed -i '/pragma/d' "$work/tree/include/forebay/rate.hpp"
catches habits 'declares nothing in namespace' sed -i '/namespace/d' "$work/tree/include/forebay/rate.hpp"
catches habits 'time.hpp:1: the first line must be' sed -i 1d "$work/tree/include/forebay/time.hpp"
for word in TO''DO FIX''ME X''XX; do catches habits 'unfinished' add tests/rate.test.cpp "// $word"; done
for name in 'std::atomic<int> a;' 'std::mutex m;' 'std::thread t;' 'std::condition_variable c;' 'std::this_thread::yield();'; do
    catches habits 'through the Sync' add include/forebay/queue/fifo.hpp "$name"
done
catches habits 'no fences' add include/forebay/queue/fifo.hpp 'atomic_thread_fence(order);'
catches habits 'no thread_local' add include/forebay/queue/fifo.hpp 'thread_local int x;'
catches habits 'no sleep' add include/forebay/queue/fifo.hpp 'sleep_for(d);'
catches habits 'only time.hpp reads a clock' add include/forebay/queue/fifo.hpp 'auto t = std::chrono::steady_clock::now();'
catches habits 'not in every library' add include/forebay/queue/fifo.hpp 'std::move_only_function<void()> f;'
catches habits 'the name of a test' add tests/rate.test.cpp 'TEST_CASE("one; two") {}'

((failures == 0)) && echo 'every planted breach was caught'
