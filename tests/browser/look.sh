#!/usr/bin/env bash
# Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#
# look.sh PAGES_PROGRAM: opens the pages it writes in a headless Chromium, 1280 and 400 pixels wide, light and dark. Each
# must load without an error or a warning, ask for nothing, not scroll sideways, cut no text and put none on another; and
# a page with a mistake planted must be caught. Status 77 where there is no Chromium: $FOREBAY_CHROMIUM, or one on the path.
set -euo pipefail
program=${1:?usage: look.sh PAGES_PROGRAM}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

browser=${FOREBAY_CHROMIUM:-}
for name in chromium chromium-browser google-chrome; do
    [[ -n $browser ]] || browser=$(command -v "$name" || true)
done
if [[ -z $browser ]]; then
    echo 'tests/browser/look.sh: SKIPPED, NOTHING WAS LOOKED AT: no Chromium (Debian: apt-get install chromium)'
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$program" "$work"

# look PAGE WIDTH light|dark: what the page says of itself, and what the browser says to the console, go to $work/said.
look() {
    local scheme=1
    [[ $3 == light ]] || scheme=0
    # The page forbids itself all but its style; its copy may run the script that looks at it, and counts what was refused.
    awk -v script="$here/look.js" '
        { sub(/default-src .none.;/, "& script-src '"'unsafe-inline'"';") }
        { sub(/<head>/, "&<script>let refused = 0; addEventListener(\"securitypolicyviolation\", () => ++refused);</script>") }
        /<\/body>/ {
            sub(/<\/body>.*/, "")
            print
            print "<script>"
            while ((getline line < script) > 0) print line
            print "</script></body></html>"
            next
        }
        { print }' "$work/$1.html" >"$work/copy.html"
    # In a frame, because a window is never narrower than 500 pixels.
    cat >"$work/frame.html" <<HTML
<!DOCTYPE html><title>frame</title><link rel="icon" href="data:,"><pre id="looks"></pre>
<script>addEventListener('message', (e) => { document.getElementById('looks').textContent = e.data; });</script>
<iframe src="copy.html" width="$2" height="900" style="border:0"></iframe>
HTML
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage \
        --user-data-dir="$work/profile" --hide-scrollbars --window-size=1400,1000 --virtual-time-budget=2000 --blink-settings=preferredColorScheme="$scheme" \
        --enable-logging=stderr --dump-dom "file://$work/frame.html" >"$work/dom" 2>"$work/log" || true
    { sed -n '/<pre id="looks">/,/<\/pre>/p' "$work/dom" | sed 's/.*<pre id="looks">//; s/<\/pre>.*//'; grep -o 'CONSOLE.*' "$work/log" || true; } >"$work/said"
}
status=0
checked=0
# fine PAGE WIDTH light|dark
fine() {
    look "$@"
    local dark=false
    [[ $3 == light ]] || dark=true
    if [[ $(sed '/^texts /d' "$work/said") != $'width '"$2"$'\ndark '"$dark"$'\nwrong 0' ]]; then
        echo "$1, $2 pixels wide, $3:"
        if [[ -s $work/said ]]; then cat "$work/said"; else tail -n 20 "$work/log"; fi
        status=1
    fi
    checked=$((checked + 1))
}
# caught WORDS SED: the page of runs, altered, must be found wrong with these words.
caught() {
    sed "$2" "$work/runs.html" >"$work/planted.html"
    look planted 400 light
    if ! grep -q -- "$1" "$work/said"; then
        echo "planted, but not caught: $2"
        cat "$work/said"
        status=1
    fi
}

for page in runs one many hostile sweep nothing empty; do
    for width in 1280 400; do fine "$page" "$width" light; done
done
fine runs 1280 dark
fine runs 400 dark

look runs 400 light
grep -qE '^texts [1-9][0-9]' "$work/said" || { echo 'no text was found in the charts'; status=1; }
caught 'asked the network' 's|<main|<img src="http://127.0.0.1:9/x"/><main|'
caught 'CONSOLE' 's|<main|<script>console.warn("planted")</script><main|'
caught 'the page scrolls sideways' 's|<main|<div style="width:900px">planted</div><main|'
caught 'text on text' 's|@container|@media print|'
caught 'cut: ' 's|<h1>|<h1 style="overflow:hidden;white-space:nowrap">long long long long long long long long long long |'
[[ $status != 0 ]] || echo "looked at $checked pages: nothing wrong; five planted mistakes caught"
exit $status
