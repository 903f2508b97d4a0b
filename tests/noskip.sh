#!/bin/bash
# noskip.sh BIN NOSKIP_BIN - a build without the livelock skip must leave the same bytes as one with
# it. Part of `make repro`; it is slow, since the last half hour is executed reclaim pass by reclaim
# pass.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
digest() { # bin, name
    "$1/lostbeat" run kb-308590 --host "$tmp/$2" --json >"$tmp/$2.json" || [ $? -eq 1 ]
    jq -r .digest "$tmp/$2.json"
}
with=$(digest "$1" with)
without=$(digest "$2" without)
echo "with the skip    $with"
echo "without the skip $without"
[ "$with" = "$without" ] || {
    diff -rq "$tmp/with" "$tmp/without" | grep -v '/run' || true
    exit 1
}
