#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# check.sh PROGRAM: two processes share one quota through a redis-server of this script's own, then one goes on without.
# Status 77, and why, where something is missing.
set -euo pipefail
program=${1-}
script=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/bucket.lua

skip() { echo "SKIPPED: redis_quota is not tested: $*" | tee /dev/stderr; exit 77; }
[[ -x $program ]] || skip 'built without hiredis; apt-get install libhiredis-dev'
for tool in redis-server redis-cli; do
    command -v "$tool" >/dev/null || skip "$tool is missing; apt-get install redis-server"
done

work=$(mktemp -d)
server=
stop_server() {
    [[ -n $server ]] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
}
trap 'stop_server; rm -rf "$work"' EXIT

# A port that is free is known by the server staying up on it; and it is ours if it answers with our process.
answers() { redis-cli -h 127.0.0.1 -p "$port" INFO server 2>/dev/null | tr -d '\r' | grep -qx "process_id:$server"; }
start_server() {
    for ((try = 0; try < 20; ++try)); do
        port=$((20000 + RANDOM % 40000))
        redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$work" >"$work/server" 2>&1 &
        server=$!
        for ((i = 0; i < 100; ++i)); do
            answers && return 0
            kill -0 "$server" 2>/dev/null || break
            sleep 0.05
        done
        stop_server
    done
    echo 'redis-server did not come up:' >&2
    cat "$work/server" >&2
    return 1
}
start_server

fail() { echo "FAILED: $*" >&2; exit 1; }
field() { awk -v name="$2" '{ for (i = 1; i < NF; ++i) if ($i == name) print $(i + 1) }' "$1"; }

timeout 60 "$program" "$port" 3 "$script" >"$work/one" &
one=$!
timeout 60 "$program" "$port" 3 "$script" >"$work/two" &
two=$!
wait "$one" || fail 'the first process'
wait "$two" || fail 'the second process'
admitted=0
safely=0
for host in one two; do
    echo "$host: $(cat "$work/$host")"
    admitted=$((admitted + $(field "$work/$host" admitted)))
    safely=$((safely + $(field "$work/$host" without_lease)))
done
kept=($(redis-cli -h 127.0.0.1 -p "$port" HMGET quota:7 granted born at))
granted=${kept[0]}
micros=$((kept[2] - kept[1]))
echo "granted by Redis, less what was handed back: $granted, in $micros us of its clock"
# Requests admitted while a lease was just ending may have been counted as leased: 5 of each safe burst may be among them.
((admitted <= granted + safely + 10)) || fail "more was admitted than granted: $admitted"
((granted <= 100 + micros / 1000 + 1)) || fail 'Redis granted more than its bucket had'
((admitted - safely >= granted * 9 / 10)) || fail "what was granted was not used: $admitted of $granted"
((granted >= 1500)) || fail "the quota was hardly used: $granted"

stop_server
timeout 60 "$program" "$port" 2 "$script" >"$work/alone" || fail 'the process without a server'
echo "alone, without Redis: $(cat "$work/alone")"
alone=$(field "$work/alone" admitted)
# 50 a second and 5 at once; the run may take a little longer than it should.
((alone >= 50 && alone <= 5 + 50 * 4)) || fail "the safe capacity was not kept: $alone"
echo 'two processes shared one quota'
