#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# layers.sh ROOT: a header includes only headers of an earlier line of the list below, or of its own line where that
# makes no circle; everything else it includes is a standard header. Prints each breach, ends with status 1 if any.
set -euo pipefail
root=${1:?usage: layers.sh ROOT}

# From the bottom up; names without .hpp. Headers on one line may include each other in either direction.
# sim/ stands at the end and may use all the rest but detail/.
order='
version
contract
time
sync
request
verdict
outcome
rate
detail/*
observe/observer
observe/ledger
observe/histogram
observe/recording
observe/metrics
admission/permit admission/policy
admission/shared
admission/on_refusal
admission/cost_source
admission/cost_estimator
admission/token_bucket
admission/concurrency_limit
admission/limit_rule
admission/adaptive_limit
admission/all_of
admission/per_tenant
admission/keyed_by
admission/quota_store
admission/quota_lease
queue/discipline
queue/fifo
queue/earliest_deadline
queue/shortest_job
queue/strict_priority
queue/weighted_fair
queue/reservation
queue/capacity
queue/shedding
queue/priority_queue
batch/policy
batch/size_or_delay
batch/cost_budget
batch/deadline_aware
batch/adaptive_batch
batch/batch batch/batch_collector
batch/inference
policies
job
reception
intake
flow
engine
runner
scheduler
sink/future sink/awaitable sink/result_store
http
forebay
sim/random
sim/real
sim/variates
sim/distribution
sim/arrival_process
sim/csv
sim/arrival
sim/source
sim/merge
sim/reshape
sim/overlay
sim/trace_writer
sim/workload
sim/trace_columns
sim/trace_rows
sim/sizes
sim/traffic
sim/closed_loop
sim/trace
sim/service_model
sim/token_service
sim/random_service
sim/shared_service
sim/stepped_service
sim/per_key_service
sim/spread
sim/report
sim/run_options
sim/fairness
sim/quota_watch
sim/timeline
sim/groups
sim/recorder
sim/promises
sim/table
sim/experiment
sim/markup
sim/svg
sim/chart
sim/comparison
sim/run_charts
sim/sweep_charts
sim/page_style
sim/page_tables
sim/html_report
'

# What g++ 12 and libc++ both have. Not <format>, <expected>, <syncstream>.
standard=' algorithm any array atomic barrier bit bitset cerrno cfloat charconv chrono cinttypes climits cmath compare
complex concepts condition_variable coroutine cstddef cstdint cstdio cstdlib cstring ctime deque exception filesystem
forward_list fstream functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list
locale map memory memory_resource mutex new numbers numeric optional ostream queue random ranges ratio semaphore set
shared_mutex source_location span sstream stack stdexcept stop_token streambuf string string_view system_error thread
tuple type_traits typeindex typeinfo unordered_map unordered_set utility variant vector version '

cd "$root/include/forebay"
mapfile -t headers <<<"$(find . -name '*.hpp' | sed 's|^\./||' | LC_ALL=C sort)"
awk -v order="$order" -v standard="$standard" '
    BEGIN {
        lines = split(order, line, "\n")
        for (i = 1; i <= lines; ++i) {
            names = split(line[i], name, " ")
            for (j = 1; j <= names; ++j) listed[name[j]] = i
        }
        names = split(standard, name, /[ \n]+/)
        for (j = 1; j <= names; ++j) if (name[j] != "") known[name[j]] = 1
        for (i = 1; i < ARGC; ++i) {
            sub(/\.hpp$/, "", ARGV[i])
            present[ARGV[i]] = 1
            ARGV[i] = ARGV[i] ".hpp"
        }
    }
    function rank(header) { return header ~ /^detail\// ? listed["detail/*"] : listed[header] }
    function breach(text) { print "include/forebay/" FILENAME ":" FNR ": " text; broken = 1 }
    FNR == 1 {
        self = FILENAME
        sub(/\.hpp$/, "", self)
        if (!rank(self)) breach("stands nowhere in the order of tests/structure/layers.sh: give it a place there")
    }
    /^[ \t]*#[ \t]*include/ {
        text = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", text)
        sub(/[ \t]*(\/\/.*)?$/, "", text)
        if (text !~ /^<[^>]+>$/) { breach("write " text " as <forebay/...> or <standard header>"); next }
        header = substr(text, 2, length(text) - 2)
        if (header !~ /^forebay\//) {
            if (!(header in known)) breach("<" header "> is neither ours nor a standard header all our compilers have")
            next
        }
        sub(/^forebay\//, "", header)
        sub(/\.hpp$/, "", header)
        uses[self] = uses[self] " " header
        if (!(header in present)) { breach("<forebay/" header ".hpp> does not exist"); next }
        if (self ~ /^sim\// && header ~ /^detail\//) breach("sim/ uses public headers only, not " header)
        if (rank(self) && rank(header) > rank(self)) breach(header " stands later in the order than " self)
    }
    # Depth first; a header met again while it is still being walked closes a circle.
    function walk(header, path,    part, i, n) {
        if (state[header] == "done") return
        if (state[header] == "open") { print "include/forebay: circle of includes:" path " " header; broken = 1; return }
        state[header] = "open"
        n = split(uses[header], part, " ")
        for (i = 1; i <= n; ++i) walk(part[i], path " " header)
        state[header] = "done"
    }
    function reach(header,    part, i, n) {
        if (header in reached) return
        reached[header] = 1
        n = split(uses[header], part, " ")
        for (i = 1; i <= n; ++i) reach(part[i])
    }
    END {
        for (header in present) walk(header, "")
        if ("forebay" in present) {
            reach("forebay")
            for (header in present) {
                if (header !~ /^(detail|sim)\// && !(header in reached)) {
                    print "include/forebay/forebay.hpp: does not include " header ".hpp"
                    broken = 1
                }
            }
        }
        exit broken
    }' "${headers[@]}"
